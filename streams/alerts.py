"""Alerts: the life of a burst, its evidence, its identity, and the messages that carry it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import groupby, islice
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streams.bursts import DETECTOR
from streams.events import Burst, EntityCount, Evidence, First
from streams.families.entries import Entry
from streams.models import EntityType, from_seconds, to_seconds
from streams.sentences import tell_burst, tell_retraction

SHOWN = 5  # pieces of evidence in an alert
MOST_ENTITIES = 8
STEPS = {"opened": "burst.opened", "growing": "burst.growing"}
STEPS |= {"closed": "burst.closed", "retracted": "burst.retracted"}


class Finding(Struct, frozen=True, kw_only=True):
    """What the detector saw in the window that spoke loudest; `nats` is the evidence.

    `kind` is the channel that it belongs to, with its `score` and the term's own `threshold`.
    """

    window: int
    observed: float
    expected: float
    nats: float
    coverage: float
    hours: float = 0.0
    kind: Literal["spike", "rise"] = "spike"
    score: float = 0.0
    threshold: float = 0.0


class Surroundings(Struct, frozen=True, kw_only=True):
    """What stands around a burst: terms of its event and such that rose with it, names that rose.

    `peak` is when most came (Unix seconds), `before` the tones of the term in the days before.
    """

    terms: tuple[str, ...]
    names: Mapping[tuple[EntityType, str], int]
    before: Mapping[str, int]
    peak: int
    config: str


class Alarm(Struct, frozen=True, kw_only=True):
    """A burst as `decide` remembers it; times in Unix seconds.

    `top` (scores by channel) and `peak_origins` are the highest reported: an escalation is measured
    by them. `quiet_since` is when the count last fell back. `foreseen`: it was expected, and has
    not rung.
    """

    id: str
    event: str
    term: str
    state: str
    revision: int
    onset: int
    opened: int
    changed: int
    finding: Finding
    first: First
    top: tuple[float, ...]
    peak_origins: int
    quiet_since: int | None = None
    closed: int | None = None
    foreseen: bool = False
    shown: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it still rings."""
        return self.state in {"opened", "growing"}


class Message(Struct, frozen=True, kw_only=True):
    """What one delivery carries: the bursts of one event in one tick."""

    id: str
    event: str
    bursts: tuple[Burst, ...]

    @property
    def body(self) -> bytes:
        """The bytes that are signed and sent."""
        return msgspec.json.encode({"event": self.event, "bursts": self.bursts})


def name_burst(term: str, onset: int) -> str:
    """The id of a burst: term, onset frozen at opening, detector."""
    return "b_" + _digest(f"{term}\n{onset}\n{DETECTOR}")


def name_event(burst_id: str) -> str:
    """The id of the event that a burst begins."""
    return "e_" + _digest(burst_id)


def shares_event(one: set[str], other: set[str]) -> bool:
    """Whether two bursts over these origins are one event: half of the smaller one's origins."""
    smaller = min(len(one), len(other))
    return smaller > 0 and 2 * len(one & other) >= smaller


def to_messages(bursts: Sequence[Burst]) -> list[Message]:
    """Gather burst events into deliveries: one for each event and tick, in that order.

    What was foreseen is not rung: it is in no delivery.
    """
    rung = [burst for burst in bursts if not burst.foreseen]
    keyed = sorted(rung, key=lambda burst: (burst.detected_at, burst.event, burst.id))
    groups = groupby(keyed, key=lambda burst: (burst.detected_at, burst.event))
    messages = []
    for (_, event), group in groups:
        together = tuple(sorted(group, key=lambda burst: (burst.id, burst.revision)))
        parts = [f"{burst.id}/{burst.revision}" for burst in together]
        messages.append(
            Message(id="m_" + _digest("\n".join([event, *parts])), event=event, bursts=together)
        )
    return messages


