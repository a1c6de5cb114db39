"""Whether one text is a copy of another: what both share, unless a slot is filled differently.

A copy keeps of the shorter text the pairs and triples of neighbouring words, the order of words,
and the beginning: the mean of these four shares tells, with one threshold, for a flash as for an
article. A cut keeps the beginning, so a much shorter text is compared with the beginning alone.
Guards come first: another number, or in short texts another name, is another message.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled

Keys = NDArray[np.int32]
Grams = NDArray[np.uint64]

NONE, LIKE, ALTERED, COPY = range(4)  # what two texts are to each other, see `relate`
SHORT, NAMED = 12, 20  # words
TINY = 4  # words: fewer prove a copy only when all are equal
SHORT_SPAN = 6 * 3600  # seconds: «Воздушная тревога» of tomorrow is another event
SAME = 0.51  # mean share of a copy; on labelled pairs the odds are even at .51 to .54
CUT, REACH, MORE = 0.5, 1.5, 8  # of a text twice as long: so many times the words, and so many more
ALIKE = 0.80  # ratio of the lengths of texts with some words altered
LEAD = 12  # words of a beginning
LEAST_LEAD = 8  # words of a digest's lead: a shorter one is a title
LEAD_BITS = 16  # of a count of names: above them stands a digest's lead and one
NAMES = (1 << LEAD_BITS) - 1
FLOODED, FLOODED_LEAST = 0.42, 12  # three in ten altered in both, less the spread; fewest words
LEAST_WORDS = 0.35  # shared, and in the same order: fewer make no two texts alike
NOISE, NAMED_NOISE = 3.0, 2.0  # altered words for each altered number, for each altered name
FLOOD_SPAN = 6 * 3600  # seconds
REPEATED = 0.80  # share of the longer's words
RETOLD_WORDS, RETOLD_SPAN = 0.75, 6 * 3600  # share of the shorter's words; seconds
ALIGNED_WORDS = 128  # words that are aligned
LARGEST = 10**9  # whole numbers below it are their own keys
START = 0xFFFFF  # of a key: its first four letters, hashed
_MIX = np.uint64(0x9E3779B97F4A7C15)  # golden ratio of 64 bits: multiplicative hashing


@compiled
def relate(one: Keys, other: Keys, gap: float) -> int:
    """What two packed texts published `gap` seconds apart are to each other.

    COPY: of one family. ALTERED, LIKE: perhaps the same text with many words altered, so perhaps
    two of a flood; that takes several. NONE: different texts.
    """
    a, b = _match(one, other)
    size = a[0]
    if size == 0 or (size < SHORT and gap > SHORT_SPAN):
        return NONE
    if size < TINY:
        return COPY if np.array_equal(a[3 : 3 + a[0]], b[3 : 3 + b[0]]) else NONE
    if _shared(to_grams(a, 1), to_grams(b, 1)) < LEAST_WORDS * size:
        return NONE
    if not _differs(a, b) and _share(a, b) >= SAME:
        return COPY
    share = _align(a, b) if size >= FLOODED_LEAST else 0.0
    return NONE if gap > FLOOD_SPAN or share < LEAST_WORDS else _compare_slots(a, b, share)


@compiled
def relate_own(one: Keys, other: Keys, gap: float) -> int:
    """The same of two texts of one source: what it repeats with changes is news, or a series."""
    relation = relate(one, other, gap)
    longer = max(one[0], other[0])
    if relation != COPY or _shared(to_grams(one, 1), to_grams(other, 1)) >= REPEATED * longer:
        return relation
    least = max(FLOODED_LEAST, ALIKE * longer)
    return ALTERED if min(one[0], other[0]) >= least and gap <= FLOOD_SPAN else NONE


@compiled
def is_other(one: Keys, other: Keys) -> bool:
    """Whether two packed texts fill a slot differently: another number, or another name."""
    a, b = _match(one, other)
    return a[0] > 0 and _differs(a, b)


@compiled
def measure_share(one: Keys, other: Keys) -> float:
    """How much of a copy two packed texts are: 0 to 1, of equal texts 1 or nearly so."""
    a, b = _match(one, other)
    return _share(a, b) if a[0] >= TINY else 1.0


@compiled
def is_retold(one: Keys, other: Keys, gap: float) -> bool:
    """Whether two texts of which one names the other as its origin tell the same in other words."""
    a, b = _match(one, other)
    if a[0] < SHORT or gap > RETOLD_SPAN or _differs(a, b):
        return False
    return _shared(to_grams(a, 1), to_grams(b, 1)) >= RETOLD_WORDS * a[0]


@compiled
def _match(one: Keys, other: Keys) -> tuple[Keys, Keys]:
    """The shorter text, and what of the longer one it may be a copy of; then the shorter first.

    Of a digest, which is several messages, the lead; of a text twice as long the beginning.
    """
    a, b = (one, other) if one[0] <= other[0] else (other, one)
    lead = (b[2] >> LEAD_BITS) - 1
    if lead >= 0 and a[2] >> LEAD_BITS == 0 and a[0] < ALIKE * b[0]:
        b = _begin(b, lead if lead >= LEAST_LEAD else 0)
    elif a[0] < CUT * b[0]:
        b = _begin(b, min(b[0], int(REACH * a[0] + MORE)))
    return (a, b) if a[0] <= b[0] else (b, a)


@compiled
def _begin(text: Keys, words: int) -> Keys:
    """The first words of a text, with all of its numbers and names."""
    begun = np.concatenate((text[: 3 + words], text[3 + text[0] :]))
    begun[0] = words
    return begun


@compiled
def _share(a: Keys, b: Keys) -> float:
    """The mean share of the shorter text's pairs, triples, words in order and first words."""
    n, m = min(a[0], ALIGNED_WORDS), min(b[0], 2 * ALIGNED_WORDS)
    pairs = _shared(to_grams(a, 2), to_grams(b, 2)) / a[0]
    triples = _shared(to_grams(a, 3), to_grams(b, 3)) / a[0]
    order = _count_aligned(a[3 : 3 + n], b[3 : 3 + m]) / n
    return (pairs + triples + order + _align_leads(a, b)) / 4


