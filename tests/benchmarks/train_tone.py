"""Trains the tone model on RuSentNE and writes `streams/data/tone.npz`.

Run: NABAT_DATA=… python -m tests.benchmarks.train_tone (five minutes on one core). The order of
examples is drawn with a fixed seed.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import csv
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numba import njit
from numpy.typing import NDArray

from streams.cues import (
    BLOCKS,
    CUES,
    NEGATION,
    PER_PLACE,
    PER_TOKEN,
    WHOLE,
    WORD,
    Numbers,
    Traits,
    is_denied,
    list_blocks,
    list_cues,
    locate,
    make_traits,
    note_traits,
)
from streams.entities import word_vectors
from streams.sentiment import (
    FILE,
    FINE,
    Place,
    Tone,
    find_borders,
    locate_places,
    read_tone,
    to_shares,
    weigh,
)
from streams.tagger.tokens import tokenize

Floats = NDArray[np.float32]
TYPES = {"PERSON": "PER", "ORGANIZATION": "ORG", "COUNTRY": "LOC"}
ROOT = Path(__file__).parents[2]
FOLDS, ROUNDS, SEEDS = 5, 6, 5
STEP, VECTOR_STEP, DECAY = 0.1, 0.02, 1e-4
COSTS = np.array([2.0, 1.0, 2.0])  # an example with a tone counts twice: two thirds are neutral
LENGTH = 4.78  # mean length of a word vector
LEAST = 0.4
WEIGHTS = np.arange(1.0, 4.01, 0.25)


class Corpus(NamedTuple):
    """Targets with their labels (0 negative, 1 neutral, 2 positive), folds and words."""

    ids: list[Numbers]
    targets: Numbers
    labels: Numbers
    folds: Numbers
    traits: Traits
    vectors: Floats  # of every numbered word


class Features(NamedTuple):
    """Hashed cues (CSR: cues, bounds) and block sums (targets, BLOCKS × 300)."""

    cues: Numbers
    bounds: Numbers
    sums: Floats


def read_corpus(path: Path) -> Corpus:
    """The examples, then every sentence once as a whole; folds by sentence."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    whole = defaultdict(set)
    for row in rows:
        whole[row["sentence"]].add(int(row["label"]))
    numbers: dict[str, int] = {}
    ids, targets, labels, folds = [], [], [], []
    for row in rows:
        tokens = tokenize(row["sentence"])
        ids.append(_number(row["sentence"], numbers))
        start, stop = int(row["entity_pos_start_rel"]), int(row["entity_pos_end_rel"])
        place = Place(start, stop, row["entity"], TYPES.get(row["entity_tag"]))
        targets.append(locate_places(tokens, find_borders(tokens, len(ids[-1])), [place])[0])
        labels.append(int(row["label"]) + 1)
        folds.append(crc32(row["sentence"].encode()) % FOLDS)
    for sentence, found in whole.items():
        ids.append(_number(sentence, numbers))
        targets.append((0, 0, 0, len(ids[-1]), WHOLE))
        labels.append(int(np.sign(sum(found))) + 1)
        folds.append(crc32(sentence.encode()) % FOLDS)
    traits, vectors = _describe(list(numbers))
    numbered = [np.array(one, np.int64) for one in (targets, labels, folds)]
    return Corpus(ids, numbered[0], numbered[1], numbered[2], traits, vectors)


def _number(text: str, numbers: dict[str, int]) -> Numbers:
    tokens = tokenize(text)
    spans = zip(tokens.starts.tolist(), tokens.stops.tolist(), strict=True)
    words = [text[start:stop] for start, stop in spans]
    return np.array([numbers.setdefault(word, len(numbers)) for word in words], np.int64)


def _describe(words: Sequence[str]) -> tuple[Traits, Floats]:
    traits, known = make_traits(len(words)), word_vectors()
    vectors = np.zeros((len(words), known.size), np.float32)
    known.embed(np.array([known.find(word) for word in words]), vectors)
    for number, word in enumerate(words):
        note_traits(traits, number, word)
        if traits.marks[number] not in (WORD, NEGATION) or not known.knows(word):
            vectors[number] = 0
    return traits, vectors


def make_features(corpus: Corpus) -> Features:
    """What the model sees of every target."""
    parts, bounds = [], [0]
    sums = np.zeros((len(corpus.ids), BLOCKS * corpus.vectors.shape[1]), np.float32)
    for n, ids in enumerate(corpus.ids):
        places, cues = (
            np.zeros((2, len(ids)), np.int64),
            np.empty(len(ids) * PER_TOKEN + PER_PLACE, np.int64),
        )
        locate(corpus.traits, ids, corpus.targets[n], places)
        count = list_cues(corpus.traits, ids, corpus.targets[n], places, cues)
        parts.append(cues[:count])
        bounds.append(bounds[-1] + count)
        _add_vectors((corpus.traits, corpus.vectors), ids, corpus.targets[n], places, sums[n])
    return Features(np.concatenate(parts), np.array(bounds), sums)


