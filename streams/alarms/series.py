"""The detector on one plain series of counts: every row closes its bin and is learnt at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from msgspec import Struct

from streams.bursts import LEARNT, RING, Baselines, evidence, slot_of

TERM = "series"
LEAST_COUNT = 4.0  # what the longest window must hold
REFRACTORY = 86400  # seconds after an alert in which only an escalation rings


class Reading(Struct, frozen=True):
    """What one row said: mentions expected in its bin, nats of evidence, whether it rings."""

    expected: float
    score: float
    is_alert: bool


@dataclass
class Series:
    """One series with bins of `bin_seconds`; `gate` in nats, `warm` in seconds of history."""

    bin_seconds: int
    gate: float = 12.0
    warm: int = 86400
    escalation: float = 2.0
    _baselines: Baselines = field(init=False)
    _ring: deque[tuple[int, float, float]] = field(default_factory=lambda: deque(maxlen=RING))
    _rang: int | None = None
    _top: float = 0.0

    def __post_init__(self) -> None:
        self._baselines = Baselines(self.bin_seconds)
        self._baselines.add(TERM)

    def push(self, start: int, value: float) -> Reading:
        """Close the bin that begins at `start` (Unix seconds) with `value`, then learn it."""
        hours = self.bin_seconds / 3600
        expected = self._baselines.expected(TERM, [(slot_of(start), hours)], 1.0)
        self._ring.append((start, value, expected))
        score = max(self._weigh(start, buckets) for buckets in LEARNT)
        is_alert = self._rings(start, score)
        self._baselines.learn(np.array([value]), start, hours, 1.0)
        return Reading(expected, score, is_alert)

    def _weigh(self, start: int, buckets: int) -> float:
        """The evidence of the last bins; a missing bin adds neither count nor expectation."""
        since = start - (buckets - 1) * self.bin_seconds
        inside = [(value, expected) for at, value, expected in self._ring if at >= since]
        count = sum(value for value, _ in inside)
        expected = sum(expected for _, expected in inside)
        if count < LEAST_COUNT or expected <= 0:
            return 0.0
        window = buckets * self.bin_seconds
        return evidence(count, expected, self._baselines.dispersion(TERM, window))

    def _rings(self, start: int, score: float) -> bool:
        """Whether this is an opening or an escalation, which is then the new top."""
        is_warm = self._baselines.hours(TERM) * 3600 >= self.warm
        is_resting = self._rang is not None and start < self._rang + REFRACTORY
        needed = max(self.gate, self.escalation * self._top) if is_resting else self.gate
        if not is_warm or score < needed:
            return False
        self._rang, self._top = start, score
        return True
