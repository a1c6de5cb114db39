"""The real month and its null months: real posts through the whole `Decider`, in this process.

A null month keeps every post and its time of day, but each source lives its days in another order:
nothing that several sources tell together is left, so whatever rings is false.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from connectors.files import read_sources
from infra.corpora.replay import Corpus, read_corpus
from infra.corpora.stream import Local
from streams.decide import Decider
from streams.enrich import Steps
from streams.journal import seed
from streams.models import Burst, Document, Enriched, Passed, Source, Term

POSTS, SOURCES, EVENTS = (
    f"telegram-2024{end}" for end in (".jsonl.gz", "-sources.csv", "-events.csv")
)
# the terms of the events; others that rang in the month, and some that never did
WATCHED = (
    "ОДКБ",
    "Казахстан",
    "Орешник",
    "Трамп",
    "Байден",
    "Израиль",
    "Сирия",
    "Путин",
    "доллар",
    "снег",
    "пожар",
    "Госдума",
    "аэропорт",
    "взрыв",
    "БПЛА",
    "рубль",
    "YouTube",
    "метро",
    "ракета",
    "Украина",
    "Алеппо",
    "Зеленский",
    "Лавров",
    "теракт",
    "Токаев",
    "НАТО",
    "Минобороны",
    "МЧС",
    "Роскомнадзор",
    "мигрант",
)
DAY = timedelta(days=1)
WEEKS = 50 / 7  # 15 October to 4 December: before, hardly any source is there
GRACE = timedelta(minutes=30)  # after the third source, in which a prompt alert rings
STEPS = Steps(language=False, entities=False, sentiment=False)
NULLS = (0, 1, 2, 3)  # seeds of the null months
RINGS = {"burst.opened", "burst.growing"}


class Event(NamedTuple):
    """What happened: when a term was first named, by a third source, and until when it matters."""

    term: str
    first_at: datetime
    third_at: datetime
    until: datetime


class Heard(NamedTuple):
    """How many events rang in time and promptly, of how many; alerts a term and week."""

    found: int
    prompt: int
    events: int
    alerts: float
    growing: float


@cache
def read_month(folder: Path) -> tuple[Enriched, ...]:
    """The posts, with the watched terms marked in them; read once a session."""
    corpus = Corpus(files=(folder / POSTS,))
    rows = [one[1] for one in read_corpus(corpus) if isinstance(one, tuple)]
    posts = [row for row in rows if isinstance(row, Document)]
    results = Local(STEPS)(posts, {name: Term(name=name) for name in WATCHED})
    return tuple(one for one in results if isinstance(one, Enriched))


def read_registry(folder: Path) -> list[Source]:
    """The sources, each with the time that its export covers."""
    return read_sources(folder / SOURCES)


def read_events(folder: Path) -> list[Event]:
    """The labelled events."""
    with (folder / EVENTS).open(encoding="utf-8", newline="") as lines:
        return [
            Event(
                row["term"],
                *(
                    datetime.fromisoformat(row[name])
                    for name in ("first_at", "third_source_at", "until")
                ),
            )
            for row in csv.DictReader(lines)
        ]


def hear_month(folder: Path) -> Heard:
    """The score of the month as it was."""
    return hear(decide(read_month(folder), read_registry(folder)), read_events(folder))


def hear_nulls(folder: Path, seeds: Sequence[int] = NULLS) -> list[float]:
    """The alerts a term and week of each null month."""
    posts, sources = read_month(folder), read_registry(folder)
    nulls = (permute(posts, sources, np.random.default_rng(seed)) for seed in seeds)
    return [hear(decide(one, sources), []).alerts for one in nulls]


def decide(posts: Iterable[Enriched], sources: Sequence[Source]) -> list[Burst]:
    """What Nabat says of posts, from the first row to the last tick that ended."""
    decider = Decider()
    opening = seed([Term(name=name) for name in WATCHED], sources)
    rows: list[Passed] = [*opening, *posts]
    outcomes = (decider.push(number, row) for number, row in enumerate(rows))
    return [burst for outcome in outcomes if outcome for burst in outcome.bursts]


def hear(bursts: Sequence[Burst], events: Sequence[Event]) -> Heard:
    """Score what rang against what happened."""
    rung = [(one.term, one.detected_at) for one in bursts if one.type in RINGS]
    found = [_rings(rung, one, one.until) for one in events]
    prompt = [_rings(rung, one, one.third_at + GRACE) for one in events]
    term_weeks = WEEKS * len(WATCHED)
    opened = sum(one.type == "burst.opened" for one in bursts)
    return Heard(
        sum(found),
        sum(prompt),
        len(events),
        opened / term_weeks,
        (len(rung) - opened) / term_weeks,
    )


def permute(
    posts: Sequence[Enriched], sources: Sequence[Source], rng: np.random.Generator
) -> list[Enriched]:
    """The posts with each source's days in another order, sorted by time again.

    Days count back from the end of a source's export, so that none of them is cut; what is left
    over at its beginning stays.
    """
    moved = [post for source in sources for post in _permute_source(posts, source, rng)]
    return sorted(moved, key=lambda one: (one.published_at, one.id))


def _permute_source(
    posts: Sequence[Enriched], source: Source, rng: np.random.Generator
) -> Iterator[Enriched]:
    begin, end = source.from_, source.to
    if begin is None or end is None:
        raise ValueError(f"{source.source}: its export has no bounds")
    order = rng.permutation((end - begin) // DAY)
    for post in posts:
        if post.source != source.source:
            continue
        day = (end - post.published_at) // DAY
        shift = (day - int(order[day])) * DAY if 0 <= day < len(order) else timedelta()
        moment = post.published_at + shift
        yield replace(post, published_at=moment, seen_at=moment)


def _rings(rung: Sequence[tuple[str, datetime]], event: Event, until: datetime) -> bool:
    return any(term == event.term and event.first_at <= at <= until for term, at in rung)
