import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.schedule import Outcome, State, begin, plan_next
from streams.models import Source

SOURCE = Source(source="rss/v")
SET = Source(source="rss/v", interval_seconds=30)


def plan(outcome: Outcome, source: Source = SOURCE, least: float = 0.0) -> State:
    return plan_next(begin(source, 0.0, least), source, outcome, 1000.0, least)


def fail(times: int, status: str, source: Source = SOURCE) -> State:
    state = begin(source, 0.0)
    for turn in range(times):
        state = plan_next(state, source, Outcome(status=status), 1000.0 * turn)
    return state


def test_a_good_poll_is_followed_by_one_interval() -> None:
    assert plan(Outcome()) == State(due=1060.0, interval=60.0, polls=1)
    assert plan(Outcome(), SET).due == 1030.0


@pytest.mark.parametrize(
    ("wished", "interval"), [(None, 60.0), (5.0, 60.0), (300.0, 300.0), (86_400.0, 600.0)]
)
def test_a_publishers_wish_counts_within_limits(wished: float | None, interval: float) -> None:
    assert plan(Outcome(wished_seconds=wished)).interval == interval


def test_a_wish_is_for_one_time_only() -> None:
    slow = plan(Outcome(wished_seconds=300.0))
    assert plan_next(slow, SOURCE, Outcome(), 2000.0).interval == 60.0


def test_the_operators_interval_beats_the_wish_but_not_the_hosts_pause() -> None:
    assert plan(Outcome(wished_seconds=300.0), SET).interval == 30.0
    assert plan(Outcome(), SET, least=45.0).interval == 45.0


@pytest.mark.parametrize(
    ("status", "times", "delay"),
    [("timeout", 1, 90), ("timeout", 2, 120), ("http_503", 4, 180), ("http_403", 1, 120),
     ("not_a_feed", 3, 240), ("dns", 1000, 3600), ("blocked", 1000, 3600)],
)  # fmt: skip
def test_failures_slow_down_linearly_and_never_end(status: str, times: int, delay: int) -> None:
    state = fail(times, status)
    assert state.due == 1000.0 * (times - 1) + delay


def test_the_begin_of_a_failure_is_kept_until_it_ends() -> None:
    state = fail(5, "http_500")
    assert state.failing_since == 0.0
    healed = plan_next(state, SOURCE, Outcome(), 9000.0)
    assert (healed.failing_since, healed.failures, healed.due) == (None, 0.0, 9060.0)


@pytest.mark.parametrize("status", ["ok", "http_429", "http_503"])
def test_a_wish_to_wait_is_obeyed(status: str) -> None:
    assert plan(Outcome(status=status, wait_seconds=7200.0)).due >= 8200.0
    assert plan(Outcome(status=status, wait_seconds=1e12)).due <= 1000.0 + 86_400.0 + 60.0


def test_sources_that_came_too_often_do_not_come_back_together() -> None:
    sources = [Source(source=f"rss/{n}", interval_seconds=60) for n in range(20)]
    dues = {plan(Outcome(status="http_429", wait_seconds=100.0), one).due for one in sources}
    assert len(dues) == 20
    assert all(1100.0 <= due < 1160.0 for due in dues)


def test_a_slow_source_is_not_asked_more_often_when_it_fails() -> None:
    daily = Source(source="rss/v", interval_seconds=86_400)
    assert fail(3, "http_404", daily).due >= 2000.0 + 86_400.0


def test_every_thirtieth_poll_is_a_full_one() -> None:
    state, full = begin(SOURCE, 0.0), []
    for poll in range(90):
        if state.is_full:
            full.append(poll)
        state = plan_next(state, SOURCE, Outcome(), 0.0)
    assert full == [29, 59, 89]


def test_sources_of_one_host_are_spread_and_a_lone_one_is_not() -> None:
    assert begin(SOURCE, 5.0).due == 5.0
    dues = {begin(Source(source=f"telegram/{n}"), 0.0, 100.0).due for n in range(50)}
    assert len(dues) == 50
    assert all(0 <= due < 100 for due in dues)
    assert max(dues) - min(dues) > 50


seconds = st.one_of(st.none(), st.floats(0, 1e9))
outcomes = st.builds(
    Outcome,
    status=st.sampled_from(["ok", "timeout", "http_429", "http_500", "http_403", "not_a_feed"]),
    wait_seconds=seconds,
    wished_seconds=seconds,
)


@given(st.lists(outcomes, max_size=40), st.floats(0, 3600), st.sampled_from([SOURCE, SET]))
def test_whatever_happens_the_next_poll_comes_neither_too_soon_nor_never(
    story: list[Outcome], least: float, source: Source
) -> None:
    state, now = begin(source, 0.0, least), 0.0
    for outcome in story:
        now = max(now, state.due)
        state = plan_next(state, source, outcome, now, least)
        assert now + max(least, 30.0) <= state.due <= now + 86_400.0 + 60.0
        assert state.interval >= least
        assert (state.failing_since is None) == (outcome.status == "ok")
