from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.shell.parts import Alone, Part, Row


class Nobody:
    async def open(self) -> int:
        return 0

    async def take(self, rows: Sequence[Row]) -> int | None:
        del rows
        return None

    async def rest(self) -> int | None:
        return None


def rows(*offsets: int) -> list[Row]:
    return [Row(offset, None, b"") for offset in offsets]


def make_part(start: int) -> Part:
    return Part(Nobody(), 1, start)


def test_a_gap_is_waited_for_and_repeats_are_left_out() -> None:
    part = make_part(5)
    assert part.choose(rows(3, 4, 5, 6, 8, 9)) == rows(5, 6)
    assert part.next == 7
    assert part.choose(rows(6, 7, 8)) == rows(7, 8)


@given(st.lists(st.lists(st.integers(0, 12), max_size=6)))
def test_each_offset_is_taken_once_and_in_order(batches: list[list[int]]) -> None:
    part = make_part(0)
    taken = [row.offset for batch in batches for row in part.choose(rows(*batch))]
    assert taken == list(range(len(taken)))
    assert part.next == len(taken)


def test_a_gap_is_sought_now_and_then() -> None:
    part = make_part(5)
    assert not part.misses(rows(3, 4), 100.0, 0.5)
    assert part.misses(rows(7), 100.0, 0.5)
    assert not part.misses(rows(8), 100.4, 0.5)
    assert part.misses(rows(8), 100.5, 0.5)


def test_records_of_another_writer_are_noticed() -> None:
    alone = Alone()
    alone.begin(2, 10)
    for offset in (10, 11, 12):
        alone.check(2, offset)
    with pytest.raises(RuntimeError, match="partition 2"):
        alone.check(2, 14)
