"""The text families of a file, and sources whose families are the same: perhaps one owner."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, islice

from msgspec import Struct

from infra.corpora.replay import BATCH, Corpus, Line, Summary, read_corpus
from infra.corpora.stream import Enrich, Numbered, Stream
from streams.alarms.gates import Options
from streams.decide import Decider
from streams.models import Clock, DeadLetter, Enriched, Mark, Time
from streams.ticks import TICK

LEAST = 20  # documents of a source from which on its copying says something


class Family(Struct, kw_only=True):
    """A text and its copies, by the origin that all share; `sources` in order of arrival."""

    origin_id: str
    size: int
    sources: list[str]
    first_source: str
    first_at: Time
    last_at: Time


class _Told(Struct, gc=False):
    """What is counted of a document: as it came first, with the origin that was told last."""

    source: str
    at: Time
    origin_id: str


class Kinship(Struct, frozen=True, kw_only=True):
    """Two sources that may have one owner: the share of each one's texts that the other has."""

    sources: tuple[str, str]
    shared: int
    shares: tuple[float, float]


def read_families(
    corpus: Corpus,
    enrich: Enrich,
    options: Options | None = None,
    report: Callable[[Summary], None] = lambda _: None,
) -> tuple[list[Family], Summary]:
    """All families of the files, single texts too: the largest first, then the earliest.

    And what was read for them. What is forgotten by `options` is no origin any more, as in the
    decider.
    """
    known: dict[str, _Told] = {}
    started, summary = time.perf_counter(), Summary()
    stream = Stream(Decider(options), enrich)
    for document in _read_documents(corpus, stream, summary):
        if not document.deleted:
            told = _Told(document.source, document.published_at, document.origin_id)
            known.setdefault(document.id, told).origin_id = document.origin_id
        summary.documents = len(known)
        report(summary)
    summary.seconds = time.perf_counter() - started
    return _rank(known.values()), summary


def _rank(documents: Iterable[_Told]) -> list[Family]:
    families: dict[str, Family] = {}
    for one in documents:
        _fold(families, one)
    return sorted(families.values(), key=lambda one: (-one.size, one.first_at, one.origin_id))


def find_kin(families: list[Family], share: float) -> list[Kinship]:
    """Pairs of sources of which each has at least `share` of the other's texts, closest first."""
    texts: Counter[str] = Counter()
    both: Counter[tuple[str, str]] = Counter()
    for family in families:
        texts.update(family.sources)
        both.update(combinations(sorted(family.sources), 2))
    found = [
        Kinship(
            sources=pair,
            shared=count,
            shares=(round(count / texts[pair[0]], 3), round(count / texts[pair[1]], 3)),
        )
        for pair, count in both.items()
        if min(texts[pair[0]], texts[pair[1]]) >= LEAST
    ]
    kin = [one for one in found if min(one.shares) >= share]
    return sorted(kin, key=lambda one: (-min(one.shares), one.sources))


def _fold(families: dict[str, Family], document: _Told) -> None:
    at = document.at
    family = families.get(document.origin_id)
    if family is None:
        families[document.origin_id] = Family(
            origin_id=document.origin_id,
            size=1,
            sources=[document.source],
            first_source=document.source,
            first_at=at,
            last_at=at,
        )
        return
    family.size += 1
    family.first_at, family.last_at = min(family.first_at, at), max(family.last_at, at)
    if document.source not in family.sources:
        family.sources.append(document.source)


def _read_documents(corpus: Corpus, stream: Stream, summary: Summary) -> Iterator[Enriched]:
    """The documents as they were decided, the last tick's too, and those that were told again."""
    rows = _number(read_corpus(corpus), summary)
    runs = iter(lambda: list(islice(rows, BATCH)), [])
    for step in stream.flow(runs):
        yield from chain.from_iterable(outcome.told for outcome in step.outcomes)


def _number(lines: Iterator[Line | DeadLetter], summary: Summary) -> Iterator[Numbered]:
    """Rows with their numbers, and behind them a clock that ends the last tick."""
    number, end = 0, datetime.min.replace(tzinfo=UTC)
    for line in lines:
        if isinstance(line, DeadLetter):
            summary.deadletters += 1
            summary.is_cut |= line.reason == "truncated"
            continue
        yield Numbered(number, line[1])
        number += 1
        summary.valid = number
        if not isinstance(line[1], Mark):
            end = max(end, line[1].seen_at)
    if number:
        yield Numbered(number, Clock(seen_at=end + timedelta(seconds=TICK)))
