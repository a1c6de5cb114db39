"""Normal forms: words with their tags in, the nominative out."""

from __future__ import annotations

import pytest

from streams.models import EntityType
from streams.names import Word, to_name, unify

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


def people(*names: str) -> list[str]:
    return unify([("PER", name) for name in names])


def test_one_name_for_the_variants_of_a_person() -> None:
    assert people("Касым-Жомарт Токаев", "Токаев", "К. Токаев") == ["Касым-Жомарт Токаев"] * 3


def test_patronymics_are_left_out() -> None:
    assert people("Владимир Владимирович Путин", "Путин") == ["Владимир Путин"] * 2


def test_two_people_of_one_surname_stay_apart() -> None:
    names = ["Павел Дуров", "Николай Дуров", "Дуров", "П. Дуров"]
    assert people(*names) == ["Павел Дуров", "Николай Дуров", "Дуров", "Павел Дуров"]


def test_other_surnames_places_and_wrong_initials_stay() -> None:
    assert people("Иван Петров", "Сидоров", "А. Петров") == ["Иван Петров", "Сидоров", "А. Петров"]
    assert unify([("PER", "Иван Тула"), ("LOC", "Тула")]) == ["Иван Тула", "Тула"]
