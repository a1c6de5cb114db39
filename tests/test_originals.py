from __future__ import annotations

import pytest
from msgspec.structs import replace

from streams.families import originals
from streams.families.originals import FEW, HELD, Originals
from tests.rows import doc

FIRST, SECOND = doc("12:00", "rss/a", "Мост откроют весной"), doc("12:01", "rss/b", "Совет ушёл")


def test_a_document_is_held_for_two_hours() -> None:
    held = Originals()
    assert held.keep(10, FIRST) == [10]
    assert held.keep(20, SECOND) == [20]
    assert held.find(FIRST.id) == FIRST
    assert held.expire(9 + HELD) == []
    assert held.expire(10 + HELD) == [10]
    assert (held.find(FIRST.id), held.find(SECOND.id)) == (None, SECOND)


def test_an_edit_takes_the_place_and_a_tombstone_leaves_none() -> None:
    held = Originals()
    held.keep(10, FIRST)
    edit = replace(FIRST, version=2, text="Мост откроют летом")
    assert held.keep(30, edit) == [10, 30]
    assert held.find(FIRST.id) == edit
    assert held.keep(40, replace(FIRST, version=3, deleted=True, text="")) == [30]
    assert (held.find(FIRST.id), held.blocks) == (None, {})


def test_of_many_copies_the_first_are_held() -> None:
    held, copy = Originals(), replace(SECOND, duplicate_of=FIRST.id, duplicates=FEW)
    assert held.keep(10, copy) == [10]
    assert held.keep(20, replace(copy, id="2", duplicates=FEW + 1)) == []
    assert [name in held for name in (copy.id, "2")] == [True, False]
    assert held.keep(30, replace(copy, version=2, duplicates=FEW + 1)) == [10]
    assert held.blocks == {}


def test_what_is_loaded_is_what_was_held() -> None:
    held, loaded = Originals(), Originals()
    for number in range(5):
        held.keep(10 * number, replace(FIRST, id=str(number)))
    held.keep(50, replace(FIRST, id="1", version=2))
    loaded.load(dict(reversed(held.blocks.items())))
    assert loaded.blocks == held.blocks
    assert loaded.expire(20 + HELD) == held.expire(20 + HELD) == [0, 20]
    assert loaded.blocks == held.blocks


def test_no_more_is_held_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "ROOM", 1500)
    monkeypatch.setattr(originals, "MOST", 2000)
    held, large = Originals(), replace(FIRST, text="м" * 500)
    assert held.keep(10, large) == [10]
    assert held.keep(10, replace(large, id="2")) == []
    assert held.keep(20, replace(large, id="2")) == [20]
    assert held.expire(30) == [10]
    assert held.expire(30) == []
