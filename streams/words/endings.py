"""Forms of words that no dictionary has, by how they end; and the tables of streams/data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from streams.text import fold, unmix

Forms = dict[str, int]  # form → the cases that it stands for, as bits (see streams.words.paradigms)
ALL = (1 << 12) - 1
_Ending = tuple[re.Pattern[str], int, tuple[tuple[str, int], ...]]
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


@lru_cache(maxsize=4)
def _load_endings(
    lang: str,
) -> tuple[tuple[re.Pattern[str], int, tuple[tuple[str, int], ...]], ...]:
    rules = []
    for end, cut, singular, plural, _ in read_table(
        "endings.txt" if lang == "ru" else f"endings.{lang}.txt"
    ):
        rules.append((re.compile(end), int(cut), tuple(spread(singular, plural))))
    return tuple(rules)


def spread(singular: str, plural: str) -> Iterator[tuple[str, int]]:
    """The endings of twelve cases, each with its bit."""
    for shift, column in ((0, singular), (6, plural)):
        for case, endings in enumerate(column.split()) if column != "-" else ():
            for ending in endings.split("/"):
                yield ending.replace("0", ""), 1 << (case + shift)


def decline(word: str, lang: str = "ru") -> Forms:
    """Forms by the end of the word (streams/data/endings.txt, endings.uk.txt, endings.be.txt)."""
    forms: Forms = {}
    for end, cut, endings in _load_endings(lang):
        if end.search(word):
            stem = word[: len(word) - cut]
            for ending, bits in endings:
                add_form(forms, stem + ending, bits)
            break
    return forms


_KAZAKH_SOFT = {"к": "г", "қ": "ғ", "п": "б"}
_KAZAKH_VOWELS = frozenset("аәеиоөуұүыіэюя")
# Each pair: after back vowels, after front ones.
_KAZAKH_PLURAL = (("", ""), ("лар", "лер"), ("дар", "дер"), ("тар", "тер"))
_KAZAKH_CASES = (
    *(("", ""), ("ның", "нің"), ("дың", "дің"), ("тың", "тің"), ("ға", "ге"), ("қа", "ке")),
    *(("на", "не"), ("ны", "ні"), ("ды", "ді"), ("ты", "ті"), ("да", "де"), ("та", "те")),
    *(("нда", "нде"), ("дан", "ден"), ("тан", "тен"), ("нан", "нен"), ("мен", "мен")),
    *(("бен", "бен"), ("пен", "пен"), ("дағы", "дегі"), ("тағы", "тегі"), ("ндағы", "ндегі")),
)
_KAZAKH_OWNED = (("ы", "і"), ("ымыз", "іміз"))  # after a vowel сы, мыз
_KAZAKH_OWNED_CASES = (
    *(("", ""), ("ның", "нің"), ("дың", "дің"), ("на", "не"), ("ға", "ге"), ("н", "н")),
    *(("ды", "ді"), ("нда", "нде"), ("да", "де"), ("нан", "нен"), ("дан", "ден")),
    *(("мен", "мен"), ("бен", "бен"), ("ндағы", "ндегі"), ("дағы", "дегі")),
)


def agglutinate(word: str) -> Forms:
    """Kazakh: stem, plural, whose it is, case; in both vowel harmonies, as names choose freely."""
    found = {form: ALL for harmony in (0, 1) for form in _build_kazakh(word, harmony)}
    return {word: ALL, **found}


def _build_kazakh(word: str, harmony: int) -> Iterator[str]:
    for plural in _KAZAKH_PLURAL:
        stem = word + plural[harmony]
        yield from (stem + case[harmony] for case in _KAZAKH_CASES)
        for owned in _KAZAKH_OWNED:
            for whose in _own(stem, owned[harmony]):
                yield from (whose + case[harmony] for case in _KAZAKH_OWNED_CASES)


def _own(stem: str, ending: str) -> tuple[str, ...]:
    """мектеп: мектебі, банк: банкі, бала: баласы, баламыз."""
    if stem[-1] in _KAZAKH_VOWELS:
        return (stem + ("с" + ending if len(ending) == 1 else ending[1:]),)
    return stem + ending, stem[:-1] + _KAZAKH_SOFT.get(stem[-1], stem[-1]) + ending
