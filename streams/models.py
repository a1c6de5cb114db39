"""The messages: frozen, strictly decoded, encoded with their keys in schema order.

All times are aware datetimes in UTC. Offsets are code points into `Document.content`.
`gc=False`: what is made for each document holds no cycles, so the collector need not look at it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

Time = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(min_length=1, max_length=512)]
EntityType = Literal["PER", "LOC", "ORG"]
Label = Literal["negative", "neutral", "positive", "unknown"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VERSIONS = 1_000_000_000  # the last version of a document


class Document(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    tag_field="kind",
    tag="document",
):
    """One entry of a source: an article, a post, an edit of one, or its tombstone."""

    id: Annotated[str, Meta(max_length=2048)] = ""
    source: Name
    published_at: Time
    seen_at: Time
    title: str | None = None
    text: str = ""
    url: str | None = None
    author: str | None = None
    origin: str | None = None
    version: Annotated[int, Meta(ge=1, le=VERSIONS)] = 1
    edited_at: Time | None = None
    deleted: bool = False
    undated: bool = False
    extra: dict[str, Any] | None = None

    @property
    def content(self) -> str:
        """What offsets point into: title, an empty line, text."""
        return f"{self.title}\n\n{self.text}" if self.title else self.text


class Heartbeat(Struct, frozen=True, kw_only=True, tag_field="kind", tag="heartbeat"):
    """A source was asked at `seen_at`; all that it published before `complete_to` is delivered."""

    source: Name
    seen_at: Time
    complete_to: Time | None = None
    interval_seconds: Annotated[float, Meta(gt=0, le=604_800)] = 60.0
    status: str = "ok"


class Clock(Struct, frozen=True, kw_only=True, tag_field="kind", tag="clock"):
    """The time at a running connector, so that a slow source never holds the clock."""

    seen_at: Time


class Setting(Struct, frozen=True, kw_only=True, tag_field="kind", tag="setting"):
    """A change of what is watched; `value` null removes `key`."""

    seen_at: Time
    id: Name
    what: Literal["term", "source", "owner", "mute", "expect", "ack"]
    key: Name
    value: dict[str, Any] | None = None


class Owner(Struct, frozen=True):
    """Who controls a source."""

    owner: Name


class Until(Struct, frozen=True):
    """How long a term is muted, or its bursts expected."""

    until: Time


class Mark(Struct, frozen=True, kw_only=True, tag_field="kind", tag="mark"):
    """Stands in the order for a row that became a dead letter."""

    reason: str


Row = Document | Heartbeat | Clock | Setting | Mark


class Language(Struct, frozen=True, omit_defaults=True, gc=False):
    """An ISO 639-1 code or `und`, with a confidence of 0 to 1.

    A mixed text keeps its second language and that one's share of the letters, 0 to 1.
    """

    code: str
    confidence: float
    second: str | None = None
    second_share: float = 0.0


class Entity(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A named entity: the span as written, its normal form, the tone towards it."""

    type: EntityType
    text: str
    start: int
    stop: int
    name: str
    sentiment: Label | None = None


class Sentiment(Struct, frozen=True, gc=False):
    """Tone: a label, a score of −1 to 1, a confidence of 0 to 1."""

    label: Label = "unknown"
    score: float = 0.0
    confidence: float = 0.0


class Mention(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A watched term as it stands in the text."""

    term: str
    start: int
    stop: int
    text: str
    sentiment: Label | None = None


class Enriched(
    Document,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,
    tag_field="kind",
    tag="document",
):
    """A document with what was understood of it; its own origin until it proves a copy."""

    language: Language
    entities: tuple[Entity, ...]
    sentiment: Sentiment
    terms: tuple[Mention, ...]
    origin_id: str
    duplicate_of: str | None
    duplicates: Annotated[int, Meta(ge=0)] = 0  # copies of the text known, as of this revision
    pipeline: str


class Revision(Struct, frozen=True, kw_only=True, tag_field="kind", tag="revision"):
    """The whole enriched document again, after `decide` learnt more about it (revision ≥ 1)."""

    revision: int
    document: Enriched


class Term(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A watched term; the pattern language is described in `streams.terms`."""

    name: Name
    pattern: str = ""
    lang: str = "ru"
    case: Literal["any", "exact", "capital"] = "any"
    entity: EntityType | None = None
    mute_until: Time | None = None
    expected_until: Time | None = None
    budget: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    route: str | None = None


class Source(Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}):
    """A source as the registry knows it; `from_` and `to` bound its life (files).

    `zone` (`Asia/Omsk`) is that of dates which name none.
    """

    source: Name
    owner: str | None = None
    group: str | None = None
    title: str | None = None
    language: str | None = None
    region: str | None = None
    from_: Time | None = None
    to: Time | None = None
    interval_seconds: Annotated[float, Meta(gt=0, le=604_800)] | None = None
    url: str | None = None
    zone: Name | None = None
    extra: bool = False

    @property
    def owned_by(self) -> str:
        """Who controls it; unmapped sources control themselves."""
        return self.owner or self.source

    @property
    def exposed_in(self) -> str:
        """The unit of exposure: its group, else the part of its name before the first slash."""
        return self.group or self.source.split("/", 1)[0]


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where bytes came from: a line of a file (or an address), or a record of a topic."""

    file: str | None = None
    line: int | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None


class DeadLetter(Struct, frozen=True, kw_only=True):
    """Bytes that could not be used: why, where, and the first 64 KiB of them in base64."""

    reason: str
    stage: str
    origin: Place
    length: int
    sha256: str
    raw: bytes
    detail: str = ""


VALUES: dict[str, type[Struct]] = {  # of settings; that of an `ack` is free
    "term": Term,
    "source": Source,
    "owner": Owner,
    "mute": Until,
    "expect": Until,
}
Read = TypeVar("Read")
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_ROW: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)
Passed = Enriched | Heartbeat | Clock | Setting | Mark
_PASSED: msgspec.json.Decoder[Passed] = msgspec.json.Decoder(Passed)


def encode(message: Struct) -> bytes:
    """One JSON object, keys in schema order: the same message gives the same bytes."""
    return _ENCODER.encode(message)


def decode_row(raw: bytes) -> Row:
    """Read a journal row; raises `DecodeError` (bad JSON) or `ValidationError` (bad field)."""
    return _read(_ROW, raw)


def decode_enriched(raw: bytes) -> Passed:
    """Read what `enrich` wrote, under the same errors as `decode_row`."""
    return _read(_PASSED, raw)


def _read(decoder: msgspec.json.Decoder[Read], raw: bytes) -> Read:
    try:
        return decoder.decode(raw)
    except RecursionError as error:
        raise msgspec.DecodeError(f"nested too deeply: {error}") from None


def to_seconds(moment: datetime) -> float:
    """Seconds of Unix time."""
    return moment.timestamp()


def from_seconds(seconds: float) -> datetime:
    """The moment at `seconds` of Unix time, in UTC, exact to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC)
