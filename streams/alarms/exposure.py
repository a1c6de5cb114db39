"""How much could have been seen: documents expected from the sources that can be assessed.

Exposure is counted in documents: a stretch of time weighs what the sources that cover it usually
publish in it, by the hour of the day of their group. A source that falls silent, returns or is new
changes exposure, not the count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from streams.alarms.scores import SLOTS, Floats, slots_of
from streams.ticks import MISSED, Health, covered_to, is_live

PRIOR_HOURS = 6.0  # weight of the group's rate in the rate of a new source
PRIOR_RATE = 1.0  # documents an hour of a source while nothing is known of any
HALF_LIFE = 14 * 24.0  # hours of a source's life after which its rate has half forgotten
FORGOTTEN = 7 * 86400  # seconds of silence after which a source is no longer expected
SHORTEST, LONGEST = 900, 3600  # seconds: bounds of the learning delay
RHYTHM_KEEP = 0.5 ** (1 / 15)  # of what a slot showed, a day of its kind later
RHYTHM_PRIOR = 3.0  # hours of the slot that an even day weighs
EVEN = np.ones(SLOTS)


@dataclass(frozen=True)
class Exposure:
    """Each source's rate (documents an hour) and the time that it covers, as of one tick.

    While nothing is learnt or heard, it is the same from `measured_at` to `valid_until`
    (Unix seconds).
    """

    names: tuple[str, ...]
    rates: Floats
    since: Floats
    until: Floats
    expected: Floats  # 1 where a source still is, else 0
    rhythms: Floats  # of a source's group: each slot against the mean
    wanted: float
    measured_at: float
    valid_until: float

    def documents(self, start: float, stop: float) -> float:
        """Documents expected from `start` to `stop` (Unix seconds) by the sources that cover it."""
        return float(np.add.reduce(self._seen(_bound([start], stop))))

    def see(self, start: float, stop: float) -> tuple[float, float]:
        """What `documents` and `coverage` say, at half the cost."""
        bounds = _bound([start], stop)
        seen, usual = (np.add.reduce(one) for one in self._compare(bounds))
        return float(seen), min(1.0, float(seen / usual)) if usual > 0 else 0.0

    def coverage(self, start: float, stop: float) -> float:
        """The share of the usual documents that could have been seen, 0 to 1."""
        return self.shares([start], stop)[0]

    def shares(self, starts: Sequence[float], stop: float) -> list[float]:
        """The same from each of `starts`, the latest first, to `stop`."""
        bounds = _bound(starts, stop)
        seen, usual = self._compare(bounds)
        firsts = np.searchsorted(bounds, starts).tolist()
        sums = [(np.add.reduce(seen[one:]), np.add.reduce(usual[one:])) for one in firsts]
        return [min(1.0, float(part / whole)) if whole > 0 else 0.0 for part, whole in sums]

    def by_slot(self, starts: Sequence[float], stop: float) -> Floats:
        """Documents by seasonal slot from each of `starts`, the latest first, to `stop`."""
        bounds = _bound(starts, stop)
        seen, slots = self._seen(bounds), slots_of(bounds[:-1])
        exposed = np.zeros((len(starts), SLOTS))
        for window, first in enumerate(np.searchsorted(bounds, starts).tolist()):
            exposed[window] = np.bincount(slots[first:], seen[first:], SLOTS)
        return exposed

    def even(self, start: float, stop: float) -> dict[str, float]:
        """Documents of each source, in what it covers of a stretch, at a pace even all day."""
        overlap = np.minimum(self.until, stop) - np.maximum(self.since, start)
        documents = self.rates * np.maximum(overlap, 0.0) / 3600
        return dict(zip(self.names, documents.tolist(), strict=True))

    def _seen(self, bounds: Floats) -> Floats:
        """Documents between each two bounds that could be seen."""
        return self._overlap(self._hourly(bounds), bounds)

    def _compare(self, bounds: Floats) -> tuple[Floats, Floats]:
        """The same, and those were all sources seen that are expected."""
        hourly = self._hourly(bounds)
        usual = hourly * self.expected[:, None] * (bounds[1:] - bounds[:-1])
        return self._overlap(hourly, bounds), np.asarray(np.add.reduce(usual, 0) / 3600)

    def _hourly(self, bounds: Floats) -> Floats:
        """Documents an hour of each source between each two bounds."""
        return np.asarray(self.rates[:, None] * self.rhythms[:, slots_of(bounds[:-1])])

    def _overlap(self, hourly: Floats, bounds: Floats) -> Floats:
        seconds = np.minimum(self.until[:, None], bounds[1:])
        seconds -= np.maximum(self.since[:, None], bounds[:-1])
        return np.asarray(np.add.reduce(hourly * np.maximum(seconds, 0.0), 0) / 3600)


class Rhythm(Struct, frozen=True, array_like=True):
    """What a group of sources published in each slot, and what it would have at an even pace.

    Decayed sums; `hours` of the slot are in them.
    """

    documents: tuple[float, ...] = (0.0,) * SLOTS
    even: tuple[float, ...] = (0.0,) * SLOTS
    hours: tuple[float, ...] = (0.0,) * SLOTS

    def learn(self, slot: int, documents: float, even: float) -> Rhythm:
        """Fold an hour of a slot."""
        sums = [list(self.documents), list(self.even), list(self.hours)]
        for one, added in zip(sums, (documents, even, 1.0), strict=True):
            one[slot] = one[slot] * RHYTHM_KEEP + added
        return Rhythm(*map(tuple, sums))

    def slots(self) -> Floats:
        """Each slot against the mean, drawn to 1 while little is known."""
        known = np.array(self.even)
        hourly = float(np.add.reduce(known)) / max(1.0, sum(self.hours))
        prior = RHYTHM_PRIOR * max(1.0, hourly)
        return np.asarray((np.array(self.documents) + prior) / (known + prior))


def _bound(starts: Sequence[float], stop: float) -> Floats:
    """The moments at which a slot changes or one of `starts` stands, from the first to `stop`."""
    first = min(starts)
    hours = range((int(first // 3600) + 1) * 3600, math.ceil(stop), 3600)
    return np.array(sorted({*starts, *hours, stop}), np.float64)


def measure(
    sources: Mapping[str, Health],
    groups: Mapping[str, str],
    now: float,
    rhythms: Mapping[str, Rhythm] | None = None,
) -> Exposure:
    """See how much the known sources expose at `now`.

    `groups` maps each source to its group, `rhythms` each group to how its day goes.
    """
    names = sorted(name for name, health in sources.items() if health.since <= now)
    rates = _rates(sources, groups, names)
    until = [covered_to(sources[name], now) for name in names]
    expected = np.array([float(stop > now - FORGOTTEN) for stop in until])
    slots = {group: rhythm.slots() for group, rhythm in (rhythms or {}).items()}
    return Exposure(
        names=tuple(names),
        rates=np.array(rates),
        expected=expected,
        rhythms=np.array([slots.get(groups.get(name, name), EVEN) for name in names]).reshape(
            len(names), SLOTS
        ),
        since=np.array([sources[name].since for name in names]),
        until=np.array(until),
        wanted=sum(rate for rate, share in zip(rates, expected.tolist(), strict=True) if share),
        measured_at=now,
        valid_until=min([_changes_at(one, now) for one in sources.values()], default=now),
    )


def _changes_at(health: Health, now: float) -> float:
    """When time alone next changes what a source covers or whether it is expected."""
    good, since = health.last_good, health.since
    moments: tuple[float, ...]
    if good is not None:
        known = (health.complete_to or good) + FORGOTTEN
        moments = (since, good + MISSED * health.interval, known)
    else:
        stop = since if health.stop is None else health.stop
        moments = (since, health.start or 0.0, stop, stop + FORGOTTEN)
    changes = float("inf")
    for moment in moments:
        if now <= moment < changes:
            changes = moment
    return changes


def learn_rate(health: Health, documents: int, start: float, stop: float, now: float) -> Health:
    """Fold one learnt stretch of time into a source's rate; time that it does not cover is left."""
    covered = min(stop, covered_to(health, now)) - max(start, health.since)
    if covered <= 0:
        return health
    hours = covered / 3600
    keep = 1.0 - hours / (HALF_LIFE * 1.4427)
    return replace(
        health, documents=health.documents * keep + documents, hours=health.hours * keep + hours
    )


def learning_delay(sources: Mapping[str, Health], now: float) -> int:
    """Seconds after the end of a bin until baselines learn from it (H of the time model)."""
    polled = [
        health.interval
        for health in sources.values()
        if health.last_good is not None and is_live(health, now)
    ]
    return int(min(max([SHORTEST, *(2 * interval for interval in polled)]), LONGEST))


def _rates(
    sources: Mapping[str, Health], groups: Mapping[str, str], names: list[str]
) -> list[float]:
    """Documents an hour, shrunk to the mean rate of the group while a source is young."""
    sums: dict[str, tuple[float, float]] = {}
    for name in names:
        documents, hours = sums.get(groups.get(name, name), (0.0, 0.0))
        health = sources[name]
        sums[groups.get(name, name)] = documents + health.documents, hours + health.hours
    priors = {group: _prior(*both) for group, both in sums.items()}
    return [
        (sources[name].documents + priors[groups.get(name, name)] * PRIOR_HOURS)
        / (sources[name].hours + PRIOR_HOURS)
        for name in names
    ]


def _prior(documents: float, hours: float) -> float:
    return (documents + PRIOR_RATE * PRIOR_HOURS) / (hours + PRIOR_HOURS)
