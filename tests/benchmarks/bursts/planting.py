"""The bursts that are planted: so many more messages in the first hour, rising fast or slowly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tests.benchmarks.bursts.background import Usual
from tests.benchmarks.bursts.hazards import Outage
from tests.benchmarks.bursts.panels import Floats

DAY, MINUTE = 86400, 60
MEAN = 1.5  # bursts of a term
FIRST = 14 * DAY  # seconds before which none is planted
LEARNT = 2 * DAY  # seconds of watch before it
APART = 2 * DAY  # seconds between two of a term
SIZES = (6, 12, 25, 60)  # messages of the first hour, in roots of the usual ones of an hour
RISES, FALLS = (5, 15, 60), (15, 60, 240)  # minutes to the peak, to 1/e of it
GRADUAL = 60  # minutes: a slow rise
TAIL = 16 * 60  # minutes that are drawn
CLEAR = 6 * 3600  # seconds after an onset that no outage touches


class Planted(NamedTuple):
    """A burst: its term, its onset in seconds, what the first hour adds, its shape in minutes.

    `soonest` is how many minutes after the onset it could be told at all, see `oracle`.
    """

    term: int
    onset: float
    size: int
    extra: float
    rise: int
    fall: int
    soonest: float = math.nan


def draw_planted(
    rng: np.random.Generator, term: int, usual: Usual, outages: Sequence[Outage], length: int
) -> list[Planted]:
    """Draw a term's bursts, apart from each other and from outages."""
    planted: list[Planted] = []
    for _ in range(rng.poisson(MEAN)):
        onset = float(rng.uniform(max(FIRST, usual.begins + LEARNT), length - DAY))
        size, rise, fall = (int(rng.choice(one)) for one in (SIZES, RISES, FALLS))
        is_clear = not any(one.start - CLEAR < onset < one.stop + 3600 for one in outages)
        if is_clear and all(abs(onset - one.onset) >= APART for one in planted):
            extra = size * math.sqrt(max(1.0, usual.mean * 3600))
            planted.append(Planted(term, onset, size, extra, rise, fall))
    return planted


def grow(planted: Planted) -> Floats:
    """How many messages a burst has brought by each minute, on average.

    A straight rise, then an exponential fall.
    """
    minutes = np.arange(TAIL + 1) / 1.0
    height = np.where(
        minutes < planted.rise,
        minutes / planted.rise,
        np.exp(-(minutes - planted.rise) / planted.fall),
    )
    grown = np.concatenate([[0.0], np.cumsum((height[1:] + height[:-1]) / 2)])
    return np.asarray(grown * planted.extra / grown[60])


def draw_extra(rng: np.random.Generator, planted: Planted) -> Floats:
    """The moments of a burst's messages."""
    grown = grow(planted)
    minutes = np.arange(len(grown)) / 1.0
    drawn = np.interp(rng.uniform(0, grown[-1], rng.poisson(grown[-1])), grown, minutes)
    return np.asarray(planted.onset + MINUTE * drawn)
