"""The life of a burst on values alone: what begins, and what it must not take from another."""

from __future__ import annotations

from streams.alarms.life import ring
from streams.alarms.sight import Sight
from streams.events import Burst
from streams.models import from_seconds
from streams.state import State
from tests.test_gates import NOON, OPEN, alarm, mention, newsroom

HALF = 1800


def rung(state: State) -> list[Burst]:
    return ring(Sight(state, NOON), {"ОДКБ"}, set(), OPEN, "c")


def rising() -> State:
    """A report every half hour for twelve hours, up to half an hour before noon."""
    state = newsroom()
    mention(state, 24, 4, apart=HALF)
    return state


def test_a_steady_burst_begins_with_the_first_document_of_its_window() -> None:
    (burst,) = rung(rising())
    assert burst.type == "burst.opened"
    assert burst.onset_at == from_seconds(NOON - 24 * HALF)
    assert burst.window_seconds == 86400


def test_a_second_burst_begins_after_the_first_had_ended() -> None:
    """Else, where the window reaches back to it, both would have one onset, and so one id."""
    state = rising()
    (first,) = rung(rising())
    ended = NOON - 10 * HALF
    alarm(state, NOON - 24 * HALF, id=first.id, onset=NOON - 24 * HALF, changed=ended, closed=ended)
    state.alarms[first.id] = state.alarms.pop("b_x")
    (second,) = rung(state)
    assert second.id != first.id
    assert second.onset_at == from_seconds(ended)
    assert second.documents == 10


def test_a_burst_after_one_that_was_taken_back_this_minute_has_the_newest_document() -> None:
    state = rising()
    alarm(state, NOON - HALF, state="retracted", changed=NOON)
    (burst,) = rung(state)
    assert burst.onset_at == from_seconds(NOON - HALF)
