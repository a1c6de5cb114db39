"""What a count is measured against: the baseline of a term, and what could have been seen."""

from __future__ import annotations

from itertools import groupby

from msgspec import Struct

from streams.alarms.exposure import FORGOTTEN
from streams.alarms.scores import LEAST_HOURLY, SLOTS, WINDOWS, slot_of
from streams.alarms.sight import Sight
from streams.ticks import Health, covered_to, is_live

DAY = SLOTS // 2  # slots of a weekday, then as many of a day at the weekend


class Learnt(Struct, frozen=True, kw_only=True):
    """The baseline of a term now; mentions an hour, where as much as usual can be seen.

    `hour` is that of the day in UTC; `dispersion` by window in seconds; no expectation falls below
    `least_hourly`.
    """

    hours: float
    hour: int
    is_weekend: bool
    hourly: float
    week_hourly: float
    least_hourly: float
    usual_documents: float
    dispersion: dict[int, float]


class SourceSeen(Struct, frozen=True, kw_only=True):
    """A source: documents an hour that it usually publishes, hours of the window that it covers."""

    source: str
    owner: str
    is_live: bool
    is_expected: bool
    hourly: float
    hours: float


class GroupSeen(Struct, frozen=True, kw_only=True):
    """A group of sources: expected documents that could be seen in the window, of how many."""

    group: str
    documents: float
    usual: float
    coverage: float
    sources: tuple[SourceSeen, ...]


def look_back(sight: Sight, term: str) -> Learnt | None:
    """What was learnt of a term; None where nothing was."""
    baselines, usual = sight.state.baselines, sight.exposure.wanted
    if term not in baselines.rows or usual <= 0:
        return None
    hourly = baselines.hourly(term)
    slot = slot_of(sight.now)
    return Learnt(
        hours=baselines.hours(term),
        hour=slot % DAY,
        is_weekend=slot >= DAY,
        hourly=hourly[slot],
        week_hourly=(5 * sum(hourly[:DAY]) + 2 * sum(hourly[DAY:])) / (7 * DAY),
        least_hourly=LEAST_HOURLY,
        usual_documents=usual,
        dispersion={window: baselines.dispersion(term, window) for window in WINDOWS},
    )


def look_around(sight: Sight, window: int) -> tuple[GroupSeen, ...]:
    """The groups of sources and how much of a window that ends now each could show."""
    state, measured = sight.state, sight.exposure.measured_at
    names = sorted(name for name, one in state.health.items() if one.since <= measured)
    rates = dict(zip(names, sight.exposure.rates.tolist(), strict=True))
    ordered = sorted(names, key=lambda name: (state.source(name).exposed_in, name))
    groups = groupby(ordered, key=lambda name: state.source(name).exposed_in)
    return tuple(
        _to_group(group, [_see(sight, name, rates[name], window) for name in members], window)
        for group, members in groups
    )


def _see(sight: Sight, name: str, rate: float, window: int) -> SourceSeen:
    health = sight.state.health[name]
    until = covered_to(health, sight.now)
    return SourceSeen(
        source=name,
        owner=sight.state.owner(name),
        is_live=is_live(health, sight.now),
        is_expected=until > sight.exposure.measured_at - FORGOTTEN,
        hourly=rate,
        hours=_cover(health, until, sight.end - window, sight.end) / 3600,
    )


def _cover(health: Health, until: float, start: int, stop: int) -> float:
    """Seconds between two moments in which all that a source published is known."""
    return max(0.0, min(until, stop) - max(health.since, start))


def _to_group(group: str, sources: list[SourceSeen], window: int) -> GroupSeen:
    documents = sum(one.hourly * one.hours for one in sources)
    usual = sum(one.hourly for one in sources if one.is_expected) * window / 3600
    return GroupSeen(
        group=group,
        documents=documents,
        usual=usual,
        coverage=min(1.0, documents / usual) if usual > 0 else 0.0,
        sources=tuple(sources),
    )
