from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alarms.exposure import Exposure, learn_rate, learning_delay, measure
from streams.ticks import Health

NOON = 1_772_452_800
HOUR = 3600


def polled(last_good: int, documents: float = 600.0, hours: float = 300.0) -> Health:
    return Health(
        since=NOON - 48 * HOUR,
        last_good=last_good,
        complete_to=last_good,
        documents=documents,
        hours=hours,
    )


def test_full_coverage_while_everything_is_live() -> None:
    exposure = measure({"a": polled(NOON), "b": polled(NOON)}, {}, NOON)
    assert exposure.coverage(NOON - HOUR, NOON) == 1.0


def test_a_silent_source_covers_only_what_it_completed() -> None:
    sources = {"a": polled(NOON), "b": polled(NOON - HOUR)}
    exposure = measure(sources, {"a": "x", "b": "x"}, NOON)
    assert exposure.coverage(NOON - HOUR, NOON) == pytest.approx(0.5)
    assert exposure.coverage(NOON - 2 * HOUR, NOON - HOUR) == pytest.approx(1.0)
    assert exposure.coverage(NOON - 2 * HOUR, NOON) == pytest.approx(0.75)


def test_a_new_source_adds_exposure_at_the_rate_of_its_group() -> None:
    old = measure({"a": polled(NOON)}, {"a": "x", "b": "x"}, NOON)
    young = Health(since=NOON - HOUR, last_good=NOON, complete_to=NOON)
    both = measure({"a": polled(NOON), "b": young}, {"a": "x", "b": "x"}, NOON)
    ratio = both.documents(NOON - HOUR, NOON) / old.documents(NOON - HOUR, NOON)
    assert ratio == pytest.approx(2.0, rel=0.05)
    assert both.documents(NOON - 3 * HOUR, NOON - HOUR) == old.documents(
        NOON - 3 * HOUR, NOON - HOUR
    )


def test_a_source_that_has_been_silent_for_a_week_is_no_longer_expected() -> None:
    exposure = measure({"a": polled(NOON), "b": polled(NOON - 8 * 86400)}, {}, NOON)
    assert exposure.coverage(NOON - HOUR, NOON) == 1.0


def test_nothing_known_is_no_coverage() -> None:
    assert measure({}, {}, NOON).coverage(NOON - HOUR, NOON) == 0.0


def test_a_rate_is_learnt_only_from_covered_time() -> None:
    health = learn_rate(polled(NOON, 0.0, 0.0), 10, NOON - HOUR, NOON, NOON)
    assert (health.documents, health.hours) == (10.0, 1.0)
    silent = polled(NOON - HOUR)
    assert learn_rate(silent, 0, NOON - HOUR, NOON, NOON + HOUR) is silent


@pytest.mark.parametrize(
    ("intervals", "delay"), [([], 900), ([60.0], 900), ([600.0, 60.0], 1200), ([7200.0], 3600)]
)
def test_learning_waits_for_the_slowest_live_source(intervals: list[float], delay: int) -> None:
    sources = {
        str(number): Health(since=NOON, last_good=NOON, interval=interval)
        for number, interval in enumerate(intervals)
    }
    assert learning_delay(sources, NOON) == delay


@given(
    st.lists(
        st.builds(
            Health,
            since=st.integers(0, 50).map(lambda n: float(NOON + n * 100)),
            last_good=st.none() | st.integers(0, 50).map(lambda n: float(NOON + n * 100)),
            complete_to=st.none() | st.just(float(NOON)),
            interval=st.sampled_from([60.0, 600.0]),
            start=st.none() | st.just(float(NOON + 1000)),
            stop=st.none() | st.just(float(NOON + 3000)),
        ),
        max_size=4,
    ),
    st.integers(0, 600),
    st.integers(0, 600),
)
def test_an_exposure_holds_as_long_as_it_says(healths: list[Health], tens: int, later: int) -> None:
    sources = {str(number): health for number, health in enumerate(healths)}
    now = NOON + tens * 10
    then = now + later * 10
    exposure = measure(sources, {}, now)
    if then < exposure.valid_until:
        again = measure(sources, {}, then)
        for one, two in ((NOON, NOON + 3600), (now - 600, now)):
            assert again.coverage(one, two) == exposure.coverage(one, two)


@given(st.integers(0, 700), st.integers(0, 2**32 - 1))
def test_documents_are_summed_as_numpy_sums_them(sources: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rates, since = random.lognormal(0, 3, sources), random.uniform(0, 4e4, sources)
    until = np.where(random.random(sources) < 0.5, np.inf, random.uniform(0, 8e4, sources))
    exposure = Exposure(rates, since, until, wanted=1.0, measured_at=0.0, valid_until=0.0)
    seconds = np.minimum(until, 5e4) - np.maximum(since, 3e4)
    expected = np.add.reduce(rates * (np.maximum(seconds, 0.0) / 3600))
    assert exposure.documents(3e4, 5e4) == expected
