"""The best sequence of tags against all sequences, tried one by one."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from streams.tagger.network import Figures
from streams.tagger.tagging import find_spans

TAGS = ["<pad>", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def best_path(rows: np.ndarray, transitions: np.ndarray) -> tuple[int, ...]:
    def score(path: tuple[int, ...]) -> float:
        own = sum(float(row[tag]) for row, tag in zip(rows, path, strict=True))
        return own + sum(float(transitions[a, b]) for a, b in pairwise(path))

    return max(product(range(rows.shape[1]), repeat=len(rows)), key=score)


def to_rows(tags: list[str]) -> np.ndarray:
    """Figures that leave no choice."""
    return np.array([[float(tag == name) for name in TAGS] for tag in tags], np.float32)


def spans(rows: np.ndarray, transitions: np.ndarray) -> list[tuple[int, int, int]]:
    return find_spans(Figures(rows, [(0, len(rows))]), transitions)[0]


@pytest.mark.parametrize("seed", range(20))
def test_no_sequence_scores_better(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(5, 6)).astype(np.float32)
    transitions = random.normal(size=(6, 6)).astype(np.float32)
    sure = to_rows([TAGS[tag] for tag in best_path(rows, transitions)])
    assert spans(rows, transitions) == spans(sure, np.zeros((6, 6), np.float32))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["O", "B-PER", "I-PER", "O"], [(1, 3, 0)]),
        (["B-PER", "B-PER"], [(0, 1, 0), (1, 2, 0)]),
        (["B-LOC", "I-PER", "O"], [(0, 2, 1)]),
        (["I-PER", "O", "B-LOC"], [(2, 3, 1)]),
        (["O", "O"], []),
    ],
)
def test_spans_of_tags(tags: list[str], expected: list[tuple[int, int, int]]) -> None:
    assert spans(to_rows(tags), np.zeros((6, 6), np.float32)) == expected
