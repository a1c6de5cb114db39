"""Rings that remember a day, and the sums over windows that follow from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alarms import rings
from streams.alarms import scores as s
from streams.bursts import Baselines
from tests.plain import WINDOWS, Plain
from tests.rows import at

MONDAY = int(at("0:00").timestamp())
PUSHES = st.lists(st.tuples(st.integers(1, 320), st.integers(0, 40)), min_size=1, max_size=40)
NEAR = st.lists(
    st.tuples(st.sampled_from([1, 1, 1, 1, 1, 2, 12]), st.sampled_from([0, 0, 0, 0, 1, 6])),
    min_size=1,
    max_size=400,
)
LENGTHS = st.sampled_from([300, 900, 3600, 86400])


def born(step: int) -> Baselines:
    baselines = Baselines(step)
    baselines.world.values[s.NOW] = MONDAY // step
    baselines.add("ОДКБ")
    return baselines


def push(baselines: Baselines, now: int, count: float) -> list[float]:
    """Push a step into the only row; the counts of its windows."""
    baselines.world.values[s.NOW] = now
    rows, counts = np.zeros(1, np.int64), np.array([count])
    rings.push_rows(baselines._table, rows, counts, baselines.world.values)
    return [count, *baselines._table[0, s.SUMS :].tolist()]


@settings(deadline=None)  # the first example compiles
@given(st.one_of(PUSHES, NEAR), LENGTHS)
def test_a_row_remembers_each_window_whatever_was_left_out(
    pushes: list[tuple[int, int]], step: int
) -> None:
    """Steps apart, and quarters of mentions; windows are counted out of a list."""
    baselines, plain, now = born(step), Plain(step), MONDAY // step
    for apart, quarters in pushes:
        now += apart
        sums = push(baselines, now, quarters / 4)
        plain.past.append((now * step, quarters / 4, 1.0))
        inside = [plain.inside(window, now * step) for window in WINDOWS]
        assert sums == [sum(count for _, count, _ in one) for one in inside]


@settings(deadline=None)  # the first example compiles
@given(NEAR, st.integers(0, 399), LENGTHS)
def test_sums_follow_from_the_rings_alone(
    pushes: list[tuple[int, int]], saved: int, step: int
) -> None:
    """Numbers that no float holds exactly: a row that was saved on the way gives the same bits."""
    live, loaded, now = born(step), Baselines(step), MONDAY // step
    for number, (apart, tenths) in enumerate(pushes):
        if number == saved:
            loaded.add("ОДКБ", live.dump("ОДКБ"))
        now += apart
        sums = push(live, now, tenths / 10)
        assert number < saved or push(loaded, now, tenths / 10) == sums


@settings(deadline=None)  # the first example compiles
@given(
    st.lists(st.floats(0, 100), min_size=12, max_size=12),
    st.integers(0, 11),
    st.lists(st.integers(1, 12), min_size=5, max_size=5).map(sorted),
)
def test_sums_go_back_around_the_ring(ring: list[float], place: int, lengths: list[int]) -> None:
    row = np.zeros(s.WHOLE)
    row[s.RING : s.RING + 12] = ring
    rings.sum_back(row, (s.RING, 12, place), np.array(lengths), (1, 5))
    for length, total in zip(lengths[1:], row[s.SUMS :].tolist(), strict=True):
        assert total == sum(ring[(place - back) % 12] for back in range(length))


@pytest.mark.parametrize("place", range(s.COARSE))
def test_all_buckets_are_summed(place: int) -> None:
    row = np.zeros(s.WHOLE)
    row[s.BUCKETS + place] = 2.5
    assert rings.sum_all(row) == 2.5
