from __future__ import annotations

from random import Random

from streams.alarms.series import Reading, Series
from tests.rows import at

MONDAY = int(at("0:00").timestamp())


def readings(values: list[float], bin_seconds: int = 300) -> list[Reading]:
    series = Series(bin_seconds)
    return [series.push(MONDAY + i * bin_seconds, value) for i, value in enumerate(values)]


def noise(random: Random, bins: int) -> list[float]:
    return [float(random.choice([3, 4, 5, 5, 6, 7])) for _ in range(bins)]


def test_a_spike_rings_once_and_at_once() -> None:
    random = Random(1)
    values = [*noise(random, 576), 60.0, 62.0, 58.0, *noise(random, 100)]
    alerts = [place for place, one in enumerate(readings(values)) if one.is_alert]
    assert alerts == [576]


def test_an_escalation_rings_again() -> None:
    random = Random(1)
    values = [*noise(random, 576), 60.0, *noise(random, 20), 900.0, *noise(random, 20)]
    alerts = [place for place, one in enumerate(readings(values)) if one.is_alert]
    assert alerts == [576, 597]


def test_steady_noise_and_the_first_day_do_not_ring() -> None:
    assert not any(one.is_alert for one in readings(noise(Random(2), 2000)))
    assert not any(one.is_alert for one in readings([5.0] * 100 + [500.0] + [5.0] * 100))


def test_what_is_expected_follows_the_series() -> None:
    assert abs(readings([5.0] * 1000)[-1].expected - 5.0) < 0.5


def test_a_gap_adds_neither_count_nor_expectation() -> None:
    series = Series(300)
    for place, value in enumerate(noise(Random(3), 576)):
        series.push(MONDAY + place * 300, value)
    after = series.push(MONDAY + 3 * 86400, 5.0)
    assert not after.is_alert
    assert after.score < 2.0
