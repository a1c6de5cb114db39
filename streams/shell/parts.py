"""One owned partition of a topic: which of the records that arrive continue what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from streams.shell.topics import Topics


class Row(NamedTuple):
    """One record of the topic that an agent reads."""

    offset: int
    key: bytes | None
    value: bytes


class Agent(Protocol):
    """What is done with one partition in one generation; a new one is made for each."""

    async def open(self) -> int:
        """Load the state; give the first offset that it does not cover."""

    async def take(self, rows: Sequence[Row]) -> int | None:
        """Bring about the effects of rows; give the offset before which all is durable."""

    async def rest(self) -> int | None:
        """Called about once a second and before the end; answers as `take`."""


def _ignore(*_: Any, **__: Any) -> None:
    """Count nothing, die nowhere."""


class Options(Struct, frozen=True):
    """Where the topics are, how to count, and where tests let the process die."""

    bootstrap: str
    topics: Topics
    count: Callable[..., None] = _ignore
    reach: Callable[[str], None] = _ignore


class Alone:
    """Finds other writers of a partition that should have one: our records must stand together.

    A writer that was stalled may wake up and write the state of its time. That is harmless as long
    as its successor knows of it: so the successor starts again, and reads what was written.
    """

    def __init__(self) -> None:
        self._ends: dict[int, int] = {}

    def begin(self, partition: int, end: int) -> None:
        """All before `end` was read."""
        self._ends[partition] = end

    def check(self, partition: int, offset: int) -> None:
        """Our next record stands at `offset`; raises RuntimeError if others are before it."""
        end = self._ends.get(partition, offset)
        if offset != end:
            raise RuntimeError(f"partition {partition} has another writer: {offset} is not {end}")
        self._ends[partition] = offset + 1


class Part:
    """One partition in one generation; `next` is the offset that must come next."""

    def __init__(self, agent: Agent, generation: int, start: int) -> None:
        self.agent, self.generation, self.next = agent, generation, start
        self.sought = 0.0

    def choose(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that continue what was read: lower offsets are repeats, higher ones a gap."""
        chosen = []
        for row in rows:
            if row.offset == self.next:
                chosen.append(row)
                self.next += 1
        return chosen

    def misses(self, rows: Sequence[Row], now: float, patience: float) -> bool:
        """Whether rows after a gap came, and `patience` seconds have passed since it was sought."""
        if rows[-1].offset < self.next or now - self.sought < patience:
            return False
        self.sought = now
        return True