def pick_evidence(entries: Sequence[Entry], shown: Iterable[str]) -> list[Entry]:
    """Choose what an alert shows: the first, then the newest, of distinct origins.

    No headline comes twice in the life of a burst: `shown` holds what was shown before.
    """
    used = set(shown)
    picked: list[Entry] = []
    for entry in [*entries[:1], *reversed(entries[1:])]:
        keys = {entry.origin_id, headline(entry)}
        if len(picked) < SHOWN and not keys & used:
            picked.append(entry)
            used |= keys
    return picked


def headline(entry: Entry) -> str:
    """What a reader takes for the same story: the title, else the snippet."""
    return (entry.title or entry.snippet).casefold().strip()


def describe(alarm: Alarm, entries: Sequence[Entry], around: Surroundings) -> tuple[Burst, Alarm]:
    """Write the burst event of an alarm over its documents (by time); remember what it showed.

    `entries` must not be empty unless the alarm is retracted.
    """
    picked = pick_evidence(entries, alarm.shown)
    keys = [key for entry in picked for key in (entry.origin_id, headline(entry))]
    burst = Burst(
        type=STEPS[alarm.state],  # type: ignore[arg-type]
        id=alarm.id,
        event=alarm.event,
        revision=alarm.revision,
        term=alarm.term,
        state=alarm.state,  # type: ignore[arg-type]
        onset_at=from_seconds(alarm.onset),
        detected_at=from_seconds(alarm.changed),
        peak_at=from_seconds(around.peak),
        closed_at=from_seconds(alarm.closed) if alarm.closed else None,
        **_numbers(alarm.finding),
        **_sizes(entries),
        sentiment=count_tones(entries),
        sentiment_before=dict(around.before),
        languages=_counted(entry.language for entry in entries),
        entities=tuple(
            EntityCount(name, kind, count)
            for (kind, name), count in islice(around.names.items(), MOST_ENTITIES)
        ),
        first=alarm.first,
        reason=explain(alarm, entries),
        terms=around.terms,
        evidence=tuple(to_evidence(entry) for entry in picked),
        foreseen=alarm.foreseen,
        detector=DETECTOR,
        config=around.config,
    )
    return burst, replace(alarm, shown=alarm.shown + tuple(keys))


def explain(alarm: Alarm, entries: Sequence[Entry]) -> str:
    """Say in a Russian and an English sentence why it rang."""
    found = alarm.finding
    origins = len({entry.origin_id for entry in entries})
    owners = len({entry.owner for entry in entries})
    if alarm.state == "retracted":
        told = tell_retraction(origins)
    else:
        told = tell_burst((found.observed, found.expected), found.window, (origins, owners))
    return f"«{alarm.term}»: {told}"


def to_evidence(entry: Entry) -> Evidence:
    """What an alert tells of a document."""
    return Evidence(
        id=entry.id,
        source=entry.source,
        title=entry.title,
        url=entry.url,
        published_at=from_seconds(entry.at),
        snippet=entry.snippet,
    )


def tick_of(burst: Burst) -> int:
    """The end of the tick that brought this revision, in Unix seconds."""
    return int(to_seconds(burst.detected_at))


def _numbers(found: Finding) -> dict[str, Any]:
    return {
        "observed": found.observed,
        "expected": round(found.expected, 4),
        "ratio": round(found.observed / found.expected, 2),
        "window_seconds": found.window,
        "kind": found.kind,
        "evidence_nats": round(found.nats, 2),
        "score": round(found.score, 2),
        "threshold": round(found.threshold, 2),
        "coverage": round(found.coverage, 4),
        "baseline_hours": int(found.hours),
    }


def _sizes(entries: Sequence[Entry]) -> dict[str, Any]:
    origins = len({entry.origin_id for entry in entries})
    return {
        "documents": len(entries),
        "origins": origins,
        "sources": len({entry.source for entry in entries}),
        "owners": len({entry.owner for entry in entries}),
        "reprint_ratio": round(1 - origins / len(entries), 4) if entries else 0.0,
    }


def count_tones(entries: Iterable[Entry]) -> dict[str, int]:
    """How many documents have which tone."""
    return _counted(entry.label for entry in entries)


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
