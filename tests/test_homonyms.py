from __future__ import annotations

import pytest

from streams.matching import find_mentions
from streams.models import Term
from streams.terms import compile_watch
from streams.text import tokenize
from streams.words.homonyms import Tag


def is_found(term: str, text: str, tag: Tag | None = None) -> bool:
    """Whether the term is found; the tag, if any, is that of the last word."""
    tokens = tokenize(text)
    tags = {tokens.starts[-1]: tag} if tag else {}
    return bool(find_mentions(text, compile_watch([Term(name=term)]), tokens, tags))


@pytest.mark.parametrize(
    ("term", "text", "answer"),
    [
        ("сталь", "производство стали выросло", True),
        ("сталь", "рельсы из стали", True),
        ("сталь", "они стали чемпионами", False),
        ("суд", "решение суда", True),
        ("суд", "морские суда вышли", False),
        ("банк", "председатель банка", True),
        ("банк", "стеклянная банка упала", False),
        ("мыло", "мама мыла раму", False),
        ("начало", "он начал драться", False),
        ("вино", "его вина доказана", False),
        ("Мир", "Мир наступил", False),
        ("Мир", "«Мир» упал", True),
        ("Токаев", "Токаев прибыл", True),
        ("Путин", "ПУТИН ПРИБЫЛ", True),
        ("Роман", "Романа Абрамовича", True),
        ("лев", "роман Льва Толстого", False),
        ("лев", "Лев Яшин стоял в воротах", False),
        ("роман", "Роман Толстого экранизирован", True),
        ("суд", "Суда вышли в море", False),
        ("мыло", "хозяйка мыла посуду", False),
        ("хороший", "дети учатся хорошо", False),
        ("ночь", "пожар начался ночью", True),
        ("печь", "печи затопили", True),
        ("стать", "она стала судьёй", True),
        ("стать", "ножи из стали", False),
        ("Магнит", "Магниты подешевели", False),
    ],
)
def test_neighbours_settle_which_word_it_is(term: str, text: str, *, answer: bool) -> None:
    assert is_found(term, text) is answer


def test_a_tag_knows_better() -> None:
    assert is_found("сталь", "стали") is False
    assert is_found("сталь", "стали", Tag("NOUN", "Gen", "Sing"))
    assert not is_found("банк", "банка", Tag("NOUN", "Nom", "Sing"))
    assert is_found("банк", "банка", Tag("NOUN", "Gen", "Sing"))
