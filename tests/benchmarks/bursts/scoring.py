"""NAB's scoring rule, version 1.1: early alerts in a window earn, rows outside cost, misses cost.

Written from its description: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms",
ICMLA 2015, § II, with what its scorer adds: past three window widths a false row costs in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PROBATION, LONGEST_PROBATION = 0.15, 750  # share of a file's rows that is not scored, at most rows
FAR = 3.0  # window widths behind a window after which a false row costs in full

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Profile(NamedTuple):
    """What a window hit at its first row earns, what a false row and a missed window cost."""

    hit: float
    false: float
    missed: float


PROFILES = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low-FP": Profile(1.0, 0.22, 1.0),
    "low-FN": Profile(1.0, 0.11, 2.0),
}


class Window(NamedTuple):
    """The rows of a labelled anomaly, both ends included."""

    first: int
    last: int


@dataclass(frozen=True)
class Marked:
    """A series of `rows` rows with its windows in order."""

    rows: int
    windows: Sequence[Window]

    @property
    def probation(self) -> int:
        """The first row that is scored."""
        return min(int(PROBATION * self.rows), LONGEST_PROBATION)

    def reward(self, window: Window, alerts: Bools) -> float:
        """What the first alert in a window earns, from 1 at its first row down; 0: none."""
        start = max(window.first, self.probation)
        rung = np.flatnonzero(alerts[start : window.last + 1])
        if not len(rung):
            return 0.0
        width = window.last - window.first + 1
        return float(_bend((start + rung[0] - window.last - 1) / width) / _bend(-1.0))

    def costs(self, alerts: Bools) -> Floats:
        """What each alert outside windows costs, 0 to 1: less just behind a window."""
        rows = np.flatnonzero(alerts[self.probation :]) + self.probation
        return np.array([self._cost(row) for row in rows.tolist() if not self._is_inside(row)])

    def _is_inside(self, row: int) -> bool:
        return any(window.first <= row <= window.last for window in self.windows)

    def _cost(self, row: int) -> float:
        before = [window for window in self.windows if window.last < row]
        if not before:
            return 1.0
        past = (row - before[-1].last) / (before[-1].last - before[-1].first)
        return 1.0 if past > FAR else -float(_bend(past))


class Score(NamedTuple):
    """The normalised score (100: perfect, 0: silent), windows hit of all, false rows."""

    value: float
    hit: int
    windows: int
    false: int


def score(files: Sequence[tuple[Marked, Bools]], profile: Profile) -> Score:
    """Score the alerts of several series together, each with its row of booleans."""
    raw, hits, false, windows = 0.0, 0, 0, 0
    for marked, alerts in files:
        rewards = [marked.reward(one, alerts) for one in _list_scored(marked)]
        costs = marked.costs(alerts)
        hit = sum(one > 0 for one in rewards)
        raw += profile.hit * sum(rewards) - profile.missed * (len(rewards) - hit)
        raw -= profile.false * float(costs.sum())
        hits, false = hits + hit, false + len(costs)
        windows += len(marked.windows)
    silent, perfect = -profile.missed * windows, profile.hit * windows
    return Score(100 * (raw - silent) / (perfect - silent), hits, windows, false)


def _list_scored(marked: Marked) -> list[Window]:
    """The windows that end after the probation; others can be neither hit nor missed."""
    return [one for one in marked.windows if one.last >= marked.probation]


def _bend(place: float) -> float:
    """The scaled sigmoid: 1 far before the end of a window, 0 at it, −1 far behind."""
    return float(2 / (1 + np.exp(5 * place)) - 1)
