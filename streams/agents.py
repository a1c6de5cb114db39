"""The agents: `dispatch` numbers and spreads, `enrich` understands, `decide` orders and rings.

Each says what is durable only after the broker has acknowledged every effect.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import aiokafka
import faust
import msgspec

from streams.app import Shell, read_until
from streams.events import Burst
from streams.journal import Order, bury
from streams.models import Passed, Place, decode_enriched, encode
from streams.shell.lanes import Compile, Lane, Route, Watch, choose_lanes, to_kept
from streams.shell.lanes import Enrich as EnrichBatch
from streams.shell.parts import Agent, Options, Row
from streams.shell.snapshots import MARKER, Marker, Places, Versions, is_marker

AHEAD = 20_000  # rows that `dispatch` may be ahead of what `decide` has read
LOOK_BACK = (1, 100, 10_000)  # how far from the end of the snapshots a marker is looked for


class Deciding(Protocol):
    """What `decide` needs of a decider."""

    @property
    def position(self) -> int:
        """Rows below are covered by the cells."""

    def push(self, number: int, row: Any) -> Any:
        """Take one row; an outcome when it ended a tick."""

    def take_changed(self) -> dict[str, bytes | None]:
        """The cells that changed since the last call."""


class Dispatch:
    """Journal to work: the offset becomes the number, the bytes stay as they are."""

    def __init__(self, shell: Shell, partition: int) -> None:
        self._shell, self._partition = shell, partition
        self._allowed = 0

    async def open(self) -> int:
        """Start at what was committed."""
        return await self._shell.committed(self._partition)

    async def take(self, rows: Sequence[Row]) -> int | None:
        """Spread rows over the lanes."""
        await self._wait(rows[-1].offset)
        for row in rows:
            for lane in choose_lanes(row.offset, row.value, self._shell.topics.partitions):
                await self._shell.send("work", str(row.offset).encode(), row.value, lane)
        await self._shell.settle("dispatch.after_rows")
        return rows[-1].offset + 1

    async def rest(self) -> int | None:
        """Nothing is kept back."""
        return None

    async def _wait(self, number: int) -> None:
        """Stay behind what `decide` can hold in memory."""
        while number >= self._allowed:
            self._allowed = await find_seen(self._shell) + AHEAD
            if number >= self._allowed:
                await asyncio.sleep(0.2)


class Enrich:
    """Work to enriched; the terms in force are kept beside, each after what went before it."""

    def __init__(self, shell: Shell, partition: int, lane: Lane[Any]) -> None:
        self._shell, self._partition, self._lane = shell, partition, lane
        self._versions = Versions()

    async def open(self) -> int:
        """Put the kept settings in force and start after them."""
        await self._shell.load(self._partition + 1, self._versions.fold)
        start = self._lane.restore(to_kept(self._versions.take(limit=2**63)))
        return max(start, await self._shell.committed(self._partition))

    async def take(self, rows: Sequence[Row]) -> int | None:
        """Enrich rows away from the event loop, send, then keep their settings."""
        numbered = [
            (row.offset, number, row.value) for number, row in await number_rows(self._shell, rows)
        ]
        passage = await asyncio.to_thread(self._lane.walk, numbered)
        for number, message in passage.messages:
            await self._shell.send("enriched", str(number).encode(), message, 0)
        await self._shell.bury("enrich", passage.buried)
        await self._shell.settle("enrich.after_messages")
        for kept in passage.kept:
            await self._keep(f"{kept.row.what}/{kept.row.key}", kept.number, encode(kept))
        await self._shell.settle("enrich.after_settings")
        return rows[-1].offset + 1

    async def rest(self) -> int | None:
        """Nothing is kept back."""
        return None

    async def _keep(self, cell: str, number: int, value: bytes) -> None:
        """A setting that a later one replaced goes only after that one is there."""
        key, kept = self._versions.add(cell, number, value)
        await self._shell.send("snapshots", key, kept, self._partition + 1)
        for old, _ in self._versions.plan({}, number, number, time.monotonic()):
            await self._shell.send("snapshots", old, None, self._partition + 1)


class Decide:
    """Enriched to bursts and revisions, in the journal's order; snapshots make it durable."""

    def __init__(
        self, shell: Shell, make_decider: Callable[[Mapping[str, bytes]], Deciding]
    ) -> None:
        self._shell, self._make = shell, make_decider
        self._versions, self._places = Versions(), Places()
        self._marker, self._next = Marker(), 0

    async def open(self) -> int:
        """Load the last snapshot; without one, begin where the journal begins."""
        await self._shell.load(0, self._versions.fold)
        found = self._versions.marker()
        self._marker = found or Marker(position=await self._shell.beginning())
        self._decider = self._make(self._versions.take(self._marker.position, time.monotonic()))
        self._order: Order[Passed] = Order(self._marker.position)
        self._next = self._marker.offset
        return self._next

    async def take(self, rows: Sequence[Row]) -> int | None:
        """Push rows in order and send what ticks bring; durable is only what `rest` keeps."""
        for number, row in await self._sort(rows):
            outcome = self._decider.push(number, row)
            if outcome is not None:
                await self._announce(outcome)
        return None

    async def rest(self) -> int | None:
        """Events first, then cells, then the marker: each acknowledged before the next."""
        marker = self._mark()
        if marker == self._marker:
            return None
        await self._shell.settle("decide.after_events")
        if marker.position > self._marker.position:
            await self._keep(marker.position)
        key, _ = self._versions.add(MARKER, marker.position, None)
        await self._shell.send("snapshots", key, encode(marker), 0)
        await self._shell.settle("decide.after_marker")
        self._marker = marker
        return marker.offset

    async def _sort(self, rows: Sequence[Row]) -> list[tuple[int, Passed]]:
        due: list[tuple[int, Passed]] = []
        for number, row in await number_rows(self._shell, rows):
            try:
                passed = decode_enriched(row.value)
            except (msgspec.DecodeError, UnicodeError) as error:
                await bury_row(self._shell, row, "bad_field", str(error))
                continue
            self._places.note(number, row.offset)
            due += self._order.push(number, passed)
        self._next = rows[-1].offset + 1
        return due

    async def _announce(self, outcome: Any) -> None:
        for burst, nth, of in count_events(outcome.bursts):
            headers = {"tick": outcome.tick, "nth": nth, "of": of}
            await self._shell.send("bursts", burst.event.encode(), encode(burst), None, **headers)
            self._shell.options.count("nabat_bursts_total", 1, type=burst.type)
        for revision in outcome.revisions:
            key = revision.document.id.encode()
            await self._shell.send("revisions", key, encode(revision))

    def _mark(self) -> Marker:
        position = self._decider.position
        return Marker(position, self._places.start(position, self._next), self._order.next)

    async def _keep(self, position: int) -> None:
        changed, committed = self._decider.take_changed(), self._marker.position
        for key, value in self._versions.plan(changed, committed, position, time.monotonic()):
            await self._shell.send("snapshots", key, value, 0)
            self._shell.options.reach("decide.between_cells")
        await self._shell.settle("decide.after_cells")


