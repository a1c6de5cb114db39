"""Tone of a document and towards places in it: a linear model over what stands around them.

Scores are whole numbers summed per word, then a few floats in a fixed order, rounded to two
decimals: neither the batch nor what was read before changes a byte. The card of the model is
`streams/data/tone.md`.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled
from streams.cues import (
    BLOCKS,
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
from streams.models import Label, Sentiment
from streams.tagger.tokens import Tokens, tokenize
from streams.tagger.vocabulary import Hashes, insert, look_up, make_table

FILE = "tone.npz"
LABELS: tuple[Label, ...] = ("negative", "neutral", "positive")
KINDS = {"PER": 1, "ORG": 2, "LOC": 3}
OTHER = 4
LONGEST = 60  # tokens read to each side of a place, where no sentence ends before
LIMIT = 8_192  # tokens of a document that are read
CAPACITY = 65_536  # distinct words kept
FINE = 4096.0  # word scores are whole numbers of 1/4096
UNKNOWN = Sentiment()


class Tone(NamedTuple):
    """The model: hashed cues (CUES, 3), vector weights (BLOCKS × 3, 300), bias, calibration."""

    cues: NDArray[np.int8]
    vectors: NDArray[np.float32]
    bias: NDArray[np.float64]
    scale: float  # what one step of `cues` is worth
    heat: float  # logits are divided by it, so that probabilities are calibrated
    weight: float  # how much sooner than neutral a tone is named: costs of the errors
    least: float  # confidence below which the label is unknown


class Place(NamedTuple):
    """A place whose tone is asked: code points, whose it is, and the type of what stands there."""

    start: int
    stop: int
    key: Hashable
    type: str | None = None


class Lexicon:
    """Words seen lately, with their traits and what their vectors say in each block."""

    def __init__(self, tone: Tone, capacity: int = CAPACITY) -> None:
        self.traits, self._vectors = make_traits(capacity), word_vectors()
        self._weights = np.ascontiguousarray(tone.vectors.T, np.float64)
        self.figures = np.zeros((capacity, BLOCKS * len(LABELS)), np.int64)
        self._table, self._used = make_table(capacity), 0

    def number(self, tokens: Tokens) -> Numbers:
        """The numbers of the first tokens of a text, good until the next call."""
        spans = np.stack([tokens.starts[:LIMIT], tokens.stops[:LIMIT]])
        numbers, hashes = np.zeros(spans.shape[1], np.int32), np.zeros(spans.shape[1], np.uint64)
        if look_up(tokens.codes, spans, self._table, numbers, hashes):
            if self._used + len(numbers) > len(self.figures):
                self._table[0][:], self._used = 0, 0
                look_up(tokens.codes, spans, self._table, numbers, hashes)
            self._learn(tokens, hashes, np.flatnonzero(numbers < 0))
            look_up(tokens.codes, spans, self._table, numbers, hashes)
        return numbers.astype(np.int64)

    def _learn(self, tokens: Tokens, hashes: Hashes, missing: Numbers) -> None:
        new = dict(zip(hashes[missing].tolist(), missing.tolist(), strict=True))
        places = list(new.values())
        spans = zip(tokens.starts[places].tolist(), tokens.stops[places].tolist(), strict=True)
        words = [tokens.text[start:stop] for start, stop in spans]
        numbers = np.arange(self._used, self._used + len(words), dtype=np.int32)
        for number, word in enumerate(words, self._used):
            note_traits(self.traits, number, word)
        vectors = np.empty((len(words), self._vectors.size), np.float32)
        self._vectors.embed(np.array(list(map(self._vectors.find, words))), vectors)
        is_word = np.isin(self.traits.marks[numbers], (WORD, NEGATION))
        vectors[~(is_word & np.array(list(map(self._vectors.knows, words))))] = 0
        _project(self._weights, vectors, self.figures[self._used : self._used + len(words)])
        insert(self._table, np.array(list(new), np.uint64), numbers)
        self._used += len(words)


def find_tone(text: str, places: Sequence[Place]) -> tuple[Sentiment, dict[Hashable, Label]]:
    """The tone of a text, and towards each key of its places: the mean over what it says."""
    tokens = tokenize(text)
    if not any(map(str.isalpha, text)):
        return UNKNOWN, {place.key: UNKNOWN.label for place in places}
    tone, lexicon = read_tone(), _lexicon()
    ids = lexicon.number(tokens)
    borders = find_borders(tokens, len(ids))
    targets = np.concatenate([_to_sentences(borders), locate_places(tokens, borders, places)])
    logits = weigh(lexicon.traits, lexicon.figures, ids, targets, tone)
    shares, whole = to_shares(logits, tone), len(borders) - 1
    (document,) = join_shares(shares[:whole], [0] * whole)
    return to_sentiment(document, tone), _label(shares[whole:], places, tone)


def _label(
    shares: NDArray[np.float64], places: Sequence[Place], tone: Tone
) -> dict[Hashable, Label]:
    numbers: dict[Hashable, int] = {}
    groups = [numbers.setdefault(place.key, len(numbers)) for place in places]
    joined = join_shares(shares, groups)
    return {key: to_sentiment(joined[number], tone).label for key, number in numbers.items()}


def join_shares(shares: NDArray[np.float64], groups: Sequence[int]) -> list[list[float]]:
    """The mean of the shares of each group, added in their order; groups are numbered from 0."""
    sums = np.zeros((max(groups, default=-1) + 1, shares.shape[1]))
    np.add.at(sums, np.array(groups, np.int64), shares)
    counts = np.bincount(np.array(groups, np.int64), minlength=len(sums))
    means: list[list[float]] = (sums / counts[:, None]).tolist()
    return means


def to_sentiment(shares: Sequence[float], tone: Tone) -> Sentiment:
    """The label that costs least, `unknown` if not sure enough; score: positive less negative."""
    low, middle, high = shares[0] * tone.weight, shares[1], shares[2] * tone.weight
    best = 0 if low >= middle and low >= high else (1 if middle >= high else 2)
    confidence = round(shares[best], 2)
    label = LABELS[best] if confidence >= tone.least else "unknown"
    return Sentiment(label, round(shares[2] - shares[0], 2) + 0.0, confidence)


def to_shares(scores: NDArray[np.float64], tone: Tone) -> NDArray[np.float64]:
    """Calibrated probabilities (places, 3) of what the model says."""
    heated = scores / tone.heat
    powers = np.exp(heated - heated.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def find_borders(tokens: Tokens, count: int) -> Numbers:
    """Where sentences begin (tokens), and the end; a sentence longer than LONGEST is cut."""
    return np.asarray(_cut(tokens.codes, tokens.starts, tokens.stops, count), np.int64)


def locate_places(tokens: Tokens, borders: Numbers, places: Sequence[Place]) -> Numbers:
    """Targets as the cues want them: first, after, start, stop, kind (places, 5)."""
    last = int(borders[-1])
    starts = np.array([place.start for place in places], np.int32)
    stops = np.array([place.stop for place in places], np.int32)
    kinds = [KINDS.get(place.type or "", OTHER) for place in places]
    first = np.minimum(tokens.stops.searchsorted(starts, "right"), last - 1)
    after = np.clip(tokens.starts.searchsorted(stops, "left"), first + 1, last)
    at = borders.searchsorted(first, "right")
    stop = np.minimum(np.maximum(borders[at], after), after + LONGEST)
    return np.stack([first, after, borders[at - 1], stop, np.array(kinds, np.int64)], axis=1)


def _to_sentences(borders: Numbers) -> Numbers:
    starts, stops = borders[:-1], borders[1:]
    return np.stack([starts, starts, starts, stops, np.full_like(starts, WHOLE)], axis=1)


@compiled
def _cut(codes: Numbers, starts: Numbers, stops: Numbers, count: int) -> list[int]:
    """A line break, or . ? ! … after a word of more than two letters, ends a sentence."""
    borders = [0]
    for i in range(1, count):
        broken = i - borders[-1] >= LONGEST
        for at in range(stops[i - 1], starts[i]):
            broken |= codes[at] == ord("\n")
        sign = codes[starts[i - 1]]
        if sign == ord("?") or sign == ord("!") or sign == ord("…"):
            broken = True
        if sign == ord(".") and i > 1:
            broken |= stops[i - 2] - starts[i - 2] > 2  # noqa: PLR2004 - г., им., А.
        if broken:
            borders.append(i)
    borders.append(count)
    return borders


@compiled
def _project(weights: NDArray[np.float64], vectors: NDArray[np.float32], figures: Numbers) -> None:
    """Whole numbers of what each vector says in each column; its parts are added in their order."""
    for row in range(vectors.shape[0]):
        totals = np.zeros(weights.shape[1])
        for i in range(weights.shape[0]):
            part = float(vectors[row, i])
            for column in range(weights.shape[1]):
                totals[column] += weights[i, column] * part
        for column in range(weights.shape[1]):
            figures[row, column] = round(totals[column] * FINE)


@compiled
def weigh(
    traits: Traits, figures: Numbers, ids: Numbers, targets: Numbers, tone: Tone
) -> NDArray[np.float64]:
    """The logits (targets, 3) of targets."""
    scores = np.zeros((len(targets), 3))
    places, cues = (
        np.zeros((2, len(ids)), np.int64),
        np.empty(len(ids) * PER_TOKEN + PER_PLACE, np.int64),
    )
    for n in range(len(targets)):
        locate(traits, ids, targets[n], places)
        count = list_cues(traits, ids, targets[n], places, cues)
        sums = _sum_blocks(traits, figures, ids, targets[n], places)
        for label in range(3):
            total = 0
            for k in range(count):
                total += tone.cues[cues[k], label]
            scores[n, label] = tone.bias[label] + total * tone.scale / np.sqrt(max(1, count))
            for block in range(BLOCKS):
                part = sums[block, label] / np.sqrt(max(1, sums[block, 3]))
                scores[n, label] += part / FINE
    return scores


@compiled
def _sum_blocks(
    traits: Traits, figures: Numbers, ids: Numbers, target: Numbers, places: Numbers
) -> Numbers:
    """Per block the sum of each label's figures, and how many words there are."""
    sums = np.zeros((BLOCKS, 4), np.int64)
    for i in range(target[2], target[3]):
        at = i - target[2]
        denied = is_denied(traits, ids, target[2], i)
        bits = list_blocks(target[4], places[0, at], places[1, at], traits.verbs[ids[i]], denied)
        for block in range(BLOCKS):
            if bits >> block & 1:
                for label in range(3):
                    sums[block, label] += figures[ids[i], 3 * block + label]
                sums[block, 3] += traits.marks[ids[i]] == WORD
    return sums


@lru_cache(maxsize=1)
def read_tone() -> Tone:
    """The shipped model."""
    with (files("streams") / "data" / FILE).open("rb") as file, np.load(file) as arrays:
        heat, weight, least, scale = arrays["settings"].tolist()
        vectors = arrays["vectors"].astype(np.float32)
        return Tone(arrays["cues"], vectors, arrays["bias"], scale, heat, weight, least)


@lru_cache(maxsize=1)
def _lexicon() -> Lexicon:
    return Lexicon(read_tone())
