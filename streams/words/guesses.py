"""Readings of names that the dictionary does not have, told by the names that it has.

A word is read in each way in which names with its last letters decline, and each reading has the
share that it has among such names: longer endings count as far as there are enough of them
(Witten and Bell 1991).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple

from streams.words.agreement import Slot
from streams.words.endings import read_table

CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
Kind = Literal["surname", "name", "place", "firm"]
TAIL = 4  # letters of a form that are looked at
SELDOM = 0.0005  # a reading below this share is dropped
# The most that a name counts that no dictionary has because it is foreign, and that stays as it is:
# Роналду, Саломе, Кентукки. The more names end like it and decline, the less.
_FOREIGN = {"у": 0.1, "ю": 0.1, "э": 0.9, "о": 0.5, "и": 0.3, "е": 0.2}
_FEW = 10  # names
MANY = 0.08  # what is taken for a person and ends in ы or и: several, as in «зумеры»
VILLAGE = 0.6  # news tell of districts and streets in -ский oftener than of villages in -ское
_VOWELS = frozenset("аеиоуыэюя")
# What names of a kind decline like: the dictionary's marks, and how much a name of each counts.
_LIKE: dict[Kind, dict[str, float]] = {
    "surname": {"Surn": 1, "Name": 0.5, "plur": 0.03},
    "name": {"Name": 1, "Surn": 0.2, "plur": 0.01},
    "place": {"Geox": 1, "plur": 1},
    "firm": {"Orgn": 1, "Geox": 0.5, "Surn": 0.2, "plur": 0.5},
}


class Guess(NamedTuple):
    """A reading: the nominative, what the word is then, and how likely."""

    nominative: str
    case: str
    number: str
    gender: str  # "" in the plural
    share: float


class _Reading(NamedTuple):
    """How a form that ends in `ending` becomes a nominative; the weight of the stems that do."""

    ending: str
    nominative: str
    slots: tuple[Slot, ...]
    stems: dict[str, float]


class _Ranked(NamedTuple):
    """A reading of all words of one end, without what only the word tells."""

    cut: int
    nominative: str
    case: str
    number: str
    gender: str
    share: float


@lru_cache(maxsize=1 << 15)
def guess(word: str, kind: Kind) -> tuple[Guess, ...]:
    """The readings of a folded word as a name of a kind, likeliest first."""
    found = []
    for cut, nominative, case, number, gender, share in _rank(word[-TAIL:], kind):
        stem = word[: len(word) - cut]
        if not _VOWELS.isdisjoint(stem) or word == stem + nominative:
            found.append(Guess(stem + nominative, case, number, gender, share))
    return tuple(found)


@lru_cache(maxsize=1 << 15)
def _rank(end: str, kind: Kind) -> list[_Ranked]:
    """The readings of words with these last letters, likeliest first."""
    readings = list(_find_readings(end, kind))
    shares = _weigh(end, readings)
    found: dict[tuple[int, str, str, str, str], float] = defaultdict(float)
    foreign = _count_foreign(end, readings)
    for one, share in zip(readings, shares, strict=True):
        if share < SELDOM:
            continue
        same = one.ending == one.nominative
        way = (0, "") if same else (len(one.ending), one.nominative)
        for slot in one.slots:
            found[*way, *slot] += share * (1 - foreign)
    for case, gender in product(CASES, ("masc", "femn")) if foreign else ():
        found[0, "", case, "sing", gender] += foreign / (2 * len(CASES))
    if kind == "surname" and end[-1] in "ыи":
        found[0, "", "nomn", "plur", ""] += MANY
    likely = (_Ranked(*key, share) for key, share in found.items() if share >= SELDOM)
    return sorted(likely, key=lambda one: (-one.share, one))


def _count_foreign(end: str, readings: list[_Reading]) -> float:
    """The share of a name that stays as it is because it is foreign."""
    most = _FOREIGN.get(end[-1], 0) if end[-2:-1] not in _VOWELS | {"ь"} else 0
    if not most:
        return 0.0
    tails = _list_tails(end, TAIL - 1)
    declining = sum(len(one.slots) * one.stems.get(tails[len(one.ending)], 0) for one in readings)
    return most * _FEW / (_FEW + declining)


def _find_readings(end: str, kind: Kind) -> Iterator[_Reading]:
    table = _load_readings(kind)
    for size in range(len(end) + 1):
        yield from table.get(end[len(end) - size :], ())


def _weigh(end: str, readings: list[_Reading]) -> list[float]:
    """The share of each slot of each reading, from no letter known to all of them.

    What no name of so many letters has is left only with its part of the whole.
    """
    slots = sum(len(one.slots) for one in readings)
    shares, whole = [1 / slots] * len(readings), 1.0
    left = list(enumerate(readings))
    for size in range(len(end) + 1):
        tails = _list_tails(end, size)
        counts = [(at, one, one.stems.get(tails[len(one.ending)], 0)) for at, one in left]
        counts = [row for row in counts if row[2]]
        if not counts:
            break
        kinds = sum(len(one.slots) for _, one, _ in counts)
        total = kinds + sum(count * len(one.slots) for _, one, count in counts)
        whole *= kinds / total
        for at, _, count in counts:
            shares[at] += count / total / whole
        left = [row[:2] for row in counts]
    return [share * whole for share in shares]


def _list_tails(end: str, size: int) -> list[str]:
    """What the last `size` letters show of the stem, by the length of the ending."""
    first = max(0, len(end) - size)
    return [end[first : len(end) - cut] if cut < size else "" for cut in range(len(end) + 1)]


@lru_cache(maxsize=4)
def _load_readings(kind: Kind) -> dict[str, list[_Reading]]:
    """The readings of each ending."""
    table: dict[str, list[_Reading]] = defaultdict(list)
    for mark, gender, endings, tails in read_table("name_endings.txt"):
        weight = _LIKE[kind].get("plur" if gender == "plur" else mark)
        if weight:
            cases = [case.replace("0", "").split("/") for case in endings.split()]
            if cases[0][0] == "ое":
                weight *= VILLAGE
            stems = _count_stems(tails.split(), len(cases[0][0]), weight)
            either = kind == "surname" and cases[0][0] in {"а", "я"} and cases[1][0] in {"ы", "и"}
            for reading in _spread(cases, "both" if either else gender, stems):
                table[reading.ending].append(reading)
    return table


def _spread(cases: list[list[str]], gender: str, stems: dict[str, float]) -> Iterator[_Reading]:
    number = "plur" if gender == "plur" else "sing"
    genders = {"plur": ("",), "both": ("masc", "femn")}.get(gender, (gender,))
    slots: dict[str, list[Slot]] = defaultdict(list)
    for case, endings in zip(CASES, cases, strict=True):
        for ending in endings:
            slots[ending] += [(case, number, one) for one in genders]
    for ending, some in slots.items():
        yield _Reading(ending, cases[0][0], tuple(some), stems)


def _count_stems(tails: Iterable[str], cut: int, weight: float) -> dict[str, float]:
    """The weight of the stems that end so, for every end of the last letters."""
    stems: dict[str, float] = defaultdict(float)
    for tail, _, count in (one.partition(":") for one in tails):
        stem = tail[: len(tail) - cut]
        for at in range(len(stem) + 1):
            stems[stem[at:]] += int(count) * weight
    return stems
