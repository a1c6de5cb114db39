"""Whether one text is a copy of another: what both share, unless a slot is filled differently.

The rules and most constants were found on labelled pairs of posts. A copy shares most of the
shorter text's words and neighbouring pairs (long texts: triples), or stands word by word at the
same places with some words altered (longest common subsequence). Guards come first: another
number, or in short texts another name, is another message.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Keys = NDArray[np.int32]
Grams = NDArray[np.uint64]

NONE, LIKE, ALTERED, COPY = range(4)  # what two texts are to each other, see `relate`
SHORT, NAMED, LONG = 12, 20, 40  # words
TINY = 4  # words: fewer prove a copy only when all are equal
SHORT_SPAN = 6 * 3600  # seconds: «Воздушная тревога» of tomorrow is another event
PAIRS, WORDS, RATIO = 0.65, 0.80, 0.15  # a cut: shares of the shorter text, and its least length
EDIT_PAIRS, EDIT_WORDS = 0.25, 0.75  # an edit: Jaccard of pairs, share of the shorter's words
TRIPLES, REPRINT_WORDS = 0.22, 0.70  # long texts: Jaccard of triples, share of the shorter's words
CUT_TRIPLES = 0.60  # a cut of a long text: share of the shorter's triples
ALIGNED, ALIKE = 0.60, 0.80  # some words altered: share in the same order, ratio of the lengths
LEAD, LEAST_LEAD, LEAD_SHARE = 12, 8, 0.90  # words of a lead, fewest, share in the same order
LEAD_WORDS, LEAD_RATIO = 0.70, 0.40  # behind an equal lead: an edit, or a cut however short
FLOODED, FLOODED_LEAST = 0.42, 12  # three in ten altered in both, less the spread; fewest words
LEAST_WORDS = 0.35  # shared, and in the same order: fewer make no two texts alike
NOISE, NAMED_NOISE = 3.0, 2.0  # altered words for each altered number, for each altered name
FLOOD_SPAN = 6 * 3600  # seconds
REPEATED = 0.80  # share of the longer's words
RETOLD_WORDS, RETOLD_SPAN = 0.75, 6 * 3600  # share of the shorter's words; seconds
ALIGNED_WORDS = 128  # words that are aligned
START = 0xFFFFF  # of a key: its first four letters, hashed
_MIX = np.uint64(0x9E3779B97F4A7C15)  # golden ratio of 64 bits: multiplicative hashing


@njit(cache=True)
def is_copy(one: Keys, other: Keys, gap: float) -> bool:
    """Whether two packed texts published `gap` seconds apart are of one family."""
    return relate(one, other, gap) == COPY


@njit(cache=True)
def relate(one: Keys, other: Keys, gap: float) -> int:
    """What two packed texts published `gap` seconds apart are to each other.

    COPY: of one family. ALTERED, LIKE: perhaps the same text with many words altered, so perhaps
    two of a flood; that takes several. NONE: different texts.
    """
    a, b = (one, other) if one[0] <= other[0] else (other, one)
    size = a[0]
    if size == 0 or (size < SHORT and gap > SHORT_SPAN):
        return NONE
    if size < TINY:
        return COPY if np.array_equal(a[3 : 3 + a[0]], b[3 : 3 + b[0]]) else NONE
    words = _shared(to_grams(a, 1), to_grams(b, 1))
    if words < LEAST_WORDS * size:
        return NONE
    fits = not _differs(a, b)
    if fits and _is_whole(a, b, words):
        return COPY
    share = _align(a, b) if size >= FLOODED_LEAST else 0.0
    if fits and size >= SHORT and share >= ALIGNED:
        return COPY
    return NONE if gap > FLOOD_SPAN or share < LEAST_WORDS else _compare_slots(a, b, share)


@njit(cache=True)
def relate_own(one: Keys, other: Keys, gap: float) -> int:
    """The same of two texts of one source: what it repeats with changes is news, or a series."""
    relation = relate(one, other, gap)
    longer = max(one[0], other[0])
    if relation != COPY or _shared(to_grams(one, 1), to_grams(other, 1)) >= REPEATED * longer:
        return relation
    least = max(FLOODED_LEAST, ALIKE * longer)
    return ALTERED if min(one[0], other[0]) >= least and gap <= FLOOD_SPAN else NONE


@njit(cache=True)
def is_retold(one: Keys, other: Keys, gap: float) -> bool:
    """Whether two texts of which one names the other as its origin tell the same in other words."""
    a, b = (one, other) if one[0] <= other[0] else (other, one)
    if a[0] < SHORT or gap > RETOLD_SPAN or _differs(a, b):
        return False
    return _shared(to_grams(a, 1), to_grams(b, 1)) >= RETOLD_WORDS * a[0]


@njit(cache=True)
def _is_whole(a: Keys, b: Keys, words: int) -> bool:
    """Whether one is the other but for a light edit or a cut; `words` are those that they share."""
    if _has_lead(a, b, words):
        return True
    return _is_cut_or_edit(a, b, words) if a[0] < LONG else _is_reprint(a, b, words)


@njit(cache=True)
def _compare_slots(a: Keys, b: Keys, share: float) -> int:
    """Among few altered words a number or a name is a message, among many it is one more."""
    x, y = 3 + a[0], 3 + b[0]
    own = _count_missing(a[x : x + a[1]], b[y : y + b[1]])
    other = _count_missing(b[y : y + b[1]], a[x : x + a[1]])
    lost = min(own, other)
    is_other = lost > 0 and own == a[1] and other == b[1]
    if is_other or (2 * lost > min(a[1], b[1]) and _fills_otherwise(a, b)):
        return NONE
    names = max(_count_unnamed(a[x + a[1] :], b[3:y]), _count_unnamed(b[y + b[1] :], a[3:x]))
    slots = NOISE * max(own, other) + NAMED_NOISE * names
    return ALTERED if share >= FLOODED and (1 - share) * b[0] >= slots else LIKE


@njit(cache=True)
def _differs(a: Keys, b: Keys) -> bool:
    """A slot that both fill differently; a cut may lose numbers and names."""
    x, y = 3 + a[0], 3 + b[0]
    own = _misses(a[x : x + a[1]], b[y : y + b[1]])
    if own and (a[0] < NAMED or _misses(b[y : y + b[1]], a[x : x + a[1]])):
        return True
    if a[0] >= NAMED:
        return False
    first, second = a[x + a[1] :], b[y + b[1] :]
    return _count_unnamed(first, b[3:y]) > 0 and _count_unnamed(second, a[3:x]) > 0


@njit(cache=True)
def _fills_otherwise(a: Keys, b: Keys) -> bool:
    """Whether a number stands behind or before the same word as another number of the other."""
    x, y = a[3 + a[0] :][: a[1]], b[3 + b[0] :][: b[1]]
    some, others = a[3 : 3 + a[0]], b[3 : 3 + b[0]]
    for i in range(a[0]):
        if not _has(x, some[i]) or _has(y, some[i]):
            continue
        for j in range(b[0]):
            is_behind = i and j and some[i - 1] == others[j - 1]
            is_before = i + 1 < a[0] and j + 1 < b[0] and some[i + 1] == others[j + 1]
            if (is_behind or is_before) and _has(y, others[j]) and not _has(x, others[j]):
                return True
    return False


@njit(cache=True)
def _has(some: Keys, key: int) -> bool:
    for one in some:  # noqa: SIM110 - numba compiles no generators
        if one == key:
            return True
    return False


@njit(cache=True)
def _misses(some: Keys, others: Keys) -> bool:
    """Whether one of `some` is not among the others."""
    return _count_missing(some, others) > 0


@njit(cache=True)
def _count_missing(some: Keys, others: Keys) -> int:
    count = some.shape[0]
    for one in some:
        for other in others:
            if one == other:
                count -= 1
                break
    return count


@njit(cache=True)
def _count_unnamed(names: Keys, words: Keys) -> int:
    """How many of the names begin no word."""
    count = names.shape[0]
    for name in names:
        for word in words:
            if (word >> 12) & START == name:
                count -= 1
                break
    return count


@njit(cache=True)
def _has_lead(a: Keys, b: Keys, words: int) -> bool:
    """Whether both begin alike: nothing else, or a rest that was edited or cut."""
    if a[0] < LEAST_LEAD or words < LEAD_WORDS * a[0] or _align_leads(a, b) < LEAD_SHARE:
        return False
    if a[0] >= LEAD_RATIO * b[0]:
        return True
    return _shared(to_grams(a, 2), to_grams(b, 2)) >= LEAD_SHARE * (a[0] - 1)


@njit(cache=True)
def _is_cut_or_edit(a: Keys, b: Keys, words: int) -> bool:
    n, m = a[0], b[0]
    if words < EDIT_WORDS * n:
        return False
    if words == n and n == m:
        return True
    pairs = _shared(to_grams(a, 2), to_grams(b, 2))
    if pairs >= PAIRS * (n - 1) and words >= WORDS * n and n >= RATIO * m:
        return True
    return pairs >= EDIT_PAIRS * (n + m - 2.0 - pairs)


@njit(cache=True)
def _is_reprint(a: Keys, b: Keys, words: int) -> bool:
    if words < REPRINT_WORDS * a[0]:
        return False
    triples = _shared(to_grams(a, 3), to_grams(b, 3))
    if triples >= CUT_TRIPLES * (a[0] - 2) and words >= WORDS * a[0] and a[0] >= RATIO * b[0]:
        return True
    return triples >= TRIPLES * (a[0] + b[0] - 4.0 - triples)


@njit(cache=True)
def _align(a: Keys, b: Keys) -> float:
    """The share of the longer text's words that stand in the same order in both."""
    if a[0] < ALIKE * b[0]:
        return 0.0
    n, m = min(a[0], ALIGNED_WORDS), min(b[0], ALIGNED_WORDS)
    return _count_aligned(a[3 : 3 + n], b[3 : 3 + m]) / m


