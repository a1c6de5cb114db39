"""From figures to the best sequence of tags, and from tags to spans of tokens."""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled
from streams.tagger.network import Figures
from streams.tagger.tokens import Ints
from streams.tagger.weights import Floats

Tags = NDArray[np.int8]
Borders = NDArray[np.int64]
OUTSIDE, FIRST = 1, 2  # tag numbers: padding, outside, then B and I of each type in turn


def find_spans(figures: Figures, transitions: Floats) -> list[list[tuple[int, int, int]]]:
    """For each text its spans: first token, token after the last, number of the type."""
    bounds = np.array(figures.bounds, np.int64).reshape(-1, 2)
    spans = np.empty((len(figures.rows), 3), np.int32)
    counts = np.zeros(len(bounds), np.int64)
    _collect_all(figures.rows, bounds, transitions, spans, counts)
    return [
        list(map(tuple, spans[at : at + count].tolist())) if count else []
        for at, count in zip(bounds[:, 0].tolist(), counts.tolist(), strict=True)
    ]


@compiled
def _collect_all(
    rows: Floats, bounds: Borders, transitions: Floats, spans: Ints, counts: Borders
) -> None:
    """Fill `spans` of each text from its first row on, and `counts`."""
    for n in range(len(counts)):
        at, after = bounds[n, 0], bounds[n, 1]
        if after > at:
            tags = _find_tags(rows[at:after], transitions)
            counts[n] = _collect(tags, spans[at:after])


@compiled
def _find_tags(rows: Floats, transitions: Floats) -> Tags:
    """Viterbi (1967) over emissions and transitions, in float32; the first of equals wins."""
    size, count = rows.shape
    best, after = rows[0].copy(), np.empty(count, np.float32)
    came = np.empty((size, count), np.int8)
    for t in range(1, size):
        for j in range(count):
            came[t, j] = _find_previous(best, transitions, rows[t, j], j)
            after[j] = best[came[t, j]] + transitions[came[t, j], j] + rows[t, j]
        best, after = after, best
    tags = np.empty(size, np.int8)
    tags[size - 1] = best.argmax()
    for t in range(size - 1, 0, -1):
        tags[t - 1] = came[t, tags[t]]
    return tags


@compiled
def _find_previous(best: Floats, transitions: Floats, emission: np.float32, tag: int) -> int:
    found, most = 0, best[0] + transitions[0, tag] + emission
    for i in range(1, best.shape[0]):
        score = best[i] + transitions[i, tag] + emission
        if score > most:
            found, most = i, score
    return found


@compiled
def _collect(tags: Tags, spans: Ints) -> int:
    """B opens a span, I stretches the open one whatever its type, O closes it."""
    count, is_open = 0, False
    for t in range(tags.shape[0]):
        tag = tags[t]
        if tag == OUTSIDE:
            is_open = False
        elif tag >= FIRST and tag % 2 == 0:
            spans[count, 0], spans[count, 2] = t, (tag - FIRST) // 2
            count, is_open = count + 1, True
        if is_open and tag >= FIRST:
            spans[count - 1, 1] = t + 1
    return count
