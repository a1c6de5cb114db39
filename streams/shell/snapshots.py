"""Snapshots in a compacted topic: cells under the position they were taken at, then a marker.

State is a function of the position alone, so whoever wrote a version of a cell, a late writer
included, wrote the right one: of each cell the highest version at or below the marker counts.
No key is ever written twice with different state, so compaction may come at any time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Struct

MARKER = ""  # the marker is the cell without a name
GRAVE_SECONDS = 900.0  # a deleted cell stays as an empty one: a stalled writer may come late

Write = tuple[bytes, bytes | None]


class Marker(Struct, frozen=True):
    """How far a snapshot goes.

    Rows below `position` are covered; all others stand in the topic at or after `offset`; rows
    below `seen` have been read.
    """

    position: int = 0
    offset: int = 0
    seen: int = 0


class Versions:
    """The versions of cells that a partition of the snapshot topic holds."""

    def __init__(self) -> None:
        self._held: dict[str, dict[int, bytes]] = {}
        self._crowded: set[str] = set()
        self._graves: dict[str, float] = {}
        self._settled = -math.inf  # when the last plan was made, which is there by the next one

    def fold(self, key: bytes, value: bytes | None) -> None:
        """Read one record of the topic."""
        cell, position = from_key(key)
        held = self._held.setdefault(cell, {})
        if value is None:
            held.pop(position, None)
        else:
            held[position] = value
        self._crowd(cell)

    def add(self, cell: str, position: int, value: bytes | None) -> Write:
        """The record that keeps a cell as of `position`; None empties it."""
        self._held.setdefault(cell, {})[position] = b""
        self._crowd(cell)
        return to_key(cell, position), value or b""

    def marker(self) -> Marker | None:
        """The last marker; None before the first snapshot."""
        markers = self._held.get(MARKER)
        return msgspec.json.decode(markers[max(markers)], type=Marker) if markers else None

    def take(self, limit: int, now: float = 0.0) -> dict[str, bytes]:
        """Each cell in its highest version up to `limit`; the values are forgotten here."""
        cells = {}
        for cell, held in self._held.items():
            newest = max((version for version in held if version <= limit), default=None)
            if newest is not None and cell != MARKER:
                cells[cell] = held[newest]
            held.update(dict.fromkeys(held, b""))
        self._graves.update({cell: now for cell, value in cells.items() if not value})
        return {cell: value for cell, value in cells.items() if value}

    def plan(
        self, changed: Mapping[str, bytes | None], committed: int, position: int, now: float
    ) -> list[Write]:
        """The records of a snapshot at `position`, all but the marker.

        `committed` is the position of the last durable marker: what it made obsolete is deleted.
        `now` is any clock in seconds that only goes forward. A plan is made when the one before
        has settled, and stood alone: what came late by then is known.
        """
        obsolete: list[Write] = [(key, None) for key in self._drop(committed, self._settled)]
        self._settled = now
        for cell, value in changed.items():
            self._graves.pop(cell, None)
            if value is None:
                self._graves[cell] = now
        return obsolete + [self.add(cell, position, value) for cell, value in changed.items()]

    def _crowd(self, cell: str) -> None:
        (self._crowded.add if len(self._held[cell]) > 1 else self._crowded.discard)(cell)

    def _drop(self, committed: int, settled: float) -> Iterator[bytes]:
        for cell in sorted(self._crowded):
            held = self._held[cell]
            newest = max((version for version in held if version <= committed), default=-1)
            yield from self._forget(cell, [version for version in held if version < newest])
        for cell in list(self._graves):
            if settled - self._graves[cell] < GRAVE_SECONDS or max(self._held[cell]) > committed:
                break
            del self._graves[cell]
            yield from self._forget(cell, list(self._held[cell]))

    def _forget(self, cell: str, versions: list[int]) -> Iterator[bytes]:
        for version in versions:
            del self._held[cell][version]
            yield to_key(cell, version)
        self._crowd(cell)
        if not self._held[cell]:
            del self._held[cell]


class Places:
    """Where in the enriched topic the rows stand that no snapshot covers yet."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}

    def note(self, number: int, offset: int) -> None:
        """A row was read; only its first place counts."""
        self._first.setdefault(number, offset)

    def start(self, position: int, otherwise: int) -> int:
        """The first offset that holds a row at or after `position`; else `otherwise`."""
        self._first = {n: offset for n, offset in self._first.items() if n >= position}
        return min(self._first.values(), default=otherwise)


def to_key(cell: str, position: int) -> bytes:
    """The key of one version of a cell."""
    return f"{cell}@{position}".encode()


def from_key(key: bytes) -> tuple[str, int]:
    """The cell and its position; raises ValueError for a foreign key."""
    cell, _, position = key.decode().rpartition("@")
    return cell, int(position)


def is_marker(key: bytes) -> bool:
    """Whether a key is that of a marker."""
    return key.startswith(b"@")
