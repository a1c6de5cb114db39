"""What a text says around a place, as numbers: hashed cues, and blocks of word vectors to sum.

A cue is a stem, a form, a pair of stems, with the side, the distance and the clause it stands in
relative to the place (feature hashing: Weinberger et al., 2009). Training and reading share this.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled
from streams.text import fold
from streams.words.endings import read_table

Numbers = NDArray[np.int64]

BITS = 18
CUES = 1 << BITS  # places of the hashed table
# all, near and far to each side, beside it, in its clause, inside it, whole; verbs to each side,
# what is denied
BLOCKS = 13
WHOLE = 5  # the kind of a sentence that is read as a whole: no place in it is looked from
NEAR, BESIDE, CLOSE = 5, 1, 3
PER_TOKEN, PER_PLACE = 13, 14  # cues that a token, and the place itself, give at most
WORD, SEPARATOR, NEGATION, MARK = range(4)
STEM = 7  # letters
SHORT = 3  # letters of a word too short to tell a verb

_SEPARATORS = frozenset(",;:—–()")
_NEGATIONS = frozenset(
    (
        "не",
        "нет",
        "без",
        "ни",
        "никто",
        "ничего",
        "нельзя",
        "против",
        "никогда",
        "вопреки",
        "вместо",
    )
)


class Traits(NamedTuple):
    """Of each numbered word: stem, form, ending as checksums, what it can do, whether a verb."""

    stems: Numbers
    forms: Numbers
    ends: Numbers
    marks: Numbers
    verbs: Numbers


def make_traits(capacity: int) -> Traits:
    """Room for the traits of `capacity` words."""
    return Traits(*np.zeros((5, capacity), np.int64))


def note_traits(traits: Traits, number: int, word: str) -> None:
    """Note what a word (in any case) is."""
    word = fold(word)
    traits.stems[number] = _check(cut_stem(word))
    traits.forms[number] = _check("=" + word)
    traits.ends[number] = _check("-" + word[-2:])
    traits.marks[number] = _read_mark(word)
    traits.verbs[number] = len(word) > SHORT and word.isalpha() and word.endswith(_load_verbs())


def cut_stem(word: str) -> str:
    """The first letters of a word, as many as an ending of three leaves, at least five."""
    return word if len(word) <= NEAR else word[: max(NEAR, len(word) - 3)][:STEM]


@lru_cache(maxsize=1)
def _load_verbs() -> tuple[str, ...]:
    """Endings that nearly only verbs and short participles have (streams/data/verbs.txt)."""
    return tuple(row[0] for row in read_table("verbs.txt"))


def _check(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))


def _read_mark(word: str) -> int:
    if word in _SEPARATORS:
        return SEPARATOR
    if word in _NEGATIONS:
        return NEGATION
    return WORD if any(map(str.isalnum, word)) else MARK


@compiled
def locate(traits: Traits, ids: Numbers, target: Numbers, places: Numbers) -> None:
    """Fill `places` (distance, negative to the left; separators crossed) of a target's sentence.

    A target is first, after, start, stop (tokens) and kind; places begin at start.
    """
    first, after, start, stop = target[0], target[1], target[2], target[3]
    crossed = 0
    for i in range(first - 1, start - 1, -1):
        crossed += traits.marks[ids[i]] == SEPARATOR
        places[0, i - start], places[1, i - start] = i - first, crossed
    for i in range(first - start, after - start):  # assigning a slice would take seconds to compile
        places[0, i], places[1, i] = 0, 0
    crossed = 0
    for i in range(after, stop):
        crossed += traits.marks[ids[i]] == SEPARATOR
        places[0, i - start], places[1, i - start] = i - after + 1, crossed


@compiled
def list_blocks(kind: int, distance: int, crossed: int, is_verb: int, is_denied: int) -> int:
    """The blocks (bits) that a word's vector is summed in."""
    if kind == WHOLE:
        return 512 | (4096 if is_denied else 0)
    if distance == 0:
        return 256
    left = distance < 0
    distance = abs(distance)
    bits = 1 | ((2 if left else 4) if distance <= NEAR else (8 if left else 16))
    if is_verb:
        bits |= 1024 if left else 2048
    if is_denied:
        bits |= 4096
    if distance == BESIDE:
        bits |= 32 if left else 64
    return bits | (128 if crossed == 0 else 0)


@compiled
def _hash(group: int, first: int, second: int) -> int:
    """A place of the table; 64-bit arithmetic that wraps."""
    mixed = (
        first * 6364136223846793005 + second
    ) * 3935559000370003845 + group * 2862933555777941757
    mixed ^= mixed >> 29
    mixed *= 3202034522624059733
    return (mixed >> 40) & (CUES - 1)


