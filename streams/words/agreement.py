"""Names that tell their own nominative, because their words agree in one way only.

«Южной Кореи» is one place in whatever sentence: no other case of the one goes with a case of the
other. Where several ways are left (Александра Лукашенко), the sentence must tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from streams.text import fold
from streams.words.nominatives import to_nominative
from streams.words.paradigms import is_known, read

SELDOM = 0.05  # a reading below this share is not looked at
SAME_CASE = {"gen1": "gent", "gen2": "gent", "loc1": "loct", "loc2": "loct", "acc2": "accs"}
PERSONAL = frozenset({"Name", "Surn", "Patr"})
_CONSONANTS = frozenset("бвгджзклмнпрстфхцчшщ")
_OF_WOMAN = re.compile("(?:[ое]в|[иы]н|[сц]к)ой$")
_GENDERS = ("masc", "femn", "neut")

Slot = tuple[str, str, str]  # case, number, gender ("" in the plural)
Slots = dict[Slot, list[Any]]  # the readings of a word that stand in a slot


def agree_phrase(words: Sequence[str]) -> list[str] | None:
    """«Большого театра»: adjectives and the noun that they stand before, or None."""
    *adjectives, noun = map(fold, words)
    tables = [_read_adjective(word) for word in adjectives]
    return _agree([*tables, _read_noun(noun)], words) if all(tables) else None


def agree_person(words: Sequence[str]) -> list[str] | None:
    """«Дариге Назарбаевой»: names and a surname that cannot be nominatives, or None.

    What is guessed of names that no dictionary has may lack readings, so more is asked of them.
    A woman's name in a consonant stays as it is: «Мехрибан Алиевой».
    """
    *names, surname = map(fold, words)
    last = _read_person(surname)
    fixed = [_stays(name) and bool(_OF_WOMAN.search(surname)) for name in names]
    tables = [last if one else _read_person(name) for name, one in zip(names, fixed, strict=True)]
    tables.append(last)
    if not all(tables) or any(case == "nomn" for case, _, _ in tables[0]):
        return None
    is_sure = all(map(is_known, names or [surname]))
    if not is_sure and (not names or len({gender for _, _, gender in last}) != 1):
        return None
    agreeing = _agree(tables, words)
    stays = [*fixed, False]
    return agreeing and [a if one else b for a, b, one in zip(words, agreeing, stays, strict=True)]


def _stays(name: str) -> bool:
    """A name in a consonant that is no man's."""
    return name[-1] in _CONSONANTS and not any(case == "nomn" for case, _, _ in _read_person(name))


def is_adjective(word: str) -> bool:
    """Whether a word can be nothing else."""
    return bool(_read_adjective(fold(word)))


def _agree(tables: Sequence[Slots], written: Sequence[str]) -> list[str] | None:
    """The nominatives of all words in the slots that they share, if there is but one of each."""
    shared = set.intersection(*map(set, tables))
    found = []
    for table, word in zip(tables, written, strict=True):
        forms = {to_nominative(one) for slot in shared for one in table[slot]}
        if len(set(map(fold, forms))) != 1:
            return None
        form = min(forms)  # of two that differ in ё the one with е
        found.append(word if fold(form) == fold(word) else form)
    return found


@lru_cache(maxsize=1 << 14)
def _read_adjective(word: str) -> Slots:
    readings = [one for one in read(word) if one.score >= SELDOM]
    only = all(str(one.tag.POS) in {"ADJF", "PRTF"} for one in readings)
    return _tabulate(readings) if only else {}


@lru_cache(maxsize=1 << 14)
def _read_noun(word: str) -> Slots:
    readings = [one for one in read(word) if one.score >= SELDOM]
    return _tabulate(readings) if all(str(one.tag.POS) == "NOUN" for one in readings) else {}


@lru_cache(maxsize=1 << 14)
def _read_person(word: str) -> Slots:
    """One person: a plural is a family."""
    readings = [one for one in read(word) if PERSONAL & one.tag.grammemes]
    return _tabulate([one for one in readings if one.tag.number == "sing"])


def _tabulate(readings: Sequence[Any]) -> Slots:
    slots: Slots = {}
    for one in readings:
        for slot in list_slots(one.tag):
            slots.setdefault(slot, []).append(one)
    return slots


def list_slots(tag: Any) -> list[Slot]:
    """The slots that a tag of the dictionary leaves open."""
    case, number, gender = (str(one or "") for one in (tag.case, tag.number, tag.gender))
    case = SAME_CASE.get(case, case)
    if number == "plur":
        return [(case, number, "")]
    return [(case, number, one) for one in ([gender] if gender in _GENDERS else _GENDERS)]
