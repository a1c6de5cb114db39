"""Normal forms: words with their tags in, the nominative out."""

from __future__ import annotations

import pytest

from streams.models import EntityType
from streams.names import Word, to_name, to_own_name, unify

GEN = "Case=Gen|Gender=Masc|Number=Sing"
DAT = "Case=Dat|Gender=Masc|Number=Sing"


def words(notation: str) -> list[Word]:
    """`слово/ТЕГ слово/ТЕГ`."""
    pairs = [part.split("/") for part in notation.split()]
    return [Word(" " if i else "", text, tag) for i, (text, tag) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("kind", "written", "name"),
    [
        ("PER", f"Токаеву/PROPN|{DAT}", "Токаев"),
        ("PER", f"Сергея/PROPN|{GEN} Шойгу/PROPN|{GEN}", "Сергей Шойгу"),
        ("PER", "Навальной/PROPN|Case=Dat|Gender=Fem|Number=Sing", "Навальная"),
        ("PER", f"Касым-Жомарта/PROPN|{GEN} Токаева/PROPN|{GEN}", "Касым-Жомарт Токаев"),
        ("PER", "Макрон/PROPN|Case=Nom|Gender=Masc|Number=Sing", "Макрон"),
        ("LOC", "Нидерландов/PROPN|Case=Gen|Number=Plur", "Нидерланды"),
        ("LOC", "Казахстана/PROPN", "Казахстан"),
        ("LOC", "Верхнереченска/PROPN|Case=Nom|Gender=Fem|Number=Sing", "Верхнереченск"),
        ("LOC", "Аляска/PROPN|Case=Nom|Gender=Fem|Number=Sing", "Аляска"),
        (
            "LOC",
            (
                "Ленинградской/ADJ|Case=Gen|Gender=Fem|Number=Sing"
                " области/NOUN|Case=Gen|Gender=Fem|Number=Sing"
            ),
            "Ленинградская область",
        ),
        (
            "ORG",
            (
                "Министерству/NOUN|Case=Dat|Gender=Neut|Number=Sing"
                " обороны/NOUN|Case=Gen|Gender=Fem|Number=Sing"
            ),
            "Министерство обороны",
        ),
        ("ORG", "МИДа/PROPN", "Министерство иностранных дел"),
        ("ORG", "МВД/PROPN России/PROPN", "Министерство внутренних дел России"),
        ("LOC", "РФ/PROPN", "Россия"),
        ("ORG", "Google/X", "Google"),
    ],
)
def test_normal_form(kind: EntityType, written: str, name: str) -> None:
    assert to_name(words(written), kind) == name


@pytest.mark.parametrize(
    ("kind", "written", "name"),
    [
        ("LOC", "Южной Кореи", "Южная Корея"),
        ("ORG", "Большого театра России", "Большой театр России"),
        ("ORG", "РИА Новости", "РИА Новости"),
        ("ORG", "МИДу России", None),  # the sentence tells what is left of it
        ("LOC", "Республики Корея", None),
        ("PER", "Сергею Лаврову", "Сергей Лавров"),
        ("PER", "Путина", None),
    ],
)
def test_names_that_need_no_sentence(kind: EntityType, written: str, name: str | None) -> None:
    listed = [Word(" " if i else "", text) for i, text in enumerate(written.split())]
    assert to_own_name(listed, kind) == name


def people(*names: str) -> list[str]:
    return unify([("PER", name) for name in names])


def test_one_name_for_the_variants_of_a_person() -> None:
    assert people("Касым-Жомарт Токаев", "Токаев", "К. Токаев") == ["Касым-Жомарт Токаев"] * 3


def test_patronymics_are_left_out() -> None:
    assert people("Владимир Владимирович Путин", "Путин") == ["Владимир Путин"] * 2
    assert people("Путин Владимир Владимирович", "Путин") == ["Владимир Путин"] * 2


def test_a_form_that_was_left_as_it_is_finds_its_person() -> None:
    assert people("Владимир Путин", "Токаеву", "Касым-Жомарт Токаев") == [
        "Владимир Путин",
        *["Касым-Жомарт Токаев"] * 2,
    ]
    assert people("Пётр Иванов", "Иванова") == ["Пётр Иванов", "Иванова"]  # perhaps his wife


def test_e_and_yo_are_one_letter() -> None:
    assert people("Алла Пугачева", "Алла Пугачёва", "Пугачева") == ["Алла Пугачёва"] * 3


def test_two_people_of_one_surname_stay_apart() -> None:
    names = ["Павел Дуров", "Николай Дуров", "Дуров", "П. Дуров"]
    assert people(*names) == ["Павел Дуров", "Николай Дуров", "Дуров", "Павел Дуров"]


def test_other_surnames_places_and_wrong_initials_stay() -> None:
    assert people("Иван Петров", "Сидоров", "А. Петров") == ["Иван Петров", "Сидоров", "А. Петров"]
    assert unify([("PER", "Иван Тула"), ("LOC", "Тула")]) == ["Иван Тула", "Тула"]
