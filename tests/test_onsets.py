"""The onset of a burst: strays before it are not taken for its beginning."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.alarms.life import ring
from streams.alarms.onsets import scan
from streams.alarms.sight import Sight
from streams.events import Burst
from streams.families.entries import Count
from streams.models import from_seconds
from streams.state import State
from tests.test_counts import entry
from tests.test_gates import NOON, OPEN, newsroom
from tests.test_life import HALF, rising

MINUTE = 60


def newsroom_that_told(*told: tuple[int, int]) -> State:
    """Each report: minutes before noon, and the number of its owner."""
    state = newsroom()
    for number, (minutes, owner) in enumerate(told):
        moment = NOON - minutes * MINUTE
        terms = {"ОДКБ": Count(moment, 1.0)}
        state.count(NOON, replace(entry(str(number)), at=moment, owner=f"rss/{owner}", terms=terms))
    return state


def rung(state: State) -> Burst:
    (burst,) = ring(Sight(state, NOON), {"ОДКБ"}, set(), OPEN, "c")
    return burst


EIGHT = [(minutes, minutes % 4) for minutes in range(8, 0, -1)]


def test_a_stray_hours_before_is_not_the_onset() -> None:
    burst = rung(newsroom_that_told((50, 0), *EIGHT))
    assert burst.onset_at == from_seconds(NOON - 8 * MINUTE)
    assert burst.first.id == "1"


def test_what_is_left_stands_on_enough_origins_and_owners() -> None:
    """The last minutes are the loudest, but one owner's alone."""
    last = [(minute, 3) for minute in range(6, 0, -1)] * 4
    burst = rung(newsroom_that_told((55, 0), (40, 1), (20, 2), *last))
    assert burst.onset_at <= from_seconds(NOON - 40 * MINUTE)
    assert burst.owners >= OPEN.owners


def test_a_steady_rise_begins_with_its_first_mention() -> None:
    assert rung(rising()).onset_at == from_seconds(NOON - 24 * HALF)


def test_a_scan_starts_where_the_pace_changes() -> None:
    strays, burst = [1.0] * 3, [1.0] * 6
    to_end = [90.0, 60.0, 30.0, *(6.0 - minute for minute in range(6))]
    assert scan(strays + burst, [one / 20 for one in to_end]) == 3
    assert scan([1.0], [0.5]) == 0
    assert scan([1.0], [0.0]) == 0


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.25, 1.0]), st.floats(0, 9)), max_size=30))
def test_a_scan_finds_the_greatest_likelihood_ratio(pairs: list[tuple[float, float]]) -> None:
    weights = [weight for weight, _ in pairs]
    expected = sorted((usual for _, usual in pairs), reverse=True)

    def ratio(place: int) -> float:
        left, usual = sum(weights[place:]), expected[place]
        return left * math.log(left / usual) - left + usual if left > usual > 0 else 0.0

    best = max(map(ratio, range(len(pairs))), default=0.0)
    assert math.isclose(ratio(scan(weights, expected)) if pairs else 0.0, best, abs_tol=1e-9)
