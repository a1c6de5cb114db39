from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alarms.exposure import Rhythm, learn_rate, learning_delay, measure
from streams.alarms.scores import SLOTS
from streams.ticks import Health
from tests.plain import slot_at

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


def day_and_night(hours: int = 40) -> Rhythm:
    """Every slot was learnt so often: 4 documents in an hour by day, 1 by night, 2 on average."""
    rhythm = Rhythm()
    for slot in range(SLOTS):
        for _ in range(hours):
            rhythm = rhythm.learn(slot, 4.0 if is_day(slot) else 1.0, 2.0)
    return rhythm


def is_day(slot: int) -> bool:
    return 8 <= slot % 24 < 16


def test_a_group_has_a_rhythm_once_it_was_learnt() -> None:
    slots = day_and_night().slots()
    assert slots[12] == pytest.approx(2.0, rel=0.1)
    assert slots[2] == pytest.approx(0.5, rel=0.2)
    assert Rhythm().slots().tolist() == [1.0] * SLOTS


def test_one_hour_hardly_makes_a_rhythm() -> None:
    slots = Rhythm().learn(3, 30.0, 10.0).slots()
    assert slots[3] == pytest.approx((30 + 3 * 10) / (10 + 3 * 10))
    assert slots[4] == pytest.approx(1.0)


def test_a_rhythm_is_forgotten_by_half_after_fifteen_days_of_its_kind() -> None:
    rhythm = Rhythm().learn(3, 8.0, 4.0)
    for _ in range(15):
        rhythm = rhythm.learn(3, 0.0, 0.0)
    assert (rhythm.documents[3], rhythm.even[3]) == pytest.approx((4.0, 2.0))


def test_exposure_follows_the_hour_of_the_day_of_each_group() -> None:
    """Noon of a Monday; `a` has a day, `b` is even."""
    sources, groups = {"a": polled(NOON), "b": polled(NOON)}, {"a": "x", "b": "y"}
    exposure = measure(sources, groups, NOON, {"x": day_and_night()})
    even = measure(sources, groups, NOON)
    noon, night = (exposure.documents(t, t + HOUR) for t in (NOON - HOUR, NOON - 10 * HOUR))
    assert even.documents(NOON - HOUR, NOON) == pytest.approx(2 * exposure.rates[1])
    assert noon == pytest.approx(3 * exposure.rates[1], rel=0.1)
    assert night == pytest.approx(1.5 * exposure.rates[1], rel=0.1)
    assert exposure.coverage(NOON - 10 * HOUR, NOON) == 1.0
    assert exposure.even(NOON - HOUR, NOON) == pytest.approx(dict.fromkeys("ab", 2.0), rel=0.02)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 30 * HOUR), min_size=1, max_size=6),
    st.integers(0, 20),
    st.lists(st.floats(0, 9), min_size=SLOTS, max_size=SLOTS),
)
def test_documents_by_slot_add_up_to_the_documents(
    backs: list[int], gone: int, published: list[float]
) -> None:
    rhythm = Rhythm(tuple(published), (2.0,) * SLOTS)
    sources = {"a": polled(NOON), "b": polled(NOON - gone * HOUR)}
    exposure = measure(sources, {}, NOON, {"a": rhythm})
    starts = [NOON - back for back in sorted(backs)]
    by_slot = exposure.by_slot(starts, NOON)
    for start, slots in zip(starts, by_slot, strict=True):
        cuts = [(max(start, one), one + 900) for one in range(start // 900 * 900, NOON, 900)]
        sums = np.zeros(SLOTS)
        for one, two in cuts:
            sums[slot_at(one)] += exposure.documents(one, two)
        assert slots == pytest.approx(sums, abs=1e-9)
        assert slots.sum() == pytest.approx(exposure.documents(start, NOON) if start < NOON else 0)
        documents, share = exposure.see(start, NOON)
        assert documents == exposure.documents(start, NOON)
        assert share == exposure.coverage(start, NOON)
    shares = [exposure.coverage(one, NOON) for one in starts]
    assert exposure.shares(starts, NOON) == pytest.approx(shares)
