from __future__ import annotations

import pytest

from streams.words.patterns import PatternError, parse_pattern


def read(pattern: str) -> list[tuple[str, bool, bool]]:
    """Each part as (words, exact, wanted)."""
    return [
        (" ".join(f"{one.text}{'*' if one.star else ''}" for one in part.words), part.exact, wanted)
        for part in parse_pattern(pattern)
        for wanted in [part.wanted]
    ]


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("Токаев", [("Токаев", False, True)]),
        ('"Новая газета"', [("Новая газета", True, True)]),
        ("террор*", [("террор*", False, True)]),
        ("Мир & Visa", [("Мир", False, True), ("Visa", False, True)]),
        ("Мир -карта", [("Мир", False, True), ("карта", False, False)]),
        ('банк -"банка огурцов" & суд', [
            ("банк", False, True), ("банка огурцов", True, False), ("суд", False, True)]),
        ("Ростов-на-Дону", [("Ростов на Дону", False, True)]),
        ("Северный поток — 2", [("Северный поток 2", False, True)]),
        ("Ван И", [("Ван И", False, True)]),
        ("AT&T", [("AT T", False, True)]),
        ("Что? Где? Когда?", [("Что Где Когда", False, True)]),
        ("BLACK AND WHITE", [("BLACK AND WHITE", False, True)]),
        ("Па́вел Дуpoв", [("Павел Дуров", False, True)]),
        ("Газ\u00adпром", [("Газпром", False, True)]),
        ("Толстои\u0306", [("Толстой", False, True)]),
        ("GPТ", [("GPT", False, True)]),
    ],
)  # fmt: skip
def test_reads(pattern: str, parts: list[tuple[str, bool, bool]]) -> None:
    assert read(pattern) == parts


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("«»", "neither letters nor digits"),
        ('"Мир', "no partner"),
        ('""', "neither letters nor digits"),
        ("те*", "3 letters"),
        ("т*", "3 letters"),
        ("*террор", "end of a word"),
        ("тер*рор", "end of a word|3 letters"),
        ('"террор*"', "no quotes"),
        ("А & ", "not finished"),
        ("& Б", "joins nothing"),
        ("А & & Б", "joins nothing"),
        ("-Б", "joins nothing|nothing is looked for"),
        ("А -", "letters|finished|joins"),
        ("(А & Б)", "no grouping"),
        ("А | Б", "two terms"),
        ("слово " * 13, "13 words"),
        ("а" * 301, "300 are allowed"),
        (" & ".join("абвгдежзи"), "9 parts"),
        ("взрыв AND метро", "write А & Б"),
        ("взрыв ИЛИ метро", "two terms"),
        ("взрыв NOT метро", "write А -Б"),
        ("NOT метро", "write А -Б"),
        ("Минск,Гомель", "two terms"),
        ("взр?в", "end of a word"),
        ("взрыв~2", "found anyway"),
        ("/взры.*/", "found anyway"),
        ("https://a.example/b", "not read"),
        ("@durov", "not read"),
    ],
)
def test_says_what_is_wrong(pattern: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        parse_pattern(pattern)
