"""The tagging networks of slovnet (navec words, three convolutions), computed our own way.

The figures of a token depend on three tokens to each side and on nothing else: sums run in a fixed
order, so neither the batch nor a token's place in it changes a bit. Architecture and weights:
github.com/natasha/slovnet, github.com/natasha/navec.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from streams.compiled import compiled
from streams.tagger.layers import LINE, Layers, align, make_aligned
from streams.tagger.tokens import Codes, Ints, Tokens
from streams.tagger.vocabulary import Vocabulary
from streams.tagger.weights import Floats, Model

REACH = 3  # tokens to each side that a figure depends on: three layers with a kernel of three
STEP = 250  # tokens computed at a time: what fits the second-level cache
CHUNK = 16 * STEP  # tokens whose words are looked up at a time
LANES = 384  # columns of a block of weights, at most


class Figures(NamedTuple):
    """One row of figures a token, one column a tag; `bounds` are the rows of each text."""

    rows: Floats
    bounds: list[tuple[int, int]]


class Network:
    """A model with the first layer's products of every word seen lately.

    The first layer is linear up to its activation, so a word has one product, kept. Raises
    `ValueError` if the vocabulary numbers other shapes than the model's.
    """

    def __init__(self, model: Model, vocabulary: Vocabulary) -> None:
        if dict(vocabulary.shape_ids) != dict(model.shape_ids):
            raise ValueError("the vocabulary numbers other shapes than the model")
        self.model, self._vocabulary, self._turn = model, vocabulary, vocabulary.turn
        self._blocks = _to_blocks(model.layers[0].weights)
        self._layers = Layers(model.layers, STEP + 2 * REACH)
        capacity = len(vocabulary.vectors)
        self._products = make_aligned((capacity, 3 * len(model.layers[0].bias)))
        # row of each number, 0 if it has none; row 0 is all zero: what stands between two texts
        self._rows, self._used = np.zeros(capacity, np.int32), 1

    def compute(self, texts: Sequence[Tokens], parts: Sequence[tuple[int, int]] = ()) -> Figures:
        """The figures of every token of every text, or of the tokens of one part of each."""
        codes, spans, bounds = _lay_out(texts)
        hidden = self._hide(codes, spans)
        if parts:
            hidden, bounds = _pick(hidden, bounds, parts)
        return Figures(_apply(hidden, self.model.head.weights, self.model.head.bias), bounds)

    def _hide(self, codes: Codes, spans: Ints) -> Floats:
        """What the last layer says of each token, padded so that four fit."""
        count = spans.shape[1]
        hidden = np.zeros((_to_fours(count), self.model.head.weights.shape[0]), np.float32)
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            first = max(0, start - REACH)
            rows = self._find_rows(codes, spans[:, first : min(count, stop + REACH)])
            for at in range(start, stop, STEP):
                to, left = min(at + STEP, stop), max(0, at - REACH)
                part = self._layers.hide(self._products, rows[left - first : to + REACH - first])
                hidden[at:to] = part[at - left : to - left]
        return hidden

    def _find_rows(self, codes: Codes, spans: Ints) -> Ints:
        """The product row of each token (0: a separator)."""
        numbers = self._vocabulary.number(codes, spans)
        if self._turn != self._vocabulary.turn:
            self._turn, self._rows[:], self._used = self._vocabulary.turn, 0, 1
        new = numbers[(self._rows[numbers] == 0) & (numbers > 0)]
        if len(new):
            self._learn(np.unique(new))
        return self._rows[numbers]

    def _learn(self, new: Ints) -> None:
        """Multiply the vectors of words whose products are not there yet."""
        words, shapes = self._vocabulary.words, self.model.shapes
        vectors = np.zeros((_to_fours(len(new)), self._blocks.shape[1]), np.float32)
        words.embed(self._vocabulary.vectors[new], vectors)
        of_shape = slice(words.size, words.size + shapes.shape[1])
        vectors[: len(new), of_shape] = shapes[self._vocabulary.shapes[new]]
        after = self._used + len(new)
        self._products[self._used : after] = _multiply(vectors, self._blocks)[: len(new)]
        self._rows[new] = np.arange(self._used, after)
        self._used = after


def _pick(
    hidden: Floats, bounds: Sequence[tuple[int, int]], parts: Sequence[tuple[int, int]]
) -> tuple[Floats, list[tuple[int, int]]]:
    """The rows of a part of each text, and where they stand now."""
    picked = [hidden[at + a : at + b] for (at, _), (a, b) in zip(bounds, parts, strict=True)]
    stops = list(accumulate(map(len, picked)))
    rows = np.zeros((_to_fours(stops[-1]), hidden.shape[1]), np.float32)
    np.concatenate(picked, out=rows[: stops[-1]])
    return rows, list(zip([0, *stops], stops, strict=False))


def _to_fours(size: int) -> int:
    """The next multiple of four, which is how many rows are multiplied at once."""
    return -(-size // 4) * 4


def _to_blocks(weights: Floats) -> Floats:
    """(inputs, outputs) to (blocks, inputs, columns), padded with inputs of zero."""
    inputs, outputs = weights.shape
    columns = max(size for size in range(1, LANES + 1) if outputs % size == 0)
    blocks = make_aligned((outputs // columns, _to_fours(inputs), columns))
    blocks[:, :inputs] = weights.reshape(inputs, -1, columns).transpose(1, 0, 2)
    return blocks


def _lay_out(texts: Sequence[Tokens]) -> tuple[Codes, Ints, list[tuple[int, int]]]:
    """All texts in one row, a separator (an empty span) before, between and after."""
    if not texts:
        return np.empty(0, np.uint32), np.zeros((2, 1), np.int32), []
    counts = [len(text.starts) for text in texts]
    stops = [after + n for n, after in enumerate(accumulate(counts), 1)]
    spans = np.zeros((2, stops[-1] + 1), np.int32)
    places = np.arange(sum(counts)) + np.repeat(np.arange(1, len(texts) + 1), counts)
    offsets = list(accumulate((len(text.codes) for text in texts[:-1]), initial=0))
    moved = np.repeat(np.array(offsets, np.int32), counts)
    spans[0, places] = np.concatenate([text.starts for text in texts]) + moved
    spans[1, places] = np.concatenate([text.stops for text in texts]) + moved
    bounds = [(after - count, after) for after, count in zip(stops, counts, strict=True)]
    return np.concatenate([text.codes for text in texts]), spans, bounds


@compiled(fastmath={"contract"}, inline="always")
def _add_products(sums: Floats, a: Floats, w: Floats) -> None:
    """Four rows times four rows of a block: 16 factors stay in registers, the columns stream."""
    a00, a01, a02, a03 = a[0, 0], a[0, 1], a[0, 2], a[0, 3]
    a10, a11, a12, a13 = a[1, 0], a[1, 1], a[1, 2], a[1, 3]
    a20, a21, a22, a23 = a[2, 0], a[2, 1], a[2, 2], a[2, 3]
    a30, a31, a32, a33 = a[3, 0], a[3, 1], a[3, 2], a[3, 3]
    for j in range(w.shape[1]):
        w0, w1, w2, w3 = w[0, j], w[1, j], w[2, j], w[3, j]
        sums[0, j] = (((sums[0, j] + a00 * w0) + a01 * w1) + a02 * w2) + a03 * w3
        sums[1, j] = (((sums[1, j] + a10 * w0) + a11 * w1) + a12 * w2) + a13 * w3
        sums[2, j] = (((sums[2, j] + a20 * w0) + a21 * w1) + a22 * w2) + a23 * w3
        sums[3, j] = (((sums[3, j] + a30 * w0) + a31 * w1) + a32 * w2) + a33 * w3


@compiled(fastmath={"contract"})
def _multiply(rows: Floats, blocks: Floats) -> Floats:
    """Rows (a multiple of four) times blocks of weights; each sum runs over inputs in order.

    BLAS gives a row other last bits at another place of the batch; this does not. Eight rows a
    turn: the weights come from the second-level cache, and four rows alone would wait for them.
    """
    columns = blocks.shape[2]
    out = np.empty((rows.shape[0], blocks.shape[0] * columns), np.float32)
    sums = align(np.empty(8 * columns + LINE // 4, np.float32)).reshape(8, columns)
    for b in range(blocks.shape[0]):
        for t in range(0, rows.shape[0], 8):
            some = min(8, rows.shape[0] - t)
            sums.fill(0)
            for k in range(0, blocks.shape[1], 4):
                for i in range(0, some, 4):
                    of_rows = rows[t + i : t + i + 4, k : k + 4]
                    _add_products(sums[i : i + 4], of_rows, blocks[b, k : k + 4])
            for i in range(some):  # assigning a slice would take seconds to compile
                for j in range(columns):
                    out[t + i, b * columns + j] = sums[i, j]
    return out


@compiled(fastmath={"contract"})
def _apply(rows: Floats, weights: Floats, bias: Floats) -> Floats:
    """The head: rows (a multiple of four) times weights, each sum in order, plus the bias."""
    out = np.zeros((rows.shape[0], weights.shape[1]), np.float32)
    for t in range(0, rows.shape[0], 4):
        for k in range(weights.shape[0]):
            a, b, c, d = rows[t, k], rows[t + 1, k], rows[t + 2, k], rows[t + 3, k]
            for j in range(weights.shape[1]):
                out[t, j] += a * weights[k, j]
                out[t + 1, j] += b * weights[k, j]
                out[t + 2, j] += c * weights[k, j]
                out[t + 3, j] += d * weights[k, j]
        for i in range(4):  # adding to a slice would take seconds to compile
            for j in range(weights.shape[1]):
                out[t + i, j] += bias[j]
    return out
