"""The Faust shell: one topic in, effects out, and positions that nobody but us makes durable.

Faust acknowledges records that it dropped after a rebalance, and records that failed. So its
acknowledgements are ignored: what is committed is what the agent says is durable; a gap in the
offsets is fetched again; another generation's records are left to it; an exception ends the
process, which starts again from what is durable.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiokafka
import faust
import structlog
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.models import DeadLetter, encode
from streams.shell.engine import MOST, check_versions, list_settings
from streams.shell.mailbag import Mailbag
from streams.shell.parts import Agent, Alone, Options, Part, Row
from streams.shell.steps import begin
from streams.shell.topics import LARGEST

LOG = structlog.get_logger(__name__)
WITHIN_SECONDS = 0.05  # how long a batch waits for more
REST_SECONDS = 1.0  # between two rests of an idle or busy agent
SEEK_SECONDS = 0.5  # between two repairs of the same gap
BROKEN = 70  # exit code: a bug, start me again
UNREACHABLE = (KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError)


class Shell:
    """One worker: a Faust app whose only stream goes to agents, one for each partition."""

    def __init__(self, name: str, source: str, options: Options) -> None:
        self.options, self.topics, self.source = options, options.topics, source
        self.name, self._snapshots = name, options.topics.name("snapshots")
        self._mailbag = Mailbag(lambda: _start_producer(options.bootstrap), UNREACHABLE)
        self._safe: dict[TP, int] = {}
        self._parts: dict[int, Part] = {}
        self._busy = asyncio.Lock()
        self._ended, self._alone = False, Alone()
        self.app = _make_app(f"{options.topics.prefix}-{name}", options.bootstrap, self._safe)

    def attach(self, make_agent: Callable[[int], Agent]) -> faust.App:
        """Let agents, made by partition, read the topic."""
        app, self._make_agent = self.app, make_agent
        topic = app.topic(
            self.source,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )
        app.agent(topic, name=self.name, concurrency=1)(self._read)
        app.timer(REST_SECONDS, name="rest")(self._rest)
        app.on_partitions_revoked.connect(self._forget, weak=False)
        app.on_partitions_assigned.connect(self._forget, weak=False)
        app.on_before_shutdown.connect(self._end, weak=False)
        return app

    async def send(
        self, part: str, key: bytes, value: bytes | None, place: int | None = None, **headers: int
    ) -> None:
        """Hand over one message for one of our topics."""
        await self._mailbag.send(self.topics.name(part), key, value, place, **headers)

    async def settle(self, point: str) -> None:
        """Wait until the broker has acknowledged everything; `point` names the moment after."""
        for sent in await self._mailbag.settle():
            if sent.topic == self._snapshots:
                self._alone.check(sent.partition, sent.offset)
        self.options.reach(point)

    async def bury(self, stage: str, letters: Sequence[DeadLetter]) -> None:
        """Send dead letters."""
        for letter in letters:
            await self.send("deadletters", letter.sha256.encode(), encode(letter))
            self.options.count("nabat_deadletters_total", 1, stage=stage, reason=letter.reason)

    async def load(self, partition: int, fold: Callable[[bytes, bytes | None], None]) -> None:
        """Read all that a partition of the snapshots holds now."""
        tp = aiokafka.TopicPartition(self._snapshots, partition)
        async with self.reader() as reader:
            reader.assign([tp])
            end = (await reader.end_offsets([tp]))[tp]
            await reader.seek_to_beginning(tp)
            async for row in read_until(reader, tp, end):
                fold(row.key, row.value)
        self._alone.begin(partition, end)

    async def committed(self, partition: int) -> int:
        """The first offset of the source that this group has not made durable."""
        tp = aiokafka.TopicPartition(self.source, partition)
        async with self.reader(group_id=self.app.conf.id) as reader:
            reader.assign([tp])
            first = (await reader.beginning_offsets([tp]))[tp]
            return max(int(first), await reader.committed(tp) or 0)

    async def beginning(self) -> int:
        """The first offset that the journal still holds."""
        tp = aiokafka.TopicPartition(self.topics.name("journal"), 0)
        async with self.reader() as reader:
            return int((await reader.beginning_offsets([tp]))[tp])

    @asynccontextmanager
    async def reader(self, **options: Any) -> AsyncIterator[Any]:
        """A consumer that belongs to no group's assignment."""
        reader = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=self.options.bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 << 20,
            fetch_max_wait_ms=100,
            **options,
        )
        await _connect(reader)
        try:
            yield reader
        finally:
            await reader.stop()

    async def _read(self, stream: Any) -> None:
        async for events in stream.take_events(MOST, within=WITHIN_SECONDS):
            await self._survive(partial(self._take, events))

    async def _rest(self) -> None:
        await self._survive(self._rest_all)

    async def _end(self, *_: Any, **__: Any) -> None:
        await self._survive(self._rest_all)
        self._ended = True
        await self._mailbag.close()

    async def _survive(self, step: Callable[[], Any]) -> None:
        """Faust would acknowledge what failed and go on: end the process instead."""
        try:
            async with self._busy:
                if not self._ended:
                    await step()
        except Exception:
            LOG.exception("a worker ends on an error and must be started again", worker=self.name)
            os._exit(BROKEN)

    async def _forget(self, *_: Any, **__: Any) -> None:
        self._parts.clear()
        self._safe.clear()

    async def _take(self, events: Sequence[Any]) -> None:
        generation = self.app.consumer_generation_id
        by_partition: dict[int, list[Row]] = {}
        for message in (event.message for event in events):
            if message.generation_id == generation:
                row = Row(message.offset, message.key, message.value or b"")
                by_partition.setdefault(message.partition, []).append(row)
        for partition, rows in by_partition.items():
            if part := await self._own(partition, generation):
                await self._give(partition, part, rows)

    async def _own(self, partition: int, generation: int) -> Part | None:
        """The partition as we hold it; None if it has gone while its state was loaded."""
        part = self._parts.get(partition)
        if part is None or part.generation != generation:
            await self._mailbag.start()
            agent = self._make_agent(partition)
            part = Part(agent, generation, await agent.open())
            LOG.info("partition opened", worker=self.name, partition=partition, start=part.next)
        if self.app.consumer_generation_id != generation:
            return None
        self._parts[partition] = part
        return part

    async def _give(self, partition: int, part: Part, rows: Sequence[Row]) -> None:
        chosen = part.choose(rows)
        if chosen:
            started = time.monotonic()
            self._promise(partition, part, await part.agent.take(chosen))
            self._count(len(chosen), time.monotonic() - started)
        if part.misses(rows, time.monotonic(), SEEK_SECONDS):
            LOG.warning("records were dropped; reading them again", offset=part.next)
            await self.app.consumer.seek(TP(self.source, partition), part.next)

    def _count(self, rows: int, seconds: float) -> None:
        self.options.count("nabat_rows_total", rows, stage=self.name)
        self.options.count("nabat_batch_seconds", seconds, stage=self.name)

    async def _rest_all(self) -> None:
        for partition, part in list(self._parts.items()):
            if part.generation == self.app.consumer_generation_id:
                self._promise(partition, part, await part.agent.rest())
        self._report_lag()

    def _report_lag(self) -> None:
        """How many rows wait at the broker; nothing while its end is not known."""
        ends = {
            partition: self.app.consumer.highwater(TP(self.source, partition)) or part.next
            for partition, part in self._parts.items()
        }
        waiting = sum(max(0, end - self._parts[one].next) for one, end in ends.items())
        self.options.count("nabat_lag_rows", waiting, stage=self.name)

    def _promise(self, partition: int, part: Part, durable: int | None) -> None:
        """What may be committed, unless the partition has gone meanwhile."""
        if durable is not None and self._parts.get(partition) is part:
            self._safe[TP(self.source, partition)] = durable


