"""What the baselines of all terms share.

Exposure by slot and of the last day, and how well the model's evidence agrees with what happens.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import math

import numpy as np

from streams.alarms import scores as s
from streams.alarms.scores import SLOTS, WINDOWS, Floats, slot_of
from streams.compiled import unchecked

HOUR = 3600
SLOT_HALF = 15 * HOUR  # seconds in a slot (an hour a day) after which it has half forgotten
MEAN_HALF = 7 * 86400  # seconds after which all else has half forgotten
LEAST_GATE = 6.0  # nats
LEAST_OFF, MOST_OFF = 1.0, 2.0  # bounds of how wrong the model may be taken to be
PROBED = 20.0  # hits that the model's word weighs when it is compared with what happened


class World:
    """One array of numbers, `values`, that the compiled arithmetic reads as well."""

    def __init__(self, step: int, bucket: int) -> None:
        self.values = np.zeros(s.WORLD)
        self.values[s.GROWTH : s.GROWTH + SLOTS] = 1.0
        self.values[s.GREW] = self.values[s.USUAL] = 1.0
        self.values[s.STEP], self.values[s.BUCKET] = step, bucket
        self.values[s.GROW_SLOT] = 2.0 ** (min(step, HOUR) / SLOT_HALF)
        self.values[s.GROW] = 2.0 ** (step / MEAN_HALF)

    @property
    def step(self) -> int:
        """The stretch of time that is learnt at once, in seconds."""
        return int(self.values[s.STEP])

    def dump(self) -> bytes:
        """The exact state, for `load`."""
        return bytes(self.values.tobytes())

    def load(self, saved: bytes) -> None:
        """Take up what `dump` gave."""
        self.values = np.frombuffer(saved).copy()

    def open(self, start: int, exposure: float, usual: float) -> None:
        """Begin the step that starts at `start`; what lies between was not assessed.

        `exposure` in documents, `usual` documents an hour.
        """
        _open(self.values, start, exposure)
        if exposure > 0:
            self.values[s.USUAL] = usual

    def exposed(self) -> Floats:
        """The documents exposed in each window that ends with the step, and in it, by slot."""
        return np.asarray(_expose(self.values))

    def close(self, exposure: float, share: float, tested: int) -> None:
        """End an assessed step: its exposure, of the usual in it, and how many terms there are."""
        _close(self.values, exposure, share, tested)

    def gate(self, terms: int, chance_per_day: float) -> float:
        """Nats that hold what chance rings a day over all terms to so many, by the model.

        The model is corrected by how often 4, 6 and 8 nats were seen against how often they ought
        to be, over terms that were not ringing.
        """
        tests = max(1, terms) * 86400 / self.step
        return max(LEAST_GATE, math.log(tests * self._off() / chance_per_day))

    def _off(self) -> float:
        values = self.values
        tested = float(values[s.TESTED] / values[s.GREW])
        seen = (float(values[s.HITS + one] / values[s.GREW]) for one in range(len(s.PROBES)))
        ratios = (
            (hits + PROBED) / (tested * math.exp(-nats) + PROBED)
            for hits, nats in zip(seen, s.PROBES, strict=True)
        )
        return min(max(*ratios, LEAST_OFF), MOST_OFF)


@unchecked
def _open(values: Floats, start: int, exposure: float) -> None:
    """Put the exposure of a step into the rings; steps between were not assessed."""
    step, bucket_seconds = int(values[s.STEP]), int(values[s.BUCKET])
    now, bucket, before = start // step, start // bucket_seconds, int(values[s.NOW])
    for missed in range(min(now - before, s.FINE)):
        values[s.SEEN + (now - missed) % s.FINE] = 0.0
    for missed in range(min(bucket - before * step // bucket_seconds, s.COARSE)):
        values[s.SEEN_LONG + (bucket - missed) % s.COARSE] = 0.0
    values[s.SEEN + now % s.FINE] = exposure
    values[s.SEEN_LONG + bucket % s.COARSE] += exposure
    values[s.NOW] = now


@unchecked
def _expose(values: Floats) -> Floats:
    """Sum the rings over each window, by slot; the last row is the step."""
    exposed = np.zeros((s.MANY + 1, SLOTS))
    step, bucket_seconds, now = int(values[s.STEP]), int(values[s.BUCKET]), int(values[s.NOW])
    exposed[s.MANY, slot_of(now * step)] = values[s.SEEN + now % s.FINE]
    for window in range(s.MANY):
        fine = window < s.FINE_WINDOWS
        ring, size, part = s.SEEN_LONG, s.COARSE, bucket_seconds
        if fine:
            ring, size, part = s.SEEN, s.FINE, step
        last = now * step // part
        for one in range(last - max(1, WINDOWS[window] // part) + 1, last + 1):
            exposed[window, slot_of(one * part)] += values[ring + one % size]
    return exposed


@unchecked
def _close(values: Floats, exposure: float, share: float, tested: int) -> None:
    """Add a step to the sums, which grow."""
    slot = slot_of(values[s.NOW] * values[s.STEP])
    values[s.TESTED] += values[s.GREW] * tested
    values[s.GROWTH + slot] *= values[s.GROW_SLOT]
    values[s.EXPOSED + slot] += exposure * values[s.GROWTH + slot]
    values[s.GREW] *= values[s.GROW]
    values[s.GREW_EXPOSED] += exposure * values[s.GREW]
    values[s.GREW_SUM] += values[s.GREW]
    values[s.HOURS] += share * values[s.STEP] / HOUR
    values[s.STEPS] += 1.0
