"""Shapes and word vectors against slovnet and navec."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from navec import Navec
from slovnet.shape import word_shape

from streams.entities import WORDS, find_weights
from streams.tagger.weights import read_words, to_shape

ODD = st.sampled_from([*"абЁяzZ12-+.,!?—«»№…`ʼ(){}_|é😀ІїҚқ"])


@given(st.lists(ODD | st.characters(), min_size=1, max_size=8).map("".join))
def test_shapes_are_slovnets(word: str) -> None:
    assert to_shape(word) == word_shape(word)


def test_vectors_are_navecs() -> None:
    path = find_weights() / WORDS
    words, navec = read_words(path), Navec.load(path)
    listed = ["москва", "токаев", "и", "ъъъъ"]
    vectors = np.zeros((len(listed), words.size), np.float32)
    words.embed(np.array([words.find(word) for word in listed]), vectors)
    for word, vector in zip(listed, vectors, strict=True):
        assert np.array_equal(vector, navec.get(word, navec["<unk>"]))
