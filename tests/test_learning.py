"""What a step teaches a row, and what a day without mention does not."""

from __future__ import annotations

import numpy as np
import pytest

from streams.alarms import learning
from streams.alarms import scores as s
from streams.bursts import Baselines
from tests.rows import at

MONDAY = int(at("0:00").timestamp())


def test_a_day_without_mention_teaches_nothing_but_the_time() -> None:
    baselines = Baselines()
    baselines.add("ОДКБ")
    for step in range(400):
        seen = (10.0, 120.0, 1.0)
        baselines.learn({"ОДКБ": 2.0} if step < 100 else {}, MONDAY + 300 * step, seen)
    before = baselines._table[0].copy()
    baselines.world.open(MONDAY + 300 * 500, 10.0, 120.0)
    exposed = baselines.world.exposed()
    rows, shown = np.zeros(1, np.int64), np.zeros((2, 1))
    learning.learn_rows(baselines._table, rows, shown, baselines.world.values, exposed)
    moved = np.flatnonzero(before != baselines._table[0])
    assert set(moved.tolist()) <= {s.AT, *range(s.RING, s.WHOLE)}


@pytest.mark.parametrize("nats", [3.9, 4.0, 6.5, 9.0])
def test_probes_are_noted_by_weight(nats: float) -> None:
    world = Baselines().world.values
    world[s.GREW] = 1.5
    learning.probe(world, nats)
    assert world[s.HITS : s.HITS + 3].tolist() == [1.5 * (nats >= one) for one in (4, 6, 8)]
