"""Alerts against the truth: false alarms, precision, recall, delay, and what hazards set off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tests.benchmarks.bursts.panels import Bools, Floats, Open
from tests.benchmarks.bursts.planting import FIRST, GRADUAL, RISES, SIZES, Planted
from tests.benchmarks.bursts.truth import BEGIN, LENGTH, TERMS, Streams, World, draw_world

HIT = 3 * 3600  # seconds after an onset in which an alert finds the burst
COVERED = 86400  # seconds after an onset in which an alert is not false
NEAR = 3 * 3600  # seconds within which an alert rang without the hazards as well
WEEK = 7 * 86400
LARGE = 25  # size from which a burst must hardly ever be missed

Alarms = list[Floats]  # of each term the ends of the bins that rang, in seconds


class Judged(NamedTuple):
    """What alerts came to; `delays` has one entry a planted burst, in minutes, NaN: missed."""

    planted: tuple[Planted, ...]
    delays: Floats
    false: int
    term_weeks: float
    set_off: dict[str, int]

    @property
    def false_rate(self) -> float:
        """False alarms a term and week."""
        return self.false / self.term_weeks

    @property
    def precision(self) -> float:
        """The share of bursts found among them and the false alarms."""
        found = int(np.isfinite(self.delays).sum())
        return found / max(1, found + self.false)

    @property
    def delay(self) -> float:
        """The median delay in minutes of the bursts found."""
        found = self.delays[np.isfinite(self.delays)]
        return float(np.median(found)) if len(found) else float("nan")

    @property
    def soonest(self) -> float:
        """The median minute in which the bursts found could be told at all."""
        moments = [one.soonest for one, at in zip(self.planted, self.delays, strict=True) if at > 0]
        return float(np.median(np.nan_to_num(moments, nan=np.inf))) if moments else float("nan")

    @property
    def large(self) -> float:
        """Recall of the bursts from size 25 up."""
        return self.recall(sizes=[size for size in SIZES if size >= LARGE])

    @property
    def gradual(self) -> float:
        """Recall of those that rise for an hour."""
        return self.recall(rises=[GRADUAL])

    @property
    def by_size(self) -> dict[int, float]:
        """Recall of the bursts of each size."""
        return {size: self.recall(sizes=[size]) for size in SIZES}

    def recall(self, sizes: Sequence[int] = SIZES, rises: Sequence[int] = RISES) -> float:
        """The share found of the bursts of these sizes and rises (minutes)."""
        chosen = [one.size in sizes and one.rise in rises for one in self.planted]
        return float(np.isfinite(self.delays[chosen]).mean())


def judge_worlds(
    seeds: Sequence[int], bin_seconds: int, opener: Open, terms: int = TERMS
) -> Judged:
    """Judge a detector on the worlds of several seeds as on one."""
    worlds = (draw_world(seed, terms) for seed in seeds)
    return pool([judge_world(world, bin_seconds, opener) for world in worlds])


def judge_world(world: World, bin_seconds: int, opener: Open, *, is_raw: bool = False) -> Judged:
    """Judge a detector on one world; raw: it is shown documents, not origins."""
    alarms, calm = (
        ring_streams(streams.to_bins(bin_seconds), opener, is_raw=is_raw)
        for streams in (world.streams, world.calm)
    )
    return judge(world, alarms, calm)


def ring_streams(streams: Streams, opener: Open, *, is_raw: bool = False) -> Alarms:
    """The alarms of a fresh panel after the warm-up; raw: it is shown documents, not origins."""
    rung = _push_all(streams, opener, is_raw=is_raw)
    ends = np.arange(1, len(rung) + 1, dtype=np.float64) * streams.bin_seconds
    judged = ends > FIRST
    return [ends[judged & rung[:, term]] for term in range(rung.shape[1])]


def judge(world: World, alarms: Alarms, calm: Alarms) -> Judged:
    """Weigh the alarms; `calm` are those of the same streams without outages and floods."""
    delays = np.array([_delay(one, alarms[one.term]) for one in world.planted])
    false = [_list_false(term, alarms, world.planted) for term in range(len(alarms))]
    caused = [_away_from(*both) for both in zip(false, calm, strict=True)]
    set_off = {one.kind: 0 for one in world.hazards}
    for one in world.hazards:
        inside = (caused[one.term] > one.start) & (caused[one.term] <= one.stop)
        set_off[one.kind] += int(inside.sum())
    weeks = len(alarms) * (LENGTH - FIRST) / WEEK
    return Judged(world.planted, delays, sum(map(len, false)), weeks, set_off)


def pool(parts: Sequence[Judged]) -> Judged:
    """Several worlds as one."""
    kinds = sorted({kind for one in parts for kind in one.set_off})
    return Judged(
        tuple(planted for one in parts for planted in one.planted),
        np.concatenate([one.delays for one in parts]),
        sum(one.false for one in parts),
        sum(one.term_weeks for one in parts),
        {kind: sum(one.set_off.get(kind, 0) for one in parts) for kind in kinds},
    )


def _push_all(streams: Streams, opener: Open, *, is_raw: bool) -> Bools:
    counts = streams.documents if is_raw else streams.origins
    bins, terms = counts.shape
    panel = opener(terms, streams.bin_seconds)
    rung = np.zeros((bins, terms), bool)
    for place in range(bins):
        start = place * streams.bin_seconds
        exposure = np.where(streams.begins <= start, streams.seen[place], 0.0)
        rung[place] = panel.push(BEGIN + start, counts[place].astype(np.float64), exposure)
    return rung


def _delay(planted: Planted, alarms: Floats) -> float:
    after = alarms[(alarms > planted.onset) & (alarms <= planted.onset + HIT)]
    return float(after[0] - planted.onset) / 60 if len(after) else float("nan")


def _list_false(term: int, alarms: Alarms, planted: Sequence[Planted]) -> Floats:
    onsets = [one.onset for one in planted if one.term == term]
    covered = [
        any(onset < moment <= onset + COVERED for onset in onsets) for moment in alarms[term]
    ]
    return _keep(alarms[term], covered)


def _away_from(alarms: Floats, others: Floats) -> Floats:
    """The alarms that have no other one near them."""
    near = [bool(len(others)) and np.abs(others - one).min() <= NEAR for one in alarms]
    return _keep(alarms, near)


def _keep(alarms: Floats, gone: Sequence[bool]) -> Floats:
    return np.asarray(alarms[~np.array(gone, bool)])
