"""The real month and its null months: real posts through the whole `Decider`, in this process.

A null month keeps every post and its time of day, but each source lives its days in another order:
nothing that several sources tell together is left, so whatever rings is false.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
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
from streams.events import Burst
from streams.journal import seed
from streams.models import Document, Enriched, Passed, Source, Term

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
WEEK = 7 * DAY
SINCE = datetime(2024, 10, 15, tzinfo=UTC)  # before, hardly any source is there
WATCH = datetime(2024, 12, 4, 9, tzinfo=UTC) - SINCE  # the last export ends then
GRACE = timedelta(minutes=30)  # after the third source, in which a prompt alert rings
STEPS = Steps(language=False, entities=False, sentiment=False)
NULLS = (0, 1, 2, 3)  # seeds of the null months
OPENED, GROWING = "burst.opened", "burst.growing"


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


class Decided(NamedTuple):
    """What Nabat made of posts: what it said, and the posts that are copies of no other."""

    bursts: list[Burst]
    origins: list[Enriched]


Alert = tuple[str, datetime]  # a term rings at a moment


def find_month() -> Path | None:
    """The folder that NABAT_DATA names; None: it does not hold the month."""
    folder = Path(os.environ.get("NABAT_DATA", "absent"))
    return folder if (folder / EVENTS).is_file() else None


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


@cache
def decide_month(folder: Path) -> Decided:
    """The month as it was."""
    return decide(read_month(folder), read_registry(folder))


@cache
def decide_null(folder: Path, seed: int) -> Decided:
    """The null month of a seed."""
    rng = np.random.default_rng(seed)
    sources = read_registry(folder)
    return decide(permute(read_month(folder), sources, rng), sources)


def decide(posts: Iterable[Enriched], sources: Sequence[Source]) -> Decided:
    """Push posts through a fresh decider, up to the last tick that ended."""
    decider, decided = Decider(), Decided([], [])
    opening = seed([Term(name=name) for name in WATCHED], sources)
    rows: list[Passed] = [*opening, *posts]
    for number, row in enumerate(rows):
        outcome = decider.push(number, row)
        if outcome:
            decided.bursts.extend(outcome.bursts)
            decided.origins.extend(one for one in outcome.documents if one.origin_id == one.id)
    return decided


def list_alerts(bursts: Iterable[Burst], *kinds: str) -> list[Alert]:
    """When bursts of these kinds rang."""
    return [(one.term, one.detected_at) for one in bursts if one.type in kinds]


def hear(bursts: Sequence[Burst], events: Sequence[Event]) -> Heard:
    """Score what Nabat said: escalations find an event as well, but only openings are counted."""
    heard = find_events(list_alerts(bursts, OPENED, GROWING), events)
    return heard._replace(alerts=to_rate(list_alerts(bursts, OPENED)))


def rate_nulls(folder: Path) -> list[float]:
    """Nabat's alerts a term and week in each null month."""
    return [to_rate(list_alerts(decide_null(folder, one).bursts, OPENED)) for one in NULLS]


def find_events(alerts: Sequence[Alert], events: Sequence[Event]) -> Heard:
    """Score alerts against what happened."""
    found = [_rings(alerts, one, one.until) for one in events]
    prompt = [_rings(alerts, one, one.third_at + GRACE) for one in events]
    return Heard(sum(found), sum(prompt), len(events), to_rate(alerts))


def to_rate(alerts: Iterable[Alert]) -> float:
    """Alerts a term and week, from the day on which enough sources are there."""
    return sum(at >= SINCE for _, at in alerts) / len(WATCHED) / (WATCH / WEEK)


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


def _rings(alerts: Sequence[Alert], event: Event, until: datetime) -> bool:
    return any(term == event.term and event.first_at <= at <= until for term, at in alerts)
