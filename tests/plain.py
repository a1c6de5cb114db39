"""The detector's formulas once more, as plainly as they can be written: for comparison only.

Sums are decayed backwards, every step is worked through, windows are counted out of a list.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

WINDOWS = (300, 900, 3600, 14400, 86400)
SPIKES, RISES = (0, 1, 2), (2, 3, 4)
LEVELS = (0.996, 0.997, 0.998)
SLOT_KEEP, KEEP = 0.5 ** (1 / 54000), 0.5 ** (1 / 604800)  # a second


@cache
def slot_at(moment: float) -> int:
    """The seasonal slot by the calendar."""
    then = datetime.fromtimestamp(moment, UTC)
    return then.hour + (24 if then.isoweekday() > 5 else 0)


def surprise(count: float, mean: float, phi: float) -> float:
    """Twice the deviance of a negative binomial, halved, where there is more than the mean."""
    if count <= mean:
        return 0.0
    return count * math.log(count / mean) - (count + 1 / phi) * math.log(
        (1 + phi * count) / (1 + phi * mean)
    )


class Plain:
    """One term, alone in its world from the first step on."""

    def __init__(self, step: int, prior: float = 0.05, weight: float = 2.0) -> None:
        self.step, self.bucket = step, max(step, 900)
        self.prior, self.weight, self.usual = prior, weight, 1.0
        self.mentions, self.exposed = [0.0] * 48, [0.0] * 48
        self.mean = self.mean_exposed = self.steps = self.hours = 0.0
        self.first = 50.0
        self.roots, self.squares, self.excess = [0.0] * 5, [0.0] * 5, [0.0] * 5
        self.quantiles: list[list[float]] | None = None
        self.past: list[tuple[int, float, float]] = []

    def rate(self, slot: int) -> float:
        mean = self.mean_rate()
        return (self.mentions[slot] + self.usual * mean) / (self.exposed[slot] + self.usual)

    def mean_rate(self) -> float:
        return (self.mean + self.prior * self.weight) / (self.mean_exposed + self.weight)

    def inside(self, window: int, start: int) -> list[tuple[int, float, float]]:
        """The steps of a window that ends with the step at `start`."""
        part = self.step if window <= 3600 else self.bucket
        parts = max(1, window // part)
        return [one for one in self.past if one[0] // part > start // part - parts]

    def expect(self, exposed: Sequence[Sequence[float]]) -> list[float]:
        sums = [sum(e * self.rate(slot) for slot, e in enumerate(one) if e) for one in exposed]
        return [max(one, 0.02 * w / 3600) for one, w in zip(sums, WINDOWS, strict=True)]

    def phi(self, window: int) -> float:
        return max(0.02, (self.excess[window] + 0.5 * self.first) / (self.steps + self.first))

    def weigh(
        self, counts: Sequence[float], expected: Sequence[float]
    ) -> tuple[list[float], list[float]]:
        nats = [surprise(counts[w], expected[w], self.phi(w)) for w in range(5)]
        logs = []
        for w in range(5):
            shift = self.roots[w] / self.steps if self.steps else 0.0
            square = self.squares[w] / self.steps if self.steps else 0.0
            mean, deviation = math.sqrt(0.375) + shift, math.sqrt(max(square - shift**2, 0))
            above = max((root(counts[w], w) - mean) / (deviation + 0.3), 0)
            logs.append((math.log(above + 0.3) + math.log(math.sqrt(2 * nats[w]) + 0.3)) / 2)
        return nats, [sum(logs[w] for w in channel) / 3 for channel in (SPIKES, RISES)]

    def threshold(self, channel: int) -> float:
        if self.quantiles is None:
            hourly = max(self.mean_rate() * self.usual, 0.1)
            least, most = ((0.6, 1.3), (0.35, 1.1))[channel]
            return min(least + 0.4 * math.log10(hourly / 0.1), most)
        return sorted(self.quantiles[channel])[1]

    def learn(self, start: int, count: float, exposure: float, usual: float, share: float) -> None:
        if exposure <= 0:
            return
        self.past = [one for one in self.past if one[0] > start - 86400 - self.bucket]
        self.past.append((start, count, exposure))
        self.usual = usual
        windows = [self.inside(window, start) for window in WINDOWS]
        seen = [sum(one[1] for one in inside) for inside in windows]
        exposed = [self.sum_slots(w, inside) for w, inside in enumerate(windows)]
        expected = self.expect(exposed)
        _, scores = self.weigh(seen, expected)
        self.follow(scores, seen[4] > 0)
        self.fold_rate(start, count, exposure)
        self.fold_windows(seen, expected)
        self.hours += share * self.step / 3600

    def sum_slots(self, window: int, inside: Sequence[tuple[int, float, float]]) -> list[float]:
        """A step counts in the hour in which it, or its bucket, begins."""
        sums = [0.0] * 48
        for then, _, exposure in inside:
            sums[slot_at(then if window <= 2 else then // self.bucket * self.bucket)] += exposure
        return sums

    def follow(self, scores: Sequence[float], is_awake: bool) -> None:
        if self.quantiles is None:
            if self.hours < 24 or not is_awake:
                return
            self.quantiles = [[self.threshold(channel)] * 3 for channel in range(2)]
        for channel, three in enumerate(self.quantiles):
            for place, level in enumerate(LEVELS):
                moved = 0.006 * (level if scores[channel] > three[place] else level - 1)
                three[place] = max(three[place] + moved, math.log(0.3))

    def fold_windows(self, seen: Sequence[float], expected: Sequence[float]) -> None:
        keep = KEEP**self.step
        phis = [self.phi(w) for w in range(5)]
        self.steps, self.first = self.steps * keep + 1, self.first * keep
        for w in range(5):
            shift, mean = root(seen[w], w) - math.sqrt(0.375), expected[w]
            self.roots[w] = self.roots[w] * keep + shift
            self.squares[w] = self.squares[w] * keep + shift**2
            excess = min(seen[w] - mean, 4 * math.sqrt(mean + phis[w] * mean**2))
            learnt = (excess**2 - mean) / (mean**2 + 1) if seen[4] else 0.0
            self.excess[w] = self.excess[w] * keep + learnt

    def fold_rate(self, start: int, count: float, exposure: float) -> None:
        slot, keep = slot_at(start), KEEP**self.step
        slot_keep = SLOT_KEEP ** min(self.step, 3600)
        mean = exposure * self.rate(slot)
        clipped = min(count, mean + 2 * math.sqrt(mean + self.phi(0) * mean**2) + 1)
        self.mentions[slot] = self.mentions[slot] * slot_keep + clipped
        self.exposed[slot] = self.exposed[slot] * slot_keep + exposure
        self.mean, self.mean_exposed = (
            self.mean * keep + clipped,
            self.mean_exposed * keep + exposure,
        )


def root(count: float, window: int) -> float:
    return math.sqrt(count * 300 / WINDOWS[window] + 0.375)
