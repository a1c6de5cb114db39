"""What is usual of a term: a rate with its day and week, restless, sometimes moved or late."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tests.benchmarks.bursts.panels import Floats

DAY = 86400
CELL = 300  # seconds in which the rate is constant
RAREST, BUSIEST = 0.6 / DAY, 5760.0 / DAY  # mentions a second, drawn evenly on a log scale
NIGHT, PEAK, SHARPNESS = 0.15, 14.0, 1.5  # rate at night, hour of the peak, of the usual day
WEEKEND = 0.55  # of the rate of a weekday
RESTLESS = 6 * 3600  # seconds of one random effect
RESTLESSNESS = 0.25  # its deviation on a log scale
SIZE = 5.0  # of the negative binomial in a cell: variance = mean + mean² / 5
MOVED, LATE = 0.15, 0.1  # shares of terms
LEVELS = (0.5, 1.6)  # a moved rate, against before


class Usual(NamedTuple):
    """Mentions a second: the mean, and the rate in each cell; seconds from which it is watched."""

    mean: float
    rates: Floats
    begins: float


def draw_usual(rng: np.random.Generator, length: int) -> Usual:
    """Draw a term's usual rate over `length` seconds."""
    mean = math.exp(rng.uniform(math.log(RAREST), math.log(BUSIEST)))
    rates = mean * _draw_week(rng, length) * _draw_restlessness(rng, length)
    if rng.random() < MOVED:
        rates[rng.integers(len(rates) // 3, len(rates)) :] *= rng.choice(LEVELS)
    begins = float(rng.integers(12, 20) * DAY) if rng.random() < LATE else 0.0
    return Usual(mean, rates, begins)


def draw_moments(rng: np.random.Generator, usual: Usual) -> Floats:
    """The moments of usual mentions, from the start of the watch on."""
    cells = len(usual.rates)
    counts = rng.poisson(usual.rates * CELL * rng.gamma(SIZE, 1 / SIZE, cells))
    moments: Floats = np.repeat(np.arange(cells) * CELL, counts) + rng.uniform(
        0, CELL, counts.sum()
    )
    return moments[moments >= usual.begins]


def _draw_week(rng: np.random.Generator, length: int) -> Floats:
    """The rate of each cell against the mean: day and night, weekdays and weekends."""
    starts = np.arange(0, length, CELL)
    hours = starts % DAY / 3600 - PEAK + rng.normal(0, 1)
    day = NIGHT + (1 - NIGHT) * (0.5 + 0.5 * np.cos(hours / 24 * 2 * np.pi)) ** SHARPNESS
    week: Floats = np.where(starts // DAY % 7 >= 5, WEEKEND * day, day)
    return week / float(week.mean())


def _draw_restlessness(rng: np.random.Generator, length: int) -> Floats:
    effects: Floats = np.exp(rng.normal(0, RESTLESSNESS, length // RESTLESS))
    return np.repeat(effects, RESTLESS // CELL)
