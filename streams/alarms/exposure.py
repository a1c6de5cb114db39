"""How much could have been seen: documents expected from the sources that can be assessed.

Exposure is counted in documents: a stretch of time weighs what the sources that cover it usually
publish in it. A source that falls silent, returns or is new changes exposure, not the count.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numba import njit
from numpy.typing import NDArray

from streams.ticks import MISSED, Health, covered_to, is_live

PRIOR_HOURS = 6.0  # weight of the group's rate in the rate of a new source
PRIOR_RATE = 1.0  # documents an hour of a source while nothing is known of any
HALF_LIFE = 14 * 24.0  # hours of a source's life after which its rate has half forgotten
FORGOTTEN = 7 * 86400  # seconds of silence after which a source is no longer expected
SHORTEST, LONGEST = 900, 3600  # seconds: bounds of the learning delay
PIECE, STRANDS = 128, 8  # numbers that are summed together

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Exposure:
    """Each source's rate (documents an hour) and the time that it covers, as of one tick.

    While nothing is learnt or heard, it is the same from `measured_at` to `valid_until`
    (Unix seconds).
    """

    rates: Floats
    since: Floats
    until: Floats
    wanted: float
    measured_at: float
    valid_until: float

    def documents(self, start: float, stop: float) -> float:
        """Documents expected from `start` to `stop` (Unix seconds) by the sources that cover it."""
        return _expect(self.rates, self.since, self.until, float(start), float(stop))

    def coverage(self, start: float, stop: float) -> float:
        """The share of the usual documents that could have been seen, 0 to 1."""
        return self.share(self.documents(start, stop), stop - start)

    def share(self, documents: float, seconds: float) -> float:
        """What share of the usual documents of so many seconds these are, 0 to 1."""
        usual = self.wanted * seconds / 3600
        return min(1.0, documents / usual) if usual > 0 else 0.0


def measure(sources: Mapping[str, Health], groups: Mapping[str, str], now: float) -> Exposure:
    """See how much the known sources expose at `now`; `groups` maps each source to its group."""
    names = sorted(name for name, health in sources.items() if health.since <= now)
    rates = _rates(sources, groups, names)
    until = [covered_to(sources[name], now) for name in names]
    expected = [rate for rate, stop in zip(rates, until, strict=True) if stop > now - FORGOTTEN]
    return Exposure(
        rates=np.array(rates),
        since=np.array([sources[name].since for name in names]),
        until=np.array(until),
        wanted=sum(expected),
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


@njit(cache=True)
def _expect(rates: Floats, since: Floats, until: Floats, start: float, stop: float) -> float:
    """Documents that sources of these rates (an hour) publish where they cover the stretch."""
    shares = np.empty(rates.shape[0])
    for i in range(rates.shape[0]):
        seconds = min(until[i], stop) - max(since[i], start)
        shares[i] = rates[i] * (max(seconds, 0.0) / 3600)
    return _sum(shares)


@njit(cache=True)
def _sum(values: Floats) -> float:
    """Halves are summed apart (Higham 1993, pairwise), pieces in eight strands: as numpy does."""
    size = values.shape[0]
    if size > PIECE:
        half = size // 2 - size // 2 % STRANDS
        return _sum(values[:half]) + _sum(values[half:])
    if size < STRANDS:
        return _follow(0.0, values)
    strands = values[:STRANDS].copy()
    for i in range(STRANDS, size - size % STRANDS):
        strands[i % STRANDS] += values[i]
    for width in (1, 2, 4):
        for i in range(0, STRANDS, 2 * width):
            strands[i] += strands[i + width]
    return _follow(strands[0], values[size - size % STRANDS :])


@njit(cache=True)
def _follow(total: float, values: Floats) -> float:
    for value in values:
        total += value
    return total
