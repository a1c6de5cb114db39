"""The detector: what is expected of each term, and how surprising a count is.

Baseline: a rate per expected document for each hour of the day, weekdays and weekends apart, with
a Gamma prior at the term's own weekly mean. Evidence: the Chernoff exponent D of a negative
binomial, so that P(count ≥ S) ≤ exp(−D); a gate on D bounds the false alarms over all terms.
Learning uses only + − × ÷, minimum and square root on float64, which every machine rounds alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.counts import BUCKET

DETECTOR = "model-gate-1"
WINDOWS = (300, 900, 3600, 14400)  # seconds, looked at together
SLOTS = 48  # hour of the day in UTC, weekday or weekend
RING = 16  # buckets: the longest window
LEARNT = (1, 4, 16)  # windows in buckets whose dispersion is learnt; shorter ones use the first
SATURDAY = 5  # days after Monday
SLOT_HALF = 15 * 3600  # seconds in a slot (an hour a day) after which it has half forgotten
MEAN_HALF = 7 * 86400  # seconds after which the overall mean has half forgotten
SLOT_PRIOR = 1.0  # hours of usual exposure that the term's mean weighs in a slot
NEW_HOURS, NEW_COUNT = 12.0, 0.5  # what a new term is thought to have shown already
CLIP = 2.0  # standard deviations above which a count is learnt as if it stood there
FIRST_PHI, LEAST_PHI = 0.5, 0.02  # dispersion: at the start, at least
PRIOR_WINDOWS = 30.0  # windows that the first dispersion weighs
LEAST_HOURLY = 0.12  # mentions an hour below which no expectation falls

_A, _B = slice(0, SLOTS), slice(SLOTS, 2 * SLOTS)
_GA, _GB, _HOURS, _STEPS = range(2 * SLOTS, 2 * SLOTS + 4)
_PHI = slice(2 * SLOTS + 4, 2 * SLOTS + 7)
_X = slice(2 * SLOTS + 7, 2 * SLOTS + 7 + RING)
_MU = slice(2 * SLOTS + 7 + RING, 2 * SLOTS + 7 + 2 * RING)
WIDTH = 2 * SLOTS + 7 + 2 * RING

Floats = NDArray[np.float64]


def slot_of(moment: float) -> int:
    """The seasonal slot of a moment (Unix seconds): hour of the day, plus 24 at the weekend."""
    weekend = (int(moment // 86400) + 3) % 7 >= SATURDAY
    return int(moment // 3600) % 24 + (24 if weekend else 0)


def evidence(count: float, expected: float, dispersion: float) -> float:
    """Nats against chance: the exponent D of P(X ≥ count) ≤ exp(−D) for a negative binomial."""
    if count <= expected:
        return 0.0
    size = 1.0 / dispersion
    return count * math.log(count / expected) - (count + size) * math.log(
        (count + size) / (expected + size)
    )


class Baselines:
    """The learnt state of all terms: one row of 135 numbers each (1,080 bytes).

    `bucket` is the stretch of time that one learning step covers, in seconds.
    """

    def __init__(self, bucket: int = BUCKET) -> None:
        self.rows: dict[str, int] = {}
        self._bucket = bucket
        self._slot_keep = 0.5 ** (bucket / SLOT_HALF)
        self._mean_keep = 0.5 ** (bucket / MEAN_HALF)
        self._table = np.zeros((0, WIDTH))

    def add(self, term: str, saved: bytes | None = None) -> None:
        """Begin a term, new or as `dump` gave it; a known term is left as it is."""
        if term in self.rows:
            return
        self.rows[term] = len(self.rows)
        row = np.zeros(WIDTH) if saved is None else np.frombuffer(saved)
        if saved is None:
            row[_PHI] = FIRST_PHI
        self._table = np.vstack([self._table, row])

    def remove(self, term: str) -> None:
        """Forget a term."""
        gone = self.rows.pop(term, None)
        if gone is None:
            return
        self._table = np.delete(self._table, gone, axis=0)
        self.rows = {name: place for place, name in enumerate(self.rows)}

    def dump(self, term: str) -> bytes:
        """The exact state of a term, for `add`."""
        return bytes(self._table[self.rows[term]].tobytes())

    def hours(self, term: str) -> float:
        """Hours of exposed time that this term has learnt from."""
        return float(self._table[self.rows[term], _HOURS])

    def dispersion(self, term: str, window: int) -> float:
        """The learnt over-dispersion of a term in windows of `window` seconds."""
        place = sum(window > learnt * self._bucket for learnt in LEARNT[:-1])
        return float(self._table[self.rows[term], _PHI][place])

    def expected(self, term: str, stretches: Sequence[tuple[int, float]], usual: float) -> float:
        """Mentions expected in stretches of (slot, exposure in documents).

        `usual` is the usual exposure of an hour in documents.
        """
        row = self._table[self.rows[term]]
        mean = (float(row[_GA]) + NEW_COUNT) / (float(row[_GB]) + NEW_HOURS * usual)
        prior = SLOT_PRIOR * usual
        return sum(
            exposure * (float(row[slot]) + prior * mean) / (float(row[SLOTS + slot]) + prior)
            for slot, exposure in stretches
        )

    def learn(self, counts: Floats, start: int, exposure: float, usual: float) -> None:
        """Learn one bucket: effective counts by row, exposure in documents; none: not assessed."""
        place = (start // self._bucket) % RING
        table = self._table
        if exposure <= 0:
            table[:, _X.start + place] = 0.0
            table[:, _MU.start + place] = 0.0
            return
        slot = slot_of(start)
        mean = (table[:, _GA] + NEW_COUNT) / (table[:, _GB] + NEW_HOURS * usual)
        prior = SLOT_PRIOR * usual
        mu = exposure * (table[:, slot] + prior * mean) / (table[:, SLOTS + slot] + prior)
        table[:, _X.start + place] = counts
        table[:, _MU.start + place] = mu
        self._learn_dispersion(start, place)
        self._learn_rates(counts, mu, slot, exposure)
        hours = self._bucket / 3600
        table[:, _HOURS] += min(1.0, exposure / (usual * hours)) * hours
        table[:, _STEPS] += 1.0

    def _learn_rates(self, counts: Floats, mu: Floats, slot: int, exposure: float) -> None:
        table = self._table
        spread = np.sqrt(mu + table[:, _PHI.start] * mu * mu)
        winsorised = np.minimum(counts, mu + CLIP * spread + 1.0)
        table[:, slot] = table[:, slot] * self._slot_keep + winsorised
        table[:, SLOTS + slot] = table[:, SLOTS + slot] * self._slot_keep + exposure
        table[:, _GA] = table[:, _GA] * self._mean_keep + winsorised
        table[:, _GB] = table[:, _GB] * self._mean_keep + exposure

    def _learn_dispersion(self, start: int, place: int) -> None:
        """Fold each window that ends with this bucket: windows stand side by side."""
        for index, buckets in enumerate(LEARNT):
            if (start // self._bucket + 1) % buckets == 0:
                self._fold_window(index, buckets, place)

    def _fold_window(self, index: int, buckets: int, place: int) -> None:
        """Sum the ring backwards from `place`, always in this order; follow what it shows."""
        table = self._table
        count = np.zeros(len(table))
        mu = np.zeros(len(table))
        for back in range(buckets):
            count += table[:, _X.start + (place - back) % RING]
            mu += table[:, _MU.start + (place - back) % RING]
        forget = 1.0 - self._mean_keep**buckets
        step = np.maximum(forget, 1.0 / (table[:, _STEPS] / buckets + PRIOR_WINDOWS))
        column = _PHI.start + index
        table[:, column] = _follow(table[:, column], step, count, mu)


def _follow(phi: Floats, step: Floats, count: Floats, mu: Floats) -> Floats:
    """Move the dispersion towards what one window showed, its excess clipped."""
    excess = np.minimum(count - mu, 2 * CLIP * np.sqrt(mu + phi * mu * mu))
    seen = (excess * excess - mu) / (mu * mu + 1.0)
    followed: Floats = np.maximum(phi + step * (seen - phi), LEAST_PHI)
    return followed