@njit(cache=True)
def _add_vectors(
    corpus: tuple[Traits, Floats], ids: Numbers, target: Numbers, places: Numbers, out: Floats
) -> None:
    traits, vectors = corpus
    size = vectors.shape[1]
    counts = np.zeros(BLOCKS)
    for i in range(target[2], target[3]):
        at = i - target[2]
        denied = is_denied(traits, ids, target[2], i)
        bits = list_blocks(target[4], places[0, at], places[1, at], traits.verbs[ids[i]], denied)
        for block in range(BLOCKS):
            if bits >> block & 1:
                counts[block] += traits.marks[ids[i]] == WORD
                out[block * size : (block + 1) * size] += vectors[ids[i]]
    for block in range(BLOCKS):
        out[block * size : (block + 1) * size] /= np.sqrt(max(1, counts[block])) * LENGTH


def fit(features: Features, labels: Numbers, chosen: Numbers) -> Tone:
    """Multinomial logistic regression by AdaGrad (Duchi et al., 2011), the mean of five runs."""
    cues = np.zeros((CUES, 3))
    vectors = np.zeros((3, features.sums.shape[1]))
    bias = np.zeros(3)
    for seed in range(SEEDS):
        order = np.random.default_rng(seed).permutation(chosen)
        one = _fit(features, labels, order, COSTS)
        cues, vectors, bias = cues + one[0] / SEEDS, vectors + one[1] / SEEDS, bias + one[2] / SEEDS
    scale = float(np.abs(cues).max()) / 127
    size = vectors.shape[1] // BLOCKS
    rows = vectors.reshape(3, BLOCKS, size).transpose(1, 0, 2).reshape(3 * BLOCKS, size) / LENGTH
    halves = rows.astype(np.float16).astype(np.float32)
    return Tone(np.round(cues / scale).astype(np.int8), halves, bias, scale, 1.0, 1.0, LEAST)


@njit(cache=True, fastmath=True)
def _fit(  # noqa: C901 - one compiled loop
    features: Features, labels: Numbers, order: Numbers, costs: NDArray[np.float64]
) -> tuple[Floats, Floats, NDArray[np.float64]]:
    size = features.sums.shape[1]
    cues, paced = np.zeros((CUES, 3), np.float32), np.full((CUES, 3), 1e-2, np.float32)
    vectors, slow = np.zeros((3, size), np.float32), np.full((3, size), 1e-2, np.float32)
    bias, scores = np.zeros(3), np.zeros(3)
    for turn in range(ROUNDS):
        for o in range(len(order)):
            row = order[(o * 7919 + turn * 31) % len(order)]
            first, last = features.bounds[row], features.bounds[row + 1]
            value = np.float32(1 / np.sqrt(max(1, last - first)))
            for c in range(3):
                total = np.float32(0)
                for k in range(first, last):
                    total += cues[features.cues[k], c] * value
                for j in range(size):
                    total += vectors[c, j] * features.sums[row, j]
                scores[c] = bias[c] + total
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            for c in range(3):
                slope = np.float32((shares[c] - (labels[row] == c)) * costs[labels[row]])
                bias[c] -= 0.01 * slope
                for k in range(first, last):
                    at = features.cues[k]
                    paced[at, c] += (slope * value) ** 2
                    cues[at, c] -= np.float32(STEP) * slope * value / np.sqrt(paced[at, c])
                for j in range(size):
                    pull = slope * features.sums[row, j] + np.float32(DECAY) * vectors[c, j]
                    slow[c, j] += pull * pull
                    vectors[c, j] -= np.float32(VECTOR_STEP) * pull / np.sqrt(slow[c, j])
    return cues, vectors, bias


def score(corpus: Corpus, tone: Tone, chosen: Numbers) -> NDArray[np.float64]:
    """The logits of targets, by the code that reads documents."""
    figures = np.round(corpus.vectors.astype(np.float64) @ tone.vectors.T * FINE).astype(np.int64)
    rows = [
        weigh(corpus.traits, figures, corpus.ids[n], corpus.targets[n : n + 1], tone)
        for n in chosen
    ]
    return np.concatenate(rows)


def cross_validate(corpus: Corpus, features: Features, left_out: int = -1) -> NDArray[np.float64]:
    """The logits of every target by a model that never saw its sentence, nor the fold left out."""
    scores = np.zeros((len(corpus.ids), 3))
    for fold in set(range(FOLDS)) - {left_out}:
        seen = (corpus.folds != fold) & (corpus.folds != left_out)
        tone = fit(features, corpus.labels, np.flatnonzero(seen))
        kept = np.flatnonzero(corpus.folds == fold)
        scores[kept] = score(corpus, tone, kept)
    return scores


