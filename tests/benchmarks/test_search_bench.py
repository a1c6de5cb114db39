"""From the journal's acknowledgement to the first search that finds the document, 50 a second."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from elasticsearch import ApiError
from elasticsearch import Elasticsearch as Client

from connectors.broker import Producer
from infra.provision import provision_templates, provision_topics
from infra.settings import Settings
from streams.models import Document, encode
from tests.integration.conftest import elasticsearch, kafka
from tests.integration.engines.servers import Elasticsearch, Kafka, wait_until

__all__ = ["elasticsearch", "kafka"]  # fixtures, not tests
pytestmark = pytest.mark.engine
JOURNAL = "bench.journal"
ROOT = Path(__file__).parents[2]
RATE, SECONDS = 50, 30  # documents a second
WARM_UP = 50  # documents that come first, until the chain stands and its code is warm
PROMISE = 3.0  # seconds, p95
PROCESSES = (("worker", "dispatch"), ("worker", "enrich"), ("sink", "elasticsearch"))
TEXT = "В порту Одессы прогремели взрывы, сообщил министр обороны Иван Петров. " * 6
RUN = """
import sys
from infra.settings import read_settings
from infra.sinking import run_sink
from infra.working import run_worker
{"worker": run_worker, "sink": run_sink}[sys.argv[1]](sys.argv[2], read_settings())
"""


@contextmanager
def run(kind: str, name: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    with (
        log.open("ab") as out,
        subprocess.Popen(
            [sys.executable, "-c", RUN, kind, name],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=out,
            stderr=out,
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


class Watch(threading.Thread):
    """Searches without end and notes when each document was found first."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.found: dict[str, float] = {}
        self.done = threading.Event()
        self._url = url

    def has_found(self, names: Collection[str]) -> bool:
        """Wait until all have been found."""
        return wait_until(lambda: self.found.keys() >= set(names))

    def run(self) -> None:
        with closing(Client(self._url)) as client:
            while not self.done.wait(0.05):
                self._look(client)

    def _look(self, client: Client) -> None:
        try:
            answer = client.search(
                index="nabat-documents", size=20 * RATE, sort=[{"seen_at": "desc"}], source=False
            )
        except ApiError:  # no index, or one that is just being made
            return
        now = time.monotonic()
        for hit in answer["hits"]["hits"]:
            self.found.setdefault(hit["_id"], now)


def write(bootstrap: str, name: str, count: int) -> dict[str, float]:
    """Write at the rate; when each was acknowledged."""
    accepted: dict[str, float] = {}
    producer = Producer(bootstrap)
    start = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, start + number / RATE - time.monotonic()))
        now = datetime.now(UTC)
        document = Document(
            id=f"{name}{number}",
            source="rss/a",
            published_at=now,
            seen_at=now,
            text=f"{number}. {TEXT}",
        )
        producer.send(JOURNAL, b"rss/a", encode(document))
        producer.flush()
        accepted[document.id] = time.monotonic()
    producer.close()
    return accepted


def test_a_document_is_searchable_soon(
    kafka: Kafka, elasticsearch: Elasticsearch, tmp_path: Path
) -> None:
    elasticsearch.wipe()
    engines = {
        "kafka": kafka.bootstrap,
        "elasticsearch": elasticsearch.url,
        "prefix": "bench",
        "partitions": 1,
    }
    settings = Settings.model_validate({"engines": engines})
    provision_topics(settings)
    provision_templates(settings)
    environment = {f"NABAT_ENGINES__{key.upper()}": str(value) for key, value in engines.items()}
    watch = Watch(elasticsearch.url)
    with ExitStack() as stack:
        for kind, name in PROCESSES:
            stack.enter_context(run(kind, name, environment, tmp_path / f"{name}.log"))
        watch.start()
        try:
            for name, count in (("warm", WARM_UP), ("d", RATE * SECONDS)):
                accepted = write(kafka.bootstrap, name, count)
                assert watch.has_found(accepted), f"see {tmp_path}"
        finally:
            watch.done.set()
            watch.join()
    waits = [watch.found[name] - moment for name, moment in accepted.items()]
    p50, p95 = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    sys.stdout.write(
        f"\naccepted to searchable at {RATE} documents/s over {len(waits)} documents: "
        f"p50 {p50:.2f} s, p95 {p95:.2f} s, max {max(waits):.2f} s\n"
    )
    assert p95 <= PROMISE
