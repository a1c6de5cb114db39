"""The network's figures: the same bits wherever a text stands, close to slovnet's own."""

from __future__ import annotations

import numpy as np
import pytest

from streams.entities import NAMES, WORDS, find_weights
from streams.tagger.network import CHUNK, Network
from streams.tagger.tokens import tokenize
from streams.tagger.vocabulary import CAPACITY, Vocabulary
from streams.tagger.weights import Model, Words, read_model, read_words

TEXTS = [
    "Президент Казахстана Касым-Жомарт Токаев прибыл в Минск.",
    "",
    "😀",
    "МИД РФ ответил: «Нет!»",
    " ".join(f"слово{n} Иван" for n in range(CHUNK)),  # more than are looked up at a time
    "Да",
]


@pytest.fixture(scope="module")
def parts() -> tuple[Model, Words]:
    return read_model(find_weights() / NAMES), read_words(find_weights() / WORDS)


def make_network(parts: tuple[Model, Words], capacity: int = CAPACITY) -> Network:
    model, words = parts
    return Network(model, Vocabulary(words, model.shape_ids, capacity))


def figures(network: Network, texts: list[str]) -> list[bytes]:
    found = network.compute([tokenize(text) for text in texts])
    return [found.rows[start:stop].tobytes() for start, stop in found.bounds]


def test_the_batch_changes_no_bit(parts: tuple[Model, Words]) -> None:
    network = make_network(parts)
    alone = [figures(network, [text])[0] for text in TEXTS]
    assert figures(network, TEXTS) == alone
    assert figures(network, TEXTS[::-1]) == alone[::-1]


def test_forgetting_words_changes_no_bit(parts: tuple[Model, Words]) -> None:
    assert figures(make_network(parts, CHUNK + 8), TEXTS) == figures(make_network(parts), TEXTS)


def test_no_texts_no_figures(parts: tuple[Model, Words]) -> None:
    assert figures(make_network(parts), []) == []


def test_figures_are_slovnets_but_for_rounding(parts: tuple[Model, Words]) -> None:
    from navec import Navec
    from slovnet import NER

    infer = NER.load(find_weights() / NAMES).navec(Navec.load(find_weights() / WORDS)).infer
    for text in filter(str.strip, TEXTS):
        tokens = tokenize(text)
        words = [text[a:b] for a, b in zip(tokens.starts, tokens.stops, strict=True)]
        given = next(infer.encoder([words]))
        expected = infer.model(given.word_id, given.shape_id, given.pad_mask)[0]
        found = np.frombuffer(figures(make_network(parts), [text])[0], np.float32)
        assert np.allclose(found.reshape(expected.shape), expected, atol=2e-4)
