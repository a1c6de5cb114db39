"""The long night: every fail point, sixty random kills, a broker that is slow to acknowledge."""

from __future__ import annotations

import random
import secrets
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.shell.topics import Topics
from tests.integration.engines.servers import Kafka
from tests.integration.fleet import Fleet, Worker, Writer, assert_right, run_fleet, wait_for_rows
from tests.integration.slow import ProxiedKafka, SlowBroker

pytestmark = [
    pytest.mark.engine,
    pytest.mark.nightly,
    pytest.mark.timeout(3600),
    # clients leave sockets behind when their broker is killed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
POINTS = (
    "dispatch.after_rows",
    "enrich.after_messages",
    "enrich.after_settings",
    "decide.after_events",
    "decide.between_cells",
    "decide.after_cells",
    "decide.after_marker",
)
WORKERS = ("dispatch", "enrich", "enrich", "decide", "decide")
KILLS = 60
SLOW_SECONDS = 0.2


@pytest.fixture
def fleet(kafka: Kafka, tmp_path: Path) -> Iterator[Fleet]:
    with run_fleet(kafka.bootstrap, Topics(f"t{secrets.token_hex(4)}", 4), tmp_path) as fleet:
        yield fleet


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("times", [1, 2, 7])
def test_each_fail_point(fleet: Fleet, point: str, times: int) -> None:
    with Writer(fleet) as writer:
        for name in ("dispatch", "enrich", "decide"):
            fleet.add(name, fail_at=f"{point}:{times}" if point.startswith(name) else "")
        writer.write_until(lambda: fleet.deaths == [137])
        assert wait_for_rows(fleet, writer.write(200)) <= 60
    assert_right(fleet)


def test_random_kills(fleet: Fleet, kafka: Kafka) -> None:
    """Workers, now and then the broker, now and then a worker that sleeps for a while."""
    dice = random.Random(2026)
    rows = 0
    for name in WORKERS:
        fleet.add(name)
    for kill in range(KILLS):
        with Writer(fleet, rows) as writer:
            rows = writer.write(dice.randint(100, 900))
        time.sleep(dice.uniform(0.5, 6.0))
        if kill % 15 == 14:
            kafka.restart()
        elif kill % 10 == 9:
            doze(dice.choice(fleet.workers), dice.uniform(7, 14))
        else:
            dice.choice(fleet.workers).send(signal.SIGKILL)
        if kill % 5 == 4:
            assert wait_for_rows(fleet, rows // 25 * 25) <= 60
    wait_for_rows(fleet, rows)
    assert_right(fleet)


@pytest.fixture
def slow(kafka: Kafka, tmp_path: Path) -> Iterator[tuple[SlowBroker, str]]:
    """A broker of its own behind a proxy, and the proxy's address."""
    del kafka  # its fixture skips where there can be no broker
    folder = tmp_path / "slow"
    folder.mkdir()
    broker = ProxiedKafka(folder)
    with SlowBroker(broker.front, broker.port, SLOW_SECONDS) as proxy:
        broker.start()
        yield proxy, f"127.0.0.1:{broker.front}"
        broker.stop()


def test_slow_acknowledgements(slow: tuple[SlowBroker, str], tmp_path: Path) -> None:
    """What is sent but not acknowledged dies with its sender."""
    proxy, address = slow
    topics = Topics(f"t{secrets.token_hex(4)}", 2)
    with run_fleet(address, topics, tmp_path) as fleet, Writer(fleet) as writer:
        for name in ("dispatch", "enrich", "decide"):
            fleet.add(name)
        for kill in range(9):
            writer.write(600)
            time.sleep(8)
            fleet.workers[kill % 3].send(signal.SIGKILL)
        wait_for_rows(fleet, writer.write(200), 180)
        assert proxy.delayed > 50
        assert_right(fleet)


def doze(worker: Worker, seconds: float) -> None:
    worker.send(signal.SIGSTOP)
    time.sleep(seconds)
    worker.send(signal.SIGCONT)