@compiled
def list_cues(traits: Traits, ids: Numbers, target: Numbers, places: Numbers, cues: Numbers) -> int:
    """Fill `cues` with the cues of a target; how many there are."""
    first, after, start, stop, kind = target[0], target[1], target[2], target[3], target[4]
    end = traits.ends[ids[after - 1]] if after > first else 0
    count = 0
    for i in range(start, stop):
        word = ids[i]
        if first <= i < after:
            cues[count] = _hash(5, traits.stems[word], 0)
            count += 1
        elif traits.marks[word] == WORD or traits.marks[word] == NEGATION:
            stem = 2 * traits.stems[word] + is_denied(traits, ids, start, i)
            follower = traits.stems[ids[i + 1]] if i + 1 < stop and i + 1 != first else 0
            count = _list_word(stem, traits.forms[word], follower, kind == WHOLE, cues, count)
            if kind != WHOLE:
                distance, crossed = places[0, i - start], places[1, i - start]
                cues[count] = _hash(3, stem, kind)
                count = _list_near(stem, distance, crossed, cues, count + 1)
                count = _list_close(stem, follower, end, distance, cues, count)
    if kind != WHOLE:
        return _list_beside(traits, ids, target, cues, count)
    cues[count] = _hash(14, kind, 0)
    return count + 1


@compiled
def is_denied(traits: Traits, ids: Numbers, start: int, at: int) -> int:
    """1 if one of the two words before denies it."""
    for i in range(max(start, at - 2), at):
        if traits.marks[ids[i]] == NEGATION:
            return 1
    return 0


@compiled
def _list_word(  # noqa: PLR0913, PLR0917 - the compiled inner loop takes what it needs
    stem: int, form: int, follower: int, is_whole: int, cues: Numbers, count: int
) -> int:
    group = 20 * is_whole
    cues[count] = _hash(group, stem, 0)
    cues[count + 1] = _hash(group + 1, form, 0)
    cues[count + 2] = _hash(group + 2, stem, follower)
    return count + 3


@compiled
def _list_near(stem: int, distance: int, crossed: int, cues: Numbers, count: int) -> int:
    side = 1 if distance < 0 else 2
    cues[count] = _hash(6, stem, side)
    count += 1
    if crossed == 0:
        cues[count], cues[count + 1] = _hash(7, stem, 0), _hash(8, stem, side)
        count += 2
    return count


@compiled
def _list_close(  # noqa: PLR0913, PLR0917 - likewise
    stem: int, follower: int, end: int, distance: int, cues: Numbers, count: int
) -> int:
    side = 1 if distance < 0 else 2
    if abs(distance) <= NEAR:
        cues[count] = _hash(9, stem, side)
        cues[count + 1] = _hash(10, 2 * stem + side, follower)
        cues[count + 2] = _hash(11, 2 * stem + side, end)
        count += 3
    if abs(distance) <= CLOSE:
        cues[count], cues[count + 1] = _hash(12, stem, side), _hash(13, stem, distance)
        count += 2
    return count


@compiled
def _list_beside(traits: Traits, ids: Numbers, target: Numbers, cues: Numbers, count: int) -> int:
    """The words right beside a target, its own ending, and its kind."""
    first, after, start, stop, kind = target[0], target[1], target[2], target[3], target[4]
    left = ids[first - 1] if first > start else -1
    right = ids[after] if after < stop else -1
    cues[count] = _hash(14, kind, 0)
    cues[count + 1] = _hash(15, kind, traits.ends[ids[after - 1]])
    cues[count + 2] = _hash(16, kind, traits.ends[left] if left >= 0 else 0)
    cues[count + 3] = _hash(17, kind, traits.ends[right] if right >= 0 else 0)
    cues[count + 4] = _hash(18, kind, min(NEAR, first - start))
    count += 5
    if left >= 0 and right >= 0:
        cues[count] = _hash(19, traits.stems[left], traits.stems[right])
        count += 1
    if left >= 0 and first - 2 >= start:
        cues[count] = _hash(30, traits.forms[left], traits.stems[ids[first - 2]])
        count += 1
    if right >= 0 and after + 1 < stop:
        cues[count] = _hash(31, traits.stems[right], traits.stems[ids[after + 1]])
        count += 1
    return _list_verbs(traits, ids, target, cues, count)


@compiled
def _list_verbs(traits: Traits, ids: Numbers, target: Numbers, cues: Numbers, count: int) -> int:
    """The nearest verb to each side, denied or not, with the ending of the place: who does what."""
    first, after, start, stop = target[0], target[1], target[2], target[3]
    end = traits.ends[ids[after - 1]]
    for i in range(after, stop):
        if traits.verbs[ids[i]]:
            stem = 2 * traits.stems[ids[i]] + is_denied(traits, ids, start, i)
            cues[count], cues[count + 1] = _hash(32, stem, 0), _hash(33, stem, end)
            cues[count + 2] = _hash(34, stem, traits.stems[ids[i + 1]] if i + 1 < stop else 0)
            count += 3
            break
    for i in range(first - 1, start - 1, -1):
        if traits.verbs[ids[i]]:
            stem = 2 * traits.stems[ids[i]] + is_denied(traits, ids, start, i)
            cues[count], cues[count + 1] = _hash(35, stem, 0), _hash(36, stem, end)
            cues[count + 2] = _hash(37, stem, traits.forms[ids[first - 1]])
            count += 3
            break
    return count
