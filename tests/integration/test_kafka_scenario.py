"""The shipped scenario through the real commands gives what one process gives."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from connectors.broker import Producer, Record, read_topic
from infra.corpora.journals import to_key
from infra.corpora.stream import Local, Numbered, Stream
from infra.stage.scenario import Scenario, build_scenario
from streams.decide import Decider, Outcome
from streams.enrich import Steps
from streams.events import Burst
from streams.journal import seed
from streams.models import Enriched, Revision, decode_enriched, decode_row, encode
from streams.shell.topics import Topics
from streams.terms import read_terms
from tests.integration.engines.servers import Kafka, wait_until
from tests.integration.fleet import Fleet, run_fleet

pytestmark = pytest.mark.engine
KILLED = 137
BROKEN = 70  # it met a former owner of its partition and ended itself: slow machines rebalance more
QUIET = Steps(language=False, entities=False)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return build_scenario()


@pytest.fixture
def fleet(
    kafka: Kafka, tmp_path: Path, scenario: Scenario, request: pytest.FixtureRequest
) -> Iterator[Fleet]:
    topics = Topics(f"t{secrets.token_hex(4)}", request.param)
    scenario.write(tmp_path)
    with run_fleet(kafka.bootstrap, topics, tmp_path) as fleet:
        producer = Producer(kafka.bootstrap)
        for row in seed(read_terms(scenario.terms, ".jsonl"), scenario.sources):
            producer.send(topics.name("journal"), to_key(row), encode(row))
        producer.close()
        yield fleet


@pytest.mark.parametrize("fleet", [1], indirect=True)
def test_no_faults(fleet: Fleet, tmp_path: Path) -> None:
    start(fleet, tmp_path, enrichers=1)
    assert_equal(fleet)


@pytest.mark.parametrize("fleet", [4], indirect=True)
def test_faults(fleet: Fleet, tmp_path: Path) -> None:
    points = {
        "connect": "connect.after_rows:9",
        "dispatch": "dispatch.after_rows:6",
        "decide": "decide.after_cells:3",
    }
    start(fleet, tmp_path, enrichers=3, points=points)
    assert_equal(fleet)
    killed = [worker.name for worker in fleet.workers if KILLED in worker.deaths]
    assert len(killed) == fleet.deaths.count(KILLED) == len(points)
    assert set(fleet.deaths) <= {KILLED, BROKEN}


def start(fleet: Fleet, folder: Path, enrichers: int, points: dict[str, str] | None = None) -> None:
    at = points or {}
    for name in ("dispatch", "decide", *["enrich"] * enrichers):
        fleet.add("worker", name, fail_at=at.get(name, ""))
    carrier = fleet.add(
        "connect", "files", str(folder / "scenario.jsonl"), fail_at=at.get("connect", "")
    )
    assert wait_until(carrier.is_done, 60)


def assert_equal(fleet: Fleet) -> None:
    """Bursts by (id, revision) and the latest documents are those of a plain fold."""
    rows = [record.value or b"" for record in read(fleet, "journal")]
    stream = Stream(Decider(), Local(QUIET))
    outcomes = stream.push([Numbered(n, decode_row(raw)) for n, raw in enumerate(rows)]).outcomes
    bursts = {(b.id, b.revision): encode(b) for one in outcomes for b in one.bursts}
    assert len(bursts) > 10
    assert wait_until(lambda: read_bursts(fleet).keys() >= bursts.keys(), 90)
    assert read_bursts(fleet) == bursts
    documents = list_latest(outcomes)
    # the last revisions may come after the last burst
    wait_until(lambda: read_documents(fleet, stream.decider.position) == documents, 60)
    assert read_documents(fleet, stream.decider.position) == documents


def list_latest(outcomes: Iterable[Outcome]) -> dict[str, Enriched]:
    latest: dict[str, Enriched] = {}
    for outcome in outcomes:
        latest |= {one.id: one for one in outcome.documents}
        latest |= {one.document.id: one.document for one in outcome.revisions}
    return latest


def read(fleet: Fleet, part: str) -> list[Record]:
    return list(read_topic(fleet.bootstrap, fleet.topics.name(part)))


def read_bursts(fleet: Fleet) -> dict[tuple[str, int], bytes]:
    """Repeats must be the same to the byte."""
    found: dict[tuple[str, int], bytes] = {}
    for record in read(fleet, "bursts"):
        raw = record.value or b""
        burst = msgspec.json.decode(raw, type=Burst)
        assert found.setdefault((burst.id, burst.revision), raw) == raw
    return found


def read_documents(fleet: Fleet, position: int) -> dict[str, Enriched]:
    """The highest (version, revision) of each document among the rows that were applied."""
    latest: dict[str, tuple[tuple[int, int], Enriched]] = {}
    for record in read(fleet, "enriched"):
        row = decode_enriched(record.value or b"")
        if isinstance(row, Enriched) and int(record.key or b"") < position:
            keep(latest, (row.version, 0), row)
    for record in read(fleet, "revisions"):
        revision = msgspec.json.decode(record.value or b"", type=Revision)
        keep(latest, (revision.document.version, revision.revision), revision.document)
    return {name: document for name, (_, document) in latest.items()}


def keep(
    latest: dict[str, tuple[tuple[int, int], Enriched]], rank: tuple[int, int], document: Enriched
) -> None:
    if document.id not in latest or rank > latest[document.id][0]:
        latest[document.id] = (rank, document)
