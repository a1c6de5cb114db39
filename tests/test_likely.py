"""Words of a name are weighed together, with the tagger's tags and what stands before."""

from __future__ import annotations

import pytest

from streams.models import EntityType
from streams.words.likely import ANY_CASE, allow_cases, settle
from streams.words.tags import read_tag

NOM = "PROPN|Case=Nom|Gender=Masc|Number=Sing"
GEN = "PROPN|Case=Gen|Gender=Masc|Number=Sing"
ACC = "PROPN|Case=Acc|Gender=Masc|Number=Sing"
LOC = "PROPN|Case=Loc|Gender=Masc|Number=Sing"


def name(written: str, tag: str, kind: EntityType = "PER", cases: frozenset[str] = ANY_CASE) -> str:
    words = written.split()
    return " ".join(settle(words, [read_tag(tag)] * len(words), kind, cases))


@pytest.mark.parametrize(
    ("written", "tag", "kind", "nominative"),
    [
        ("Мерца", GEN, "PER", "мерц"),
        ("Фридриха Мерца", GEN, "PER", "фридрих мерц"),
        ("Никиту Джигурду", ACC, "PER", "никита джигурда"),
        ("Гульнар Сатпаеву", ACC, "PER", "гульнар сатпаева"),
        ("Антона Коробкова-Землянского", GEN, "PER", "антон коробков-землянский"),
        ("Халеда Аль-Мансура", GEN, "PER", "халед аль-мансур"),
        ("Анны Лундстрём", GEN, "PER", "анна лундстрем"),
        ("Верхнереченске", LOC, "LOC", "верхнереченск"),
        ("Верхнереченске", NOM, "LOC", "верхнереченск"),
        ("Росметаллонадзоре", LOC, "ORG", "росметаллонадзор"),
        ("Главгосстройке", LOC, "ORG", "главгосстройка"),
    ],
)
def test_the_likeliest_nominatives(
    written: str, tag: str, kind: EntityType, nominative: str
) -> None:
    assert name(written, tag, kind) == nominative


def test_a_preposition_overrules_the_tagger() -> None:
    assert name("Кызылкайнаре", NOM, "LOC", frozenset({"accs", "loct"})) == "кызылкайнар"
    assert name("Хоффельта", NOM, "LOC", frozenset({"gent"})) == "хоффельт"
    assert name("Хоффельта", NOM, "LOC") == "хоффельта"


@pytest.mark.parametrize(
    ("before", "cases"),
    [
        (["в"], {"accs", "loct"}),
        (["из", "приехал"], {"gent"}),
        (["премьер"], ANY_CASE - {"loct"}),
        (["вяземском", ":", "районах", "в"], ANY_CASE),
        ([], ANY_CASE - {"loct"}),
    ],
)
def test_what_stands_before_allows_cases(before: list[str], cases: set[str]) -> None:
    assert allow_cases(before) == cases
