"""Polling: every source is asked on time, and what it says is delivered before it is forgotten."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog
from msgspec import Struct
from msgspec.structs import replace

from connectors.reading.looks import (
    Cursor,
    Fetch,
    Polled,
    Probe,
    decode_cursor,
    is_polled,
    poll_source,
    probe,
)
from connectors.reading.schedule import Outcome, State, begin, plan_next
from streams.models import Clock, DeadLetter, Document, Heartbeat, Row, Source, from_seconds

__all__ = ["Cursor", "Pace", "Polled", "Probe", "decode_cursor", "poll_source", "probe", "run"]

Load = Callable[[str], Awaitable[Cursor | None]]
Deliver = Callable[[Sequence[Row | DeadLetter], Cursor | None], Awaitable[None]]
log = structlog.get_logger(__name__)


def _count_nothing(_name: str, _value: float = 1, **_labels: str) -> None:
    """What is counted if nobody counts."""


class Pace(Struct, frozen=True, kw_only=True):
    """How time passes here: seconds; `now` is Unix time, `count` a metrics catalogue's door."""

    clock_seconds: float = 5.0
    check_seconds: float = 1.0  # between looks at which sources are in force
    spacing_seconds: float = 2.0  # between requests to one host, as in connectors.web.Manners
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    count: Callable[..., None] = _count_nothing


class _Doors(Struct, frozen=True):
    deliver: Deliver
    load_cursor: Load
    fetch: Fetch
    pace: Pace
    least: dict[str, float]  # the shortest interval of each source, for the sake of its host


async def run(
    sources: Callable[[], Iterable[Source]],
    deliver: Deliver,
    load_cursor: Load,
    fetch: Fetch,
    pace: Pace | None = None,
) -> None:
    """Poll all that `sources` gives, until cancelled; it is asked again each second.

    `deliver(rows, cursor)` returns when rows are durable and the cursor (if any) is stored with
    or after them; until then the source waits. It may be called by several sources at once, and
    gets dead letters among the rows. What it raises ends the run as an exception group.
    """
    doors = _Doors(deliver, load_cursor, fetch, pace or Pace(), {})
    running: dict[str, tuple[Source, asyncio.Task[None]]] = {}
    async with asyncio.TaskGroup() as group:
        group.create_task(_tick(doors))
        while True:
            wanted = {source.source: source for source in sources() if is_polled(source)}
            doors.least.update(_share_hosts(wanted.values(), doors.pace.spacing_seconds))
            for name, (source, task) in list(running.items()):
                if wanted.get(name) != source:
                    task.cancel()
                    del running[name]
            for name in wanted.keys() - running.keys():
                task = group.create_task(_watch(wanted[name], doors))
                running[name] = (wanted[name], task)
            await doors.pace.sleep(doors.pace.check_seconds)


async def _tick(doors: _Doors) -> None:
    while True:
        await doors.deliver((Clock(seen_at=from_seconds(doors.pace.now())),), None)
        await doors.pace.sleep(doors.pace.clock_seconds)


async def _watch(source: Source, doors: _Doors) -> None:
    """Poll one source for ever; its cursor moves on only when its rows are safe."""
    pace, name = doors.pace, source.source
    cursor = await doors.load_cursor(name)
    state = begin(source, pace.now(), doors.least[name])
    while True:
        await pace.sleep(max(0.0, state.due - pace.now()))
        polled = await poll_source(source, cursor, doors.fetch, is_full=state.is_full)
        after = plan_next(state, source, _to_outcome(polled), pace.now(), doors.least[name])
        rows = [_promise(row, after.interval) for row in polled.rows]
        await doors.deliver((*polled.letters, *rows), polled.cursor if polled.must_store else None)
        cursor = polled.cursor
        _report(source, polled, (state, after), pace)
        state = after


def _promise(row: Row, interval: float) -> Row:
    """The heartbeat says when the next one is to be expected."""
    return replace(row, interval_seconds=interval) if isinstance(row, Heartbeat) else row


def _to_outcome(polled: Polled) -> Outcome:
    return Outcome(
        status=polled.status,
        wait_seconds=polled.wait_seconds,
        wished_seconds=polled.wished_seconds,
    )


def _report(source: Source, polled: Polled, states: tuple[State, State], pace: Pace) -> None:
    """Count a poll; log when a source begins to fail, comes back, or went too fast for us."""
    before, after = states
    kind = source.source.partition("/")[0]
    pace.count("nabat_polls_total", 1, source_type=kind, status=polled.status)
    documents = sum(isinstance(row, Document) for row in polled.rows)
    if documents:
        pace.count("nabat_documents_total", documents, stage="connect")
    for letter in polled.letters:
        pace.count("nabat_deadletters_total", 1, stage="connect", reason=letter.reason)
    fields: dict[str, Any] = {"source": source.source, "status": polled.status}
    if before.failing_since is None and after.failing_since is not None:
        log.warning("source fails", **fields, next_seconds=round(after.due - pace.now(), 1))
    if before.failing_since is not None and after.failing_since is None:
        log.info("source is back", **fields)
    if polled.has_gap:
        log.warning("entries were missed between two polls", **fields)


def _share_hosts(sources: Iterable[Source], spacing: float) -> Mapping[str, float]:
    """The least interval of each source that leaves its host a pause between requests."""
    hosts = {source.source: _find_host(source) for source in sources}
    sizes = Counter(hosts.values())
    return {name: spacing * (sizes[host] - 1) * 1.25 for name, host in hosts.items()}


def _find_host(source: Source) -> str:
    try:
        return urlsplit(source.url or "https://t.me").hostname or ""
    except ValueError:
        return ""