def nest(corpus: Corpus, features: Features, scores: NDArray[np.float64]) -> Numbers:
    """The label of every target; heat, shifts and weight are chosen where its fold was left out.

    `scores` come from `cross_validate`; for each fold the other four are validated anew.
    """
    chosen = np.ones(len(corpus.ids), np.int64)
    for fold in range(FOLDS):
        inner, kept = cross_validate(corpus, features, fold), corpus.folds == fold
        rows = ~kept & (corpus.targets[:, 4] != WHOLE)
        tone = calibrate(inner[rows], corpus.labels[rows], read_tone()._replace(bias=np.zeros(3)))
        chosen[kept] = choose(to_shares(scores[kept] + tone.bias, tone), tone.weight)
    return chosen


def calibrate(scores: NDArray[np.float64], labels: Numbers, tone: Tone) -> Tone:
    """Heat and bias that make probabilities true, then the weight that is best for F1(PN)."""
    grid = product(np.arange(0.8, 2.4, 0.1), np.arange(-1, 0.51, 0.1), np.arange(-1, 0.51, 0.1))
    heat, *ends = min(grid, key=lambda one: _lose(scores, labels, one))
    shift = np.array([ends[0], 0, ends[1]])
    tone = tone._replace(heat=float(heat), bias=tone.bias + shift)
    shares = to_shares(scores + shift, tone)
    weight = max(WEIGHTS, key=lambda one: measure(labels, choose(shares, one)))
    return tone._replace(weight=float(weight))


def _lose(
    scores: NDArray[np.float64], labels: Numbers, setting: tuple[float, float, float]
) -> float:
    """The mean negative log-likelihood under heat and two shifts."""
    powers = np.exp((scores + np.array([setting[1], 0, setting[2]])) / setting[0])
    return float(-np.log(powers[np.arange(len(labels)), labels] / powers.sum(axis=1)).mean())


def choose(shares: NDArray[np.float64], weight: float) -> Numbers:
    """The label of each row of shares."""
    return np.asarray((shares * np.array([weight, 1, weight])).argmax(axis=1))


def measure(labels: Numbers, chosen: Numbers) -> float:
    """F1(PN): the mean of the F1 of negative and positive, × 100."""
    hits = [2 * ((labels == c) & (chosen == c)).sum() for c in (0, 2)]
    sizes = [(labels == c).sum() + (chosen == c).sum() for c in (0, 2)]
    return 50 * sum(hit / max(1, size) for hit, size in zip(hits, sizes, strict=True))


def find_data() -> Path:
    """The corpus, in the folder that NABAT_DATA names."""
    return Path(os.environ["NABAT_DATA"]) / "rusentne-train.csv"


def write(tone: Tone, path: Path) -> None:
    """Write the model; `settings` are heat, weight, least, scale."""
    settings = np.array([tone.heat, tone.weight, tone.least, tone.scale])
    vectors = tone.vectors.astype(np.float16)
    np.savez_compressed(path, cues=tone.cues, vectors=vectors, bias=tone.bias, settings=settings)


def report(corpus: Corpus, scores: NDArray[np.float64], tone: Tone) -> None:
    """Figures of the card: F1(PN), and what the threshold leaves."""
    towards = corpus.targets[:, 4] != WHOLE
    for name, rows in (("towards an entity", towards), ("whole sentences", ~towards)):
        labels, shares = corpus.labels[rows], to_shares(scores[rows], tone)
        chosen = choose(shares, tone.weight)
        sys.stdout.write(f"{name}: F1(PN) {measure(labels, chosen):.1f}, {len(labels)} examples\n")
        confidence = shares[np.arange(len(labels)), chosen]
        for least in (0.0, 0.3, 0.35, 0.4, 0.45, 0.5):
            known = confidence >= least
            right = [(labels == chosen)[known & (chosen == c)].mean() for c in range(3)]
            found = [(known & (chosen == c))[labels == c].mean() for c in range(3)]
            row = " ".join(f"{one:.2f}" for one in (known.mean(), *right, *found))
            sys.stdout.write(
                f"  least {least:.2f}: known, precision (- 0 +), recall (- 0 +) {row}\n"
            )
        for low in np.arange(0.2, 1, 0.1):
            part = (confidence >= low) & (confidence < low + 0.1)
            if part.any():
                true = (labels == chosen)[part].mean()
                sys.stdout.write(f"  confidence {low:.1f}+: right {true:.2f} of {part.sum()}\n")


def main() -> None:
    """Measure in folds, calibrate on them, train on everything, write."""
    corpus = read_corpus(find_data())
    features = make_features(corpus)
    scores = cross_validate(corpus, features)
    towards = corpus.targets[:, 4] != WHOLE
    tone = fit(features, corpus.labels, np.arange(len(corpus.ids)))
    final = calibrate(scores[towards], corpus.labels[towards], tone)
    report(corpus, scores + final.bias - tone.bias, final)
    nested = measure(corpus.labels[towards], nest(corpus, features, scores)[towards])
    sys.stdout.write(f"towards an entity, all choices nested: F1(PN) {nested:.1f}\n")
    sys.stdout.write(f"heat {final.heat:.1f} weight {final.weight} bias {final.bias - tone.bias}\n")
    write(final, ROOT / "streams" / "data" / FILE)


if __name__ == "__main__":
    main()
