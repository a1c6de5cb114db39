"""What Elasticsearch is to hold, and what its answers mean; `connectors.elastic` carries it there.

Every id is deterministic and every version external, so that repeats and late arrivals of older
versions change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from streams.events import Burst
from streams.models import (
    DeadLetter,
    Document,
    Enriched,
    Place,
    Revision,
    Setting,
    Source,
    decode_enriched,
    encode,
)

DOCUMENTS, BURSTS, HISTORY = "nabat-documents", "nabat-bursts", "nabat-burst-history"
DEADLETTERS, SOURCES = "nabat-deadletters", "nabat-sources"
STEP = 1_000_000  # revisions that fit between two versions of a document
LONGEST_ID = 512  # bytes, the limit of Elasticsearch
MOST, LARGEST = 500, 8 << 20  # documents and bytes of one bulk request
ENGINE_TROUBLE = frozenset({"validation_exception", "index_closed_exception"})

Fate = Literal["written", "stale", "again", "refused", "no_index", "too_large", "denied"]


class Action(Struct, frozen=True, kw_only=True):
    """One document to write. No `version`: the first one written stays.

    `stub` is what replaces copies of it that stand in the index of another month; empty if there
    can be none. `place` and `raw` say where it came from, should it be refused.
    """

    index: str
    id: str
    version: int | None
    body: bytes
    place: Place
    raw: bytes
    stub: bytes = b""

    @property
    def lines(self) -> bytes:
        """The two lines of a bulk request."""
        place: dict[str, Any] = {"_index": self.index, "_id": self.id}
        if self.version is None:
            return msgspec.json.encode({"create": place}) + b"\n" + self.body
        place |= {"version": self.version, "version_type": "external_gte"}
        return msgspec.json.encode({"index": place}) + b"\n" + self.body


class Message(Struct, frozen=True, kw_only=True):
    """What a sink reads: `part` names the topic (enriched, revisions, bursts, deadletters)."""

    part: str
    key: bytes
    value: bytes
    place: Place
    now: datetime


Registry = MutableMapping[str, Source]


def to_actions(message: Message, registry: Registry) -> list[Action]:
    """What a message writes; changes of sources are noted in `registry`.

    Raises `msgspec.DecodeError` if the bytes are not what the topic holds.
    """
    return _WRITERS[message.part](message, registry)


def split(
    actions: Sequence[Action], most: int = MOST, largest: int = LARGEST
) -> Iterator[list[Action]]:
    """Cut into bulk requests of at most `most` actions and `largest` bytes, or one action."""
    batch: list[Action] = []
    size = 0
    for action in actions:
        length = len(action.body) + len(action.id) + 200
        if batch and (len(batch) == most or size + length > largest):
            yield batch
            batch, size = [], 0
        batch.append(action)
        size += length
    if batch:
        yield batch


def classify(status: int, kind: str = "") -> Fate:
    """What an answer's status (and the type of its error) means for what was sent."""
    if 200 <= status < 300:  # noqa: PLR2004 - the bounds of success
        return "written"
    if status == 400 and kind not in ENGINE_TROUBLE:  # noqa: PLR2004
        return "refused"
    return _FATES.get(status, "again")


_FATES: dict[int, Fate] = {
    401: "denied",
    403: "denied",
    404: "no_index",
    409: "stale",
    413: "too_large",
}


def read_answer(answer: Mapping[str, Any]) -> list[tuple[Fate, str]]:
    """The fate of each action of a bulk request, in order, with the reason in words."""
    return [_read_one(one) for entry in answer["items"] for one in entry.values()]


def _read_one(one: Mapping[str, Any]) -> tuple[Fate, str]:
    error = one.get("error") or {}
    cause = error.get("caused_by", {}).get("reason", "")
    words = [error.get("type", ""), error.get("reason", ""), cause]
    return classify(one["status"], words[0]), ": ".join(word for word in words if word)


