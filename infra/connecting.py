"""`nabat connect SOURCE`: carries what sources publish to the journal, and remembers how far.

Rows are acknowledged before the cursor is stored: after a crash some rows come twice, none is
missed, and a repeated document changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import Self

import msgspec
import structlog
from msgspec import Struct

from connectors.broker import Producer, follow, read_ends, read_latest
from connectors.files import Line, read_lines
from connectors.polling import Pace, run
from connectors.reading.looks import Cursor, decode_cursor
from connectors.web import Manners, Web
from infra.corpora.journals import seed_rows, to_key
from infra.settings import Settings
from infra.working import make_reach
from streams.journal import accept_row
from streams.models import DeadLetter, Document, Row, Setting, Source, encode
from streams.shell.lanes import to_kept
from streams.shell.snapshots import from_key
from streams.shell.topics import Topics

LOG = structlog.get_logger(__name__)
SOURCES = ("rss", "telegram", "files")
BATCH = 500  # lines of a file between two cursors
AHEAD_SECONDS = 300  # how far `seen_at` may be after our clock
CUT = "truncated"
Count = Callable[..., None]


class Bookmark(Struct, frozen=True):
    """How far a file was carried: the lines that are safe, and a hash of its first one."""

    lines: int = 0
    first: str = ""


class Carrier:
    """Rows to the journal, dead letters to theirs, cursors behind them."""

    def __init__(self, settings: Settings, count: Count) -> None:
        engines = settings.engines
        self._bootstrap, self.count = engines.kafka, count
        self._topics = Topics(engines.prefix, engines.partitions)
        self._producer = Producer(engines.kafka)
        self._reach = make_reach(os.environ.get("NABAT_FAIL_AT", ""))
        self._cursors = read_latest(engines.kafka, self._topics.name("offsets"))

    def load(self, key: str) -> bytes | None:
        """The cursor that was stored last, as of our start."""
        return self._cursors.get(key.encode())

    def open_journal(self, settings: Settings) -> None:
        """Write the settings that open an empty journal."""
        journal = self._topics.name("journal")
        if not any(read_ends(self._bootstrap, journal).values()):
            self.deliver(seed_rows(settings), "", None)

    def deliver(self, rows: Iterable[Row | DeadLetter], key: str, cursor: bytes | None) -> None:
        """Return when rows are acknowledged and then the cursor, if any, is."""
        for row in rows:
            is_letter = isinstance(row, DeadLetter)
            name = row.sha256.encode() if isinstance(row, DeadLetter) else to_key(row)
            topic = self._topics.name("deadletters" if is_letter else "journal")
            self._producer.send(topic, name, encode(row))
        self._producer.flush()
        self._reach("connect.after_rows")
        if cursor is not None:
            self._producer.send(self._topics.name("offsets"), key.encode(), cursor)
            self._producer.flush()
            self._reach("connect.after_cursor")

    def close(self) -> None:
        """Flush and disconnect."""
        self._producer.close()


def run_connect(
    source: str, settings: Settings, count: Count | None = None, files: Sequence[Path] = ()
) -> None:
    """Carry files to their end, or poll until a signal stops it.

    Raises ValueError for a source that does not exist; exits with 1 if the files held no valid
    row, or one was cut.
    """
    if source not in SOURCES:
        raise ValueError(f"there is no source {source!r}; there are {', '.join(SOURCES)}")
    with closing(Carrier(settings, count or (lambda *_, **__: None))) as carrier:
        carrier.open_journal(settings)
        with Registry(settings) as registry:
            if source != "files":
                asyncio.run(_poll(source, settings, carrier, registry))
                return
            results = [carry_file(path, carrier, registry.sources) for path in files]
    if not all(results) or not files:
        sys.exit("nabat: a file held no valid row, or was cut")


def carry_file(path: Path, carrier: Carrier, registry: Mapping[str, Source]) -> bool:
    """Carry one file from where it was left; whether it was whole and held a valid row."""
    key = f"file/{path.resolve()}"
    first = _hash_first(path)
    stored = carrier.load(key)
    bookmark = msgspec.json.decode(stored, type=Bookmark) if stored else Bookmark()
    done = bookmark.lines if bookmark.first == first else 0
    valid, is_whole, lines = done > 0, True, read_lines(path)
    while batch := list(islice(lines, BATCH)):
        fresh = [one for one in batch if _line_of(one) > done]
        rows = [_admit(one, registry) for one in fresh]
        cursor = Bookmark(max(done, _line_of(batch[-1])), first)
        carrier.deliver(rows, key, encode(cursor) if fresh else None)
        valid |= any(not isinstance(row, DeadLetter) for row in rows)
        is_whole &= not any(isinstance(row, DeadLetter) and row.reason == CUT for row in rows)
        _count(carrier.count, rows)
    return valid and is_whole


class Registry:
    """The sources in force, as the journal's settings leave them; at first, as configured."""

    def __init__(self, settings: Settings) -> None:
        self.sources = {one.source: one.to_source() for one in settings.sources}
        self._bootstrap = settings.engines.kafka
        self._topic = Topics(settings.engines.prefix).name("snapshots")
        self._kept: dict[str, tuple[int, Setting]] = {}
        self._loaded, self._stop, self._error = Event(), Event(), ""
        self._thread = Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._loaded.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def list(self, source: str) -> list[Source]:
        """The sources that `connect` asks; raises RuntimeError if they cannot be known."""
        if self._error:
            raise RuntimeError(f"the sources in force cannot be followed: {self._error}")
        is_channel = source == "telegram"
        every = self.sources.values()
        return [one for one in every if one.source.startswith("telegram/") == is_channel]

    def fold(self, key: bytes, value: bytes | None) -> None:
        """Take a setting that a lane keeps: of each the one with the highest number counts."""
        cell, number = from_key(key)
        if value and cell.startswith("source/") and number >= self._kept.get(cell, (-1,))[0]:
            self._kept[cell] = (number, to_kept({cell: value})[0].row)
            rows = [row for _, row in self._kept.values() if row.value is not None]
            self.sources = {row.key: _to_source(row) for row in rows}

    def _follow(self) -> None:
        try:
            with follow(self._bootstrap, self._topic, 1) as consumer:
                while not self._stop.is_set():
                    records = consumer.poll(0.5)
                    for record in records:
                        self.fold(record.key or b"@0", record.value)
                    if not records:
                        self._loaded.set()
        except Exception as error:
            LOG.exception("the sources in force cannot be followed")
            self._error = str(error)
        finally:
            self._loaded.set()


