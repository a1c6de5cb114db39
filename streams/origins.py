"""Which remembered texts a text may be a copy of: an index of word pairs of fixed size.

Of each text a few pairs are kept (winnowing: the smallest hash of every four neighbours;
Schleimer, Wilkerson, Aiken 2003), and a text is looked up by all its pairs, so that any five
common words in a row are found. A bucket holds its four newest pairs. Numbers of texts grow, and
those below the first remembered one are ignored: so an index filled anew with what is remembered
answers exactly as one that lived on.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled
from streams.families.copies import Keys

BUCKETS, SLOTS = 1 << 22, 4  # 16.8 million pairs: some 17 a text at a million texts
SHORTEST = 4 * (3 + 2)  # bytes of two words: one word proves nothing
CANDIDATES = 12  # texts that are compared word by word
FEW = 20  # words: a shorter text is compared by one common pair, others by two
SPARSE, DENSE = 4, 1  # neighbouring pairs of which one is kept, of a text, and of a shorter one
SOME, WEAK = 40, 3  # words: of a shorter text the first three are compared, if by one pair alone
WHOLE = 1000  # pairs that an equal text is worth
_MIX = np.uint64(0xBF58476D1CE4E5B9)  # from splitmix64 (Steele, Lea, Flood 2014)
_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)

Hashes = NDArray[np.uint64]
Table = NDArray[np.uint32]


class Index:
    """Texts by their pairs; the pages of the table cost memory from their first use on.

    A bucket is one row, numbers then tags: half a line of the processor's memory, read at once.
    """

    def __init__(self, buckets: int = BUCKETS) -> None:
        self._table = np.zeros((buckets, 2 * SLOTS), np.uint32)

    def add(self, features: bytes, number: int) -> None:
        """Remember a text under a number from 1 on, greater than all before."""
        if len(features) >= SHORTEST:
            _add(self._table, np.frombuffer(features, np.int32), number)

    def find(self, features: bytes, first: int) -> list[int]:
        """Numbers from `first` on of texts alike, most alike first, then the newest."""
        if len(features) < SHORTEST:
            return []
        keys = np.frombuffer(features, np.int32)
        found: list[int] = _find(self._table, keys, first).tolist()
        return found


def text_hash(content: str) -> int:
    """64 bits of the exact text, to tell an edit from a repeat."""
    return int.from_bytes(
        blake2b(content.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )


@compiled
def _hash(value: np.uint64) -> np.uint64:
    value = (value ^ (value >> np.uint64(30))) * _MIX
    return value ^ (value >> np.uint64(27))


@compiled
def _hashes(keys: Keys) -> Hashes:
    """Of the whole text, then of each pair."""
    size = max(1, keys[0])
    hashes = np.empty(size, np.uint64)
    whole = np.uint64(size)
    for i in range(keys[0]):
        whole = _hash(whole + (np.uint64(keys[3 + i]) & _LOW) + np.uint64(1))
    hashes[0] = whole
    for i in range(1, keys[0]):
        hashes[i] = _hash((np.uint64(keys[2 + i]) << _HIGH) | (np.uint64(keys[3 + i]) & _LOW))
    return hashes


@compiled
def _add(table: Table, keys: Keys, number: int) -> None:
    hashes = _hashes(keys)
    _put(table, hashes[0], number)
    pairs = hashes.shape[0] - 1
    last, size = -1, SPARSE if keys[0] >= FEW else DENSE
    for start in range(max(1, pairs - size + 1) if pairs else 0):
        best = start
        for i in range(start, min(start + size, pairs)):
            if hashes[1 + i] <= hashes[1 + best]:
                best = i
        if best != last:
            _put(table, hashes[1 + best], number)
            last = best


@compiled
def _put(table: Table, value: np.uint64, number: int) -> None:
    """Into the first slot of its bucket; the oldest falls out."""
    bucket = np.int64(value % np.uint64(table.shape[0]))
    tag = np.uint32(value >> _HIGH)
    if table[bucket, 0] == number and table[bucket, SLOTS] == tag:
        return
    for slot in range(SLOTS - 1, 0, -1):
        table[bucket, slot] = table[bucket, slot - 1]
        table[bucket, SLOTS + slot] = table[bucket, SLOTS + slot - 1]
    table[bucket, 0] = number
    table[bucket, SLOTS] = tag


@compiled
def _find(table: Table, keys: Keys, first: int) -> NDArray[np.int64]:
    hashes = _hashes(keys)
    hits = np.empty(SLOTS * hashes.shape[0], np.int64)
    count = 0
    equal = 0
    for i in range(hashes.shape[0]):
        bucket = np.int64(hashes[i] % np.uint64(table.shape[0]))
        tag = np.uint32(hashes[i] >> _HIGH)
        for slot in range(SLOTS):
            number = table[bucket, slot]
            if number >= first and table[bucket, SLOTS + slot] == tag:
                hits[count] = number
                count += 1
        equal = count if i == 0 else equal
    weak = WEAK if keys[0] < SOME else 0
    return _rank(hits[:count], hits[:equal].copy(), 1 if keys[0] < FEW else 2, weak)


@compiled
def _rank(
    hits: NDArray[np.int64], equal: NDArray[np.int64], least: int, weak: int
) -> NDArray[np.int64]:
    """The most frequent numbers, equal texts first, of equals the greatest.

    Those that are found `least` times, or the first `weak` ones.
    """
    hits = np.sort(hits)
    ranks = np.empty(hits.shape[0], np.int64)
    count, strong, start = 0, 0, 0
    for i in range(hits.shape[0]):
        if i + 1 < hits.shape[0] and hits[i + 1] == hits[i]:
            continue
        times = i + 1 - start + (WHOLE if np.any(equal == hits[i]) else 0)
        start = i + 1
        ranks[count] = times << 40 | hits[i]
        count += 1
        strong += times >= least
    best = np.sort(ranks[:count])[::-1][: min(CANDIDATES, max(strong, weak))]
    return best & ((1 << 40) - 1)
