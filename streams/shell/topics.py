"""The topics: their names, their partitions, and how long each remembers."""

from __future__ import annotations

from msgspec import Struct

DAY = 24 * 3600 * 1000  # milliseconds
LARGEST = 16 << 20  # bytes of one message: a full document with all that was found in it
PARTS = (
    "journal",
    "work",
    "enriched",
    "revisions",
    "bursts",
    "deadletters",
    "snapshots",
    "offsets",
)


class Topics(Struct, frozen=True):
    """The topics of one installation; `partitions` counts those of the work topic."""

    prefix: str = "nabat"
    partitions: int = 4

    def name(self, part: str) -> str:
        """The topic of a part; raises ValueError for a part that does not exist."""
        if part not in PARTS:
            raise ValueError(f"there is no topic for {part!r}")
        return f"{self.prefix}.{part}"

    def layout(self) -> dict[str, tuple[int, dict[str, str]]]:
        """Partitions and settings of each topic, by name."""
        return {self.name(part): (self._count(part), _keep(part)) for part in PARTS}

    def _count(self, part: str) -> int:
        counts = {"work": self.partitions, "snapshots": self.partitions + 1}
        return counts.get(part, 1)


def _keep(part: str) -> dict[str, str]:
    """The journal forgets after 90 days; compacted topics keep the last value of each key.

    Snapshots are compacted soon, so that a start reads little: their keys are never written
    twice with different values, so compaction needs no delay.
    """
    common = {"max.message.bytes": str(LARGEST), "compression.type": "producer"}
    if part == "offsets":
        return {**common, "cleanup.policy": "compact"}
    if part == "snapshots":
        soon = {"segment.bytes": str(32 << 20), "segment.ms": "120000"}
        rules = {"min.cleanable.dirty.ratio": "0.3", "delete.retention.ms": "600000"}
        return {**common, "cleanup.policy": "compact", **soon, **rules}
    days = {"journal": 90, "deadletters": 90, "bursts": 90}.get(part, 14)
    return {**common, "cleanup.policy": "delete", "retention.ms": str(days * DAY)}