async def _poll(source: str, settings: Settings, carrier: Carrier, registry: Registry) -> None:
    """Ask the sources in force until a signal comes."""
    web = settings.web
    manners = Manners(
        contact=web.contact,
        spacing_seconds=web.spacing_seconds,
        timeout_seconds=web.timeout_seconds,
        allow_loopback=web.allow_loopback,
    )
    pace = Pace(spacing_seconds=web.spacing_seconds, count=carrier.count)
    turn = asyncio.Lock()

    async def deliver(rows: Sequence[Row | DeadLetter], cursor: Cursor | None) -> None:
        key, stored = (cursor.source, encode(cursor)) if cursor else ("", None)
        async with turn:
            await asyncio.to_thread(carrier.deliver, rows, key, stored)

    async def load(name: str) -> Cursor | None:
        stored = carrier.load(name)
        return decode_cursor(stored) if stored else None

    async with Web(manners) as web_door:
        asked = partial(registry.list, source)
        polling = asyncio.ensure_future(run(asked, deliver, load, web_door.fetch, pace))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, polling.cancel)
        with suppress(asyncio.CancelledError):
            await polling


def _admit(one: Line | DeadLetter, registry: Mapping[str, Source]) -> Row | DeadLetter:
    if isinstance(one, DeadLetter):
        return one
    place, raw = one
    return accept_row(raw, place, time.time() + AHEAD_SECONDS, registry)


def _line_of(one: Line | DeadLetter) -> int:
    return (one.origin if isinstance(one, DeadLetter) else one[0]).line or 0


def _hash_first(path: Path) -> str:
    first = next(iter(read_lines(path)), None)
    raw = first.sha256.encode() if isinstance(first, DeadLetter) else first[1] if first else b""
    return hashlib.sha256(raw).hexdigest()


def _count(count: Count, rows: Sequence[Row | DeadLetter]) -> None:
    count("nabat_documents_total", sum(isinstance(row, Document) for row in rows), stage="connect")
    for row in rows:
        if isinstance(row, DeadLetter):
            count("nabat_deadletters_total", 1, stage="connect", reason=row.reason)


def _to_source(row: Setting) -> Source:
    return msgspec.convert({**(row.value or {}), "source": row.key}, Source)
