"""Forms of words that no dictionary has, by how they end; and the tables of streams/data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from streams.text import fold, unmix

Forms = dict[str, int]  # form → the cases that it stands for, as bits (see streams.words.paradigms)
ALL = (1 << 12) - 1
_VOWELS = frozenset("аеиоуыэюя")
_SUFFIXES = (
    dict.fromkeys(("ом", "ем"), 16)
    | dict.fromkeys(("ы", "и"), 64)
    | {
        "а": 2,
        "у": 4,
        "е": 32,
        "ов": 128,
        "ей": 128,
        "ам": 256,
        "ами": 1024,
        "ах": 2048,
    }
)


def add_form(forms: Forms, word: str, bits: int) -> None:
    """Let `word` stand for the cases of `bits` too."""
    if bits:
        form = fold(word)
        forms[form] = forms.get(form, 0) | bits


def lean_on_latin(word: str) -> Forms:
    """Latin words and numbers stay; Telegramа and Telegramом are written all the same."""
    forms = {word: ALL}
    if re.fullmatch("[a-z]{3,}", word):
        forms |= {unmix(word + ending): bits for ending, bits in _SUFFIXES.items()}
        forms[word] = ALL
    return forms


def abbreviate(word: str) -> Forms:
    """МИДа, СИЗО: after a consonant people decline what they can pronounce, and more."""
    return {**decline(word), word: ALL} if word[-1] not in _VOWELS | {"ь"} else {word: ALL}


@lru_cache(maxsize=1)
def load_extra() -> dict[str, Forms]:
    """Forms that the dictionary lacks (streams/data/extra.txt)."""
    extra: dict[str, Forms] = {}
    for word, form, bits, _ in read_table("extra.txt"):
        extra.setdefault(word, {})[form] = sum(1 << int(bit) for bit in bits.split())
    return extra


@lru_cache(maxsize=1)
def load_frequent() -> dict[str, int]:
    """Frequent words of news and posts, and how often they stand in a million words."""
    return {
        word: int(count) for word, count in (row[0].split() for row in read_table("frequent.txt"))
    }


def read_table(name: str) -> list[list[str]]:
    """The rows of a file in streams/data, cut at its bars; # opens a comment."""
    text = files("streams").joinpath("data", name).read_text("utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [[part.strip() for part in line.split(" | ")] for line in lines]


@lru_cache(maxsize=1)
def _load_endings() -> tuple[tuple[re.Pattern[str], int, tuple[tuple[str, int], ...]], ...]:
    rules = []
    for end, cut, singular, plural, _ in read_table("endings.txt"):
        rules.append((re.compile(end), int(cut), tuple(_spread(singular, plural))))
    return tuple(rules)


def _spread(singular: str, plural: str) -> Iterator[tuple[str, int]]:
    for shift, column in ((0, singular), (6, plural)):
        for case, endings in enumerate(column.split()) if column != "-" else ():
            for ending in endings.split("/"):
                yield ending.replace("0", ""), 1 << (case + shift)


def decline(word: str) -> Forms:
    """Forms by the end of the word (streams/data/endings.txt)."""
    forms: Forms = {}
    for end, cut, endings in _load_endings():
        if end.search(word):
            stem = word[: len(word) - cut]
            for ending, bits in endings:
                add_form(forms, stem + ending, bits)
            break
    return forms


_KAZAKH_PLURAL = ("", "лар", "лер", "дар", "дер", "тар", "тер")
_KAZAKH_CASES = (
    "",
    *("ның", "нің", "дың", "дің", "тың", "тің", "ға", "ге", "қа", "ке", "на", "не"),
    *("ны", "ні", "ды", "ді", "ты", "ті", "да", "де", "та", "те", "нда", "нде"),
    *("дан", "ден", "тан", "тен", "нан", "нен", "мен", "бен", "пен"),
)


def agglutinate(word: str) -> Forms:
    """Kazakh: stem, plural, case; every vowel harmony, since other harmonies are no words."""
    return {word + plural + case: ALL for plural in _KAZAKH_PLURAL for case in _KAZAKH_CASES}
