"""What others ring by, on the same inputs: published rules and algorithms, written again.

Each keeps the numbers of its source; where a source is silent, ours are said to be ours. They know
no exposure, so it is not shown to them.
"""

from __future__ import annotations

import math
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.bursts.panels import Bools, Floats, Open, Panel

HOUR, DAY, WEEK = 3600, 86400, 604_800
LEVEL = 0.998  # quantile from which libspot looks at a tail: where it is 0, there is none


class Sliding:
    """The sum of the last `seconds` of each series, and whether so much was seen yet."""

    def __init__(self, series: int, bin_seconds: int, seconds: int) -> None:
        self._ring = np.zeros((seconds // bin_seconds, series))
        self.sums = np.zeros(series)
        self._pushed = 0

    def push(self, counts: Floats) -> Floats:
        """Take a bin; give what it pushed out of the window."""
        place = self._pushed % len(self._ring)
        gone: Floats = self._ring[place].copy()
        self._ring[place] = counts
        self.sums += counts - gone
        self._pushed += 1
        return gone

    @property
    def is_full(self) -> bool:
        """Whether the whole window was seen."""
        return self._pushed >= len(self._ring)


class WorldMonitor:
    """World Monitor: at least 5 in two hours and over 3 times the mean of the week before.

    Source: koala73/worldmonitor, shared/keyword-spike-core.js and
    src/services/trending-keywords.ts (half an hour of silence after each). That two sources are
    needed is asked where sources are known.
    """

    def __init__(self, series: int, bin_seconds: int) -> None:
        self._recent = Sliding(series, bin_seconds, 2 * HOUR)
        self._week = Sliding(series, bin_seconds, WEEK)
        self._until = np.zeros(series)

    def push(self, start: int, counts: Floats, _: Floats | float = 1.0) -> Bools:
        """Compare the last two hours with what came before them."""
        self._week.push(self._recent.push(counts))
        baseline = self._week.sums * (2 * HOUR / WEEK)
        recent = self._recent.sums
        rings = (recent >= 5) & (recent > 3 * baseline) & (start >= self._until)
        self._until[rings] = start + HOUR / 2
        return np.asarray(rings)


class ElastAlert:
    """ElastAlert's spike: at least 5 in two hours, and 3 times the two hours before.

    Source: Yelp/elastalert, elastalert/ruletypes.py (SpikeRule: silent until both windows are full
    again) with the numbers of example_rules/example_spike.yaml.
    """

    def __init__(self, series: int, bin_seconds: int) -> None:
        self._now = Sliding(series, bin_seconds, 2 * HOUR)
        self._before = Sliding(series, bin_seconds, 2 * HOUR)
        self._until: Floats | None = None
        self._series = series

    def push(self, start: int, counts: Floats, _: Floats | float = 1.0) -> Bools:
        """Compare two windows side by side."""
        if self._until is None:
            self._until = np.full(self._series, start + 4.0 * HOUR)
        self._before.push(self._now.push(counts))
        rings = (self._now.sums >= 5) & (self._now.sums >= 3 * self._before.sums)
        rings &= start >= self._until
        self._until[rings] = start + 4 * HOUR
        return np.asarray(rings)


class Meltwater:
    """Meltwater's social spike: the last hour against the 12 before, a day and a week ago.

    Source: its community's "Understanding Alert Types". How much more is not published: 3 times
    the mean of the 12 hours, 5 mentions and six hours of silence are ours.
    """

    def __init__(self, series: int, bin_seconds: int) -> None:
        spans = (HOUR, 12 * HOUR, DAY - 13 * HOUR, HOUR, WEEK - DAY - HOUR, HOUR)
        self._line = [Sliding(series, bin_seconds, span) for span in spans]
        self._until = np.zeros(series)

    def push(self, start: int, counts: Floats, _: Floats | float = 1.0) -> Bools:
        """Let the bin move along windows that stand end to end."""
        for window in self._line:
            counts = window.push(counts)
        now, half, _gap, yesterday, _rest, last_week = (one.sums for one in self._line)
        rings = (now >= 5) & (now > 3 * half / 12) & (now > yesterday) & (now > last_week)
        rings &= start >= self._until
        self._until[rings] = start + 6 * HOUR
        return np.asarray(rings)


class Kleinberg:
    """Kleinberg's two states, run online: the cheaper path so far ends in the high state.

    Source: J. Kleinberg, "Bursty and Hierarchical Structure in Streams", KDD 2002, §§ 2 and 4, with
    s = 2 and γ = 1, Poisson counts and the mean of the past instead of that of the whole stream:
    a re-implementation, for the packages look ahead.
    """

    def __init__(self, series: int, _: int) -> None:
        self._total = np.full(series, 0.5)
        self._bins = 1
        self._lead = np.full(series, np.inf)  # cost of the best path that ends high, less low
        self._was_high = np.zeros(series, bool)

    def push(self, _: int, counts: Floats, __: Floats | float = 1.0) -> Bools:
        """Take one step of Viterbi's algorithm; ring where the state turns high."""
        gain = counts * math.log(2) - self._total / self._bins
        entry = math.log(self._bins + 1)
        to_low, to_high = np.minimum(0.0, self._lead), np.minimum(entry, self._lead)
        self._lead = to_high - gain - to_low
        is_high = self._lead < 0
        rings = is_high & ~self._was_high
        self._was_high, self._total, self._bins = is_high, self._total + counts, self._bins + 1
        return np.asarray(rings)


class Spot:
    """SPOT: beyond the extreme value that has probability 1e-4, learnt from the first week.

    Source: Siffer et al., KDD 2017; the author's package libspot with its defaults.
    """

    def __init__(self, series: int, bin_seconds: int) -> None:
        package: Any = import_module("libspot")
        self._spots = [package.Spot(1e-4, level=LEVEL) for _ in range(series)]
        self._is_fit = np.zeros(series, bool)
        self._anomaly = package.ANOMALY
        self._first: list[Floats] = []
        self._needed = WEEK // bin_seconds

    def push(self, _: int, counts: Floats, __: Floats | float = 1.0) -> Bools:
        """Fit once on the first week, then step; what is too rare to fit stays silent."""
        if len(self._first) < self._needed:
            self._first.append(counts)
            if len(self._first) == self._needed:
                self._fit()
            return np.zeros(len(counts), bool)
        steps = zip(self._spots, self._is_fit, counts.tolist(), strict=True)
        return np.array(
            [is_fit and one.step(count) == self._anomaly for one, is_fit, count in steps]
        )

    def _fit(self) -> None:
        first = np.stack(self._first)
        for place in np.flatnonzero(np.quantile(first, LEVEL, axis=0) > 0):
            with suppress(RuntimeError):
                self._spots[place].fit(first[:, place].copy())
                self._is_fit[place] = True


class Rested:
    """Another panel, silent for a day after each alert: what a user would wrap around it."""

    def __init__(self, panel: Panel, series: int) -> None:
        self._panel = panel
        self._until = np.zeros(series)

    def push(self, start: int, counts: Floats, exposure: Floats | float = 1.0) -> Bools:
        """Drop what rings within a day of the last alert."""
        rings = self._panel.push(start, counts, exposure) & (start >= self._until)
        self._until[rings] = start + DAY
        return np.asarray(rings)


class Peer(NamedTuple):
    """A rival: its name, how to open it, how many sources its rule asks for, its package."""

    name: str
    opener: Open
    sources: int = 1
    package: str | None = None

    @property
    def is_installed(self) -> bool:
        """Whether what it needs is here."""
        return self.package is None or find_spec(self.package) is not None

    def rested(self) -> Peer:
        """The same with at most one alert a day and series."""
        return self._replace(
            name=f"{self.name}, one a day",
            opener=lambda series, width: Rested(self.opener(series, width), series),
        )


PEERS = (
    Peer("World Monitor", WorldMonitor, sources=2),
    Peer("ElastAlert spike", ElastAlert),
    Peer("Meltwater 1 h / 12 h", Meltwater),
    Peer("Kleinberg, online", Kleinberg),
    Peer("SPOT", Spot, package="libspot"),
)
