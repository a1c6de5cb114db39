"""The clock of the journal: ticks of ten seconds that only rows move, and who is live when."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from streams.models import Heartbeat, Passed, Source, to_seconds

TICK = 10  # seconds of Unix time
MISSED = 3  # polls that a source may miss before it counts as silent


class Ticks:
    """Gathers rows into ticks; the clock stands at the greatest `seen_at` read so far."""

    def __init__(self, clock: float = 0.0) -> None:
        self.clock = clock
        self.rows: list[tuple[int, Passed]] = []

    def push(self, number: int, row: Passed) -> tuple[int, list[tuple[int, Passed]]] | None:
        """Take the next row; give (end in Unix seconds, rows) of the tick that it ended, if any.

        A row behind the clock joins the current tick. A row without a time never moves the clock.
        """
        moment = to_seconds(row.seen_at) if hasattr(row, "seen_at") else self.clock
        end = self._end()
        self.clock = max(self.clock, moment)
        ended = (end, self.rows) if self.rows and self.clock >= end else None
        if ended:
            self.rows = []
        self.rows.append((number, row))
        return ended

    def _end(self) -> int:
        return int(self.clock // TICK + 1) * TICK


class Health(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a source's life; times in Unix seconds.

    `since` is its first sign of life (infinite: none yet), `before` its last good poll but one,
    `trouble` the status of the last poll if it failed, `documents` and `hours` are decayed sums of
    what it published in the hours that could be assessed: their ratio is its rate.
    """

    since: float = float("inf")
    last_good: float | None = None
    before: float | None = None
    complete_to: float | None = None
    interval: float = 60.0
    start: float | None = None
    stop: float | None = None
    trouble: str = ""
    documents: float = 0.0
    hours: float = 0.0


def hear(health: Health | None, beat: Heartbeat) -> Health:
    """Fold a heartbeat into what is known; a failed poll proves nothing but its trouble."""
    seen = to_seconds(beat.seen_at)
    health = health or Health()
    if beat.status != "ok":
        return replace(health, trouble=beat.status)
    complete = to_seconds(beat.complete_to) if beat.complete_to else seen
    polls = sorted({seen, *(one for one in (health.before, health.last_good) if one is not None)})
    return replace(
        health,
        since=min(seen, health.since),
        last_good=polls[-1],
        before=polls[-2] if len(polls) > 1 else None,
        complete_to=max(complete, health.complete_to or 0.0),
        interval=beat.interval_seconds,
        trouble="",
    )


def register(health: Health | None, source: Source) -> Health:
    """Fold what a sources file says of a source's life."""
    start = to_seconds(source.from_) if source.from_ else None
    stop = to_seconds(source.to) if source.to else None
    health = health or Health()
    since = health.since if start is None else start
    interval = source.interval_seconds or health.interval
    return replace(health, since=since, start=start, stop=stop, interval=interval)


def is_live(health: Health, now: float) -> bool:
    """Whether a source can be expected to deliver what it publishes at `now`."""
    if health.last_good is not None:
        return now - health.last_good <= MISSED * health.interval
    if health.start is not None or health.stop is not None:
        return (health.start or 0.0) <= now <= (health.stop or float("inf"))
    return health.since <= now


def is_return(health: Health, seen: float) -> bool:
    """Whether a poll at `seen` is the first of a source, or the first after a silence.

    Never for a source that is not polled.
    """
    last = health.last_good
    before = last if last is None or last < seen else health.before
    if last is None:
        return False
    return before is None or seen - before > MISSED * health.interval


def covered_to(health: Health, now: float) -> float:
    """Up to when all that the source published is known (infinite while it is live)."""
    if is_live(health, now):
        return float("inf")
    if health.last_good is not None:
        return health.complete_to or health.last_good
    return health.stop if health.stop is not None else health.since
