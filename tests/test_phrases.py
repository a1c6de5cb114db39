from __future__ import annotations

import pytest

from streams.terms import compile_pattern
from streams.words.capitals import CAPITAL, UPPER
from streams.words.phrases import joins


@pytest.mark.parametrize(
    ("kind", "gap", "answer"),
    [
        ("space", " ", True),
        ("space", "\n«", True),
        ("space", "\n\n", False),
        ("space", ", ", False),
        ("space", "-", True),
        ("hyphen", "‑", True),
        ("hyphen", " — ", True),
        ("hyphen", ", ", False),
        ("number", " ", False),
        ("number", "-", True),
        ("initial", ". ", True),
        ("initial", "", True),
        ("initial", "! ", False),
        ("apostrophe", "’", True),
        (".", ".", True),
        (".", " ", False),
    ],
)
def test_what_may_stand_between_words(kind: str, gap: str, *, answer: bool) -> None:
    assert joins(kind, gap) is answer


def asked(pattern: str, form: str, case: str = "any") -> int:
    """The letters that the first word asks for."""
    ((_, (phrase, *_)),) = compile_pattern(pattern, "ru", case)
    return phrase[0].forms[form] & (CAPITAL | UPPER)


def test_capitals_are_asked_only_where_small_letters_leave_doubt() -> None:
    assert asked("Роман", "романа") == CAPITAL
    assert asked("Казахстан", "казахстана") == 0
    assert asked("Зеленский", "зеленского") == CAPITAL
    assert asked("Министерство обороны", "министерстве") == 0
    assert asked("Новая газета", "новую") == CAPITAL
    assert asked("РК", "рк") == UPPER
    assert asked("ОДКБ", "одкб") == 0
    assert asked("роман", "романа") == 0


def test_case_policies() -> None:
    assert asked("Казахстан", "казахстана", "capital") == CAPITAL
    assert asked("ОДКБ", "одкб", "exact") == UPPER
    assert asked('"Мир"', "мир") == CAPITAL
