"""How many documents a second the distributed shell carries, language and entities off."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from connectors.broker import Producer, read_ends, read_topic
from connectors.files import read_lines, read_sources
from infra.corpora.stream import Local
from streams.enrich import Steps
from streams.journal import accept, seed
from streams.models import EPOCH, Clock, Document, Row, Term, encode
from streams.shell.snapshots import Marker, is_marker
from streams.shell.topics import Topics
from tests.integration.conftest import kafka
from tests.integration.engines.servers import Kafka, wait_until
from tests.integration.fleet import Fleet, run_fleet

__all__ = ["kafka"]  # a fixture, not a test
DATA = os.environ.get("NABAT_DATA")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(DATA is None, reason="NABAT_DATA names no folder of data sets"),
]
DOCUMENTS = 12_000
TERMS = (
    *("ОДКБ", "Казахстан", "Россия", "Украина", "США", "Китай", "Путин", "Трамп", "Байден"),
    *("Зеленский", "Москва", "Киев", "НАТО", "ООН", "Газпром", "Telegram", "Google", "Apple"),
    *("OpenAI", "биткоин", "нефть", "рубль", "ракета", "пожар", "взрыв", "суд", "теракт"),
    *("аэропорт", "школа", "дрон"),
)
QUIET = Steps(language=False, entities=False)
DECIDE_PROMISE, CHAIN_PROMISE = 2_000, 500  # documents a second


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Terms and sources, then the first documents of the real month."""
    folder = Path(DATA or "")
    terms = [Term(name=name, pattern=name) for name in TERMS]
    opening = seed(terms, read_sources(folder / "telegram-2024-sources.csv"))
    lines = (
        line for line in read_lines(folder / "telegram-2024.jsonl.gz") if isinstance(line, tuple)
    )
    found = (accept(raw, place, None, {}) for place, raw in lines)
    documents = (one for one in found if isinstance(one, Document))
    return [*opening, *islice(documents, DOCUMENTS)]


@pytest.fixture
def fleet(kafka: Kafka, tmp_path: Path) -> Iterator[Fleet]:
    with run_fleet(kafka.bootstrap, Topics(f"t{secrets.token_hex(4)}", 4), tmp_path) as fleet:
        yield fleet


def test_decide_alone(fleet: Fleet, rows: list[Row]) -> None:
    terms = {name: Term(name=name, pattern=name) for name in TERMS}
    enrich, producer = Local(QUIET), Producer(fleet.bootstrap)
    for number, row in enumerate(rows):
        message = enrich([row], terms)[0] if isinstance(row, Document) else row
        producer.send(fleet.topics.name("enriched"), str(number).encode(), encode(message))
    producer.close()
    decide = fleet.add("worker", "decide")
    assert wait_until(lambda: "partition opened" in decide.tail(), 60)
    assert measure(fleet, len(rows)) >= DECIDE_PROMISE


def test_whole_chain(fleet: Fleet, rows: list[Row], tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join(encode(row) + b"\n" for row in rows))
    workers = [fleet.add("worker", name) for name in ("dispatch", "enrich", "decide")]
    producer = Producer(fleet.bootstrap)
    producer.send(fleet.topics.name("journal"), b"clock", encode(Clock(seen_at=EPOCH)))
    producer.close()
    assert wait_until(lambda: all("partition opened" in one.tail() for one in workers), 60)
    fleet.add("connect", "files", str(path))
    journal = fleet.topics.name("journal")
    assert wait_until(lambda: read_ends(fleet.bootstrap, journal)[0] > 1, 60)
    assert measure(fleet, len(rows) + 1) >= CHAIN_PROMISE


def measure(fleet: Fleet, rows: int) -> float:
    """Documents a second until `decide` has a snapshot of them all.

    Beside it the processor time of each worker, which other jobs on the machine disturb less.
    """
    workers = [one for one in fleet.workers if one.name in {"dispatch", "enrich", "decide"}]
    started, before = time.monotonic(), [worker.read_seconds() for worker in workers]
    assert wait_until(lambda: find_seen(fleet) >= rows, 120)
    rate = DOCUMENTS / (time.monotonic() - started)
    for worker, seconds in zip(workers, before, strict=True):
        spent = (worker.read_seconds() - seconds) / DOCUMENTS
        sys.stderr.write(f"{worker.name}: {spent * 1e6:.0f} µs of processor time a document\n")
    sys.stderr.write(f"{rate:.0f} documents/s\n")
    fleet.end(signal.SIGTERM)
    return rate


def find_seen(fleet: Fleet) -> int:
    records = read_topic(fleet.bootstrap, fleet.topics.name("snapshots"))
    markers = [one.value for one in records if is_marker(one.key or b"") and one.value]
    return max((msgspec.json.decode(raw, type=Marker).seen for raw in markers), default=0)
