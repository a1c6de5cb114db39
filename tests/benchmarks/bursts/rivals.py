"""Nabat and its peers on the same inputs: one row of a table for each.

`NABAT_DATA=… python -m tests.benchmarks.bursts peers`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from streams.models import Enriched, from_seconds, to_seconds
from tests.benchmarks.bursts.judging import Judged, judge_world
from tests.benchmarks.bursts.month import (
    NULLS,
    WATCHED,
    Alert,
    Heard,
    decide_month,
    decide_null,
    find_events,
    hear,
    rate_nulls,
    read_events,
    to_rate,
)
from tests.benchmarks.bursts.panels import Floats, Nabat
from tests.benchmarks.bursts.peers import PEERS, Peer
from tests.benchmarks.bursts.scoring import Score
from tests.benchmarks.bursts.truth import draw_world
from tests.benchmarks.bursts.tweets import find_tweets, score_tweets

SEED = 0  # the world that peers are judged on
MINUTE = 60
RECENT = timedelta(hours=2)  # in which a rule that asks for sources counts them
FROM, TO = 1_727_740_800, 1_733_302_860  # Unix seconds: two weeks before alerts count, the end

HEADER = (
    "| | NAB standard / low-FP / low-FN | bins | false alarms a term and week (all copies counted)"
    " | precision | recall / from 25 | delay, min | real events | alerts | null months |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


class Month(NamedTuple):
    """The score of the real month, and the alerts a term and week of the null months."""

    heard: Heard
    null: float


class Row(NamedTuple):
    """All figures of one rival; None: the data is not here."""

    name: str
    tweets: dict[str, Score] | None
    judged: dict[int, Judged]
    raw: Judged
    month: Month | None


def measure_all(folder: Path | None, bins: Sequence[int]) -> Iterator[Row]:
    """Nabat first, then each peer whose package is here; `folder` holds the real month."""
    yield measure(Peer("**Nabat**", Nabat), bins, _hear_nabat(folder) if folder else None)
    for peer in PEERS:
        if peer.is_installed:
            for one in (peer, peer.rested()):
                yield measure(one, bins, _hear_peer(folder, one) if folder else None)


def list_absent() -> list[str]:
    """Why peers are left out."""
    return [
        f"{peer.name} is left out: the package {peer.package} is not installed"
        for peer in PEERS
        if not peer.is_installed
    ]


def measure(peer: Peer, bins: Sequence[int], month: Month | None) -> Row:
    """Judge a rival on NAB's series and on a world, at each width of the bins."""
    series, world = find_tweets(), draw_world(SEED)
    return Row(
        peer.name,
        score_tweets(series, peer.opener) if series else None,
        {width: judge_world(world, width, peer.opener) for width in bins},
        judge_world(world, bins[0], peer.opener, is_raw=True),
        month,
    )


def tell_row(row: Row) -> str:
    """One line of the table for each width of the bins."""
    return "\n".join(
        "| " + " | ".join(_list_cells(row, width, is_first=place == 0)) + " |"
        for place, width in enumerate(row.judged)
    )


def ring_month(posts: Sequence[Enriched], peer: Peer) -> list[Alert]:
    """The alerts of a peer on the minutes in which posts name the watched terms."""
    counts = _count(posts)
    panel = peer.opener(len(WATCHED), MINUTE)
    alerts = []
    for place, minute in enumerate(counts):
        start = FROM + place * MINUTE
        rung = np.flatnonzero(panel.push(start, minute))
        moment = from_seconds(start + MINUTE)
        alerts += [
            (WATCHED[term], moment)
            for term in rung
            if _count_sources(posts, WATCHED[term], moment) >= peer.sources
        ]
    return alerts


def _hear_nabat(folder: Path) -> Month:
    heard = hear(decide_month(folder).bursts, read_events(folder))
    return Month(heard, float(np.mean(rate_nulls(folder))))


def _hear_peer(folder: Path, peer: Peer) -> Month:
    nulls = [to_rate(ring_month(decide_null(folder, one).origins, peer)) for one in NULLS]
    heard = find_events(ring_month(decide_month(folder).origins, peer), read_events(folder))
    return Month(heard, float(np.mean(nulls)))


def _count(posts: Sequence[Enriched]) -> Floats:
    """Origins by minute and term."""
    counts = np.zeros(((TO - FROM) // MINUTE, len(WATCHED)))
    for post in posts:
        minute = int(to_seconds(post.published_at) - FROM) // MINUTE
        if 0 <= minute < len(counts):
            counts[minute, [WATCHED.index(term) for term in _list_terms(post)]] += 1
    return counts


def _count_sources(posts: Sequence[Enriched], term: str, moment: datetime) -> int:
    return len(
        {
            post.source
            for post in posts
            if moment - RECENT <= post.published_at < moment and term in _list_terms(post)
        }
    )


def _list_terms(post: Enriched) -> list[str]:
    return sorted({mention.term for mention in post.terms})


def _list_cells(row: Row, width: int, *, is_first: bool) -> list[str]:
    judged = row.judged[width]
    shared = _list_shared(row) if is_first else ["", "", "", "", ""]
    raw = f" ({row.raw.false_rate:.2f})" if is_first else ""
    return [
        *shared[:2],
        f"{width} s",
        f"{judged.false_rate:.3f}{raw}",
        f"{judged.precision:.2f}",
        f"{judged.recall():.2f} / {judged.large:.2f}",
        f"{judged.delay:.0f}",
        *shared[2:],
    ]


def _list_shared(row: Row) -> list[str]:
    """The figures that do not depend on the width of bins."""
    tweets = " / ".join(f"{one.value:.1f}" for one in (row.tweets or {}).values())
    return [row.name, tweets or "-", *(_list_month(row.month) if row.month else "---")]


def _list_month(month: Month) -> list[str]:
    heard = month.heard
    found = f"{heard.found} of {heard.events}, {heard.prompt} promptly"
    return [found, f"{heard.alerts:.3f}", f"{month.null:.3f}"]
