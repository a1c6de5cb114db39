"""Named entities of Russian texts, with natasha's published weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import NamedTuple, get_args

from streams.models import Entity, EntityType
from streams.names import Word, to_name, to_own_name, unify
from streams.tagger.casing import restore_case
from streams.tagger.network import REACH, Network
from streams.tagger.spans import Span, repair_spans
from streams.tagger.tagging import find_spans
from streams.tagger.tokens import Tokens, tokenize, tokenize_all
from streams.tagger.vocabulary import Vocabulary
from streams.tagger.weights import Words, read_model, read_words
from streams.words.likely import allow_cases
from streams.words.variants import is_unknown, reconcile

WORDS = "emb/navec_news_v1_1B_250K_300d_100q.tar"
NAMES = "model/slovnet_ner_news_v1.tar"
MORPHOLOGY = "model/slovnet_morph_news_v1.tar"
ENDINGS = ".?!…"
SHORT = 2  # letters before a full stop that is no end: г., им., А.
WORDED = re.compile("[А-Яа-яЁё]+(?:[- ][А-Яа-яЁё]+)*")  # what stands between spaces is one token
FAR = 12  # tokens: «в районах: Вяземском, Гагаринском, Сафоновском, Ярцевском и Ельнинском»
TYPES: tuple[EntityType, ...] = get_args(EntityType)  # in the order of the model's tags


class Place(NamedTuple):
    """A span as tokens: the first, and the one after the last."""

    text: Tokens
    first: int
    after: int
    type: EntityType


def find_entities(texts: Sequence[str]) -> list[tuple[Entity, ...]]:
    """The entities of each text, in their order; offsets are code points."""
    tokens = tokenize_all([restore_case(text) for text in texts])
    found = [
        repair_spans(text.text, spans)
        for text, spans in zip(tokens, tag_entities(tokens), strict=True)
    ]
    names = name_spans(tokens, found)
    return [
        tuple(map(_to_entity, [text] * len(spans), spans, given))
        for text, spans, given in zip(texts, found, names, strict=True)
    ]


def tag_entities(texts: Sequence[Tokens]) -> list[list[Span]]:
    """Exactly the spans that natasha's `NewsNERTagger` finds, in any batch."""
    network = _network()
    transitions = network.model.transitions
    found = find_spans(network.compute(texts), transitions)
    return [
        [Span(int(text.starts[i]), int(text.stops[j - 1]), TYPES[kind]) for i, j, kind in spans]
        for text, spans in zip(texts, found, strict=True)
    ]


def name_spans(texts: Sequence[Tokens], found: Sequence[list[Span]]) -> list[list[str]]:
    """The normal form of every span of every text."""
    spans = [(text, span) for text, some in zip(texts, found, strict=True) for span in some]
    named = [_name_alone(text.text[span.start : span.stop], span.type) for text, span in spans]
    unclear = [_find_tokens(*one) for one, name in zip(spans, named, strict=True) if name is None]
    told = iter(_name_in_sentence(unclear))
    names = (next(told) if name is None else name for name in named)
    return [
        _unify(text.text, some, list(islice(names, len(some)))) if some else []
        for text, some in zip(texts, found, strict=True)
    ]


def _unify(text: str, spans: Sequence[Span], names: list[str]) -> list[str]:
    """The names of one document, each known by the others."""
    if len(spans) > 1:
        written = [text[span.start : span.stop] for span in spans]
        if sum(map(is_unknown, written)) > 1:
            kinds = [span.type for span in spans]
            names = reconcile(list(zip(kinds, written, names, strict=True)))
    return unify([(span.type, name) for span, name in zip(spans, names, strict=True)])


@lru_cache(maxsize=1 << 16)
def _name_alone(written: str, kind: EntityType) -> str | None:
    """The normal form, if it takes no sentence to tell it: most names of most texts."""
    if WORDED.fullmatch(written):
        first, *rest = written.split(" ")
        return to_own_name([Word("", first), *(Word(" ", word) for word in rest)], kind)
    tokens = tokenize(written)
    return to_own_name(_list_words(Place(tokens, 0, len(tokens.starts), kind)), kind)


