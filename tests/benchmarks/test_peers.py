"""Each peer on counts written by hand: what its source says must ring, and what must not."""

from __future__ import annotations

from itertools import chain, repeat

import numpy as np
import pytest

from tests.benchmarks.bursts.panels import Floats, Open, Panel
from tests.benchmarks.bursts.peers import (
    ElastAlert,
    Kleinberg,
    Meltwater,
    Rested,
    Sliding,
    Spot,
    WorldMonitor,
)

WIDTH = 3600
START = 1_772_409_600


def ring(opener: Open, *parts: tuple[int, float]) -> list[int]:
    """The bins (hours) that ring of a series written as (hours, count an hour)."""
    panel = opener(1, WIDTH)
    counts = chain.from_iterable(repeat(count, hours) for hours, count in parts)
    pushed = (panel.push(START + i * WIDTH, np.array([one])) for i, one in enumerate(counts))
    return [place for place, rings in enumerate(pushed) if rings[0]]


def test_a_sliding_sum_gives_what_it_lets_go() -> None:
    sliding = Sliding(1, WIDTH, 2 * WIDTH)
    gone = [float(sliding.push(np.array([one]))[0]) for one in (1.0, 2.0, 3.0)]
    assert (gone, sliding.sums.tolist()) == ([0, 0, 1], [5])


def test_world_monitor_asks_for_five_and_more_than_three_times_the_week() -> None:
    """1 an hour for a week: 2 are usual in two hours, 6 are three times that, 7 are more."""
    assert ring(WorldMonitor, (170, 1), (1, 5)) == []
    assert ring(WorldMonitor, (170, 1), (1, 6)) == [170]
    assert ring(WorldMonitor, (170, 0), (1, 4), (5, 0)) == []
    assert ring(WorldMonitor, (170, 0), (1, 5), (5, 0)) == [170, 171]


def test_elastalert_compares_two_windows_and_waits_until_they_are_full_again() -> None:
    assert ring(ElastAlert, (10, 2), (1, 9)) == []
    assert ring(ElastAlert, (10, 2), (1, 10)) == [10]
    assert ring(ElastAlert, (10, 0), (1, 50), (20, 0)) == [10]
    assert ring(ElastAlert, (3, 50)) == []


def test_meltwater_wants_more_than_half_a_day_yesterday_and_last_week() -> None:
    assert ring(Meltwater, (200, 2), (1, 6)) == []
    assert ring(Meltwater, (200, 2), (1, 7)) == [200]
    assert ring(Meltwater, (176, 2), (1, 7), (23, 2), (1, 7)) == [176]
    assert ring(Meltwater, (32, 2), (1, 7), (167, 2), (1, 7)) == [32]


def test_kleinberg_pays_an_entry_and_rings_once() -> None:
    """The mean is 1: a count x gains x ln 2 - 1, and the entry costs ln 502 = 6.2."""
    assert ring(Kleinberg, (500, 1), (1, 10), (5, 1)) == []
    assert ring(Kleinberg, (500, 1), (1, 13), (3, 3)) == [500]


def test_spot_learns_a_week_and_rings_beyond_it() -> None:
    pytest.importorskip("libspot", reason="libspot is not installed")
    counts = np.random.default_rng(5).poisson(9.0, 1400).astype(float)
    panel = Spot(1, 600)
    rung = [panel.push(0, np.array([one]))[0] for one in [*counts, 90.0, 9.0]]
    assert rung[-2:] == [True, False]
    assert not any(rung[:1008])


class Always:
    def __init__(self, series: int, _: int) -> None:
        self._series = series

    def push(self, _: int, __: Floats, ___: Floats | float = 1.0) -> np.ndarray:
        return np.ones(self._series, bool)


def test_a_rested_panel_rings_once_a_day() -> None:
    def rested(series: int, width: int) -> Panel:
        return Rested(Always(series, width), series)

    assert ring(rested, (50, 0)) == [0, 24, 48]


@pytest.mark.parametrize("opener", [WorldMonitor, ElastAlert, Meltwater, Kleinberg])
def test_series_do_not_disturb_each_other(opener: Open) -> None:
    counts = np.random.default_rng(4).poisson([[0.2, 5.0]], (400, 2)).astype(float)
    counts[300:302] += 40
    together, first, second = (opener(series, WIDTH) for series in (2, 1, 1))
    for place, row in enumerate(counts):
        start = START + place * WIDTH
        alone = [first.push(start, row[:1])[0], second.push(start, row[1:])[0]]
        assert together.push(start, row).tolist() == alone
