"""What must not ring: sources that go away and return, floods, archives; and what copies add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tests.benchmarks.bursts.panels import Floats

DAY, HOUR = 86400, 3600
FIRST = 14 * DAY  # seconds before which alerts are not judged
SHARES = (0.3, 0.6, 0.9, 1.0)  # of the usual documents, that the outages take away
SHORTEST, LONGEST = HOUR / 2, 12 * HOUR  # seconds of an outage, drawn evenly on a log scale
CATCH_UP = 900  # seconds in which sources that return are polled again
UNDATED, BACKLOG = 0.15, 2 * HOUR  # share without a date; seconds that a feed still lists
FLOODS = 0.3  # floods of either kind a term
COPIES = (100, 300, 1000)
REPRINTED, REPRINTS, SPREAD = 0.03, 0.15, HOUR / 2  # share; 1 / mean number; mean delay in seconds
ARCHIVES, TOUCHED = 3, 1 / 3  # archives delivered at once; share of the terms in each


class Outage(NamedTuple):
    """Sources of a share of the usual documents are away from `start` to `stop` (seconds)."""

    start: float
    stop: float
    share: float


class Hazard(NamedTuple):
    """Something of `kind` that must not make a term ring between `start` and `stop` (seconds)."""

    kind: str
    term: int
    start: float
    stop: float


def draw_outages(rng: np.random.Generator, length: int) -> list[Outage]:
    """One outage of each share, in parts of the time of their own."""
    part = (length - DAY - FIRST) / len(SHARES)
    lengths = np.exp(rng.uniform(np.log(SHORTEST), np.log(LONGEST), len(SHARES)))
    starts = FIRST + part * np.arange(len(SHARES)) + rng.uniform(0, part - LONGEST, len(SHARES))
    shares = rng.permutation(SHARES)
    ends = zip(starts, starts + lengths, shares, strict=True)
    return [Outage(float(start), float(stop), float(share)) for start, stop, share in ends]


def lose(
    rng: np.random.Generator, moments: Floats, outages: Sequence[Outage]
) -> tuple[Floats, Floats, Floats]:
    """What outages leave, when what looks new arrives, and when all else that was away does.

    Dated documents come too late for their bins and count in no live one. A feed without dates
    gives the last hours of its backlog the time at which they are read; the decider knows that the
    feed was silent, and counts them late as well.
    """
    away = np.zeros(len(moments), bool)
    returned, late = [], []
    for one in outages:
        inside = (moments >= one.start) & (moments < one.stop)
        gone = inside & (rng.random(len(moments)) < one.share)
        is_new = (moments[gone] > one.stop - BACKLOG) & (rng.random(gone.sum()) < UNDATED)
        arrivals = one.stop + rng.uniform(0, CATCH_UP, gone.sum())
        away |= gone
        returned.append(arrivals[is_new])
        late.append(arrivals[~is_new])
    return moments[~away], np.concatenate(returned), np.concatenate(late)


def draw_floods(
    rng: np.random.Generator, term: int, begins: float, length: int
) -> tuple[list[Hazard], list[Floats], list[Floats]]:
    """Floods of a term, the moments of their origins, and those of their further copies.

    One text posted 100 to 1,000 times within the hour is one origin; 20 to 100 authors who alter
    its words leave up to three.
    """
    hazards, origins, copies = [], [], []
    for is_altered in np.repeat([False, True], rng.poisson(FLOODS, 2)):
        start = float(rng.uniform(max(FIRST, begins), length - DAY))
        many = rng.integers(20, 100) if is_altered else rng.choice(COPIES)
        few = rng.integers(1, 4) if is_altered else 1
        moments = start + rng.uniform(0, rng.uniform(300, HOUR), many)
        hazards.append(Hazard("bots", term, start, start + 2 * HOUR))
        origins.append(moments[:few])
        copies.append(moments[few:])
    return hazards, origins, copies


def draw_archives(rng: np.random.Generator, terms: int, length: int) -> list[Hazard]:
    """Old documents of a third of the terms delivered at once: by event time no live bin's."""
    starts = rng.uniform(FIRST, length - DAY, ARCHIVES)
    return [
        Hazard("back-fill", int(term), float(start), float(start) + HOUR)
        for start in starts
        for term in np.flatnonzero(rng.random(terms) < TOUCHED)
    ]


def reprint(rng: np.random.Generator, moments: Floats) -> Floats:
    """The moments of copies: a few messages are reprinted several times within hours."""
    chosen = moments[rng.random(len(moments)) < REPRINTED]
    copied = np.repeat(chosen, rng.geometric(REPRINTS, len(chosen)))
    return copied + rng.exponential(SPREAD, len(copied))
