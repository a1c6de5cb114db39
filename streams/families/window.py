"""The last 72 hours of documents: who is whose copy, who owns it, which terms it counts for.

Every accepted document leaves one frozen entry in the block of its tick. The whole window can be
rebuilt by applying the entries of the blocks that are left, in order: what is derived from an entry
disappears with the block that last confirmed it, here and after a restart alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr, replace

from streams.families.copies import (
    ALTERED,
    COPY,
    FLOOD_SPAN,
    LEAD_BITS,
    NONE,
    Keys,
    is_other,
    is_retold,
    measure_share,
    relate,
    relate_own,
)
from streams.families.entries import Entry, add_to, join, read
from streams.families.floods import SPREAD, STRAY, is_flooded
from streams.origins import Index

SPAN = 72 * 3600  # seconds that a document is remembered
FURTHER = 0.25  # what a copy by a further owner adds to the count of its origin
FLOOD, CROWD = 2, 5  # texts alike that make a flood of one more; if they may be reprints of one
ROBOT = 3  # copies of one text by one source: it is told by a robot, if each is worded otherwise
LATEST = 64  # texts of a source that are read again when it proves a robot
SPARE = 1024  # forgotten rows that may stay
MOST_FURTHER = 4  # further owners that add something: an origin counts for at most 2


class Limits(Struct, frozen=True, kw_only=True):
    """How much is remembered: seconds, and documents; whichever is less."""

    span: int = SPAN
    documents: int = 1_000_000


class Window:
    """Entries by id, texts by their features, owners by origin."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.blocks: dict[int, list[Entry]] = {}
        self._held: dict[str, Entry] = {}
        self._owners: dict[str, dict[str, int]] = {}
        self._copies: dict[str, int] = {}
        self._told: dict[tuple[str, str], int] = {}  # copies of an origin by a source
        self._latest: dict[str, deque[Entry]] = {}  # the last of each source that were no copies
        self._names: dict[str, str] = {}
        self._index = Index()
        self._rows: list[Entry] = []  # by number, without the `_cut` first ones
        self._cut = self._gone = 0  # numbers up to `_gone` are forgotten

    def find(self, document_id: str) -> Entry | None:
        """The newest entry of a document, if it is still remembered."""
        return self._held.get(document_id)

    def origin_of(
        self,
        features: bytes,
        at: float,
        named: str = "",
        teller: tuple[str, str | None] = ("", None),
    ) -> str | None:
        """The origin of the remembered text of which this one is most a copy, of equals the oldest.

        Of its own `teller`, the source and author, only a repeat counts. A reworded text is a copy
        of what the voice that it names has said. A text with many words altered needs two others
        like it: then it is one of a flood.
        """
        near, text = self._near(features), np.frombuffer(features, np.int32)
        copied, like, altered = [], [], []
        for row in near:
            other, gap = read(row), abs(at - row.at)
            is_own = teller == (row.source, row.author)
            relation = (relate_own if is_own else relate)(text, other, gap)
            is_told = named == row.voice and named != ""
            if relation == COPY or (
                is_told and (relation == ALTERED or is_retold(text, other, gap))
            ):
                copied.append(row)
            elif relation != NONE:
                like.append(row)
                altered += [row] * (relation == ALTERED)
        copied = [row for row in copied if self._fits(text, row)]
        if copied:
            return max(copied, key=lambda row: measure_share(text, read(row))).origin_id
        if _is_flood(altered):
            return altered[0].origin_id
        return self._find_flood(text, _around(at, near), like, teller[0])

    def _find_flood(
        self, text: Keys, recent: list[Entry], like: list[Entry], source: str
    ) -> str | None:
        """The first origin of texts like this one, or of a crowd, if it is one of their flood."""
        crowds = [([one], CROWD) for one in dict.fromkeys(row.origin_id for row in recent)]
        if _is_flood(like):
            crowds.insert(0, ([row.origin_id for row in like], FLOOD + 1))
        for origins, least in crowds:
            rows = [row for row in recent if row.origin_id in origins]
            is_robot = any(self._told.get((one, source), 0) >= ROBOT for one in origins)
            if len(rows) >= least and is_flooded(text, join(rows), len(rows), is_robot, SPREAD):
                return origins[0]
        return None

    def find_strays(self, entry: Entry) -> list[Entry]:
        """Later origins than that of `entry` which its flood shows to be copies as well.

        Of the texts near `entry` those that are altered as much as the flood; and every third time
        that its source tells the flood, what else it has told since the flood began.
        """
        origin = self._held.get(entry.duplicate_of or "")
        if origin is None or origin.deleted or self.copies(origin.id) < CROWD:
            return []
        near = _around(entry.at, self._near(entry.features))
        crowd = [row for row in near if row.origin_id == origin.id]
        if len(crowd) <= CROWD:
            return []
        near, told = self._originals(near, origin), list[Entry]()
        if self._told[origin.id, entry.source] % ROBOT == 0:
            told = self._originals(self._latest.get(entry.source, ()), origin)
        flood = join(crowd), len(crowd)
        found = [row for row in near if is_flooded(read(row), *flood, is_robot=False, spread=STRAY)]
        found += [
            row for row in told if is_flooded(read(row), *flood, is_robot=True, spread=SPREAD)
        ]
        return list({row.id: row for row in found}.values())

    def find_family(self, origin: Entry) -> list[Entry]:
        """An origin and its copies, the oldest first; deleted ones are none."""
        rows = (row for row in self._since(origin.at) if row.origin_id == origin.id)
        return [row for row in rows if not row.deleted][::-1]

    def _originals(self, rows: Iterable[Entry], first: Entry) -> list[Entry]:
        """Those that are no copies, no digests, and no older than `first`, without that."""
        return [
            row
            for row in rows
            if row.origin_id == row.id and (row.at, row.id) > (first.at, first.id)
            if self.find(row.id) is row and row.features and not read(row)[2] >> LEAD_BITS
        ]

    def _since(self, start: float) -> Iterator[Entry]:
        """What is remembered of the blocks that end at `start` or later, the newest first."""
        for tick in reversed(self.blocks):
            if tick < start:
                return
            yield from (row for row in reversed(self.blocks[tick]) if self.find(row.id) is row)

    def _fits(self, text: Keys, row: Entry) -> bool:
        """Whether a copy of `row` is of its family: no slot of the origin is filled otherwise."""
        origin = self._held.get(row.origin_id, row)
        return origin is row or not is_other(text, read(origin))

    def _near(self, features: bytes) -> list[Entry]:
        """Texts with common pairs, each behind the origin that it is a copy of, oldest first."""
        found = self._index.find(features, self._gone + 1)
        near: dict[str, Entry] = {}
        for number in sorted(found):
            row = self._rows[number - self._cut - 1]
            now = self._held.get(row.id, row)
            if now.origin_id != row.origin_id:
                row = replace(row, origin_id=now.origin_id)
            origin = self._held.get(row.origin_id, row)
            near.setdefault(origin.id, origin)
            near.setdefault(row.id, row)
        return [row for row in near.values() if row.features]

    def further(self, origin_id: str, owner: str) -> float:
        """What one more document of `owner` adds to the count of an origin that it copies."""
        owners = set(self._owners.get(origin_id, ()))
        if origin_id in self._held:
            owners.add(self._held[origin_id].owner)
        is_new = owner not in owners and len(owners) <= MOST_FURTHER
        return FURTHER if is_new else 0.0

    def copies(self, origin_id: str) -> int:
        """How many remembered documents are copies of this one; deleted ones are none."""
        return self._copies.get(origin_id, 0)

    def apply(self, tick: int, entry: Entry) -> Entry | None:
        """Remember an entry in the block of `tick`; give the entry that it replaces."""
        self._share(entry)
        replaced = self.find(entry.id)
        self.blocks.setdefault(tick, []).append(entry)
        self._held[entry.id] = entry
        self._note_copies(entry, replaced)
        self._rows.append(entry)
        self._index.add(entry.features, self._cut + len(self._rows))
        if entry.origin_id == entry.id:
            self._latest.setdefault(entry.source, deque(maxlen=LATEST)).append(entry)
        else:
            self._owners.setdefault(entry.origin_id, {})[entry.owner] = tick
        return replaced

    def expire(self, now: int) -> tuple[list[int], list[Entry]]:
        """Forget what is beyond the limits; give the ticks of the blocks and what ended."""
        ticks, count = [], self._cut + len(self._rows) - self._gone
        for tick, block in self.blocks.items():
            if tick > now - self.limits.span and count <= self.limits.documents:
                break
            ticks.append(tick)
            count -= len(block)
        ended = [entry for tick in ticks for entry in self._forget(tick)]
        return ticks, ended

    def _share(self, entry: Entry) -> None:
        """Keep equal names once: they are most of an entry's memory."""
        force_setattr(entry, "source", self._names.setdefault(entry.source, entry.source))
        force_setattr(entry, "owner", self._names.setdefault(entry.owner, entry.owner))
        force_setattr(entry, "voice", self._names.setdefault(entry.voice, entry.voice))
        if entry.origin_id == entry.id:
            force_setattr(entry, "origin_id", entry.id)

    def _note_copies(self, entry: Entry | None, replaced: Entry | None) -> None:
        for one, change in ((entry, 1), (replaced, -1)):
            if one is not None and one.duplicate_of is not None and not one.deleted:
                add_to(self._copies, one.duplicate_of, change)
                add_to(self._told, (one.origin_id, one.source), change)

    def _forget(self, tick: int) -> list[Entry]:
        ended = []
        block = self.blocks.pop(tick)
        self._gone += len(block)
        if self._gone - self._cut >= SPARE:  # moving a million rows at every tick would cost most
            del self._rows[: self._gone - self._cut]
            self._cut = self._gone
        for entry in block:
            if self._held.get(entry.id) is entry:
                del self._held[entry.id]
                self._note_copies(None, entry)
                ended.append(entry)
            owners = self._owners.get(entry.origin_id, {})
            if owners.get(entry.owner) == tick:
                del owners[entry.owner]
            if not owners:
                self._owners.pop(entry.origin_id, None)
        return ended


def _around(at: float, rows: Iterable[Entry]) -> list[Entry]:
    """What may be of one flood with a text published at `at`."""
    return [row for row in rows if abs(at - row.at) <= FLOOD_SPAN]


def _is_flood(rows: list[Entry]) -> bool:
    """Whether texts are several: two that are no copies of each other, or a crowd of any."""
    if len(rows) < FLOOD or len(rows) >= CROWD:
        return len(rows) >= FLOOD
    first = read(rows[0])
    return any(relate(first, read(row), 0.0) != COPY for row in rows[1:])
