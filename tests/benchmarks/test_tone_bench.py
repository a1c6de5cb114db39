"""Tone towards an entity in folds of sentences, and what it costs.

Run: NABAT_DATA=… pytest tests/benchmarks/test_tone_bench.py -p no:randomly -s
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from streams.cues import WHOLE
from streams.entities import find_entities
from streams.sentiment import Place, find_tone, read_tone
from tests.benchmarks.train_tone import (
    calibrate,
    cross_validate,
    make_features,
    measure,
    nest,
    read_corpus,
    report,
)
from tests.corpora import find_corpus, read_texts

ARTICLE = 2500  # characters
LEAST = 45  # F1(PN)


@pytest.mark.timeout(1200)
def test_folds_by_sentence() -> None:
    corpus = read_corpus(find_corpus("rusentne-train.csv"))
    features = make_features(corpus)
    scores = cross_validate(corpus, features)
    towards = corpus.targets[:, 4] != WHOLE
    tone = calibrate(
        scores[towards], corpus.labels[towards], read_tone()._replace(bias=np.zeros(3))
    )
    report(corpus, scores + tone.bias, tone)
    figure = measure(corpus.labels[towards], nest(corpus, features, scores)[towards])
    print(f"all choices nested: F1(PN) {figure:.1f}")  # noqa: T201
    assert figure >= LEAST


@pytest.mark.timeout(600)
def test_cost_of_a_document() -> None:
    texts, text = [], ""
    for post in read_texts("telegram-2024.jsonl.gz"):
        text += post + "\n\n"
        if len(text) >= ARTICLE:
            texts.append(text[:ARTICLE])
            text = ""
    warm, unseen = texts[:300], texts[-100:]
    asked = [
        [Place(one.start, one.stop, (one.type, one.name), one.type) for one in some]
        for some in find_entities(unseen)
    ]
    for one in warm:
        find_tone(one, [])
    spent = []
    for turn in ("unseen", "seen"):
        started = time.process_time()
        for one, places in zip(unseen, asked, strict=True):
            find_tone(one, places)
        spent.append(f"{turn} {(time.process_time() - started) / len(unseen) * 1000:.3f} ms")
    print("\n", *spent, f"names {sum(map(len, asked)) / len(asked):.1f}")  # noqa: T201
