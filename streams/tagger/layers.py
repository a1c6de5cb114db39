"""The layers of a tagging network after the first, each sum in one order whatever the batch.

Four of five activations are zero, so each token is multiplied by the weights of what is left, a
tile of weights at a time, which stays in the first-level cache.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled
from streams.tagger.tokens import Ints
from streams.tagger.weights import Floats, Layer

LINE = 64  # bytes of a line of the cache
TILE = 32  # inputs of a tile of weights
SPARE = 3  # factors of zero after the last one: four are multiplied at a time

Constants = tuple[Floats, Floats, Floats]


class Kept(NamedTuple):
    """The activations that are not zero, by tile and token: scaled, their inputs, and how many."""

    factors: Floats
    places: NDArray[np.uint8]
    counts: Ints


class _Stage(NamedTuple):
    """A layer: weights by tile, what all sums begin with, and room for its work."""

    weights: Floats
    start: Floats
    kept: Kept
    products: Floats


class Layers:
    """All layers of a model but the first, with room for windows of so many tokens."""

    def __init__(self, layers: Sequence[Layer], size: int) -> None:
        self._constants = [(layer.bias, layer.scale, layer.shift) for layer in layers]
        self._stages = [_prepare(layer, before.shift, size) for before, layer in pairwise(layers)]
        self._size = size

    def hide(self, products: Floats, rows: Ints) -> Floats:
        """What the last layer says of each token of a window.

        `products` are the first layer's, of all words; `rows` those of the tokens, 0: no token.
        Raises `ValueError` if there are more tokens than there is room for.
        """
        if len(rows) > self._size:
            raise ValueError(f"a window of {len(rows)} tokens: there is room for {self._size}")
        own = np.where(rows > 0, np.arange(1, len(rows) + 1, dtype=np.int32), 0)
        for constants, stage in zip(self._constants, self._stages, strict=False):
            _keep(products, rows, constants, stage.kept)
            products, rows = stage.products, own
            _multiply(stage.kept, rows, stage.weights, stage.start, products)
        hidden = np.empty((len(rows), len(self._constants[-1][0])), np.float32)
        _activate(products, rows, self._constants[-1], hidden)
        return hidden


def make_aligned(shape: tuple[int, ...]) -> Floats:
    """Zeros that begin where a line of the cache does."""
    return align(np.zeros(prod(shape) + LINE // 4, np.float32)).reshape(shape)


@compiled
def align(room: Floats) -> Floats:
    """What begins where a line of the cache does: else each 16 floats lie in two lines."""
    first = (LINE - room.ctypes.data % LINE) % LINE // 4
    return room[first : first + room.shape[0] - LINE // 4]


def _prepare(layer: Layer, shift: Floats, size: int) -> _Stage:
    """What is added to all activations of the layer before goes into the beginning of each sum."""
    inputs, outputs = layer.weights.shape
    tiles = -(-inputs // TILE)
    weights = make_aligned((tiles * TILE, outputs))
    weights[:inputs] = layer.weights
    start = (shift.astype(np.float64)[:, None] * layer.weights).sum(axis=0).astype(np.float32)
    shape = (tiles, size, TILE + SPARE)
    kept = Kept(
        np.zeros(shape, np.float32), np.zeros(shape, np.uint8), np.zeros(shape[:2], np.int32)
    )
    # the products' row 0 stays zero: what stands between two texts
    products = make_aligned((size + 1, outputs))
    return _Stage(weights.reshape(tiles, TILE, outputs), start, kept, products)


@compiled(inline="always")
def _activate_row(products: Floats, rows: Ints, t: int, bias: Floats, out: Floats) -> None:
    """The sum of the products of token `t` and its two neighbours, if it is positive."""
    size = bias.shape[0]
    left = products[rows[t - 1] if t > 0 else 0]
    here = products[rows[t]]
    right = products[rows[t + 1] if t + 1 < rows.shape[0] else 0]
    for j in range(size):
        value = left[j] + here[size + j] + right[2 * size + j] + bias[j]
        out[j] = max(value, np.float32(0))


@compiled
def _keep(products: Floats, rows: Ints, constants: Constants, kept: Kept) -> None:
    """A layer's activations, by tile."""
    bias, scale, _ = constants
    values = np.empty(bias.shape[0], np.float32)
    for t in range(rows.shape[0]):
        if rows[t] == 0:
            kept.counts[:, t].fill(0)
            continue
        _activate_row(products, rows, t, bias, values)
        for tile in range(kept.counts.shape[0]):
            factors, places = kept.factors[tile, t], kept.places[tile, t]
            first, count = tile * TILE, 0
            for k in range(min(TILE, bias.shape[0] - first)):
                factors[count], places[count] = values[first + k] * scale[first + k], k
                count += values[first + k] > 0
            for i in range(count, count + SPARE):
                factors[i], places[i] = 0, 0
            kept.counts[tile, t] = count


@compiled(fastmath={"contract"})
def _multiply(kept: Kept, rows: Ints, weights: Floats, start: Floats, out: Floats) -> None:
    """The products of each token, one row below its place: sums over inputs in order."""
    for t in range(rows.shape[0]):
        is_token = rows[t] != 0
        for j in range(start.shape[0]):  # assigning a slice would take seconds to compile
            out[t + 1, j] = start[j] if is_token else 0
    for tile in range(weights.shape[0]):
        of_tile = weights[tile]
        for t in range(rows.shape[0]):
            row, factors, places = out[t + 1], kept.factors[tile, t], kept.places[tile, t]
            for i in range(0, kept.counts[tile, t], 4):
                _add_four(row, factors[i : i + 4], places[i : i + 4], of_tile)


@compiled(fastmath={"contract"}, inline="always")
def _add_four(row: Floats, factors: Floats, places: NDArray[np.uint8], weights: Floats) -> None:
    a, b, c, d = factors[0], factors[1], factors[2], factors[3]
    of_a, of_b, of_c, of_d = (
        weights[places[0]],
        weights[places[1]],
        weights[places[2]],
        weights[places[3]],
    )
    for j in range(row.shape[0]):
        row[j] = (((row[j] + a * of_a[j]) + b * of_b[j]) + c * of_c[j]) + d * of_d[j]


@compiled
def _activate(products: Floats, rows: Ints, constants: Constants, out: Floats) -> None:
    """The last layer's activations, all of them; of what is no token zeros."""
    bias, scale, shift = constants
    for t in range(rows.shape[0]):
        if rows[t] == 0:
            out[t].fill(0)
            continue
        _activate_row(products, rows, t, bias, out[t])
        for j in range(scale.shape[0]):
            out[t, j] = out[t, j] * scale[j] + shift[j]
