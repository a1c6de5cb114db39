"""The further layers against the plain sums that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from streams.tagger.layers import LINE, Layers, make_aligned
from streams.tagger.weights import Layer

SIZE = 24  # tokens of a window


def draw(rng: np.random.Generator, inputs: int, outputs: int) -> Layer:
    weights = rng.normal(size=(inputs, 3 * outputs)).astype(np.float32)
    bias, scale, shift = rng.normal(size=(3, outputs)).astype(np.float32)
    return Layer(weights, bias, scale, shift)


Exact = NDArray[np.float64]


def convolve(products: Exact, layer: Layer, is_token: NDArray[np.bool_]) -> Exact:
    """Products of (left, here, right), ReLU and batch norm; zeros where there is no token."""
    size = len(layer.bias)
    padded = np.concatenate([np.zeros((1, 3 * size)), products, np.zeros((1, 3 * size))])
    total = padded[:-2, :size] + padded[1:-1, size : 2 * size] + padded[2:, 2 * size :]
    after: Exact = np.maximum(total + layer.bias, 0) * layer.scale + layer.shift
    return after * is_token[:, None]


@pytest.mark.parametrize("sizes", [(64, 32, 8), (40, 33, 5)], ids=["whole tiles", "parts of tiles"])
def test_what_is_zero_changes_no_sum(sizes: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(4)
    layers = [draw(rng, a, b) for a, b in zip((7, *sizes), sizes, strict=False)]
    words = np.concatenate([np.zeros((1, 3 * sizes[0])), rng.normal(size=(9, 3 * sizes[0]))])
    rows = rng.integers(0, 10, SIZE).astype(np.int32)
    assert 0 in rows
    expected = convolve(words[rows], layers[0], rows > 0)
    for layer in layers[1:]:
        expected = convolve(expected @ layer.weights, layer, rows > 0)
    found = Layers(layers, SIZE).hide(words.astype(np.float32), rows)
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_a_window_leaves_nothing_behind() -> None:
    rng = np.random.default_rng(5)
    layers = Layers([draw(rng, 7, 64), draw(rng, 64, 32)], SIZE)
    words = np.concatenate([np.zeros((1, 192)), rng.normal(size=(9, 192))]).astype(np.float32)
    short = np.array([1, 0, 2], np.int32)
    first = layers.hide(words, short).tobytes()
    layers.hide(words, np.full(SIZE, 3, np.int32))
    assert layers.hide(words, short).tobytes() == first


def test_more_tokens_than_there_is_room_for() -> None:
    layers = Layers([draw(np.random.default_rng(6), 7, 32)], SIZE)
    with pytest.raises(ValueError, match="room for 24"):
        layers.hide(np.zeros((2, 96), np.float32), np.ones(SIZE + 1, np.int32))


def test_arrays_begin_with_a_line_of_the_cache() -> None:
    arrays = [make_aligned((size, 3)) for size in range(1, 20)]
    assert all(one.ctypes.data % LINE == 0 and not one.any() for one in arrays)
