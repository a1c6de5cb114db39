"""The words that the networks have seen lately, each with the numbers of its vector and shape."""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled
from streams.tagger.tokens import Codes, Ints
from streams.tagger.weights import Words, to_shape

Hashes = NDArray[np.uint64]
Table = tuple[Hashes, Ints]

CAPACITY = 49_152  # distinct (vector, shape) pairs that are numbered before all are forgotten


def make_table(capacity: int) -> Table:
    """A hash table with eight slots and more for each of `capacity` numbers."""
    slots = 1 << (capacity.bit_length() + 3)
    return np.zeros(slots, np.uint64), np.zeros(slots, np.int32)


class Vocabulary:
    """Distinct pairs of vector and shape, numbered from 1; 0 is what stands between two texts.

    Networks share one, so that a word is looked up once; `turn` counts how often all was forgotten.
    """

    def __init__(self, words: Words, shapes: Mapping[str, int], capacity: int = CAPACITY) -> None:
        self.words, self.shape_ids, self.turn = words, shapes, 0
        self.vectors, self.shapes = np.zeros((2, capacity), np.int64)
        self._numbers: dict[tuple[int, int], int] = {}
        self._table = make_table(capacity)
        self._known = 0

    def number(self, codes: Codes, spans: Ints) -> Ints:
        """The number of each token (an empty span: 0), good while `turn` stays."""
        numbers, hashes = np.zeros(spans.shape[1], np.int32), np.zeros(spans.shape[1], np.uint64)
        if look_up(codes, spans, self._table, numbers, hashes):
            if self._is_full(len(numbers)):
                self._forget()
                look_up(codes, spans, self._table, numbers, hashes)
            self._learn(codes, spans, hashes, np.flatnonzero(numbers < 0))
            look_up(codes, spans, self._table, numbers, hashes)
        return numbers

    def _is_full(self, more: int) -> bool:
        pairs, words = len(self._numbers) + 1 + more, self._known + more
        return pairs > len(self.vectors) or words > len(self._table[0]) // 2

    def _learn(self, codes: Codes, spans: Ints, hashes: Hashes, missing: NDArray[np.int64]) -> None:
        new = dict(zip(hashes[missing].tolist(), missing.tolist(), strict=True))
        starts, stops = spans[:, list(new.values())].tolist()
        words = [_to_text(codes[a:b]) for a, b in zip(starts, stops, strict=True)]
        numbers = np.array([self._find(word) for word in words], np.int32)
        insert(self._table, np.array(list(new), np.uint64), numbers)
        self._known += len(words)

    def _find(self, word: str) -> int:
        pair = self.words.find(word), self.shape_ids[to_shape(word)]
        number = self._numbers.get(pair)
        if number is None:
            number = self._numbers[pair] = len(self._numbers) + 1
            self.vectors[number], self.shapes[number] = pair
        return number

    def _forget(self) -> None:
        self._table[0][:] = 0
        self._numbers.clear()
        self._known, self.turn = 0, self.turn + 1


def _to_text(codes: Codes) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


@compiled
def look_up(codes: Codes, spans: Ints, table: Table, numbers: Ints, hashes: Hashes) -> int:
    """Fill `numbers` (−1: not in the table) and `hashes`; how many are missing."""
    keys, places = table
    missing = 0
    for token in range(spans.shape[1]):
        if spans[0, token] == spans[1, token]:
            continue
        key = _hash(codes, spans[0, token], spans[1, token])
        slot = _find_slot(keys, key)
        hashes[token] = key
        numbers[token] = places[slot] if keys[slot] == key else -1
        missing += numbers[token] < 0
    return missing


@compiled
def _hash(codes: Codes, start: int, stop: int) -> np.uint64:
    """FNV-1a over code points with a final mix; never 0."""
    key = np.uint64(1469598103934665603)
    for i in range(start, stop):
        key = (key ^ np.uint64(codes[i])) * np.uint64(1099511628211)
    key ^= key >> np.uint64(29)
    key *= np.uint64(0xBF58476D1CE4E5B9)
    key ^= key >> np.uint64(32)
    return key | np.uint64(1)


@compiled
def _find_slot(keys: Hashes, key: np.uint64) -> np.uint64:
    """Where `key` is or would be."""
    mask = np.uint64(keys.shape[0] - 1)
    slot = (key >> np.uint64(1)) & mask
    while keys[slot] != key and keys[slot] != 0:
        slot = (slot + np.uint64(1)) & mask
    return slot


@compiled
def insert(table: Table, new: Hashes, numbers: Ints) -> None:
    """Note the number of each new hash."""
    keys, places = table
    for i in range(new.shape[0]):
        slot = _find_slot(keys, new[i])
        keys[slot] = new[i]
        places[slot] = numbers[i]
