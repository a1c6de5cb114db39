"""Names that tell their own nominative by agreement, and those that the sentence must tell."""

from __future__ import annotations

import pytest

from streams.words.agreement import agree_person, agree_phrase, is_adjective


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Южной Кореи", "южная корея"),
        ("Большого театра", "большой театр"),
        ("Ташкентской области", "ташкентская область"),
        ("Северо-Кавказском федеральном округе", "северо-кавказский федеральный округ"),
        ("Объединённых Арабских Эмиратов", "объединённые арабские эмираты"),
        ("Северные потоки", "Северные потоки"),
        ("Высшей школы", "высшая школа"),
        ("Древнего Египта", "древний египет"),
        ("Дворец независимости", None),  # the first word is no adjective
        ("Южной театра", None),  # nothing agrees
    ],
)
def test_adjectives_and_their_noun(written: str, expected: str | None) -> None:
    found = agree_phrase(written.split())
    assert found == (expected and expected.split())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Сергею Лаврову", "сергей лавров"),
        ("Дариге Назарбаевой", "дарига назарбаева"),
        ("Анны Седоковой", "анна седокова"),
        ("Никиты Михалкова", "никита михалков"),
        ("Мехрибан Алиевой", "Мехрибан алиева"),
        ("Путиной", "путина"),
        ("Путину", None),  # a man's dative or a woman's accusative
        ("Александра Лукашенко", None),  # a man's genitive or a woman's nominative
        ("Анастасия Ракова", None),  # a nominative: the surname's readings may be incomplete
        ("Марк Рютте", None),
    ],
)
def test_people(written: str, expected: str | None) -> None:
    assert agree_person(written.split()) == (expected and expected.split())


def test_adjectives_that_can_be_nothing_else() -> None:
    assert [is_adjective(word) for word in ("Южной", "Кореи", "Ленинский")] == [True, False, True]
