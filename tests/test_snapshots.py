from __future__ import annotations

from functools import cache
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.models import encode
from streams.shell.snapshots import (
    GRAVE_SECONDS,
    MARKER,
    Marker,
    Places,
    Versions,
    Write,
    from_key,
    is_marker,
    to_key,
)


@cache
def compute(position: int) -> dict[str, bytes]:
    """A state that is a function of the position: cells are set, and now and then deleted."""
    cells: dict[str, bytes] = {}
    for number in range(position):
        cells[f"c@{number * 7 % 5}"] = str(number).encode()
        if number % 4 == 3:
            cells.pop(f"c@{number * 3 % 5}", None)
    return cells


def find_changed(before: int, after: int) -> dict[str, bytes | None]:
    """Everything touched between two positions, as a decider would say it."""
    touched: set[str] = set()
    for position, following in pairwise(range(before, after + 1)):
        old, new = compute(position), compute(following)
        touched |= {cell for cell in old.keys() | new.keys() if old.get(cell) != new.get(cell)}
    return {cell: compute(after).get(cell) for cell in touched}


class Writer:
    """A decider's shell on a list that stands for the topic."""

    def __init__(self, topic: list[Write], now: float) -> None:
        self.versions = Versions()
        for key, value in topic:
            self.versions.fold(key, value)
        self.position = (self.versions.marker() or Marker()).position
        self.loaded = self.versions.take(self.position, now)

    def snapshot(self, position: int, now: float) -> list[Write]:
        changed = find_changed(self.position, position)
        records = self.versions.plan(changed, self.position, position, now)
        key, _ = self.versions.add(MARKER, position, None)
        self.position = position
        return [*records, (key, encode(Marker(position, 0, position)))]


def compact(topic: list[Write]) -> list[Write]:
    """Keep the last value of each key, and not even a tombstone of the deleted ones."""
    latest = dict(topic)
    return [(key, value) for key, value in latest.items() if value is not None]


steps = st.lists(
    st.tuples(
        st.integers(1, 9),  # rows until the snapshot
        st.one_of(st.none(), st.integers(0, 12)),  # records written before the writer stalls
        st.booleans(),  # whether it wakes up and writes the rest
        st.booleans(),  # whether the topic is compacted then
        st.sampled_from([1.0, 2 * GRAVE_SECONDS]),  # seconds that pass
    ),
    max_size=14,
)


@given(steps)
def test_whoever_writes_how_much_of_it_how_late_the_state_at_the_marker_is_right(
    plan: list[tuple[int, int | None, bool, bool, float]],
) -> None:
    topic: list[Write] = []
    late: list[Write] = []
    now, is_alone = 0.0, True
    writer = Writer(topic, now)
    for rows, stalled, wakes, is_compacted, seconds in plan:
        records = writer.snapshot(writer.position + rows, now)
        # who finds another's records among the cells does not write the marker, but starts again
        stall = stalled if is_alone else len(records) - 1
        is_alone = True
        topic += records[:stall]
        if is_compacted:
            topic = compact(topic)
        if stall is not None:
            topic, late = topic + late, records[stall:] if wakes else []
            writer = Writer(topic, now)
            assert writer.loaded == compute(writer.position)
        if seconds > GRAVE_SECONDS:
            topic, late, is_alone = topic + late, [], not late
        now += seconds
    end = Writer(compact(topic + late), now)
    assert end.loaded == compute(end.position)


def test_a_topic_holds_little_more_than_the_cells() -> None:
    topic: list[Write] = []
    writer = Writer(topic, 0.0)
    for position in range(5, 500, 5):
        topic += writer.snapshot(position, float(position) * 100)
    assert len(compact(topic)) <= 3 * 5 + 2


def test_a_deleted_cell_stays_empty_until_nobody_can_come_late() -> None:
    versions = Versions()
    versions.plan({"a": b"1"}, 0, 1, 0.0)
    assert versions.plan({"a": None}, 1, 2, 0.0) == [(b"a@2", b"")]
    assert versions.plan({}, 2, 3, GRAVE_SECONDS - 1) == [(b"a@1", None)]
    assert versions.plan({}, 3, 4, GRAVE_SECONDS) == []
    assert versions.plan({}, 4, 5, GRAVE_SECONDS + 1) == [(b"a@2", None)]
    assert versions.plan({}, 5, 6, 2 * GRAVE_SECONDS) == []


def test_versions_above_the_marker_do_not_count() -> None:
    versions = Versions()
    for key, value in [(b"a@3", b"new"), (b"a@2", b"old"), (b"b@3", b"x")]:
        versions.fold(key, value)
    assert versions.take(2) == {"a": b"old"}


def test_the_last_marker_is_the_one_with_the_highest_position() -> None:
    versions = Versions()
    for position in (9, 30, 10):
        marker = Marker(position, position * 2, position + 1)
        versions.fold(to_key(MARKER, position), msgspec.json.encode(marker))
    assert versions.marker() == Marker(30, 60, 31)


@given(st.text().filter(lambda cell: "\ud800" not in cell), st.integers(0, 10**12))
def test_keys_can_be_read_back(cell: str, position: int) -> None:
    key = to_key(cell, position)
    assert from_key(key) == (cell, position)
    assert is_marker(to_key(MARKER, position))


def test_places_give_where_the_first_uncovered_row_stands() -> None:
    places = Places()
    for number, offset in [(7, 100), (6, 101), (9, 102), (8, 103), (6, 104)]:
        places.note(number, offset)
    assert places.start(6, 105) == 100
    assert places.start(8, 105) == 102
    assert places.start(9, 105) == 102
    assert places.start(10, 105) == 105
