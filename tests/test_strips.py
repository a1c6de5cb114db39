"""Rows side by side are weighed to the bit like one alone."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from streams.alarms import scores as s
from streams.alarms import strips
from tests.test_scores import learnt


@pytest.mark.parametrize("seed", range(12))
def test_a_strip_tells_what_each_row_tells(seed: int) -> None:
    """Rows in any order, of several births; counts of nothing, of few and of many."""
    baselines, random, rng = learnt(), Random(seed), np.random.default_rng(seed)
    world, table = baselines.world.values, baselines._table.copy()
    table[40:60, s.BORN_SUM] = table[40:60, s.BORN_MEAN] = world[s.GREW_SUM] / 3
    table[40:60, s.BORN_EXPOSED : s.BORN_EXPOSED + 48] = world[s.EXPOSED : s.EXPOSED + 48] / 3
    exposed = rng.random((6, 48)) * (rng.random((6, 48)) < 0.6) * 30
    slots, strip = s.slots_in(exposed), strips.make_strip()
    for _ in range(3):
        rows = np.array(random.sample(range(80), random.choice([1, 20, 80])))
        counts = np.round(rng.lognormal(0, 2, (len(rows), 5))) / 4
        table[rows, s.SUMS :] = counts[:, 1:]
        strips.lay(table, rows, strip, world, slots)
        strips.lay_counts(table, rows, counts[:, 0].copy(), strip.seen)
        strips.weigh_strip(strip, world, exposed, slots)
        expected, nats, scores, _ = s.weigh_rows(table, rows, world, counts, exposed[:5])
        found = (strip.expected, strip.nats, strip.scores)
        for one, two in zip(found, (expected, nats, scores), strict=True):
            assert one[:, : len(rows)].T.tolist() == two.tolist()
        spreads = [[s.spread_of(table[row], world, w) for w in range(5)] for row in rows]
        assert strip.spreads[:, : len(rows)].T.tolist() == spreads
