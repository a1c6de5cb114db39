"""What a tick can see: windows that end with the bin, evidence that no owner drowns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.alarms.sight import Sight, View, balance, entries_in_time, ground, view
from streams.families.entries import Count
from tests.test_counts import entry
from tests.test_gates import NOON, mention, newsroom

LONG = (14400, 86400)


@pytest.mark.parametrize("past", [0, 10, 60, 70, 890, 900])
def test_windows_end_with_the_bin_and_long_ones_begin_with_a_bucket(past: int) -> None:
    sight = Sight(newsroom(), NOON + past)
    assert sight.end % 60 == 0
    assert 0 <= sight.end - sight.now < 60
    assert [sight.end - start for start in sight.starts[:3]] == [300, 900, 3600]
    for start, window in zip(sight.starts[3:], LONG, strict=True):
        assert start % 900 == 0
        assert window - 900 < sight.end - start <= window


def test_windows_expose_what_the_sources_usually_publish() -> None:
    """Ten documents an hour, at noon on a Monday; the day before was a Sunday."""
    sight = Sight(newsroom(), NOON)
    assert sight.exposed.sum(1) == pytest.approx([10 / 12, 2.5, 10, 40, 240], rel=0.01)
    assert sight.exposed[4, :24].sum() == pytest.approx(120, rel=0.01)
    assert sight.exposed[4, 24 + 12 :].sum() == pytest.approx(120, rel=0.01)
    assert sight.coverage == pytest.approx((1.0,) * 5)


def test_sources_that_left_expose_nothing_from_then_on() -> None:
    state = newsroom()
    for name in list(state.health)[:2]:
        gone = NOON - 1800.0
        state.health[name] = replace(state.health[name], last_good=gone, complete_to=gone)
    sight = Sight(state, NOON)
    assert sight.coverage[:3] == pytest.approx((0.6, 0.6, 0.8))
    assert sight.owners == 3
    assert sight.exposed[2].sum() == pytest.approx(8.0, rel=0.01)


def test_a_view_has_each_window_twice_as_counted_and_as_balanced() -> None:
    state = newsroom()
    mention(state, 8, 4)
    seen = view(Sight(state, NOON), "ОДКБ")
    assert seen.observed == seen.balanced == (5.0, 8.0, 8.0, 8.0, 8.0)
    assert [len(one) for one in seen.entries] == [5, 8, 8, 8, 8]
    assert seen.hours == pytest.approx(168, abs=0.5)
    finding = seen.finding(0)
    assert (finding.window, finding.observed) == (300, 5.0)
    assert (finding.expected, finding.nats) == (seen.expected[0], seen.nats[0])


def test_no_owner_speaks_louder_than_twice_all_the_others() -> None:
    state = newsroom()
    mention(state, 8, 4)
    even = view(Sight(state, NOON), "ОДКБ")
    for number in range(100, 150):
        loud = replace(entry(str(number)), owner="rss/0", terms={"ОДКБ": Count(NOON - 300.0, 1.0)})
        state.count(NOON, loud)
    flooded = view(Sight(state, NOON), "ОДКБ")
    assert flooded.observed[2] == 58.0
    assert flooded.balanced[2] == 6.0 + 2 * 6.0
    assert flooded.nats[2] > even.nats[2]


Owned = list[tuple[str, float]]
OWNERS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([0.0, 0.25, 1.0])), max_size=30
)


def told(owners: Owned) -> float:
    entries = [
        replace(entry(str(n)), owner=owner, terms={"ОДКБ": Count(NOON, weight)})
        for n, (owner, weight) in enumerate(owners)
    ]
    return balance(entries, "ОДКБ")


@given(OWNERS, OWNERS)
def test_more_documents_never_balance_to_less(early: Owned, more: Owned) -> None:
    """Else a complete bin could hold back what its beginning rings for."""
    assert told(early + more) >= told(early)
    assert told(early) <= sum(weight for _, weight in early)


@pytest.mark.parametrize(
    ("owners", "balanced"),
    [("", 0.0), ("aaaa", 0.0), ("aab", 3.0), ("aaab", 3.0), ("aaaab", 3.0), ("aaaaabc", 6.0)],
)
def test_the_busiest_owner_weighs_at_most_twice_the_rest(owners: str, balanced: float) -> None:
    assert told([(owner, 1.0) for owner in owners]) == balanced


def test_documents_that_came_late_are_not_in_time() -> None:
    state = newsroom()
    mention(state, 3, 3)
    late = replace(entry("x"), at=NOON - 60, terms={"ОДКБ": Count(NOON - 60.0, 1.0, late=True)})
    state.count(NOON, late)
    assert [len(one) for one in entries_in_time(Sight(state, NOON), "ОДКБ")] == [3] * 5


def test_a_burst_stands_on_origins_and_owners() -> None:
    same = replace(entry("2"), origin_id="1", owner="b")
    assert ground([entry("1"), same, entry("3")]) == (2, 2)


def seen_as(nats: list[float], scores: tuple[float, float]) -> View:
    seen = view(Sight(newsroom(), NOON), "ОДКБ")
    return replace(seen, nats=tuple(nats), scores=scores, thresholds=(1.0, 0.5))


def test_the_hour_belongs_to_the_channel_that_is_closer_to_ringing() -> None:
    seen = seen_as([0.0] * 5, (0.9, 0.3))
    assert [seen.channel(place) for place in range(5)] == [0, 0, 0, 1, 1]
    seen = seen_as([0.0] * 5, (0.9, 0.45))
    assert [seen.channel(place) for place in range(5)] == [0, 0, 1, 1, 1]


def test_of_equally_loud_windows_the_shortest_speaks() -> None:
    assert seen_as([1.0, 3.0, 2.0, 3.0, 0.0], (0.0, 0.0)).loudest() == 1


def test_counts_are_weighed_against_what_can_be_seen() -> None:
    sight = Sight(newsroom(), NOON)
    weighed = sight.weigh(["ОДКБ"], np.array([[4.0] * 5]))
    again = sight.state.baselines.weigh(["ОДКБ"], np.array([[4.0] * 5]), sight.exposed)
    assert [part.tolist() for part in weighed] == [part.tolist() for part in again]
    assert sight.sums("ОДКБ") == [0.0] * 5
