"""Rows of the journal: what is let in, under which id, in which order; what is buried, and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streams.addresses import canonical
from streams.models import (
    EPOCH,
    VALUES,
    VERSIONS,
    DeadLetter,
    Document,
    Name,
    Place,
    Row,
    Setting,
    Source,
    Term,
    decode_row,
    to_seconds,
)
from streams.surrogates import mend, mend_document, mend_json
from streams.words.patterns import PatternError, parse_pattern

Value = TypeVar("Value")

LINE_LIMIT = 1 << 20  # bytes of one line
TEXT_LIMIT = 200_000  # characters of one text
EXTRA_LIMIT = 4096  # bytes of the fields that a source may add
KEPT_RAW = 64 << 10  # bytes of the original that a dead letter keeps
LEAD = timedelta(hours=1)  # how far `published_at` may be ahead of `seen_at`


class _Draft(Struct, frozen=True, kw_only=True):
    """A document as its writer may give it: times may be missing, nulls stand for absence."""

    source: Name | None = None
    id: str | None = None
    published_at: datetime | None = None
    seen_at: datetime | None = None
    title: str | None = None
    text: str | None = None
    url: str | None = None
    author: str | None = None
    origin: str | None = None
    version: int | None = None
    edited_at: datetime | None = None
    deleted: bool | None = None
    undated: bool | None = None
    extra: dict[str, Any] | None = None


_DRAFT: msgspec.json.Decoder[_Draft] = msgspec.json.Decoder(_Draft)
_KIND = re.compile(rb'"(?:heartbeat|clock|setting)"')
_KIND_ENDS = 64  # bytes: a kind stands before


class _RefusedError(ValueError):
    """A row that cannot be let in: its named reason and what exactly is wrong."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def bury(raw: bytes, reason: str, stage: str, place: Place, detail: str = "") -> DeadLetter:
    """Make a dead letter of bytes that could not be used."""
    return DeadLetter(
        reason=reason,
        stage=stage,
        origin=replace(place, file=mend(place.file)) if place.file else place,
        length=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        raw=raw[:KEPT_RAW],
        detail=mend(detail),
    )


def accept(
    raw: bytes,
    place: Place,
    as_of: float | None,
    registry: Mapping[str, Source],
    stage: str = "journal",
) -> Document | DeadLetter:
    """Decode one JSON line into a document, or bury it with a named reason.

    `as_of` is the latest allowed `seen_at` in Unix seconds (None: no bound); `registry` maps source
    names to sources. At stage `enrich` only `text` is needed.
    """
    try:
        draft = _decode(raw)
        if stage == "enrich":
            draft = replace(
                draft, source=draft.source or "file", published_at=draft.published_at or EPOCH
            )
        document = _complete(draft, _extra(raw, draft, registry))
        _refuse(document, as_of)
    except _RefusedError as error:
        return bury(raw, error.reason, stage, place, error.detail)
    return document


def accept_row(
    raw: bytes, place: Place, as_of: float | None, registry: Mapping[str, Source]
) -> Row | DeadLetter:
    """Decode a line that may be any row of an exported journal, under the rules of `accept`."""
    if not _KIND.search(raw, 0, _KIND_ENDS):
        return accept(raw, place, as_of, registry)
    try:
        _check_bytes(raw)
        row = _read(decode_row, raw)
        _check_setting(row)
    except _RefusedError as error:
        return bury(raw, error.reason, "journal", place, error.detail)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return bury(raw, _reason(error), "journal", place, str(error))
    if as_of is not None and _is_late(row, as_of):
        return bury(raw, "future", "journal", place, "seen_at is later than now")
    return row


def admit(document: Document, as_of: float | None) -> Document | str:
    """Hold a connector's document to the rules of `accept`; a string is the reason of refusal."""
    document = mend_document(document)
    try:
        draft = _Draft(**{name: getattr(document, name) for name in _Draft.__struct_fields__})
        admitted = _complete(draft, document.extra)
        _refuse(admitted, as_of)
    except _RefusedError as error:
        return error.reason
    return admitted


def seed(terms: Iterable[Term], sources: Iterable[Source]) -> list[Setting]:
    """The rows that open a journal: terms and sources, in force before anything is seen."""
    rows: list[tuple[str, str, Struct]] = [("source", one.source, one) for one in sources]
    rows += [("term", one.name, one) for one in terms]
    return [
        Setting(
            seen_at=EPOCH,
            id=f"seed/{what}/{key}"[:512],
            what=what,  # type: ignore[arg-type]
            key=key,
            value=msgspec.to_builtins(value, builtin_types=()),
        )
        for what, key, value in rows
    ]