@njit(cache=True)
def _align_leads(a: Keys, b: Keys) -> float:
    """The same of the first words of both."""
    n = min(a[0], LEAD)
    return _count_aligned(a[3 : 3 + n], b[3 : 3 + n]) / n


@njit(cache=True)
def _count_aligned(some: Keys, others: Keys) -> int:
    """The length of the longest common subsequence."""
    row = np.zeros(others.shape[0] + 1, np.int32)
    for key in some:
        corner = 0
        for j in range(others.shape[0]):
            above = row[j + 1]
            if key == others[j]:
                row[j + 1] = corner + 1
            elif row[j] > above:
                row[j + 1] = row[j]
            corner = above
    return int(row[others.shape[0]])


@njit(cache=True)
def to_grams(text: Keys, size: int) -> Grams:
    """Sorted hashes of the runs of one, two or three words of a packed text."""
    count = max(0, text[0] - size + 1)
    grams = np.empty(count, np.uint64)
    for i in range(count):
        value = np.uint64(text[3 + i])
        for j in range(1, size):
            value = value * _MIX + np.uint64(text[3 + i + j])
        grams[i] = value
    grams.sort()
    return grams


@njit(cache=True)
def _shared(a: Grams, b: Grams) -> int:
    """How many elements two sorted bags share."""
    i, j, count = 0, 0, 0
    while i < a.shape[0] and j < b.shape[0]:
        if a[i] == b[j]:
            count, i, j = count + 1, i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return count
