"""What a page of a source holds, and which of it is new or edited since the last look."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from streams.journal import admit, bury
from streams.models import DeadLetter, Document, Place, encode, from_seconds, to_seconds
from streams.surrogates import mend, mend_document

_KEPT = 300  # entries remembered at least; three pages if a page is longer
_LONGEST_KEY = 64  # characters; longer ids are remembered by their hash
_CLOCK_SKEW = 300.0  # seconds that `seen_at` may be ahead of the clock of whoever checks it


class NotAPageError(ValueError):
    """What came is no page of entries; the message is the status to report."""


class Entries(Struct, frozen=True, kw_only=True):
    """A page, read: its documents as version 1, and what was noticed on the way.

    `numbers` are the post numbers that the page accounts for, where a source counts its posts.
    """

    documents: tuple[Document, ...]
    title: str | None = None
    encoding: str = "utf-8"
    ttl_seconds: float | None = None
    zoneless: int = 0
    numbers: frozenset[int] = frozenset()


class Known(Struct, frozen=True, array_like=True):
    """What a source said last of one entry; version 0: it was refused."""

    version: int
    digest: str
    published: float


class Changes(Struct, frozen=True, kw_only=True):
    """What a look brought: documents to deliver, what was refused, and what is known now."""

    documents: tuple[Document, ...]
    refused: tuple[DeadLetter, ...]
    known: dict[str, Known]


def fold_entries(known: Mapping[str, Known], documents: Sequence[Document], url: str) -> Changes:
    """Give the documents that are new or edited; an edit has the next version of the same id.

    A refused entry is a dead letter once, and is tried again while it stays on the page: a wrong
    zone puts it in the future only for some hours. `url` is the place of dead letters.
    """
    seen: dict[str, Known] = {}
    fresh: list[Document] = []
    refused: list[DeadLetter] = []
    for document in map(mend_document, documents):
        key = to_key(document.id)
        if key in seen:
            continue
        found, seen[key] = _judge(document, known.get(key), url)
        if isinstance(found, Document):
            fresh.append(found)
        elif found is not None:
            refused.append(found)
    older = {key: entry for key, entry in known.items() if key not in seen}
    kept = dict(list({**older, **seen}.items())[-max(_KEPT, 3 * len(seen)) :])
    return Changes(documents=tuple(fresh), refused=tuple(refused), known=kept)


def to_key(identity: str) -> str:
    """An id as it is remembered: itself while short, its hash beyond."""
    whole = mend(identity)
    return whole if len(whole) <= _LONGEST_KEY else _hash(whole)


def _judge(
    document: Document, before: Known | None, url: str
) -> tuple[Document | DeadLetter | None, Known]:
    digest = _hash(" ".join(document.content.split()))
    if before and before.version and before.digest == digest:
        return None, before
    answer = admit(_follow(document, before), to_seconds(document.seen_at) + _CLOCK_SKEW)
    if isinstance(answer, Document):
        return answer, Known(answer.version, digest, to_seconds(answer.published_at))
    now_known = Known(before.version if before else 0, digest, to_seconds(document.published_at))
    if before and before.digest == digest:
        return None, now_known
    return bury(encode(document), answer, "connect", Place(file=url)), now_known


def _follow(document: Document, before: Known | None) -> Document:
    """The document as the next version of what was known of it."""
    if before is None or not before.version:
        return document
    return replace(
        document,
        version=before.version + 1,
        edited_at=min(document.edited_at or document.seen_at, document.seen_at),
        published_at=from_seconds(before.published) if document.undated else document.published_at,
    )


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()