async def read_until(reader: Any, tp: Any, end: int) -> AsyncIterator[Any]:
    """The records of an assigned partition from where the reader stands to an offset."""
    while await reader.position(tp) < end:
        for rows in (await reader.getmany(tp, timeout_ms=200)).values():
            for row in rows:
                yield row


async def _start_producer(bootstrap: str) -> Any:
    """A producer that never gives a message up: that would leave a gap in the order."""
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        max_batch_size=256 << 10,
        max_request_size=LARGEST,
        linger_ms=2,
        compression_type="lz4",
    )
    producer._message_accumulator._batch_ttl = float("inf")  # noqa: SLF001
    await _connect(producer)
    return producer


async def _connect(client: Any) -> None:
    while True:
        try:
            await client.start()
        except UNREACHABLE:
            LOG.warning("the broker is out of reach; trying again")
            await asyncio.sleep(1.0)
        else:
            return


def _make_app(name: str, bootstrap: str, safe: dict[TP, int]) -> faust.App:
    """An app that commits what `safe` holds, and nothing else."""
    check_versions()

    class Consumer(driver.Consumer):  # type: ignore[misc]
        logger = logging.getLogger("faust.consumer")

        def _new_offset(self, tp: TP) -> int | None:
            self._acked[tp] = []
            self._acked_index[tp].clear()
            self._gap.pop(tp, None)
            return safe.get(tp)

        async def wait_first(self, *works: Any, **options: Any) -> Any:
            """Passing a record on seldom waits: five tasks for each would be half of our time."""
            if len(works) == 2 and self.flow_active:  # noqa: PLR2004 - a record, and `suspend_flow`
                rest = begin(works[0])
                if rest is None:
                    return works[1].close()
                works = (rest, works[1])
            return await super().wait_first(*works, **options)

    class Transport(driver.Transport):  # type: ignore[misc]
        pass

    Transport.Consumer = Consumer

    class App(faust.App):  # type: ignore[misc]
        logger = logging.getLogger("faust.app")

        def _new_transport(self) -> Any:
            return Transport(self.conf.broker_consumer, self)

        def _create_directories(self) -> None:
            """They would hold tables: there are none, and nothing is left where we are started."""

    return App(name, **list_settings(bootstrap))
