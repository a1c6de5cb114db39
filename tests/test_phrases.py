from __future__ import annotations

import pytest

from streams.matching import find_mentions
from streams.models import Term
from streams.terms import compile_pattern, compile_watch
from streams.words.capitals import CAPITAL, UPPER


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


@pytest.mark.parametrize(
    ("term", "text", "answer"),
    [
        ("пять миллиардов", "с пятью миллиардами рублей", True),
        ("пять миллиардов", "из пяти миллиардов", True),
        ("пять миллиардов", "пятью миллиарды", False),
        ("Хо Ши Мин", "тропа Хо Ши Мина", True),
        ("Юн Сок Ёль", "Юн Сок Ёлю вручили повестку", True),
        ("С-400", "комплекс C-400", True),  # a Latin letter
        ("НАТО", "саммит HATO", True),  # four of them
        ("НАТО", "hato", False),
        ("ВВС", "по данным BBC", False),  # another word
    ],
)
def test_phrases_and_their_words_stand_as_people_write_them(
    term: str, text: str, *, answer: bool
) -> None:
    assert bool(find_mentions(text, compile_watch([Term(name=term)]))) is answer