async def number_rows(shell: Shell, rows: Sequence[Row]) -> list[tuple[int, Row]]:
    """Rows with the numbers that their keys hold; rows without one are dead letters."""
    numbered = []
    for row in rows:
        if row.key and row.key.isdigit():
            numbered.append((int(row.key), row))
        else:
            await bury_row(shell, row, "bad_field", "the key is no number")
    return numbered


async def bury_row(shell: Shell, row: Row, reason: str, detail: str) -> None:
    """Make a dead letter of a record that is none of ours."""
    place = Place(topic=shell.source, offset=row.offset)
    await shell.bury(shell.name, [bury(row.value, reason, shell.name, place, detail)])


def count_events(bursts: Sequence[Burst]) -> Iterator[tuple[Burst, int, int]]:
    """Each burst of a tick with its place among those of its event, from 1, and their number."""
    events = [burst.event for burst in bursts]
    for index, burst in enumerate(bursts):
        yield burst, events[: index + 1].count(burst.event), events.count(burst.event)


async def find_seen(shell: Shell) -> int:
    """The number before which `decide` has read all rows, as its last marker says."""
    tp = aiokafka.TopicPartition(shell.topics.name("snapshots"), 0)
    async with shell.reader() as reader:
        reader.assign([tp])
        end = (await reader.end_offsets([tp]))[tp]
        for back in (*LOOK_BACK, end):
            reader.seek(tp, max(0, end - back))
            rows = [row async for row in read_until(reader, tp, end)]
            markers = [row.value for row in rows if row.value and is_marker(row.key)]
            if markers:
                return max(msgspec.json.decode(one, type=Marker).seen for one in markers)
    return await shell.beginning()


def make_dispatch(options: Options) -> faust.App:
    """The app of `nabat worker dispatch`."""
    shell = Shell("dispatch", options.topics.name("journal"), options)
    return shell.attach(lambda partition: Dispatch(shell, partition))


def make_enrich(
    options: Options, enrich: EnrichBatch[Watch], compile_watch: Compile[Watch]
) -> faust.App:
    """The app of `nabat worker enrich`; `enrich` gets documents and what `compile_watch` made."""
    shell = Shell("enrich", options.topics.name("work"), options)

    def make(partition: int) -> Agent:
        route = Route(partition, options.topics.partitions, options.topics.name("journal"))
        return Enrich(shell, partition, Lane(route, enrich, compile_watch))

    return shell.attach(make)


def make_decide(
    options: Options, make_decider: Callable[[Mapping[str, bytes]], Deciding]
) -> faust.App:
    """The app of `nabat worker decide`; `make_decider` gets the cells of the last snapshot."""
    shell = Shell("decide", options.topics.name("enriched"), options)
    return shell.attach(lambda _: Decide(shell, make_decider))
