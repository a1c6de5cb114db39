"""When to look at a source again: intervals, back-off, patience. Time is an argument."""

from __future__ import annotations

import zlib

from msgspec import Struct

from streams.models import Source

DEFAULT_SECONDS = 60.0

_PUBLISHERS_LIMIT = 600.0  # a publisher's own wish (ttl, max-age) slows us at most to this
_BACK_OFF_LIMIT = 3600.0  # a source is never given up: many come back from what looks like death
_WAIT_LIMIT = 86_400.0  # of a Retry-After
_FULL_EVERY = 30  # polls; validators are sent in between and left out then, for some of them lie
_SOFT = ("timeout", "dns", "tls", "refused", "broken", "http_404", "http_429", "http_5")


class Outcome(Struct, frozen=True, kw_only=True):
    """What a poll means for the next one; times in seconds, None where nobody asked for any."""

    status: str = "ok"
    wait_seconds: float | None = None
    wished_seconds: float | None = None


class State(Struct, frozen=True, kw_only=True):
    """Where a source stands: when it is due (Unix time), how badly it fails, since when."""

    due: float
    interval: float = DEFAULT_SECONDS
    failures: float = 0.0
    failing_since: float | None = None
    polls: int = 0

    @property
    def is_full(self) -> bool:
        """Whether the next poll asks for the whole page, changed or not."""
        return self.polls % _FULL_EVERY == _FULL_EVERY - 1


def begin(source: Source, now: float, least: float = 0.0) -> State:
    """The state of a source that was not asked yet; `least` is the shortest interval allowed.

    Sources that share a host are spread over the interval that they need for it.
    """
    return State(due=now + least * _spread(source), interval=_to_interval(source, least, 0.0))


def plan_next(
    state: State, source: Source, outcome: Outcome, now: float, least: float = 0.0
) -> State:
    """The state after a poll that ended at `now`.

    Failures count half where they tend to pass by themselves, and slow down linearly.
    """
    interval = _to_interval(source, least, outcome.wished_seconds or 0.0)
    wait = min(outcome.wait_seconds or 0.0, _WAIT_LIMIT)
    if outcome.status == "ok":
        return State(due=now + max(interval, wait), interval=interval, polls=state.polls + 1)
    failures = state.failures + (0.5 if outcome.status.startswith(_SOFT) else 1.0)
    slowed = min(interval * (1 + failures), max(_BACK_OFF_LIMIT, interval))
    crowd = DEFAULT_SECONDS * _spread(source) if outcome.status == "http_429" else 0.0
    return State(
        due=now + max(slowed, wait) + crowd,
        interval=interval,
        failures=failures,
        failing_since=now if state.failing_since is None else state.failing_since,
        polls=state.polls + 1,
    )


def _to_interval(source: Source, least: float, wished: float) -> float:
    """The operator's word counts; without it the publisher's wish, within limits."""
    if source.interval_seconds is not None:
        return max(least, source.interval_seconds)
    return max(least, DEFAULT_SECONDS, min(wished, _PUBLISHERS_LIMIT))


def _spread(source: Source) -> float:
    """A fixed fraction of 1 for each source, so that not all come at once."""
    return zlib.crc32(source.source.encode()) / 2**32
