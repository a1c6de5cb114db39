"""One look at one source: ask for its page, read it, and say what is new as journal rows."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from connectors.feeds import read_feed
from connectors.reading.entries import Changes, Entries, Known, NotAPageError, fold_entries, to_key
from connectors.reading.schedule import DEFAULT_SECONDS
from connectors.reading.tombstones import Missing, find_losses
from connectors.telegram import read_channel, to_address
from connectors.web import Page, Validators
from streams.models import DeadLetter, Document, Heartbeat, Row, Source, to_seconds

Fetch = Callable[[str, Validators], Awaitable[Page]]

OLDER_PAGES = 10  # of a channel that are asked for after a pause
FULL_PAGE = 5  # entries from which on a page without any known one means that some were missed


class Cursor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a source was left: a value that shells store and give back.

    `address` is the one that the validators are of; `reached` is the highest post number seen;
    `is_doubted` says that the validators lied once.
    """

    source: str
    address: str = ""
    validators: Validators = Validators()
    body: str = ""
    known: dict[str, Known] = {}
    missing: dict[str, Missing] = {}
    reached: int | None = None
    is_doubted: bool = False


class Polled(Struct, frozen=True, kw_only=True):
    """What a poll gave: rows to journal (the heartbeat last), dead letters, where to go on.

    `status` is `ok` or what failed; `must_store` says whether the cursor holds anything new that
    a restart has to know. `has_gap`: entries came and went between two polls.
    """

    rows: tuple[Row, ...]
    letters: tuple[DeadLetter, ...]
    cursor: Cursor
    status: str
    must_store: bool = False
    has_gap: bool = False
    wait_seconds: float | None = None
    wished_seconds: float | None = None


