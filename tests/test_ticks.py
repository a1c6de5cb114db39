from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.models import Clock, from_seconds, to_seconds
from streams.ticks import Health, Ticks, covered_to, hear, is_live, is_return, register
from tests.rows import at, beat, clock, source

NOON = to_seconds(at("12:00"))


def test_a_tick_ends_when_a_row_at_or_past_its_end_is_read() -> None:
    ticks = Ticks()
    rows = [clock("12:00:01"), clock("12:00:09"), clock("12:00:10"), clock("12:05:00")]
    ended = [ticks.push(number, row) for number, row in enumerate(rows)]
    assert ended[:2] == [None, None]
    assert ended[2] == (NOON + 10, [(0, rows[0]), (1, rows[1])])
    assert ended[3] == (NOON + 20, [(2, rows[2])])
    assert ticks.rows == [(3, rows[3])]


def test_a_row_behind_the_clock_joins_the_current_tick() -> None:
    ticks = Ticks()
    ticks.push(0, clock("12:00:01"))
    assert ticks.push(1, clock("11:00:00")) is None
    ended = ticks.push(2, clock("12:00:10"))
    assert ended is not None
    assert [number for number, _ in ended[1]] == [0, 1]


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40))
def test_every_row_is_in_exactly_one_tick_and_the_clock_never_goes_back(
    moments: list[int],
) -> None:
    ticks = Ticks()
    ended = []
    for number, moment in enumerate(moments):
        tick = ticks.push(number, Clock(seen_at=from_seconds(moment)))
        ended += [tick] if tick else []
    numbers = [number for _, rows in ended for number, _ in rows]
    assert numbers + [number for number, _ in ticks.rows] == list(range(len(moments)))
    ends = [end for end, _ in ended]
    assert ends == sorted(set(ends))
    assert all(end % 10 == 0 for end in ends)


def test_a_polled_source_is_live_for_three_intervals_after_its_last_good_poll() -> None:
    health = hear(hear(None, beat("12:00", "rss/a")), beat("12:02", "rss/a", "timeout"))
    assert is_live(health, NOON + 180)
    assert not is_live(health, NOON + 181)
    assert covered_to(health, NOON + 60) == float("inf")
    assert covered_to(health, NOON + 600) == NOON


def test_the_trouble_of_a_source_is_that_of_its_last_poll() -> None:
    health = hear(hear(None, beat("12:00", "rss/a", "dns")), beat("12:01", "rss/a", "timeout"))
    assert (health.trouble, health.last_good, health.since) == ("timeout", None, float("inf"))
    assert not hear(health, beat("12:02", "rss/a")).trouble


def test_a_poll_is_a_return_when_three_polls_before_it_were_missed() -> None:
    health = hear(hear(None, beat("12:00", "rss/a")), beat("12:01", "rss/a", "timeout"))
    assert is_return(health, NOON)  # the first of all
    assert not is_return(health, NOON + 180)
    assert is_return(health, NOON + 181)
    back = hear(health, beat("12:04", "rss/a"))
    assert is_return(back, NOON + 240)  # whether the poll itself is known yet or not
    assert not is_return(back, NOON + 300)
    assert not is_return(hear(back, beat("12:05", "rss/a")), NOON + 300)
    assert hear(back, beat("12:02", "rss/a")).before == NOON + 120  # told late


def test_a_source_that_is_not_polled_never_returns() -> None:
    assert not is_return(register(None, source("rss/a", from_=at("12:00"))), NOON)


def test_a_failed_poll_alone_is_no_sign_of_life() -> None:
    health = hear(None, beat("12:00", "rss/a", "timeout"))
    assert not is_live(health, NOON)


def test_a_file_source_lives_as_its_file_says_or_from_its_first_document_on() -> None:
    told = register(None, source("rss/a", from_=at("12:00"), to=at("13:00")))
    assert [is_live(told, NOON + hours * 3600) for hours in (-1, 0, 1, 2)] == [
        False,
        True,
        True,
        False,
    ]
    assert covered_to(told, NOON + 7200) == NOON + 3600
    assert not is_live(register(None, source("rss/b")), NOON)
    assert is_live(Health(since=NOON), NOON)