@compiled
def _compare_slots(a: Keys, b: Keys, share: float) -> int:
    """Among few altered words a number or a name is a message, among many it is one more."""
    x, y = 3 + a[0], 3 + b[0]
    own = count_missing(a[x : x + a[1]], b[y : y + b[1]])
    other = count_missing(b[y : y + b[1]], a[x : x + a[1]])
    lost = min(own, other)
    if 2 * lost > min(a[1], b[1]) and _fills_otherwise(a, b):
        return NONE
    names = max(_count_unnamed(a[x + a[1] :], b[3:y]), _count_unnamed(b[y + b[1] :], a[3:x]))
    slots = NOISE * max(own, other) + NAMED_NOISE * names
    return ALTERED if share >= FLOODED and (1 - share) * b[0] >= slots else LIKE


@compiled
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


@compiled
def _fills_otherwise(a: Keys, b: Keys) -> bool:
    """Whether a number stands behind or before the same word as another number of the other."""
    x, y = a[3 + a[0] :][: a[1]], b[3 + b[0] :][: b[1]]
    some, others = a[3 : 3 + a[0]], b[3 : 3 + b[0]]
    for i in range(a[0]):
        if not has(x, some[i]) or has(y, some[i]):
            continue
        for j in range(b[0]):
            is_behind = i and j and some[i - 1] == others[j - 1]
            is_before = i + 1 < a[0] and j + 1 < b[0] and some[i + 1] == others[j + 1]
            if (is_behind or is_before) and has(y, others[j]) and not has(x, others[j]):
                return True
    return False


@compiled
def has(some: Keys, key: int) -> bool:
    """Whether a key is among some."""
    for one in some:  # noqa: SIM110 - numba compiles no generators
        if one == key:
            return True
    return False


@compiled
def _misses(some: Keys, others: Keys) -> bool:
    """Whether one of `some` is not among the others."""
    return count_missing(some, others) > 0


@compiled
def count_missing(some: Keys, others: Keys) -> int:
    """How many are not among the others."""
    count = some.shape[0]
    for one in some:
        for other in others:
            if one == other:
                count -= 1
                break
    return count


@compiled
def _count_unnamed(names: Keys, words: Keys) -> int:
    """How many of the names begin no word."""
    count = names.shape[0]
    for name in names:
        for word in words:
            if (word >> 12) & START == name:
                count -= 1
                break
    return count


@compiled
def _align(a: Keys, b: Keys) -> float:
    """The share of the longer text's words that stand in the same order in both."""
    if a[0] < ALIKE * b[0]:
        return 0.0
    n, m = min(a[0], ALIGNED_WORDS), min(b[0], ALIGNED_WORDS)
    return _count_aligned(a[3 : 3 + n], b[3 : 3 + m]) / m


@compiled
def _align_leads(a: Keys, b: Keys) -> float:
    """The same of the first words of both."""
    n = min(a[0], LEAD)
    return _count_aligned(a[3 : 3 + n], b[3 : 3 + n]) / n


@compiled
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


@compiled
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


@compiled
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
