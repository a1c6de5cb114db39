"""What the topics hold reaches Elasticsearch and the webhooks, whoever dies on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from connectors.broker import Producer, create_topics, read_topic
from streams.events import Burst
from streams.journal import bury
from streams.models import Place, Revision, Setting, encode
from streams.shell.topics import Topics
from tests.alarms import burst
from tests.integration.engines.servers import Elasticsearch, Kafka, find_port, wait_until
from tests.integration.shelf import look, note
from tests.rows import at

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[2]
RUN = """
import sys
from infra.settings import read_settings
from infra.sinking import run_sink
run_sink(sys.argv[1], read_settings())
"""


class Installation(Struct):
    """Topics of its own, and how sinks are run on them."""

    kafka: Kafka
    elasticsearch: Elasticsearch
    topics: Topics
    folder: Path
    settings: str = ""

    @property
    def log(self) -> Path:
        return self.folder / "sink.log"

    def send(self, part: str, *values: Struct | bytes) -> None:
        producer = Producer(self.kafka.bootstrap)
        for number, value in enumerate(values):
            raw = value if isinstance(value, bytes) else encode(value)
            producer.send(self.topics.name(part), str(number).encode(), raw)
        producer.close()

    def ring(self, tick: int, *bursts: Burst) -> None:
        """Write the bursts of one tick as `decide` does."""
        producer = Producer(self.kafka.bootstrap)
        for one in bursts:
            same = [other for other in bursts if other.event == one.event]
            headers = {"tick": tick, "nth": same.index(one) + 1, "of": len(same)}
            written = [(name, str(number).encode()) for name, number in headers.items()]
            producer.send(self.topics.name("bursts"), one.event.encode(), encode(one), written)
        producer.close()

    def buried(self) -> list[dict[str, Any]]:
        records = read_topic(self.kafka.bootstrap, self.topics.name("deadletters"))
        return [json.loads(record.value or b"") for record in records]

    @contextmanager
    def sink(self, name: str, fail_at: str = "") -> Iterator[subprocess.Popen[bytes]]:
        config = self.folder / "nabat.toml"
        config.write_text(self.settings, "utf-8")
        environment = {
            **os.environ,
            "NABAT_CONFIG": str(config),
            "NABAT_FAIL_AT": fail_at,
            "NABAT_ENGINES__KAFKA": self.kafka.bootstrap,
            "NABAT_ENGINES__PREFIX": self.topics.prefix,
            "NABAT_ENGINES__ELASTICSEARCH": self.elasticsearch.url,
        }
        command = [sys.executable, "-c", RUN, name]
        with (
            self.log.open("ab") as log,
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def wait(self, is_done: Callable[[], bool], patience: float = 60.0) -> None:
        assert wait_until(is_done, patience), self.log.read_text("utf-8")[-4000:]


@pytest.fixture
def installation(
    kafka: Kafka, elasticsearch: Elasticsearch, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    elasticsearch.wipe()
    prefix = f"t{abs(hash(request.node.nodeid)) % 10**8}"
    topics = Topics(prefix, 1)
    create_topics(kafka.bootstrap, topics.layout())
    yield Installation(kafka, elasticsearch, topics, tmp_path)
    elasticsearch.wipe()


def look_at(server: Elasticsearch, index: str) -> dict[str, Any]:
    """What an index holds; nothing while there is no index."""
    if server.request("HEAD", f"/{index}") != 200:
        return {}
    return look(server, index=index)


def nest(levels: int) -> dict[str, object]:
    nested: dict[str, object] = {"a": "b"}
    for _ in range(levels):
        nested = {"a": nested}
    return nested


def test_everything_finds_its_index_and_only_the_unusable_is_buried(
    installation: Installation,
) -> None:
    value = {"source": "rss/a", "group": "wires"}
    setting = Setting(seen_at=at("12:00"), id="1", what="source", key="rss/a", value=value)
    good = [note(f"d{number}") for number in range(30)]
    refused = note("refused", extra=nest(30))
    poison = b'{"kind":"document","id":1}'
    installation.send("enriched", setting, *good[:10], poison, refused, *good[10:])
    copy = replace(good[3], origin_id="d1", duplicate_of="d1")
    installation.send("revisions", Revision(revision=1, document=copy))
    installation.ring(10, burst(revision=1), burst(revision=2, state="closed"))
    letter = bury(b"{", "not_json", "journal", Place(topic="t", partition=0, offset=1))
    installation.send("deadletters", letter)
    server = installation.elasticsearch
    with installation.sink("elasticsearch") as process:
        installation.wait(lambda: len(look_at(server, "nabat-deadletters")) == 3)
        installation.wait(lambda: len(look_at(server, "nabat-documents")) == 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    documents = look_at(server, "nabat-documents")
    assert set(documents) == {one.id for one in good}
    assert documents["d3"]["duplicate_of"] == "d1"
    assert documents["d0"]["group"] == "wires"
    assert look_at(server, "nabat-bursts")["b_1"]["state"] == "closed"
    assert set(look_at(server, "nabat-burst-history")) == {"b_1-1", "b_1-2"}
    reasons = {(one["reason"], one["stage"]) for one in installation.buried()}
    assert reasons == {("not_json", "journal"), ("bad_field", "sink"), ("refused", "sink")}


def test_a_sink_killed_between_write_and_commit_repeats_without_harm(
    installation: Installation,
) -> None:
    notes = [note(f"d{number}") for number in range(50)]
    installation.send("enriched", *notes, note("refused", extra=nest(30)))
    server = installation.elasticsearch
    with installation.sink("elasticsearch", fail_at="sink.after_write") as process:
        assert process.wait(60) == 137
    assert installation.buried() == []
    with installation.sink("elasticsearch"):
        installation.wait(lambda: len(look_at(server, "nabat-deadletters")) == 1)
    assert set(look_at(server, "nabat-documents")) == {one.id for one in notes}


@pytest.mark.parametrize(
    "seconds", [20, pytest.param(120, marks=pytest.mark.nightly)], ids=lambda seconds: f"{seconds}s"
)
def test_nothing_is_lost_while_elasticsearch_is_down(
    installation: Installation, seconds: int
) -> None:
    server = installation.elasticsearch
    count = 0

    def feed(until: float) -> None:
        nonlocal count
        while time.monotonic() < until:
            installation.send("enriched", *(note(f"d{count + n}") for n in range(25)))
            count += 25  # a search shows 10,000 documents at most: two minutes must stay below
            time.sleep(0.5)

    with installation.sink("elasticsearch"):
        feed(time.monotonic() + 3)
        installation.wait(lambda: bool(look_at(server, "nabat-documents")))
        server.kill()
        feed(time.monotonic() + seconds)
        server.restart()
        back = time.monotonic()
        installation.wait(lambda: len(look_at(server, "nabat-documents")) == count)
    assert time.monotonic() - back < 60
    assert installation.buried() == []


class Receiver(BaseHTTPRequestHandler):
    """Takes a webhook; refuses with the next of `refusals` while there are any."""

    taken: list[tuple[str, Any]]
    refusals: list[int]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.refusals.pop(0) if self.refusals else 204
        if status == 204:
            self.taken.append((self.headers["webhook-id"], body))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def run_receiver(port: int, *refusals: int) -> Iterator[list[tuple[str, Any]]]:
    taken: list[tuple[str, Any]] = []
    space: Mapping[str, Any] = {"taken": taken, "refusals": list(refusals)}
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Own", (Receiver,), dict(space)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ring_three(installation: Installation) -> None:
    """Two bursts of one event, another event in the same tick, then the first one closes."""
    first, second = burst(id="b_1", event="e_1"), burst(id="b_2", event="e_1")
    installation.ring(10, first, burst(id="b_3", event="e_3"), second)
    later = replace(first, revision=2, state="closed", type="burst.closed", detected_at=at("12:01"))
    installation.ring(20, later)


def describe(taken: list[tuple[str, Any]]) -> list[tuple[str, list[tuple[str, int]]]]:
    return [
        (body["event"], [(one["id"], one["revision"]) for one in body["bursts"]])
        for _, body in taken
    ]


RUNG = [("e_3", [("b_3", 1)]), ("e_1", [("b_1", 1), ("b_2", 1)]), ("e_1", [("b_1", 2)])]


def test_a_message_is_rung_whole_and_after_the_return_of_its_receiver(
    installation: Installation,
) -> None:
    port = find_port()
    installation.settings = f'[[routes]]\nname = "desk"\nurl = "http://127.0.0.1:{port}/hook"\n'
    ring_three(installation)
    with installation.sink("webhook") as process:
        installation.wait(lambda: "was not delivered" in installation.log.read_text("utf-8"))
        with run_receiver(port, 503, 429) as taken:
            installation.wait(lambda: len(taken) == 3)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert describe(taken) == RUNG
    assert installation.buried() == []


def test_a_webhook_sink_killed_after_delivery_repeats_under_the_same_id(
    installation: Installation,
) -> None:
    port = find_port()
    installation.settings = f'[[routes]]\nname = "desk"\nurl = "http://127.0.0.1:{port}/hook"\n'
    ring_three(installation)
    with run_receiver(port) as taken:
        with installation.sink("webhook", fail_at="sink.after_delivery:2") as process:
            assert process.wait(60) == 137
        assert len(taken) == 2
        with installation.sink("webhook"):
            installation.wait(lambda: len(taken) == 5)
    assert describe(list(dict(taken).items())) == RUNG
    assert [name for name, _ in taken[2:4]] == [name for name, _ in taken[:2]]


def test_what_a_receiver_refuses_for_good_is_buried_and_the_rest_rings(
    installation: Installation,
) -> None:
    port = find_port()
    installation.settings = f'[[routes]]\nname = "desk"\nurl = "http://127.0.0.1:{port}/hook"\n'
    ring_three(installation)
    with run_receiver(port, 400) as taken, installation.sink("webhook"):
        installation.wait(lambda: len(taken) == 2)
        installation.wait(lambda: len(installation.buried()) == 1)
    assert describe(taken) == RUNG[1:]
    (letter,) = installation.buried()
    assert (letter["reason"], letter["origin"]) == ("refused", {"file": "routes/desk"})
