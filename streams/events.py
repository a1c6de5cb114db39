"""What `decide` announces: one step in the life of a burst, with all that an alert shows."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from streams.models import EntityType, Time


class First(Struct, frozen=True):
    """The first document of a burst."""

    id: str
    source: str
    published_at: Time


class Evidence(Struct, frozen=True, kw_only=True):
    """A document that an alert shows."""

    id: str
    source: str
    title: str | None
    url: str | None
    published_at: Time
    snippet: str


class EntityCount(Struct, frozen=True):
    """A name that occurs in a burst, with the number of documents that hold it."""

    name: str
    type: EntityType
    documents: int


class Burst(Struct, frozen=True, kw_only=True):
    """One step in the life of a burst: what topic, webhook and alert file carry."""

    type: Literal["burst.opened", "burst.growing", "burst.closed", "burst.retracted"]
    id: str
    event: str
    revision: int
    term: str
    state: Literal["opened", "growing", "closed", "retracted"]
    onset_at: Time
    detected_at: Time
    peak_at: Time
    closed_at: Time | None
    observed: float
    expected: float
    ratio: float
    window_seconds: int
    kind: Literal["spike", "rise"]
    evidence_nats: float
    score: float
    threshold: float
    reason: str
    documents: int
    origins: int
    sources: int
    owners: int
    reprint_ratio: float
    baseline_hours: int
    coverage: float
    sentiment: dict[str, int]
    sentiment_before: dict[str, int]
    languages: dict[str, int]
    entities: tuple[EntityCount, ...]
    terms: tuple[str, ...]
    first: First
    evidence: tuple[Evidence, ...]
    foreseen: bool = False  # it was expected: recorded, but not rung
    detector: str
    config: str
