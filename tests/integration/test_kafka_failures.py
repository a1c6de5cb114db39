"""Workers and the broker die between an effect and its commit: nothing is lost or doubled."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.shell.topics import Topics
from tests.integration.engines.servers import Kafka
from tests.integration.fleet import Fleet, Writer, assert_right, run_fleet, wait_for_rows

pytestmark = pytest.mark.engine
KILLED = 137
BACK_SECONDS = 60


@pytest.fixture
def fleet(kafka: Kafka, tmp_path: Path) -> Iterator[Fleet]:
    topics = Topics(f"t{secrets.token_hex(4)}", 2)
    with run_fleet(kafka.bootstrap, topics, tmp_path) as fleet:
        yield fleet


@pytest.mark.parametrize(
    "points",
    [
        ("dispatch.after_rows:2", "enrich.after_messages:2", "decide.after_cells:2"),
        pytest.param(
            ("dispatch.after_rows:3", "enrich.after_settings:1", "decide.after_events:2"),
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            ("dispatch.after_rows:1", "enrich.after_settings:2", "decide.between_cells:30"),
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            ("dispatch.after_rows:4", "enrich.after_messages:1", "decide.after_marker:2"),
            marks=pytest.mark.nightly,
        ),
    ],
    ids=lambda points: points[2].split(":")[0],
)
def test_every_worker_dies_between_effect_and_commit(fleet: Fleet, points: tuple[str, ...]) -> None:
    with Writer(fleet) as writer:
        for point in points:
            fleet.add(point.split(".")[0], fail_at=point)
        writer.write_until(lambda: len(fleet.deaths) == len(points))
        assert wait_for_rows(fleet, writer.write(200)) <= BACK_SECONDS
    assert fleet.deaths == [KILLED] * len(points)
    assert_right(fleet)


def test_broker_is_killed(fleet: Fleet, kafka: Kafka) -> None:
    for name in ("dispatch", "enrich", "decide"):
        fleet.add(name)
    with Writer(fleet) as writer:
        wait_for_rows(fleet, writer.write(500))
        rows = writer.write(1_000)
    kafka.restart()
    with Writer(fleet, rows) as writer:
        assert wait_for_rows(fleet, writer.write(200)) <= BACK_SECONDS
    assert_right(fleet)


def test_stopped_decider_wakes_up_beside_its_successor(fleet: Fleet) -> None:
    with Writer(fleet) as writer:
        for name in ("dispatch", "enrich", "decide", "decide"):
            fleet.add(name)
        wait_for_rows(fleet, writer.write(500))
        for worker in fleet.named("decide"):
            writer.write(500)
            worker.send(signal.SIGSTOP)
            time.sleep(12)
            worker.send(signal.SIGCONT)
            writer.write(500)
        wait_for_rows(fleet, writer.write(200))
    assert_right(fleet)
