"""What is usual of a term, and what could be seen of each group of sources."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from streams.alarms.backdrop import look_around, look_back
from streams.alarms.scores import WINDOWS
from streams.alarms.sight import Sight
from tests.test_gates import NOON, newsroom


def test_nothing_is_learnt_of_a_term_that_was_never_watched() -> None:
    assert look_back(Sight(newsroom(), NOON), "новое") is None


def test_a_steady_term_is_usual_at_every_hour() -> None:
    """One mention in each quarter of an hour for a week more, at ten documents an hour."""
    state = newsroom()
    state.baselines.remove("ОДКБ")
    state.baselines.add("ОДКБ")
    for step in range(7 * 288):
        counts = {"ОДКБ": 1.0} if step % 3 == 0 else {}
        state.baselines.learn(counts, NOON + 300 * step, (10 / 12, 10.0, 1.0))
    learnt = look_back(Sight(state, NOON + 7 * 86400), "ОДКБ")
    assert learnt is not None
    assert learnt.hours == pytest.approx(168)
    assert (learnt.hour, learnt.is_weekend) == (12, False)
    assert learnt.hourly == pytest.approx(4.0, rel=0.1)
    assert learnt.week_hourly == pytest.approx(4.0, rel=0.1)
    assert learnt.usual_documents == pytest.approx(10.0, rel=0.1)
    assert learnt.least_hourly == 0.02
    assert tuple(learnt.dispersion) == WINDOWS


def test_a_weekend_is_told_from_a_weekday() -> None:
    learnt = look_back(Sight(newsroom(), NOON + 5 * 86400), "ОДКБ")
    assert learnt is not None
    assert learnt.is_weekend


def test_groups_add_up_to_the_exposure() -> None:
    state = newsroom()
    for name, health in list(state.health.items())[:3]:
        gone = NOON - 1800.0
        state.health[name] = replace(health, last_good=gone, complete_to=gone)
    state.regroup()
    sight = Sight(state, NOON)
    (group,) = look_around(sight, 3600)
    assert group.group == "rss"
    assert [(one.is_live, one.hours) for one in group.sources] == [(False, 0.5)] * 3 + [
        (True, 1.0)
    ] * 2
    assert group.documents == pytest.approx(sight.exposure.documents(NOON - 3600, NOON))
    assert group.usual == pytest.approx(sight.exposure.wanted)
    assert group.coverage == pytest.approx(3.5 / 5)


def test_a_source_forgotten_for_a_week_is_no_longer_expected() -> None:
    state = newsroom()
    name = next(iter(state.health))
    gone = NOON - 8 * 86400.0
    state.health[name] = replace(state.health[name], since=gone, last_good=gone, complete_to=gone)
    state.regroup()
    (group,) = look_around(Sight(state, NOON), 3600)
    assert [one.is_expected for one in group.sources] == [False, True, True, True, True]
    assert group.coverage == 1.0
