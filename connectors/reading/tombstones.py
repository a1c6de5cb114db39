"""Posts that are gone: a page that shows older and newer posts, but one of them no more.

A tombstone erases, so it must be certain: previews lose posts for a while. A post is gone when
three looks in a row over 15 minutes did not show it between others that they did show.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from connectors.reading.entries import Known
from streams.models import Document, from_seconds

_LOOKS = 3
_SECONDS = 900.0
_GONE = "gone"  # the digest of a deleted entry: if it comes back, it is an edit


class Missing(Struct, frozen=True, array_like=True):
    """A post that is no longer where it was: looks in a row, and the time of the first."""

    looks: int
    since: float


class Losses(Struct, frozen=True, kw_only=True):
    """Tombstones to deliver, what is known with them, and what is missing but not yet certain."""

    documents: tuple[Document, ...]
    known: dict[str, Known]
    missing: dict[str, Missing]


def find_losses(
    known: Mapping[str, Known],
    missing: Mapping[str, Missing],
    numbers: frozenset[int],
    source: str,
    now: float,
) -> Losses:
    """Compare the posts that are known with the numbers that a page accounts for.

    A page that lost more than half of what is known of its range is taken for a fault of the
    source and counts for nothing. `now` is Unix time in seconds.
    """
    expected = _find_expected(known, numbers, source)
    absent = [key for key, number in expected.items() if number not in numbers]
    if 2 * len(absent) > len(expected):
        return Losses(documents=(), known=dict(known), missing=dict(missing))
    counted = {key: _count(missing.get(key), now) for key in absent}
    gone = [key for key, entry in counted.items() if _is_certain(entry, now)]
    documents = tuple(_to_tombstone(key, known[key], source, now) for key in gone)
    buried = {key: Known(known[key].version + 1, _GONE, known[key].published) for key in gone}
    left = {key: entry for key, entry in counted.items() if key not in gone}
    return Losses(documents=documents, known={**known, **buried}, missing=left)


def _find_expected(
    known: Mapping[str, Known], numbers: frozenset[int], source: str
) -> dict[str, int]:
    """The known living posts strictly between the oldest and the newest that the page shows."""
    prefix = f"{source}/"
    living = {
        key: int(key[len(prefix) :])
        for key, entry in known.items()
        if entry.version and entry.digest != _GONE and _is_post(key, prefix)
    }
    low, high = (min(numbers), max(numbers)) if numbers else (0, 0)
    return {key: number for key, number in living.items() if low < number < high}


def _is_post(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and key[len(prefix) :].isdecimal()


def _count(before: Missing | None, now: float) -> Missing:
    return Missing(before.looks + 1, before.since) if before else Missing(1, now)


def _is_certain(entry: Missing, now: float) -> bool:
    return entry.looks >= _LOOKS and now - entry.since >= _SECONDS


def _to_tombstone(key: str, entry: Known, source: str, now: float) -> Document:
    return Document(
        id=key,
        source=source,
        published_at=from_seconds(entry.published),
        seen_at=from_seconds(now),
        version=entry.version + 1,
        deleted=True,
    )
