"""Streams of mentions whose bursts are known: 300 terms over six weeks, drawn with a seed.

Everything is drawn as moments and binned last, so that every bin width sees the same events. What
goes on in them: `tests.benchmarks.bursts.background` (what is usual), `planting` (the bursts) and
`hazards` (what must not ring).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.bursts.background import Usual, draw_moments, draw_usual
from tests.benchmarks.bursts.hazards import (
    Hazard,
    Outage,
    draw_archives,
    draw_floods,
    draw_outages,
    lose,
    reprint,
)
from tests.benchmarks.bursts.oracle import time_oracle
from tests.benchmarks.bursts.panels import Floats
from tests.benchmarks.bursts.planting import Planted, draw_extra, draw_planted, grow

TERMS, DAYS, DAY = 300, 42, 86400
LENGTH = DAYS * DAY  # seconds
MINUTE = 60
BEGIN = 1_772_409_600  # Unix seconds of second 0: a Monday in UTC

Counts = NDArray[np.uint16]


class Streams(NamedTuple):
    """Counts by bin and term; of each bin the share of the usual sources that was seen.

    `origins` are distinct messages by event time, `documents` all that arrives, copies included,
    by time of arrival. A term is watched from its `begins` (seconds) on.
    """

    bin_seconds: int
    origins: Counts
    documents: Counts
    seen: Floats
    begins: Floats

    def to_bins(self, seconds: int) -> Streams:
        """The same events in wider bins."""
        parts = seconds // self.bin_seconds
        origins, documents = (
            one.reshape(-1, parts, one.shape[1]).sum(1, dtype=np.uint16)
            for one in (self.origins, self.documents)
        )
        seen = self.seen.reshape(-1, parts).mean(1)
        return Streams(seconds, origins, documents, seen, self.begins)


@dataclass(frozen=True)
class World:
    """What happened; `calm` are the same streams without outages and floods."""

    streams: Streams
    calm: Streams
    planted: tuple[Planted, ...]
    hazards: tuple[Hazard, ...]


class _Story(NamedTuple):
    """One term's share of a world: moments of origins, of documents and of origins in calm."""

    usual: Usual
    planted: list[Planted]
    hazards: list[Hazard]
    moments: tuple[Floats, Floats, Floats]


@lru_cache(maxsize=4)
def draw_world(seed: int, terms: int = TERMS) -> World:
    """Draw everything; the same seed gives the same world."""
    outages = draw_outages(np.random.default_rng([seed, 0]), LENGTH)
    archives = draw_archives(np.random.default_rng([seed, 1]), terms, LENGTH)
    stories = [
        _tell(np.random.default_rng([seed, 2, term]), term, outages, archives)
        for term in range(terms)
    ]
    begins = np.array([story.usual.begins for story in stories])
    origins, documents, calm = (
        np.stack([_bin(story.moments[place]) for story in stories], axis=1) for place in range(3)
    )
    whole = np.ones(LENGTH // MINUTE)
    return World(
        Streams(MINUTE, origins, documents, _see(outages), begins),
        Streams(MINUTE, calm, calm, whole, begins),
        tuple(one for story in stories for one in story.planted),
        tuple(one for story in stories for one in story.hazards),
    )


def _tell(
    rng: np.random.Generator, term: int, outages: list[Outage], archives: list[Hazard]
) -> _Story:
    """Draw one term: its usual mentions, its bursts, and what happens to them on the way."""
    usual = draw_usual(rng, LENGTH)
    planted = draw_planted(rng, term, usual, outages, LENGTH)
    base, extra = draw_moments(rng, usual), [draw_extra(rng, one) for one in planted]
    calm = np.concatenate([base, *extra])
    planted = [
        one._replace(soonest=time_oracle(one.onset, grow(one), usual, calm)) for one in planted
    ]
    calm = calm[calm < LENGTH]
    kept, returned, late = lose(rng, calm, outages)
    floods, few, many = draw_floods(rng, term, usual.begins, LENGTH)
    mine = [one for one in archives if one.term == term]
    old = [rng.uniform(one.start, one.start + 600, rng.integers(20, 200)) for one in mine]
    seen = np.concatenate([kept, *few])
    copies = reprint(rng, seen)
    arrived = np.concatenate([seen, returned, late, copies, *many, *old])
    gone = [Hazard("outage", term, one.start, one.stop + 3600) for one in outages]
    return _Story(usual, planted, [*floods, *mine, *gone], (seen, arrived, calm))


def _bin(moments: Floats) -> Counts:
    minutes = (moments[moments < LENGTH] // MINUTE).astype(np.int64)
    return np.bincount(minutes, minlength=LENGTH // MINUTE).astype(np.uint16)


def _see(outages: list[Outage]) -> Floats:
    """The share of the usual sources that each minute shows."""
    starts = np.arange(0, LENGTH, MINUTE)
    seen = np.ones(len(starts))
    for one in outages:
        away = np.minimum(starts + MINUTE, one.stop) - np.maximum(starts, one.start)
        seen -= one.share * np.clip(away, 0, MINUTE) / MINUTE
    return seen