def _name_in_sentence(places: Sequence[Place]) -> list[str]:
    names = []
    for place, tags in zip(places, _tag_words(places), strict=True):
        words = _list_words(place)
        listed = [word._replace(tag=tag) for word, tag in zip(words, tags, strict=True)]
        names.append(to_name(listed, place.type, partial(_list_cases, place)))
    return names


def _find_tokens(text: Tokens, span: Span) -> Place:
    first = int(text.stops.searchsorted(span.start, "right"))
    return Place(text, first, int(text.starts.searchsorted(span.stop, "left")), span.type)


def _tag_words(places: Sequence[Place]) -> list[list[str]]:
    """The tags of the words of each place, read in its sentence as far as the network reaches."""
    if not places:
        return []
    network = _morphology()
    views = [_cut_sentence(place) for place in places]
    parts = [
        (before, before + place.after - place.first)
        for (_, before), place in zip(views, places, strict=True)
    ]
    figures = network.compute([view for view, _ in views], parts)
    best = figures.rows.argmax(axis=1).tolist()
    tags = network.model.tags
    return [[tags[tag] for tag in best[start:stop]] for start, stop in figures.bounds]


def _cut_sentence(place: Place) -> tuple[Tokens, int]:
    """Tokens from REACH before a place to REACH after, in its sentence; how many before."""
    text, first, after, _ = place
    left, right = first, after
    while left > max(0, first - REACH) and not _is_border(text, left):
        left -= 1
    while right < min(len(text.starts), after + REACH) and not _is_border(text, right):
        right += 1
    start, stop = text.starts[left], text.stops[right - 1]
    view = Tokens(
        text.text,
        text.codes[start:stop],
        text.starts[left:right] - start,
        text.stops[left:right] - start,
    )
    return view, first - left


def _list_cases(place: Place) -> frozenset[str]:
    """The cases that what stands before a place in its sentence allows it."""
    at = place.first
    words = []
    while at > max(0, place.first - FAR) and not _is_border(place.text, at):
        at -= 1
        words.append(place.text.text[place.text.starts[at] : place.text.stops[at]].lower())
    return allow_cases(tuple(words))


def _is_border(text: Tokens, at: int) -> bool:
    """Whether a sentence ends before token `at`: a line break, or a mark after a whole word."""
    start, stop = text.starts[at - 1], text.stops[at - 1]
    if "\n" in text.text[stop : text.starts[at]]:
        return True
    if text.text[start] not in ENDINGS:
        return False
    before = at - 2
    return text.text[start] != "." or before < 0 or text.stops[before] - text.starts[before] > SHORT


def _list_words(place: Place) -> list[Word]:
    text, first, after, _ = place
    starts, stops = text.starts[first:after].tolist(), text.stops[first:after].tolist()
    gaps = ["", *(text.text[a:b] for a, b in zip(stops, starts[1:], strict=False))]
    return [
        Word(gap, text.text[start:stop])
        for gap, start, stop in zip(gaps, starts, stops, strict=True)
    ]


def _to_entity(text: str, span: Span, name: str) -> Entity:
    written = text[span.start : span.stop]
    return Entity(type=span.type, text=written, start=span.start, stop=span.stop, name=name)


@lru_cache(maxsize=1)
def _network() -> Network:
    return Network(read_model(find_weights() / NAMES), _vocabulary())


@lru_cache(maxsize=1)
def _morphology() -> Network:
    return Network(read_model(find_weights() / MORPHOLOGY), _vocabulary())


@lru_cache(maxsize=1)
def _vocabulary() -> Vocabulary:
    """One for both networks: their shapes are numbered alike."""
    return Vocabulary(word_vectors(), read_model(find_weights() / NAMES).shape_ids)


@lru_cache(maxsize=1)
def word_vectors() -> Words:
    """The word vectors, loaded once."""
    return read_words(find_weights() / WORDS)


@lru_cache(maxsize=1)
def find_weights() -> Path:
    """Where natasha keeps its weights; it is not imported (its pymorphy2 is a dead end)."""
    spec = find_spec("natasha")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("natasha is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"
