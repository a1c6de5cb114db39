from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.counts import BIN, Tally
from streams.families.entries import Count, Entry

NOON = 1_772_452_800


def entry(name: str, author: str | None = None) -> Entry:
    return Entry(
        id=name,
        version=1,
        revision=0,
        text=0,
        features=b"",
        at=NOON,
        source="rss/a",
        owner="a",
        author=author,
        origin_id=name,
        duplicate_of=None,
        deleted=False,
        terms={},
    )


MOMENTS = st.lists(
    st.tuples(st.integers(0, 20_000), st.sampled_from([0.0, 0.25, 1.0]), st.booleans()),
    max_size=60,
)


@given(MOMENTS, st.integers(0, 300), st.integers(0, 300))
def test_a_sum_is_the_sum_of_what_lies_between(
    moments: list[tuple[int, float, bool]], first: int, length: int
) -> None:
    tally = Tally()
    for number, (moment, weight, late) in enumerate(moments):
        tally.add(entry(str(number)), Count(NOON + moment, weight, late))
    start, stop = NOON + first * BIN, NOON + (first + length) * BIN
    expected = sum(
        weight for moment, weight, late in moments if start <= NOON + moment < stop and not late
    )
    assert tally.sum(start, stop) == expected
    between = [i for i, (moment, _, _) in enumerate(moments) if start <= NOON + moment < stop]
    assert sorted(tally.between(start, stop)) == sorted(map(str, between))


@given(MOMENTS)
def test_removing_takes_back_exactly_what_adding_gave(
    moments: list[tuple[int, float, bool]],
) -> None:
    tally = Tally()
    counts = [Count(NOON + moment, weight, late) for moment, weight, late in moments]
    for number, count in enumerate(counts):
        tally.add(entry(str(number), "К. П."), count)
    for number, count in enumerate(counts):
        tally.remove(entry(str(number), "К. П."), count)
    assert tally.sum(NOON, NOON + 86400) == 0
    assert tally.between(NOON, NOON + 86400) == []
    assert tally.room("К. П.", NOON) == 1.0


def test_an_author_has_room_for_one_in_a_bin() -> None:
    tally = Tally()
    tally.add(entry("1", "К. П."), Count(NOON, 1.0))
    assert tally.room("К. П.", NOON + 59) == 0.0
    assert tally.room("К. П.", NOON + 60) == 1.0
    assert tally.room("другой", NOON) == 1.0
    assert tally.room(None, NOON) == 1.0


def test_the_fullest_bin_is_the_earliest_of_equals() -> None:
    tally = Tally()
    for number, moment in enumerate([0, 60, 61, 180, 181]):
        tally.add(entry(str(number)), Count(NOON + moment, 1.0))
    assert tally.fullest(NOON, NOON + 300) == NOON + 60
