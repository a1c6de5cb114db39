"""Numbers of words: one for each pair of vector and shape, until there is no room."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from streams.entities import NAMES, WORDS, find_weights
from streams.tagger.tokens import tokenize
from streams.tagger.vocabulary import Vocabulary
from streams.tagger.weights import Words, read_model, read_words, to_shape

Parts = tuple[Words, Mapping[str, int]]


@pytest.fixture(scope="module")
def parts() -> Parts:
    return read_words(find_weights() / WORDS), read_model(find_weights() / NAMES).shape_ids


def number(vocabulary: Vocabulary, text: str) -> list[int]:
    tokens = tokenize(text)
    numbers = vocabulary.number(tokens.codes, np.stack([tokens.starts, tokens.stops]))
    return [int(one) for one in numbers]


def test_a_word_keeps_its_number(parts: Parts) -> None:
    vocabulary = Vocabulary(*parts, 64)
    first = number(vocabulary, "Минск и Москва и Минск")
    assert first[0] == first[4]
    assert first[1] == first[3]
    assert len(set(first)) == 3
    assert number(vocabulary, "Москва") == [first[2]]


def test_what_the_networks_cannot_tell_apart_has_one_number(
    parts: Parts,
) -> None:
    one, other = number(Vocabulary(*parts, 64), "Абырвалгов Кырдымурин")
    assert one == other  # two words without a vector, of one shape


def test_a_number_stands_for_the_words_vector_and_shape(parts: Parts) -> None:
    vocabulary = Vocabulary(*parts, 64)
    for word, at in zip(["Минск", "!", "НАТО"], number(vocabulary, "Минск ! НАТО"), strict=True):
        assert vocabulary.vectors[at] == vocabulary.words.find(word)
        assert vocabulary.shapes[at] == vocabulary.shape_ids[to_shape(word)]


def test_without_room_all_is_forgotten_and_learnt_again(parts: Parts) -> None:
    vocabulary = Vocabulary(*parts, 5)
    number(vocabulary, "Минск Москва")
    assert vocabulary.turn == 0
    assert number(vocabulary, "и в на") == [1, 2, 3]
    assert vocabulary.turn == 1
