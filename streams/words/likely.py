"""What the words of a name most likely are, where its sentence and the dictionary leave doubt.

Words of a name stand in one case, number and gender: of all that they can be, what they can be
together counts, weighed by what the tagger says of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import prod
from typing import Any

from streams.models import EntityType
from streams.text import fold
from streams.words.agreement import PERSONAL, Slot, list_slots
from streams.words.endings import read_table
from streams.words.guesses import CASES, Guess, Kind, guess
from streams.words.nominatives import to_nominative
from streams.words.paradigms import is_known, read
from streams.words.tags import Tag, believe

# Per mille of the names that stand in a case; the nominative counts half as much again, because a
# name that is changed for nothing is worse than one that is left as it stands.
_OFTEN = {
    True: dict(zip(CASES, (855, 230, 57, 83, 52, 8), strict=True)),
    False: dict(zip(CASES, (430, 273, 17, 81, 47, 296), strict=True)),
}
BARRED = 0.01  # a case that the preposition before does not govern
ANY_CASE = frozenset(CASES)
_NEVER = 1e-6  # that a word stays as it is though nothing says so
_KINDS: dict[EntityType, Kind] = {"LOC": "place", "ORG": "firm"}
_TAILS: dict[Kind, int] = {"firm": 5, "place": 6}  # letters of a noun that a compound ends in
_HEAD = 3  # and letters before it
_RUSSIAN_SURNAME = re.compile(
    "(?:[ое]в|[иы]н)(?:[ауе]|ым|ой)?$|[сц]к(?:ий|ого|ому|им|ом|ая|ой|ую)$"
)
_NOMINAL = frozenset({"NOUN", "ADJF", "PRTF"})
PERSONAL_KINDS = frozenset({"surname", "name"})

Table = dict[Slot, tuple[float, str]]  # the weight and the nominative of a word in a slot


def name_kind(kind: EntityType, is_last: bool) -> Kind:
    """What a word of a name is: of a person the last is the surname."""
    return _KINDS.get(kind) or ("surname" if is_last else "name")


@lru_cache(maxsize=1)
def _load_government() -> dict[str, frozenset[str]]:
    """The cases that each preposition governs (streams/data/government.txt)."""
    rows = read_table("government.txt")
    return {row[0]: frozenset(CASES[int(case)] for case in row[1].split()) for row in rows}


def allow_cases(before: Sequence[str]) -> frozenset[str]:
    """The cases that a name can stand in after these words, the nearest first.

    No prepositional without a preposition; «в районах: Вяземском и Ярцевском»: it may be far off.
    """
    government = _load_government()
    if before and before[0] in government:
        return government[before[0]]
    led = any("loct" in government.get(word, ()) for word in before)
    return ANY_CASE if led else ANY_CASE - {"loct"}


def settle(
    words: Sequence[str], tags: Sequence[Tag], kind: EntityType, cases: frozenset[str]
) -> list[str]:
    """The nominatives of words, folded; a word that has none stays."""
    kinds = [name_kind(kind, at + 1 == len(words)) for at in range(len(words))]
    tables = [
        _weigh(*one, len(words) ** -0.5) for one in zip(map(fold, words), tags, kinds, strict=True)
    ]
    slots = sorted({slot for table in tables for slot in table})
    if not slots:
        return list(map(fold, words))
    often = _OFTEN[kind == "PER"]

    def weigh(slot: Slot) -> float:
        fitting = often[slot[0]] * (1 if slot[0] in cases else BARRED)
        return fitting * prod(table.get(slot, (_NEVER, ""))[0] for table in tables)

    best = max(slots, key=weigh)
    return [table.get(best, (0, fold(word)))[1] for table, word in zip(tables, words, strict=True)]


@lru_cache(maxsize=1 << 14)
def _weigh(word: str, tag: Tag, kind: Kind, power: float) -> Table:
    """Each slot that a word can stand in, with its likeliest nominative."""
    table: Table = {}
    for one in _list_readings(word, tag.part, kind):
        slot = (one.case, one.number, one.gender)
        weight = one.share * believe(slot, tag, kind in PERSONAL_KINDS) ** power
        if weight > table.get(slot, (0, ""))[0]:
            table[slot] = weight, one.nominative
    return table


def _list_readings(word: str, part: str, kind: Kind) -> Sequence[Guess]:
    """The dictionary's readings of a word that it has, else guesses; a person is no plural."""
    known = is_told(word)
    if not known and part != "ADJ":
        return _read_double(word, kind) or _read_tail(word, kind) or guess(word, kind)
    parts = _NOMINAL if known else {"ADJF"}
    readings = [one for one in read(word) if one.tag.case and one.tag.POS in parts]
    if kind in PERSONAL_KINDS:
        readings = [one for one in readings if one.tag.number == "sing"]
        readings = [one for one in readings if PERSONAL & one.tag.grammemes] or readings
    return list(_to_guesses(word, readings)) or guess(word, kind)


def _to_guesses(word: str, readings: Sequence[Any]) -> Iterator[Guess]:
    for one in readings:
        for slot in list_slots(one.tag):
            if slot[0] in CASES:
                form = word if slot[0] == "nomn" else to_nominative(one) or word
                yield Guess(form, *slot, one.score)


def _read_double(word: str, kind: Kind) -> list[Guess]:
    """«Коробкова-Землянского»: of two Russian surnames both decline."""
    head, _, last = word.rpartition("-")
    if kind != "surname" or not _RUSSIAN_SURNAME.search(head):
        return []
    forms: dict[tuple[str, str], str] = {}
    for one in guess(head, kind):
        forms.setdefault((one.case, one.gender), one.nominative)
    return [
        one._replace(nominative=f"{forms[one.case, one.gender]}-{one.nominative}")
        for one in guess(last, kind)
        if (one.case, one.gender) in forms
    ]


def _read_tail(word: str, kind: Kind) -> list[Guess]:
    """«Росгвардии», «Главгосстройке»: what is told by the noun that a compound ends in."""
    least = _TAILS.get(kind, len(word))
    for at in range(_HEAD, len(word) - least + 1):
        tail = word[at:]
        if is_known(tail):
            nouns = [one for one in read(tail) if one.tag.POS == "NOUN"]
            nouns = [one for one in nouns if one.tag.number == "sing"] or nouns
            return [
                one._replace(nominative=word[:at] + one.nominative)
                for one in _to_guesses(tail, nouns)
            ]
    return []


@lru_cache(maxsize=1 << 16)
def is_told(word: str) -> bool:
    """Whether the dictionary has a folded word, or the last part of it: «ИТ-компания»."""
    return is_known(word) or ("-" in word and is_known(word.rpartition("-")[2]))
