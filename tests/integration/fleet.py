"""Workers of the chain as processes, restarted when they die, and what their topics then hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from connectors.broker import Producer, Record, create_topics, read_topic
from streams.models import EPOCH, Document, Setting, encode, from_seconds
from streams.shell.topics import Topics
from tests.integration.chain import TICK, make_expected

ROOT = Path(__file__).parents[2]
CHAIN = ("-m", "tests.integration.chain")
NABAT = ("-c", "from infra.cli import main; main()")


class Worker:
    """One process; `fail_at` is forgotten after its first death."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.name, self._command = command[-1], command
        self._environment, self._log = environment, log
        self.deaths: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, fail_at: str = "") -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                cwd=ROOT,
                env={**os.environ, **self._environment, "NABAT_FAIL_AT": fail_at},
                stdout=log,
                stderr=log,
            )

    def revive(self) -> None:
        """Start again if it has died; what ended well stays ended."""
        if self._process is not None and self._process.poll():
            self.deaths.append(self._process.returncode)
            self.start()

    def is_done(self) -> bool:
        """Whether it ended well."""
        return self._process is not None and self._process.poll() == 0

    def read_seconds(self) -> float:
        """Processor time so far (Linux)."""
        if self._process is None:
            return 0.0
        text = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def send(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)

    def end(self, how: signal.Signals) -> int:
        """End for good; gives the exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for one in (signal.SIGCONT, how):
            process.send_signal(one)
        return process.wait(30)

    def tail(self) -> str:
        return self._log.read_text("utf-8", "replace")[-3000:]


class Fleet:
    """The workers of one installation with its own topics."""

    def __init__(self, bootstrap: str, topics: Topics, folder: Path) -> None:
        self.bootstrap, self.topics, self._folder = bootstrap, topics, folder
        self.environment = {
            "NABAT_ENGINES__KAFKA": bootstrap,
            "NABAT_ENGINES__PREFIX": topics.prefix,
            "NABAT_ENGINES__PARTITIONS": str(topics.partitions),
            "NABAT_METRICS__PORT": "0",
            "NABAT_STEPS__LANGUAGE": "false",
            "NABAT_STEPS__ENTITIES": "false",
        }
        self.workers: list[Worker] = []
        self._done = threading.Event()
        self._keeper = threading.Thread(target=self._keep)

    def add(self, *command: str, fail_at: str = "") -> Worker:
        """Start a worker of the chain, or with more words that command of `nabat`."""
        line = [*(CHAIN if len(command) == 1 else NABAT), *command]
        log = self._folder / f"{len(self.workers)}.log"
        worker = Worker(line, self.environment, log)
        worker.start(fail_at)
        self.workers.append(worker)
        return worker

    def named(self, name: str) -> list[Worker]:
        return [worker for worker in self.workers if worker.name == name]

    @property
    def deaths(self) -> list[int]:
        return [code for worker in self.workers for code in worker.deaths]

    def watch(self) -> None:
        self._keeper.start()

    def end(self, how: signal.Signals) -> list[int]:
        """Stop reviving, end all; gives their exit codes."""
        if self._keeper.is_alive():
            self._done.set()
            self._keeper.join()
        return [worker.end(how) for worker in self.workers]

    def _keep(self) -> None:
        while not self._done.wait(0.2):
            for worker in self.workers:
                worker.revive()


@contextmanager
def run_fleet(bootstrap: str, topics: Topics, folder: Path) -> Iterator[Fleet]:
    """Topics and a fleet without workers; whatever is left is killed at the end."""
    create_topics(bootstrap, topics.layout())
    fleet = Fleet(bootstrap, topics, folder)
    fleet.watch()
    try:
        yield fleet
    finally:
        fleet.end(signal.SIGKILL)


def write_rows(start: int, stop: int) -> list[bytes]:
    """Journal rows: documents, now and then a term that comes or goes, garbage, a poison."""
    return [_write_row(number) for number in range(start, stop)]


def _write_row(number: int) -> bytes:
    if number % 37 == 5:
        value = {"pattern": "x"} if number % 2 else None
        key = f"термин {number % 7}"
        return encode(Setting(seen_at=EPOCH, id=f"s{number}", what="term", key=key, value=value))
    if number % 41 == 3:
        return b"{not json \xc8" + str(number).encode()
    text = "яд" if number % 43 == 1 else f"сообщение {number} " * 20
    moment = from_seconds(number)
    document = Document(
        id=f"d{number}", source="a/b", published_at=moment, seen_at=moment, text=text
    )
    return encode(document)


class Writer:
    """Appends rows to the journal, each batch acknowledged, each row another one."""

    def __init__(self, fleet: Fleet, rows: int = 0) -> None:
        self._journal, self.rows = fleet.topics.name("journal"), rows
        self._producer = Producer(fleet.bootstrap)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.close()

    def write(self, count: int) -> int:
        """Write some; gives how many there are now."""
        for row in write_rows(self.rows, self.rows + count):
            self._producer.send(self._journal, b"key", row)
        self._producer.flush()
        self.rows += count
        return self.rows

    def write_until(self, is_done: Callable[[], bool], patience: float = 60.0) -> int:
        """Write a little again and again; gives how many rows there are at the end."""
        end = time.monotonic() + patience
        while not is_done():
            assert time.monotonic() < end, f"not done in {patience} s"
            self.write(100)
            time.sleep(0.3)
        return self.rows


class Verdict(NamedTuple):
    """What the topics hold against what the journal says; all zero is right."""

    lost: int
    wrong: int
    conflicting: int
    unordered: int


def judge(fleet: Fleet) -> dict[str, Verdict]:
    """Compare what came out, repeats set aside, with a plain fold over the journal."""
    read = {part: list(read_topic(fleet.bootstrap, fleet.topics.name(part))) for part in PARTS}
    journal = [record.value or b"" for record in read["journal"]]
    expected = make_expected(journal, fleet.topics.name("journal"))
    return {
        "enriched": _compare(expected.enriched, read["enriched"], ordered=False),
        "bursts": _compare(expected.bursts, read["bursts"], ordered=True),
        "deadletters": _compare(expected.buried, read["deadletters"], ordered=False),
    }


PARTS = ("journal", "enriched", "bursts", "deadletters")
RIGHT = Verdict(0, 0, 0, 0)


def _compare(expected: dict[str, bytes], found: Sequence[Record], *, ordered: bool) -> Verdict:
    bodies: dict[str, bytes] = {}
    conflicting = 0
    for record in found:
        name = name_record(record)
        conflicting += bodies.setdefault(name, record.value or b"") != record.value
    lost = len(expected.keys() - bodies.keys())
    wrong = sum(expected.get(name) != body for name, body in bodies.items())
    common = [name for name in bodies if name in expected]
    unordered = ordered and common != [name for name in expected if name in bodies]
    return Verdict(lost, wrong, conflicting, int(unordered))


def name_record(record: Record) -> str:
    """What makes a record the same one again: its number, or its event with its place in it."""
    headers = dict(record.headers)
    return f"{(record.key or b'').decode()}#{headers.get('nth', b'').decode()}"


def assert_right(fleet: Fleet) -> None:
    """End the fleet in order and judge it."""
    fleet.end(signal.SIGTERM)
    verdict = judge(fleet)
    assert verdict == dict.fromkeys(PARTS[1:], RIGHT), verdict


def wait_for_rows(fleet: Fleet, rows: int, patience: float = 90.0) -> float:
    """Wait for the last burst that `rows` journal rows bring; gives the seconds it took."""
    last = f"e_{rows // TICK * TICK}#2"
    started = time.monotonic()
    topic = fleet.topics.name("bursts")
    while time.monotonic() - started < patience:
        if any(name_record(one) == last for one in read_topic(fleet.bootstrap, topic)):
            return time.monotonic() - started
        time.sleep(0.3)
    tails = "\n".join(f"{worker.name}: {worker.tail()}" for worker in fleet.workers)
    raise AssertionError(f"{last} did not come in {patience} s\n{tails}")
