"""The detector on plain series: when it rings, when it must not, and that none disturbs another."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from streams.alarms.gates import Options
from streams.alarms.series import Panel, Reading, Series
from tests.rows import at

MONDAY = int(at("0:00").timestamp())
DAY = 288  # bins of five minutes


def readings(values: list[float], bin_seconds: int = 300) -> list[Reading]:
    series = Series(bin_seconds)
    return [series.push(MONDAY + i * bin_seconds, value) for i, value in enumerate(values)]


def rings(values: list[float], bin_seconds: int = 300) -> list[int]:
    told = readings(values, bin_seconds)
    return [place for place, one in enumerate(told) if one.is_alert]


def noise(random: Random, bins: int) -> list[float]:
    return [float(random.choice([3, 4, 5, 5, 6, 7])) for _ in range(bins)]


def test_a_spike_rings_once_and_at_once() -> None:
    random = Random(1)
    assert rings([*noise(random, 576), 60.0, 62.0, 58.0, *noise(random, 100)]) == [576]


def test_an_escalation_rings_again() -> None:
    random = Random(1)
    values = [*noise(random, 576), 60.0, *noise(random, 20), 900.0, *noise(random, 20)]
    assert rings(values) == [576, 597]


def test_steady_noise_and_the_first_day_do_not_ring() -> None:
    assert not rings(noise(Random(2), 2000))
    assert not rings([5.0] * 100 + [500.0] + [5.0] * 100)


def test_a_night_is_not_a_burst_of_the_morning() -> None:
    """A rhythm that was seen for a week is expected."""
    random = Random(4)
    by_hour = [1.0] * 8 + [6.0] * 12 + [2.0] * 4
    values = [
        float(np.float64(random.gauss(1, 0.2) * by_hour[place // 12 % 24]).clip(0))
        for place in range(14 * DAY)
    ]
    assert not [place for place in rings(values) if place > 7 * DAY]


def test_a_slow_rise_rings_within_hours() -> None:
    random = Random(3)
    rise = [one * 3 for one in noise(random, 72)]
    told = rings([*noise(random, 10 * DAY), *rise, *noise(random, DAY)])
    assert 0 <= told[0] - 10 * DAY < 24
    assert max(told) < 10 * DAY + 72


def test_a_level_for_good_rings_at_first_and_is_learnt() -> None:
    random = Random(5)
    told = rings([*noise(random, 10 * DAY), *(5 * one for one in noise(random, 14 * DAY))])
    assert told[0] - 10 * DAY < 3
    assert max(told) < 14 * DAY


def test_what_is_expected_follows_the_series() -> None:
    assert abs(readings([5.0] * 1000)[-1].expected - 5.0) < 0.5


def test_a_gap_adds_neither_count_nor_expectation() -> None:
    series = Series(300)
    for place, value in enumerate(noise(Random(3), 576)):
        series.push(MONDAY + place * 300, value)
    after = series.push(MONDAY + 3 * 86400, 5.0)
    assert not after.is_alert
    assert after.score < 0.5


@pytest.mark.parametrize("outage", [0.0, 0.2, 0.5])
def test_an_outage_and_its_return_do_not_ring(outage: float) -> None:
    """For five hours only a share of the sources is seen; counts fall with it."""
    random, panel, rang = Random(6), Panel(1, 300), []
    for place, value in enumerate(noise(random, 6 * DAY)):
        share = outage if 4 * DAY <= place < 4 * DAY + 60 else 1.0
        start = MONDAY + 300 * place
        rang += panel.push(start, np.array([float(round(value * share))]), share).alert.tolist()
    assert not any(rang)


def test_half_the_exposure_is_half_the_expectation() -> None:
    """Two panels that learnt the same; the last bin of one is seen by half the sources."""
    expected = []
    for last in (1.0, 0.5):
        panel = Panel(1, 300)
        for place, value in enumerate(noise(Random(7), 3 * DAY)):
            panel.push(MONDAY + 300 * place, np.array([value]))
        expected.append(panel.push(MONDAY + 900 * DAY, np.array([2.0]), last).expected[0])
    assert expected[1] == pytest.approx(expected[0] / 2)


def test_series_of_a_panel_begin_when_they_are_first_seen() -> None:
    random, panel, told = Random(8), Panel(2, 300), []
    for place, value in enumerate(noise(random, 4 * DAY)):
        seen = np.array([1.0, float(place >= 3 * DAY)])
        loud = 50.0 if place in (2 * DAY, 3 * DAY + 144) else value
        told.append(panel.push(MONDAY + 300 * place, np.array([loud, loud]) * seen, seen).alert)
    rang = np.array(told)
    assert rang[2 * DAY].tolist() == [True, False]
    assert not rang[:, 1].any()


def test_fewer_than_the_least_count_do_not_ring() -> None:
    quiet = [0.0] * (5 * DAY)
    for count, does in ((3.0, False), (40.0, True)):
        assert bool(rings([*quiet, count])) is does


@pytest.mark.parametrize("bin_seconds", [60, 300, 900, 3600])
def test_bins_of_any_width_ring_for_ten_times_as_much(bin_seconds: int) -> None:
    random, bins = Random(9), 14 * 86400 // bin_seconds
    level = bin_seconds / 60
    values = [float(round(random.uniform(0.6, 1.4) * level)) for _ in range(bins)]
    wide = max(1, 900 // bin_seconds)
    assert bins <= rings([*values, *[10 * level] * wide], bin_seconds)[-1] < bins + wide


def test_options_are_held_to() -> None:
    random = Random(1)
    values = [*noise(random, 576), 60.0]
    for options, does in ((Options(), True), (Options(warm_hours=72.0), False)):
        panel = Panel(1, 300, options)
        told = [panel.push(MONDAY + 300 * n, np.array([one])) for n, one in enumerate(values)]
        assert bool(told[-1].alert[0]) is does
