"""What a step teaches a row: rings that remember a day, sums over windows, clipped counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alarms import learning
from streams.alarms import scores as s
from streams.bursts import Baselines
from tests.plain import WINDOWS, Plain
from tests.rows import at

MONDAY = int(at("0:00").timestamp())
PUSHES = st.lists(st.tuples(st.integers(1, 320), st.integers(0, 40)), min_size=1, max_size=40)


@given(PUSHES, st.sampled_from([300, 900, 3600, 86400]))
def test_a_row_remembers_each_window_whatever_was_left_out(
    pushes: list[tuple[int, int]], step: int
) -> None:
    """Steps apart, and quarters of mentions; windows are counted out of a list."""
    baselines, plain = Baselines(step), Plain(step)
    baselines.world.values[s.NOW] = MONDAY // step
    baselines.add("ОДКБ")
    row, world, now = baselines._table[0], baselines.world.values, MONDAY // step
    for apart, quarters in pushes:
        now += apart
        world[s.NOW] = now
        learning.push(row, world, quarters / 4)
        plain.past.append((now * step, quarters / 4, 1.0))
        sums = np.empty(5)
        learning.sum_windows(row, world, learning.lengths_of(world), sums)
        inside = [plain.inside(window, now * step) for window in WINDOWS]
        assert sums.tolist() == [sum(count for _, count, _ in one) for one in inside]


@given(
    st.lists(st.floats(0, 100), min_size=12, max_size=12),
    st.integers(0, 11),
    st.lists(st.integers(1, 12), min_size=1, max_size=4).map(sorted),
)
def test_sums_go_back_around_the_ring(ring: list[float], place: int, lengths: list[int]) -> None:
    sums = np.empty(len(lengths))
    learning.sum_back(np.array(ring), place, np.array(lengths), sums)
    for length, total in zip(lengths, sums.tolist(), strict=True):
        assert total == sum(ring[(place - back) % 12] for back in range(length))


def test_a_day_without_mention_teaches_nothing_but_the_time() -> None:
    baselines = Baselines()
    baselines.add("ОДКБ")
    for step in range(400):
        seen = (10.0, 120.0, 1.0)
        baselines.learn({"ОДКБ": 2.0} if step < 100 else {}, MONDAY + 300 * step, seen)
    before = baselines._table[0].copy()
    baselines.world.open(MONDAY + 300 * 500, 10.0, 120.0)
    exposed = baselines.world.exposed()
    rows, shown = np.zeros(1, np.int64), np.zeros((1, 2))
    learning.learn_rows(baselines._table, rows, shown, baselines.world.values, exposed)
    moved = np.flatnonzero(before != baselines._table[0])
    assert set(moved.tolist()) <= {s.AT, *range(s.RING, s.WIDTH)}


@pytest.mark.parametrize("nats", [3.9, 4.0, 6.5, 9.0])
def test_probes_are_noted_by_weight(nats: float) -> None:
    world = Baselines().world.values
    world[s.GREW] = 1.5
    learning.probe(world, nats)
    assert world[s.HITS : s.HITS + 3].tolist() == [1.5 * (nats >= one) for one in (4, 6, 8)]
