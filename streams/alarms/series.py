"""The detector on plain series of counts: every push closes a bin, which is learnt at once."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from streams.alarms.gates import Options
from streams.alarms.scores import (
    CHANNELS,
    FINE_WINDOWS,
    MANY,
    SLOTS,
    WINDOWS,
    Floats,
    Ints,
    slot_of,
)
from streams.bursts import BUCKET, DAY, STEP, Baselines, Weighed

Bools = NDArray[np.bool_]


class Readings(NamedTuple):
    """What a push said of each series.

    Mentions expected in its bin, by how much the score tops the series' own threshold, whether it
    rings.
    """

    expected: Floats
    score: Floats
    alert: Bools


class Reading(Struct, frozen=True):
    """What one row said of one series."""

    expected: float
    score: float
    is_alert: bool


class Panel:
    """Many series with bins of `bin_seconds`; each begins with its first exposed bin.

    Who speaks is not known: as many mentions stand for the origins, and owners are not asked for.
    """

    def __init__(self, series: int, bin_seconds: int, options: Options | None = None) -> None:
        self._options, self._bin = options or Options(), bin_seconds
        self._step = max(STEP, bin_seconds)
        self._baselines = Baselines(self._step)
        self._past = _Past(series, max(1, DAY // bin_seconds))
        self._rang = np.full(series, -np.inf)
        self._top = np.zeros((series, len(CHANNELS)))
        self._next: int | None = None

    def push(self, start: int, counts: Floats, exposure: Floats | float = 1.0) -> Readings:
        """Close the bin that begins at `start` (Unix seconds); bins left out were not seen.

        `exposure` is the share of the usual sources that was seen, 0 to 1; a series to which
        nothing was exposed yet has not begun.
        """
        shares = np.broadcast_to(np.asarray(exposure, np.float64), counts.shape)
        first = start if self._next is None else max(self._next, start - DAY)
        for missing in range(first, start, self._bin):
            self._close(missing, np.zeros(len(counts)), 0.0)
        for series in np.flatnonzero(shares > 0).tolist():
            self._baselines.add(str(series))
        self._next = start + self._bin
        return self._close(start, counts, float(shares.max(initial=0.0)))

    def _close(self, start: int, counts: Floats, share: float) -> Readings:
        """Test the bin with what was learnt before it, then learn the step that it ends."""
        hours = share * self._bin / 3600
        self._past.push(counts, hours, slot_of(start))
        end = start + self._bin
        readings = self._test(end, hours, share)
        if end % self._step < self._bin:
            self._learn(end // self._step * self._step - self._step)
        return readings

    def _test(self, end: int, hours: float, share: float) -> Readings:
        terms = list(self._baselines.rows)
        begun = np.array([int(term) for term in terms], np.int64)
        windows = self._past.windows(end, self._bin)
        counts, exposed = self._past.sum(windows)
        weighed = self._baselines.weigh(terms, counts[begun], exposed)
        readings = Readings(*(np.zeros(len(counts), kind) for kind in (float, float, bool)))
        readings.expected[begun] = hours * self._baselines.rates(slot_of(end - self._bin))
        readings.score[begun] = (weighed.scores - weighed.thresholds).max(1)
        if share >= self._options.coverage:
            readings.alert[begun] = self._ring(begun, weighed, counts[begun], end)
        return readings

    def _ring(self, begun: Ints, weighed: Weighed, counts: Floats, end: int) -> Bools:
        """Which series open or escalate; they are then the new tops."""
        options, baselines = self._options, self._baselines
        gate = baselines.world.gate(len(begun), options.chance_per_day)
        longest = counts[:, [last - 1 for _, last in CHANNELS]]
        is_hot = (weighed.scores >= weighed.thresholds) & (weighed.loudest >= gate)
        is_hot &= longest >= options.origins
        is_hot &= (baselines.age() >= options.warm_hours)[:, None]
        rests = (end < self._rang[begun] + options.refractory_seconds)[:, None]
        is_higher = weighed.scores >= self._top[begun] + options.escalation
        rings = np.asarray((is_hot & (~rests | is_higher)).any(1))
        tops = np.where(rests, np.maximum(self._top[begun], weighed.scores), weighed.scores)
        self._top[begun[rings]] = tops[rings]
        self._rang[begun[rings]] = end
        return rings

    def _learn(self, start: int) -> None:
        """Learn the step that begins at `start`, from the bins in it."""
        bins = self._step // self._bin
        counts, hours = self._past.last(bins)
        whole = self._step / 3600
        is_seen = hours >= self._options.coverage * whole
        named = {term: float(counts[int(term)]) for term in self._baselines.rows}
        shown = {term: count for term, count in named.items() if count}
        self._baselines.learn(shown, start, (hours if is_seen else 0.0, 1.0, hours / whole))


class Series:
    """One series with bins of `bin_seconds`."""

    def __init__(self, bin_seconds: int) -> None:
        self._panel = Panel(1, bin_seconds)

    def push(self, start: int, value: float) -> Reading:
        """Close the bin that begins at `start` (Unix seconds) with `value`, then learn it."""
        expected, score, alert = self._panel.push(start, np.array([value]))
        return Reading(float(expected[0]), float(score[0]), bool(alert[0]))


class _Past:
    """Counts and exposure (hours) of the last day, by bin."""

    def __init__(self, series: int, bins: int) -> None:
        self._sums: deque[Floats] = deque([np.zeros(series)], bins + 1)
        self._hours = np.zeros(bins)
        self._slots = np.zeros(bins, np.int64)
        self._pushed = 0

    def push(self, counts: Floats, hours: float, slot: int) -> None:
        """Add a bin."""
        place = self._pushed % len(self._hours)
        self._hours[place], self._slots[place] = hours, slot
        self._sums.append(self._sums[-1] + counts)
        self._pushed += 1

    def windows(self, end: int, seconds: int) -> list[int]:
        """How many bins each window has that ends at `end`: the long ones begin with a bucket."""
        whole = -(-end // BUCKET) * BUCKET - end
        rest = [0 if place < FINE_WINDOWS else whole for place in range(MANY)]
        return [max(1, (one - cut) // seconds) for one, cut in zip(WINDOWS, rest, strict=True)]

    def sum(self, windows: list[int]) -> tuple[Floats, Floats]:
        """The counts in each window by series, and the exposure in each by slot."""
        known = [min(bins, len(self._sums) - 1) for bins in windows]
        counts = np.stack([self._sums[-1] - self._sums[-1 - bins] for bins in known], 1)
        exposed = np.stack([self._expose(bins) for bins in known])
        return counts, exposed

    def last(self, bins: int) -> tuple[Floats, float]:
        """The counts of the last bins by series, and their hours."""
        counts, exposed = self.sum([bins])
        return counts[:, 0], float(exposed.sum())

    def _expose(self, bins: int) -> Floats:
        places = (self._pushed - 1 - np.arange(bins)) % len(self._hours)
        return np.asarray(np.bincount(self._slots[places], self._hours[places], SLOTS), np.float64)