class Probe(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `sources test` says of a source: one look, nothing kept."""

    source: str
    url: str
    status: str
    title: str | None = None
    encoding: str | None = None
    entries: int = 0
    newest_at: datetime | None = None
    undated: int = 0
    zoneless: int = 0
    future: int = 0
    refused: dict[str, int] = {}
    moved_to: str | None = None
    seconds: float = 0.0


def decode_cursor(raw: bytes) -> Cursor:
    """Read a cursor that `streams.models.encode` wrote; raises `msgspec.DecodeError`."""
    return msgspec.json.decode(raw, type=Cursor)


def is_polled(source: Source) -> bool:
    """Whether a source has an address to ask; the others come from files."""
    return bool(source.url) or _is_channel(source)


async def poll_source(
    source: Source, cursor: Cursor | None, fetch: Fetch, *, is_full: bool = False
) -> Polled:
    """Look once at `source`; never raises for what the source does.

    `is_full` leaves the validators out, to find servers that say `unchanged` when it is not.
    """
    cursor = cursor or Cursor(source=source.source)
    address = _find_address(source)
    blind = is_full or cursor.is_doubted or cursor.address != address
    page = await fetch(address, Validators() if blind else cursor.validators)
    if page.status == "unchanged" or (page.body and _hash(page) == cursor.body):
        return _finish(page, cursor, _beat(source, page))
    if page.status != "ok":
        return _fail(page, source, cursor)
    try:
        entries = await asyncio.to_thread(_read, source, page)
    except NotAPageError as error:
        return _fail(replace(page, status=str(error)), source, cursor)
    entries, has_gap = await _catch_up(source, cursor, (page, entries), fetch)
    return _compare(source, cursor, (page, entries, has_gap))


async def probe(source: Source, fetch: Fetch) -> Probe:
    """Look once at `source` and say what was found there."""
    page = await fetch(_find_address(source), Validators())
    found = Probe(
        source=source.source,
        url=page.url,
        status=page.status,
        moved_to=page.moved_to,
        seconds=(page.seen_at - page.asked_at).total_seconds(),
    )
    if page.status != "ok":
        return found
    try:
        entries = await asyncio.to_thread(_read, source, page)
    except NotAPageError as error:
        return replace(found, status=str(error))
    return _describe(found, entries, fold_entries({}, entries.documents, page.url))


def _describe(found: Probe, entries: Entries, changes: Changes) -> Probe:
    documents = entries.documents
    refused = [letter.reason for letter in changes.refused]
    return replace(
        found,
        title=entries.title,
        encoding=entries.encoding,
        entries=len(documents),
        newest_at=max((d.published_at for d in documents if not d.undated), default=None),
        undated=sum(document.undated for document in documents),
        zoneless=entries.zoneless,
        future=sum(document.published_at > document.seen_at for document in documents),
        refused={reason: refused.count(reason) for reason in sorted(set(refused))},
    )


def _is_channel(source: Source) -> bool:
    return source.source.startswith("telegram/")


def _find_address(source: Source) -> str:
    """The address to ask; an empty one fails as `bad_url`."""
    try:
        return to_address(source) if _is_channel(source) else source.url or ""
    except ValueError:
        return ""


def _read(source: Source, page: Page) -> Entries:
    read = read_channel if _is_channel(source) else read_feed
    return read(page.body, page.charset, source, page.url, page.seen_at)


async def _catch_up(
    source: Source, cursor: Cursor, first: tuple[Page, Entries], fetch: Fetch
) -> tuple[Entries, bool]:
    """Read on where a channel has older pages; say whether entries were missed all the same."""
    page, entries = first
    if not _is_channel(source):
        keys = {to_key(document.id) for document in entries.documents}
        return entries, len(keys) >= FULL_PAGE and bool(cursor.known) and keys.isdisjoint(
            cursor.known
        )
    for _ in range(OLDER_PAGES):
        if not _is_behind(cursor, entries):
            return entries, False
        older = await fetch(f"{_find_address(source)}?before={min(entries.numbers)}", Validators())
        try:
            earlier = await asyncio.to_thread(_read, source, replace(older, seen_at=page.seen_at))
        except NotAPageError:
            return entries, True
        if not earlier.numbers - entries.numbers:
            return entries, False
        entries = replace(
            entries,
            documents=earlier.documents + entries.documents,
            numbers=entries.numbers | earlier.numbers,
        )
    return entries, _is_behind(cursor, entries)


def _is_behind(cursor: Cursor, entries: Entries) -> bool:
    if cursor.reached is None or not entries.numbers:
        return False
    return min(entries.numbers) > cursor.reached + 1


def _compare(source: Source, cursor: Cursor, found: tuple[Page, Entries, bool]) -> Polled:
    """Make rows of what changed since `cursor`."""
    page, entries, has_gap = found
    changes = fold_entries(cursor.known, entries.documents, page.url)
    losses = find_losses(
        changes.known, cursor.missing, entries.numbers, source.source, to_seconds(page.seen_at)
    )
    fresh = _sort(changes.documents) + losses.documents
    after = replace(
        cursor,
        address=_find_address(source),
        validators=page.validators,
        body=_hash(page),
        known=losses.known,
        missing=losses.missing,
        reached=max(entries.numbers, default=cursor.reached),
        is_doubted=cursor.is_doubted or _is_lie(cursor, page, fresh),
    )
    return replace(
        _finish(page, after, _beat(source, page, has_gap=has_gap), fresh),
        letters=changes.refused,
        must_store=replace(after, body="") != replace(cursor, body=""),
        has_gap=has_gap,
        wished_seconds=max(page.fresh_seconds or 0.0, entries.ttl_seconds or 0.0) or None,
    )


def _is_lie(cursor: Cursor, page: Page, fresh: tuple[Document, ...]) -> bool:
    """The same validators for a page with other entries."""
    return bool(fresh) and page.validators != Validators() and page.validators == cursor.validators


def _finish(
    page: Page, cursor: Cursor, beat: Heartbeat, documents: Iterable[Document] = ()
) -> Polled:
    return Polled(
        rows=(*documents, beat),
        letters=(),
        cursor=cursor,
        status=beat.status,
        wait_seconds=page.wait_seconds,
        wished_seconds=page.fresh_seconds,
    )


def _fail(page: Page, source: Source, cursor: Cursor) -> Polled:
    beat = Heartbeat(
        source=source.source,
        seen_at=page.seen_at,
        interval_seconds=source.interval_seconds or DEFAULT_SECONDS,
        status=page.status,
    )
    return _finish(page, cursor, beat)


def _beat(source: Source, page: Page, *, has_gap: bool = False) -> Heartbeat:
    """A good poll: complete up to the moment of asking, less the time the page lay in a cache."""
    complete_to = page.asked_at - timedelta(seconds=min(page.age_seconds, 86_400.0))
    return Heartbeat(
        source=source.source,
        seen_at=page.seen_at,
        complete_to=None if has_gap else complete_to,
        interval_seconds=source.interval_seconds or DEFAULT_SECONDS,
    )


def _sort(documents: Iterable[Document]) -> tuple[Document, ...]:
    return tuple(sorted(documents, key=lambda document: document.published_at))


def _hash(page: Page) -> str:
    return hashlib.sha256(page.body).hexdigest()[:32]
