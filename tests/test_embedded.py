"""`nabat up` as a process: real feeds, a real receiver, real kills."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from connectors.ledger import each_burst
from connectors.store import Store, StoreError
from infra.embedded import hold, sift
from streams.events import Burst
from streams.journal import bury, seed
from streams.models import (
    Clock,
    DeadLetter,
    Document,
    Heartbeat,
    Place,
    Row,
    Source,
    Term,
    decode_row,
    encode,
)

NAMES = ("a", "b", "c", "d")
KILLED = 137
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
STORIES = (
    "Лидеры стран ОДКБ соберутся на внеочередной саммит в Ереване",
    "Генсек ОДКБ сообщил о готовности миротворцев к отправке на границу",
    "Парламент не поддержал выход из ОДКБ, голосование перенесено",
    "В штабе ОДКБ опровергли слухи о сокращении контингента",
    "Учения ОДКБ начались на полигоне под Душанбе раньше срока",
    "Эксперт назвал три причины разногласий внутри ОДКБ",
    "Секретариат ОДКБ получил официальную ноту протеста",
    "Белград запросил статус наблюдателя при ОДКБ",
)


class World:
    """Feeds that show what was published, and a receiver that is down at first, then slow."""

    def __init__(self) -> None:
        self.published: dict[str, list[tuple[str, datetime]]] = {name: [] for name in NAMES}
        self.got: list[tuple[str, str]] = []
        self.is_down = False
        self.delay = 0.0

    def publish(self, name: str, text: str) -> None:
        self.published[name].append((text, datetime.now(UTC)))

    def write_feed(self, name: str) -> bytes:
        entries = "".join(
            f"<item><guid isPermaLink='false'>{name}-{number}</guid><title>{text}</title>"
            f"<pubDate>{format_datetime(moment)}</pubDate></item>"
            for number, (text, moment) in enumerate(self.published[name])
        )
        body = f"<rss version='2.0'><channel><title>{name}</title>{entries}</channel></rss>"
        return body.encode()

    def receive(self, message: str, body: bytes) -> int:
        if self.is_down:
            return 503
        time.sleep(self.delay)
        self.got.append((message, body.decode()))
        return 204

    @contextmanager
    def serve(self) -> Iterator[str]:
        world = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = world.write_feed(self.path.strip("/"))
                self.send_response(200)
                self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(world.receive(self.headers["webhook-id"], body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()


def write_settings(folder: Path, address: str) -> None:
    sources = "".join(
        f"[[sources]]\nsource = 'rss/{name}'\nurl = '{address}/{name}'\ninterval_seconds = 1\n"
        for name in NAMES
    )
    (folder / "nabat.toml").write_text(
        f"{sources}"
        "[[terms]]\nname = 'ОДКБ'\n"
        f"[[routes]]\nname = 'desk'\nurl = '{address}/hook'\n"
        "[web]\nallow_loopback = true\nspacing_seconds = 0\n"
        "[steps]\nlanguage = false\nentities = false\nsentiment = false\n"
        "[metrics]\nport = 0\n",
        "utf-8",
    )


def write_past(folder: Path, address: str) -> int:
    """Three quiet days, so that what comes now is known to be unusual."""
    sources = [
        Source(source=f"rss/{name}", url=f"{address}/{name}", interval_seconds=1) for name in NAMES
    ]
    rows: list[Row] = [*seed([Term(name="ОДКБ")], sources)]
    end = datetime.now(UTC) - timedelta(minutes=2)
    for minutes in range(72 * 60, 0, -15):
        moment = end - timedelta(minutes=minutes)
        for place, name in enumerate(NAMES):
            seen = moment + timedelta(seconds=place)
            rows.append(Heartbeat(source=f"rss/{name}", seen_at=seen, interval_seconds=900))
            if minutes % 60 == place * 15:
                text = f"Погода и курс валют, выпуск {minutes} ({name})"
                rows.append(
                    Document(
                        id=f"past/{name}/{minutes}",
                        source=f"rss/{name}",
                        published_at=moment,
                        seen_at=seen,
                        text=text + (" и новости ОДКБ" if minutes % 1440 == 0 else ""),
                    )
                )
        rows.append(Clock(seen_at=moment + timedelta(seconds=9)))
    store = Store(folder / "nabat.db")
    store.append(map(encode, rows))
    store.close()
    return len(rows)


def start(
    folder: Path, fail_at: str = "", log: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "up"],
        cwd=folder,
        env={**ENVIRONMENT, "NABAT_FAIL_AT": fail_at},
        stderr=log,
    )


def finish(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(30)


def wait_for(condition: object, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert process.poll() is None, "the process has ended"
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def read_journal(folder: Path) -> list[Row]:
    store = Store(folder / "nabat.db")
    rows = [decode_row(raw) for _, raw in store.read_rows(0, 1 << 40)]
    store.close()
    return rows


def read_bursts(folder: Path) -> list[Burst]:
    store = Store(folder / "nabat.db")
    bursts = [msgspec.json.decode(raw, type=Burst) for raw in each_burst(store)]
    store.close()
    return bursts


def replay_journal(folder: Path) -> list[Burst]:
    """What the exported journal comes to, decided anew."""
    journal, alerts = folder / "journal.jsonl", folder / "alerts.jsonl"
    store = Store(folder / "nabat.db")
    journal.write_bytes(b"".join(raw + b"\n" for _, raw in store.read_rows(0, 1 << 40)))
    store.close()
    subprocess.run(
        [sys.executable, "-m", "infra.cli", "replay", journal, "--alerts", alerts],
        cwd=folder,
        env=ENVIRONMENT,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return [msgspec.json.decode(line, type=Burst) for line in alerts.read_bytes().splitlines()]


@pytest.mark.timeout(280)
def test_killed_anywhere_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    world = World()
    world.is_down, world.delay = True, 0.5
    with world.serve() as address:
        write_settings(tmp_path, address)
        write_past(tmp_path, address)
        for place, text in enumerate(STORIES):
            world.publish(NAMES[place % 4], text)
        for point in ("up.before_commit", "up.before_append:3", "up.after_append:3"):
            assert start(tmp_path, point).wait(60) == KILLED
        assert start(tmp_path, "up.after_commit:3").wait(60) == KILLED
        world.is_down = False
        assert start(tmp_path, "up.after_delivery").wait(120) == KILLED
        process = start(tmp_path)
        wait_for(lambda: len(world.got) >= 2, process)
        assert finish(process) == 0

    assert sorted(title for title in titles(tmp_path) if title) == sorted(STORIES), (
        "each entry once"
    )
    bursts = read_bursts(tmp_path)
    assert [(one.term, one.revision) for one in bursts if one.state == "opened"] == [("ОДКБ", 1)]
    assert replay_journal(tmp_path)[: len(bursts)] == bursts, "kills change nothing"
    bodies = dict(world.got)
    assert set(world.got) == set(bodies.items()), "repeats carry the same id and the same body"
    sent = [
        (burst["id"], burst["revision"])
        for body in bodies.values()
        for burst in json.loads(body)["bursts"]
    ]
    assert sorted(sent) == sorted((one.id, one.revision) for one in bursts)


@pytest.mark.timeout(120)
def test_commands_take_effect_while_it_runs(tmp_path: Path) -> None:
    world = World()
    with world.serve() as address:
        write_settings(tmp_path, address)
        process = start(tmp_path)
        wait_for((tmp_path / "nabat.db").exists, process)
        nabat(tmp_path, "terms", "add", "Сейсмостанция")
        nabat(tmp_path, "sources", "remove", "rss/d")
        nabat(tmp_path, "sources", "add", "rss/e", "--url", f"{address}/a", "--interval", "1")
        world.publish("a", "Сейсмостанция зафиксировала толчки")
        began = time.monotonic()
        wait_for(lambda: "Сейсмостанция" in mentions(tmp_path), process, 40)
        wait_for(lambda: polled(tmp_path, "rss/e"), process, 20)
        assert time.monotonic() - began < 40
        second = subprocess.run(
            [sys.executable, "-m", "infra.cli", "up"],
            cwd=tmp_path,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert "another `nabat up` is working on this store" in second.stderr
        assert finish(process) == 0


@pytest.mark.timeout(120)
def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    """What was read while nothing could be written comes when it can."""
    world = World()
    with world.serve() as address:
        write_settings(tmp_path, address)
        process = start(tmp_path, log=subprocess.PIPE)
        assert process.stderr is not None
        said: list[bytes] = []
        reader = threading.Thread(target=lambda: said.extend(process.stderr or ()))
        reader.start()
        wait_for(lambda: polled(tmp_path, "rss/a"), process)
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        world.publish("a", STORIES[0])
        wait_for(lambda: any(b"the disk is full" in line for line in list(said)), process)
        assert STORIES[0] not in titles(tmp_path)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        wait_for(lambda: STORIES[0] in titles(tmp_path), process)
        assert finish(process) == 0
        reader.join()
        process.stderr.close()
    assert titles(tmp_path).count(STORIES[0]) == 1


def titles(folder: Path) -> list[str | None]:
    return [row.title for row in read_journal(folder) if isinstance(row, Document)]


def nabat(folder: Path, *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "infra.cli", *words],
        cwd=folder,
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
    )


def mentions(folder: Path) -> set[str]:
    store = Store(folder / "nabat.db")
    found = {
        mention["term"]
        for value in store.each("SELECT value FROM documents")
        for mention in json.loads(value)["terms"]
    }
    store.close()
    return found


def polled(folder: Path, source: str) -> bool:
    return any(getattr(row, "source", "") == source for row in read_journal(folder))


def test_what_may_not_enter_the_journal_is_parted_from_what_may() -> None:
    now = datetime.now(UTC)
    good = Document(id="1", source="rss/a", published_at=now, seen_at=now, text="да")
    future = msgspec.structs.replace(good, id="2", seen_at=now + timedelta(hours=1))
    letter = bury(b"x", "not_json", "connect", Place())
    clock = Clock(seen_at=now)
    kept, letters = sift([good, future, letter, clock], now.timestamp() + 300)
    assert kept == [good, clock]
    assert [(one.reason, one.stage) for one in letters] == [
        ("future", "connect"),
        ("not_json", "connect"),
    ]
    assert all(isinstance(one, DeadLetter) for one in letters)


def test_a_store_has_one_decider(tmp_path: Path) -> None:
    refused = pytest.raises(StoreError, match="another")
    with hold(tmp_path / "a.db"), hold(tmp_path / "b.db"), refused, hold(tmp_path / "a.db"):
        pass
    with hold(tmp_path / "a.db"):
        assert (tmp_path / "a.db.lock").exists()