def _decode(raw: bytes) -> _Draft:
    _check_bytes(raw)
    try:
        return _read(_DRAFT.decode, raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _RefusedError(_reason(error), str(error)) from None


def _read(decode: Callable[[bytes], Value], raw: bytes) -> Value:
    """Decode JSON; half a sign that stands alone is no reason to refuse it."""
    try:
        return decode(raw)
    except msgspec.DecodeError:
        return decode(mend_json(raw))


def _check_bytes(raw: bytes) -> None:
    if len(raw) > LINE_LIMIT:
        raise _RefusedError("too_large", f"a line of {len(raw)} bytes; {LINE_LIMIT} are allowed")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise _RefusedError("not_utf8", str(error)) from None


def _reason(error: Exception) -> str:
    return "bad_field" if isinstance(error, msgspec.ValidationError) else "not_json"


def _extra(raw: bytes, draft: _Draft, registry: Mapping[str, Source]) -> dict[str, Any] | None:
    """The fields that nobody knows, kept only where the source's settings allow them."""
    source = registry.get(draft.source or "")
    if source is None or not source.extra:
        return None
    known = {*_Draft.__struct_fields__, "kind"}
    written = _read(msgspec.json.decode, raw)
    fields = {key: value for key, value in written.items() if key not in known}
    extra = {**(draft.extra or {}), **fields}
    if len(msgspec.json.encode(extra)) > EXTRA_LIMIT:
        raise _RefusedError("too_large", f"extra fields over {EXTRA_LIMIT} bytes")
    return extra or None


def _complete(draft: _Draft, extra: dict[str, Any] | None) -> Document:
    """Fill what the writer left out: times from each other, the id from source, address, text."""
    if draft.source is None:
        raise _RefusedError("bad_field", "source is missing")
    published = draft.published_at or draft.seen_at
    if published is None:
        raise _RefusedError("bad_field", "published_at is missing")
    gone = bool(draft.deleted)
    document = Document(
        id=draft.id or "",
        source=draft.source,
        published_at=_to_utc(published, "published_at"),
        seen_at=_to_utc(draft.seen_at or published, "seen_at"),
        title=None if gone else draft.title or None,
        text="" if gone else draft.text or "",
        url=draft.url or None,
        author=draft.author or None,
        origin=draft.origin or None,
        version=1 if draft.version is None else draft.version,
        edited_at=_to_utc(draft.edited_at, "edited_at") if draft.edited_at else None,
        deleted=gone,
        undated=bool(draft.undated) or draft.published_at is None,
        extra=None if gone else extra,
    )
    return document if document.id else replace(document, id=_name(document))


def _to_utc(moment: datetime, field: str) -> datetime:
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        raise _RefusedError("bad_field", f"{field} is out of range") from None
    if moment < EPOCH:
        raise _RefusedError("bad_field", f"{field} is before 1970")
    return moment


def _name(document: Document) -> str:
    if document.url:
        return f"{document.source} {canonical(document.url)}"[:2048]
    if document.deleted:
        raise _RefusedError("bad_field", "a tombstone needs its id")
    moment = document.published_at.isoformat().replace("+00:00", "Z")
    return f"{document.source} {moment} {document.content[:64]}"


def _refuse(document: Document, as_of: float | None) -> None:
    if not 1 <= document.version <= VERSIONS:
        raise _RefusedError("bad_field", "version is out of range")
    if len(document.content) > TEXT_LIMIT:
        raise _RefusedError("too_large", f"a text of {len(document.content)} characters")
    if not document.deleted and not document.content.strip():
        raise _RefusedError("no_text", "neither title nor text")
    if as_of is not None and _is_late(document, as_of):
        raise _RefusedError("future", "seen_at is later than now")
    if document.published_at - document.seen_at > LEAD:
        raise _RefusedError("future", "published_at is more than 1 h after seen_at")


def _is_late(row: Any, as_of: float) -> bool:
    return to_seconds(row.seen_at) > as_of


def _check_setting(row: Row) -> None:
    """A value that cannot be read is refused here, not where it would be used."""
    if not isinstance(row, Setting) or row.value is None or row.what not in VALUES:
        return
    value = msgspec.convert(row.value, VALUES[row.what], strict=False)
    if isinstance(value, Term):
        try:
            parse_pattern(value.pattern or value.name)
        except PatternError as error:
            raise _RefusedError("bad_field", str(error)) from None


class Order(Generic[Value]):
    """Puts numbered values back in order: each number once, none before its predecessor."""

    def __init__(self, next_number: int = 0) -> None:
        self.next = next_number
        self.held: dict[int, Value] = {}

    def push(self, number: int, value: Value) -> list[tuple[int, Value]]:
        """Take one value in any order; give all that are now due, in order."""
        if number >= self.next:
            self.held.setdefault(number, value)
        due = []
        while self.next in self.held:
            due.append((self.next, self.held.pop(self.next)))
            self.next += 1
        return due
