"""What the detector measured of a term: windows with their gates, documents with their weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from streams.alarms.gates import Gate, Options, closeness, gates
from streams.alarms.scores import WINDOWS
from streams.alarms.sight import Sight, View, entries_between, view
from streams.families.entries import Count, Entry
from streams.models import from_seconds


class Check(Struct, frozen=True, kw_only=True):
    """A condition as it stood; `missing` is by how much it failed, `needed` null asks nothing."""

    name: str
    value: float
    needed: float | None
    passed: bool
    missing: float = 0.0


class Weighed(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One window: what was counted, what was expected, how surprising it is, and every gate.

    `balanced` is what the evidence counts: the busiest owner weighs at most twice the others.
    `closeness` is the sum of how near each gate is, 0 to 1; the highest came closest to ringing.
    `score` is that of the channel that is closer to ringing; `threshold` is the term's own for it.
    """

    window_seconds: int
    from_: datetime
    to: datetime
    observed: float
    balanced: float
    expected: float
    dispersion: float
    evidence_nats: float
    score: float
    threshold: float
    coverage: float
    closeness: float
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The gates that did not hold."""
        return tuple(check for check in self.checks if not check.passed)


class Counted(Struct, frozen=True, kw_only=True):
    """A document of a window and what it counts.

    `counts_as`: `origin` (1), `further_owner` of a copied text (a fraction), `copy` (0), `late`
    (nothing: it opens nothing), `author` (less than 1: the author spoke in this minute already).
    """

    id: str
    source: str
    owner: str
    author: str | None
    origin_id: str
    published_at: datetime
    counted_at: datetime
    weight: float
    counts_as: str
    title: str | None
    url: str | None
    snippet: str


def to_check(gate: Gate) -> Check:
    """A gate with by how much it failed."""
    is_bound = math.isfinite(gate.needed)
    return Check(
        name=gate.name,
        value=gate.value,
        needed=gate.needed if is_bound else None,
        passed=gate.passed,
        missing=0.0 if gate.passed or not is_bound else gate.needed - gate.value,
    )


def weigh(sight: Sight, term: str, options: Options) -> tuple[Weighed, ...]:
    """Every window that ends now, the shortest first."""
    seen = view(sight, term)
    return tuple(_weigh_one(sight, seen, place, options) for place in range(len(WINDOWS)))


def list_documents(sight: Sight, term: str, window: int) -> tuple[Counted, ...]:
    """The documents of a window that ends now, by time and id."""
    start = sight.starts[WINDOWS.index(window)]
    entries = entries_between(sight.state, term, start, sight.end)
    return tuple(_to_counted(entry, entry.terms[term]) for entry in entries)


def sum_owners(documents: Sequence[Counted]) -> dict[str, float]:
    """What each owner adds to the count, the busiest first."""
    sums: dict[str, float] = {}
    for one in documents:
        sums[one.owner] = sums.get(one.owner, 0.0) + (one.weight if one.counts_as != "late" else 0)
    return dict(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def _weigh_one(sight: Sight, seen: View, place: int, options: Options) -> Weighed:
    channel, tried = seen.channel(place), gates(sight, seen, place, options)
    return Weighed(
        window_seconds=WINDOWS[place],
        from_=from_seconds(sight.starts[place]),
        to=from_seconds(sight.end),
        observed=seen.observed[place],
        balanced=seen.balanced[place],
        expected=seen.expected[place],
        dispersion=sight.state.baselines.dispersion(seen.term, WINDOWS[place]),
        evidence_nats=seen.nats[place],
        score=seen.scores[channel],
        threshold=seen.thresholds[channel],
        coverage=seen.coverage[place],
        closeness=closeness(tried),
        checks=tuple(to_check(gate) for gate in tried),
    )


def _to_counted(entry: Entry, count: Count) -> Counted:
    return Counted(
        id=entry.id,
        source=entry.source,
        owner=entry.owner,
        author=entry.author,
        origin_id=entry.origin_id,
        published_at=from_seconds(entry.at),
        counted_at=from_seconds(count.at),
        weight=count.weight,
        counts_as=_classify(entry, count),
        title=entry.title,
        url=entry.url,
        snippet=entry.snippet,
    )


def _classify(entry: Entry, count: Count) -> str:
    """Why a document weighs what it weighs; the first answer wins."""
    answers = (
        (count.late, "late"),
        (entry.duplicate_of is None and count.weight < 1, "author"),
        (entry.duplicate_of is None, "origin"),
        (count.weight > 0, "further_owner"),
    )
    return next((name for holds, name in answers if holds), "copy")
