"""The tagging networks of slovnet (navec words, three convolutions), computed our own way.

The figures of a token depend on three tokens to each side and on nothing else: sums run in a fixed
order, so neither the batch nor a token's place in it changes a bit. Architecture and weights:
github.com/natasha/slovnet, github.com/natasha/navec.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from streams.tagger.tokens import Codes, Ints, Tokens
from streams.tagger.weights import Layer, Model, Words

Floats = NDArray[np.float32]
Hashes = NDArray[np.uint64]

REACH = 3  # tokens to each side that a figure depends on: three layers with a kernel of three
WINDOW = 256  # rows computed at a time: what fits the second-level cache
LANES = 96  # columns of a block of weights: the fastest of 32, 64, 96, 128 with AVX2
CAPACITY = 49_152  # distinct (word, shape) rows kept, 3 KB each


class Figures(NamedTuple):
    """One row of figures a token, one column a tag; `bounds` are the rows of each text."""

    rows: Floats
    bounds: list[tuple[int, int]]


class Network:
    """A model with the first layer's products of every word seen lately.

    The first layer is linear up to its activation, so a (word, shape) has one product, kept.
    """

    def __init__(self, model: Model, words: Words, capacity: int = CAPACITY) -> None:
        self.model = model
        self._words = words
        self._blocks = [_to_blocks(layer.weights) for layer in (*model.layers, model.head)]
        self._products = np.zeros((capacity, 3 * len(model.layers[0].bias)), np.float32)
        slots = 1 << (capacity.bit_length() + 3)
        self._pairs: dict[tuple[int, int], int] = {}
        self._known, self._used = 0, 1  # row 0 is all zero: what stands between two texts
        self._keys, self._places = np.zeros(slots, np.uint64), np.zeros(slots, np.int32)

    def compute(self, texts: Sequence[Tokens]) -> Figures:
        """The figures of every token of every text."""
        codes, spans, bounds = _lay_out(texts)
        count = spans.shape[1]
        figures = np.empty((count, len(self.model.head.bias)), np.float32)
        step = WINDOW - 2 * REACH
        for start in range(0, count, step):
            stop = min(start + step, count)
            first, last = max(0, start - REACH), min(count, stop + REACH)
            part = self._compute_window(codes, spans[:, first:last])
            figures[start:stop] = part[start - first : stop - first]
        return Figures(figures, bounds)

    def _compute_window(self, codes: Codes, spans: Ints) -> Floats:
        rows = self._find_rows(codes, spans)
        outside = rows == 0
        first, *rest = self.model.layers
        below = np.empty((len(rows), len(first.bias)), np.float32)
        _activate_rows(self._products, rows, below, _constants(first))
        for layer, blocks in zip(rest, self._blocks[1:], strict=False):
            products = _multiply(below, blocks)
            below = np.empty((len(rows), len(layer.bias)), np.float32)
            _activate(products, outside, below, _constants(layer))
        head = self.model.head.bias
        return _multiply(below, self._blocks[-1])[: len(rows), : len(head)] + head

    def _find_rows(self, codes: Codes, spans: Ints) -> Ints:
        """The product row of each token (0: a separator), padded so that four fit."""
        rows = np.zeros(_to_fours(spans.shape[1]), np.int32)
        hashes = np.zeros(len(rows), np.uint64)
        if _look_up(codes, spans, (self._keys, self._places), rows, hashes):
            if self._is_full(len(rows)):
                self._forget()
                _look_up(codes, spans, (self._keys, self._places), rows, hashes)
            self._learn(codes, spans, rows, hashes)
            _look_up(codes, spans, (self._keys, self._places), rows, hashes)
        return rows

    def _is_full(self, more: int) -> bool:
        return self._used + more > len(self._products) or self._known + more > len(self._keys) // 2

    def _learn(self, codes: Codes, spans: Ints, rows: Ints, hashes: Hashes) -> None:
        missing = {int(hashes[i]): i for i in np.flatnonzero(rows < 0).tolist()}
        starts, stops = spans[:, list(missing.values())].tolist()
        words = [_to_text(codes[a:b]) for a, b in zip(starts, stops, strict=True)]
        pairs = [(self._words.find(word), self.model.find_shape(word)) for word in words]
        self._multiply_pairs([pair for pair in dict.fromkeys(pairs) if pair not in self._pairs])
        places = np.array([self._pairs[pair] for pair in pairs], np.int32)
        _insert(self._keys, self._places, np.array(list(missing), np.uint64), places)
        self._known += len(words)

    def _multiply_pairs(self, pairs: list[tuple[int, int]]) -> None:
        if not pairs:
            return
        words, shapes = np.array(pairs).T
        vectors = np.zeros((_to_fours(len(pairs)), self._blocks[0].shape[1]), np.float32)
        self._words.embed(words, vectors)
        after_word = self._words.size + self.model.shapes.shape[1]
        vectors[: len(pairs), self._words.size : after_word] = self.model.shapes[shapes]
        after = self._used + len(pairs)
        self._products[self._used : after] = _multiply(vectors, self._blocks[0])[: len(pairs)]
        self._pairs.update(zip(pairs, range(self._used, after), strict=True))
        self._used = after

    def _forget(self) -> None:
        self._keys[:] = 0
        self._pairs.clear()
        self._known, self._used = 0, 1


def _to_fours(size: int) -> int:
    """The next multiple of four, which is how many rows are multiplied at once."""
    return -(-size // 4) * 4


def _constants(layer: Layer) -> tuple[Floats, Floats, Floats]:
    return layer.bias, layer.scale, layer.shift


def _to_text(codes: Codes) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _to_blocks(weights: Floats) -> Floats:
    """(inputs, outputs) to (blocks, inputs, LANES), padded with zeros."""
    inputs, outputs = _to_fours(weights.shape[0]), -(-weights.shape[1] // LANES) * LANES
    padded = np.zeros((inputs, outputs), np.float32)
    padded[: weights.shape[0], : weights.shape[1]] = weights
    return np.ascontiguousarray(padded.reshape(inputs, -1, LANES).transpose(1, 0, 2))


def _lay_out(texts: Sequence[Tokens]) -> tuple[Codes, Ints, list[tuple[int, int]]]:
    """All texts in one row, a separator (an empty span) before, between and after."""
    spans = np.zeros((2, sum(len(text.starts) + 1 for text in texts) + 1), np.int32)
    bounds, offset, at = [], 0, 1
    for text in texts:
        after = at + len(text.starts)
        np.add(text.starts, offset, out=spans[0, at:after])
        np.add(text.stops, offset, out=spans[1, at:after])
        bounds.append((at, after))
        offset += len(text.codes)
        at = after + 1
    codes = np.concatenate([text.codes for text in texts]) if texts else np.empty(0, np.uint32)
    return codes, spans, bounds


@njit(cache=True)
def _look_up(
    codes: Codes, spans: Ints, table: tuple[Hashes, Ints], rows: Ints, hashes: Hashes
) -> int:
    """Fill `rows` (−1: not in the table) and `hashes`; how many are missing."""
    keys, places = table
    missing = 0
    for token in range(spans.shape[1]):
        if spans[0, token] == spans[1, token]:
            continue
        key = _hash(codes, spans[0, token], spans[1, token])
        slot = _find_slot(keys, key)
        hashes[token] = key
        rows[token] = places[slot] if keys[slot] == key else -1
        missing += rows[token] < 0
    return missing


@njit(cache=True)
def _hash(codes: Codes, start: int, stop: int) -> np.uint64:
    """FNV-1a over code points with a final mix; never 0."""
    key = np.uint64(1469598103934665603)
    for i in range(start, stop):
        key = (key ^ np.uint64(codes[i])) * np.uint64(1099511628211)
    key ^= key >> np.uint64(29)
    key *= np.uint64(0xBF58476D1CE4E5B9)
    key ^= key >> np.uint64(32)
    return key | np.uint64(1)


@njit(cache=True)
def _find_slot(keys: Hashes, key: np.uint64) -> np.uint64:
    """Where `key` is or would be."""
    mask = np.uint64(keys.shape[0] - 1)
    slot = (key >> np.uint64(1)) & mask
    while keys[slot] != key and keys[slot] != 0:
        slot = (slot + np.uint64(1)) & mask
    return slot


@njit(cache=True)
def _insert(keys: Hashes, places: Ints, new: Hashes, rows: Ints) -> None:
    for i in range(new.shape[0]):
        slot = _find_slot(keys, new[i])
        keys[slot] = new[i]
        places[slot] = rows[i]


@njit(cache=True)
def _activate_rows(
    products: Floats, rows: Ints, out: Floats, constants: tuple[Floats, Floats, Floats]
) -> None:
    """The first layer: the kept products of a token and its two neighbours."""
    bias, scale, shift = constants
    last, size = out.shape[0] - 1, out.shape[1]
    for t in range(last + 1):
        if rows[t] == 0:
            out[t] = 0
            continue
        left = products[rows[t - 1] if t > 0 else 0]
        here = products[rows[t]]
        right = products[rows[t + 1] if t < last else 0]
        for j in range(size):
            value = left[j] + here[size + j] + right[2 * size + j] + bias[j]
            out[t, j] = max(value, np.float32(0)) * scale[j] + shift[j]


@njit(cache=True)
def _activate(
    products: Floats, outside: NDArray[np.bool_], out: Floats, constants: tuple[Floats, ...]
) -> None:
    """A further layer: products of (left, here, right) shifted together, ReLU, batch norm."""
    bias, scale, shift = constants
    last, size = out.shape[0] - 1, out.shape[1]
    for t in range(last + 1):
        if outside[t]:
            out[t] = 0
            continue
        left = products[t - 1] if t > 0 else np.zeros_like(products[t])
        here = products[t]
        right = products[t + 1] if t < last else np.zeros_like(products[t])
        for j in range(size):
            value = left[j] + here[size + j] + right[2 * size + j] + bias[j]
            out[t, j] = max(value, np.float32(0)) * scale[j] + shift[j]


@njit(cache=True, fastmath={"contract"}, inline="always")
def _add_products(sums: Floats, a: Floats, w: Floats) -> None:
    """Four rows times four rows of a block: 16 factors stay in registers, the columns stream."""
    a00, a01, a02, a03 = a[0, 0], a[0, 1], a[0, 2], a[0, 3]
    a10, a11, a12, a13 = a[1, 0], a[1, 1], a[1, 2], a[1, 3]
    a20, a21, a22, a23 = a[2, 0], a[2, 1], a[2, 2], a[2, 3]
    a30, a31, a32, a33 = a[3, 0], a[3, 1], a[3, 2], a[3, 3]
    for j in range(LANES):
        w0, w1, w2, w3 = w[0, j], w[1, j], w[2, j], w[3, j]
        sums[0, j] = (((sums[0, j] + a00 * w0) + a01 * w1) + a02 * w2) + a03 * w3
        sums[1, j] = (((sums[1, j] + a10 * w0) + a11 * w1) + a12 * w2) + a13 * w3
        sums[2, j] = (((sums[2, j] + a20 * w0) + a21 * w1) + a22 * w2) + a23 * w3
        sums[3, j] = (((sums[3, j] + a30 * w0) + a31 * w1) + a32 * w2) + a33 * w3


@njit(cache=True, fastmath={"contract"})
def _multiply(rows: Floats, blocks: Floats) -> Floats:
    """Rows (a multiple of four) times blocks of weights; each sum runs over inputs in order.

    BLAS gives a row other last bits at another place of the batch; this does not.
    """
    out = np.empty((rows.shape[0], blocks.shape[0] * LANES), np.float32)
    sums = np.empty((4, LANES), np.float32)
    for b in range(blocks.shape[0]):
        for t in range(0, rows.shape[0], 4):
            sums[:] = 0
            for k in range(0, blocks.shape[1], 4):
                _add_products(sums, rows[t : t + 4, k : k + 4], blocks[b, k : k + 4])
            for i in range(4):  # assigning a slice would take numba seconds to compile
                for j in range(LANES):
                    out[t + i, b * LANES + j] = sums[i, j]
    return out