def _write_enriched(message: Message, registry: Registry) -> list[Action]:
    row = decode_enriched(message.value)
    if isinstance(row, Enriched):
        return [_write_document(row, 0, message, registry)]
    if isinstance(row, Setting) and row.what == "source":
        return [_write_source(row, message, registry)]
    return []


def _write_revision(message: Message, registry: Registry) -> list[Action]:
    revision = _REVISION.decode(message.value)
    return [_write_document(revision.document, revision.revision, message, registry)]


def _write_document(
    document: Enriched, revision: int, message: Message, registry: Registry
) -> Action:
    month = document.published_at
    copies = _describe_source(document.source, registry)
    stub = _encode(_empty(document), revision=revision, **copies)
    return Action(
        index=f"{DOCUMENTS}-{month.year:04d}.{month.month:02d}",
        id=_shorten(document.id),
        version=document.version * STEP + revision,
        body=stub if document.deleted else _fill(document, revision, copies),
        place=message.place,
        raw=message.value,
        stub=stub if document.deleted or document.version > 1 else b"",
    )


def _fill(document: Enriched, revision: int, copies: Mapping[str, str]) -> bytes:
    """The document and flat copies of what nested fields hide from dashboards."""
    names = sorted({entity.name for entity in document.entities})
    terms = sorted({mention.term for mention in document.terms})
    return _encode(document, revision=revision, entity_names=names, term_names=terms, **copies)


def _empty(document: Document) -> Document:
    """What is left of a deleted document: that it was, and when."""
    return Document(
        id=document.id,
        source=document.source,
        published_at=document.published_at,
        seen_at=document.seen_at,
        version=document.version,
        deleted=True,
    )


def _describe_source(name: str, registry: Registry) -> dict[str, str]:
    source = registry.get(name) or Source(source=name)
    return {"group": source.exposed_in, "owner": source.owned_by}


def _write_source(setting: Setting, message: Message, registry: Registry) -> Action:
    source = msgspec.convert(setting.value or {"source": setting.key}, Source, strict=False)
    registry[setting.key] = source
    return Action(
        index=SOURCES,
        id=_shorten(setting.key),
        version=int(message.key),  # the journal number: repeats and inversions change nothing
        body=encode(source),
        place=message.place,
        raw=message.value,
    )


def _write_burst(message: Message, registry: Registry) -> list[Action]:
    del registry
    burst = _BURST.decode(message.value)
    body = _encode(burst, entity_names=[entity.name for entity in burst.entities])
    places = ((BURSTS, burst.id), (HISTORY, f"{burst.id}-{burst.revision}"))
    return [
        Action(
            index=index,
            id=name,
            version=burst.revision,
            body=body,
            place=message.place,
            raw=message.value,
        )
        for index, name in places
    ]


def _write_deadletter(message: Message, registry: Registry) -> list[Action]:
    del registry
    dead = _DEADLETTER.decode(message.value)
    name = hashlib.sha256(encode(dead)).hexdigest()
    body = _encode(dead, indexed_at=message.now)
    return [
        Action(
            index=DEADLETTERS,
            id=name,
            version=None,
            body=body,
            place=message.place,
            raw=message.value,
        )
    ]


def _encode(value: Struct, **copies: Any) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(value) | copies)


def _shorten(name: str) -> str:
    """An id within the limit: its beginning and a hash, if it is too long."""
    raw = name.encode()
    if len(raw) <= LONGEST_ID:
        return name
    return raw[:400].decode(errors="ignore") + "#" + hashlib.sha256(raw).hexdigest()


_REVISION = msgspec.json.Decoder(Revision)
_BURST = msgspec.json.Decoder(Burst)
_DEADLETTER = msgspec.json.Decoder(DeadLetter)
_WRITERS: dict[str, Callable[[Message, Registry], list[Action]]] = {
    "enriched": _write_enriched,
    "revisions": _write_revision,
    "bursts": _write_burst,
    "deadletters": _write_deadletter,
}
