"""A document as it is remembered, and what it adds to each term."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct

from streams.families.copies import Keys
from streams.models import EntityType, Label


class Count(Struct, frozen=True, array_like=True, gc=False):
    """What a document adds to a term: when (Unix seconds) and how much; late ones open nothing."""

    at: float
    weight: float
    late: bool = False


class Entry(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A document as the window remembers it; titles and entities only where a term occurs."""

    id: str
    version: int
    revision: int
    text: int
    features: bytes
    at: float
    source: str
    owner: str
    author: str | None
    origin_id: str
    duplicate_of: str | None
    deleted: bool
    terms: dict[str, Count]
    language: str = "und"
    label: Label = "unknown"
    entities: tuple[tuple[EntityType, str], ...] = ()
    title: str | None = None
    url: str | None = None
    snippet: str = ""
    voice: str = ""  # who is said to report: the origin that it names, else the agency, else source


def add_to(sums: dict[Any, Any], key: object, change: float) -> None:
    """Change a sum; what comes to nothing vanishes: sums of quarters are exact, so zero is zero."""
    value = sums.get(key, 0) + change
    if value:
        sums[key] = value
    else:
        sums.pop(key, None)


def read(entry: Entry) -> Keys:
    """The packed text of an entry."""
    return np.frombuffer(entry.features, np.int32)


def join(entries: list[Entry]) -> Keys:
    """Packed texts, one behind the other."""
    return np.frombuffer(b"".join(one.features for one in entries), np.int32)
