"""Whole documents of the last two hours, to be told again when they are copied, or prove copies.

The window keeps of a document what decisions need, not the document. Nine of ten copies come
within two hours of their original; to hold every document for three days would take more memory
than the whole window.
"""

from __future__ import annotations

from collections.abc import Mapping

from streams.models import Enriched, decode_enriched, encode

HELD = 2 * 3600  # seconds
FEW = 64  # copies of a text that are held: reprints must not take the room of originals
ROOM, MOST = 4 << 20, 64 << 20  # bytes of a tick, and of all: a flood's later texts are not held


class Originals:
    """Encoded documents by tick and id, each in its latest version."""

    def __init__(self) -> None:
        self.blocks: dict[int, dict[str, bytes]] = {}
        self._ticks: dict[str, int] = {}
        self._sizes: dict[int, int] = {}

    def keep(self, tick: int, document: Enriched) -> list[int]:
        """Hold a document in place of its earlier version; give the ticks that changed.

        A tombstone, or one more of many copies, is not held, and ends what was.
        """
        changed = self._drop(document.id)
        if not document.deleted and (document.duplicate_of is None or document.duplicates <= FEW):
            value = encode(document)
            if self._sizes.get(tick, 0) + len(value) <= ROOM:
                self._put(tick, document.id, value)
                changed.append(tick)
        return changed

    def __contains__(self, document_id: str) -> bool:
        """Whether a document is held."""
        return document_id in self._ticks

    def find(self, document_id: str) -> Enriched | None:
        """The document, if it is held."""
        tick = self._ticks.get(document_id)
        found = None if tick is None else decode_enriched(self.blocks[tick][document_id])
        return found if isinstance(found, Enriched) else None

    def load(self, blocks: Mapping[int, Mapping[str, bytes]]) -> None:
        """Hold what was saved, by tick."""
        for tick, block in sorted(blocks.items()):
            for name, value in block.items():
                self._put(tick, name, value)

    def expire(self, now: int) -> list[int]:
        """Let go of what is older, or too much; give the ticks of it."""
        ticks, size = [], sum(self._sizes.values())
        for tick in self.blocks:
            if tick > now - HELD and size <= MOST:
                break
            ticks.append(tick)
            size -= self._sizes[tick]
        for tick in ticks:
            del self._sizes[tick]
            for name in self.blocks.pop(tick):
                del self._ticks[name]
        return ticks

    def _put(self, tick: int, name: str, value: bytes) -> None:
        self.blocks.setdefault(tick, {})[name] = value
        self._ticks[name] = tick
        self._sizes[tick] = self._sizes.get(tick, 0) + len(value)

    def _drop(self, name: str) -> list[int]:
        tick = self._ticks.pop(name, None)
        if tick is None:
            return []
        self._sizes[tick] -= len(self.blocks[tick].pop(name))
        if not self.blocks[tick]:
            del self.blocks[tick], self._sizes[tick]
        return [tick]
