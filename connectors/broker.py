"""The door to Kafka for everything but the agents: produce, consume, read, create topics.

An unreachable broker is waited for; nothing that was handed over is dropped.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import stamina
import structlog
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import CommitFailedError, KafkaConnectionError, KafkaError, KafkaTimeoutError

LOG = structlog.get_logger(__name__)
LARGEST = 16 << 20  # bytes of one message, as the topics allow
UNACKNOWLEDGED = 10_000  # messages in flight before `send` waits
FOREVER = 2**31 - 1  # milliseconds: a message is given up by nobody
UNREACHABLE = (KafkaTimeoutError, KafkaConnectionError)
PATIENT = {"reconnect_backoff_ms": 50, "reconnect_backoff_max_ms": 1000, "retry_backoff_ms": 100}

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """What a topic holds at one offset."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Producer:
    """Sends keyed messages in order, each once; `flush` returns when all are acknowledged."""

    def __init__(self, bootstrap: str) -> None:
        self._pending: deque[Any] = deque()
        self._client = _connect(
            KafkaProducer,
            bootstrap,
            enable_idempotence=True,
            delivery_timeout_ms=FOREVER,
            max_block_ms=FOREVER,
            max_request_size=LARGEST,
            batch_size=256 << 10,
            linger_ms=5,
            compression_type="lz4",
            allow_auto_create_topics=False,
        )

    def send(self, topic: str, key: bytes, value: bytes | None, headers: Headers = ()) -> None:
        """Hand over one message; waits while too many are unacknowledged."""
        sent = self._client.send(topic, key=key, value=value, headers=list(headers))
        self._pending.append(sent)
        while len(self._pending) > UNACKNOWLEDGED or (self._pending and self._pending[0].is_done):
            self._pending.popleft().get()

    def flush(self) -> None:
        """Wait until the broker has acknowledged everything; raises what it refused for good."""
        self._client.flush()
        while self._pending:
            self._pending.popleft().get()

    def close(self) -> None:
        """Flush and disconnect."""
        self.flush()
        self._client.close()


class Consumer:
    """One member of a consumer group; `commit` what was polled after its effect."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def poll(self, timeout: float = 1.0) -> list[Record]:
        """Records of each partition in order; none after `timeout` seconds."""
        found = self._client.poll(timeout_ms=int(timeout * 1000))
        return [_read(one) for records in found.values() for one in records]

    def commit(self) -> bool:
        """Commit all that was polled; False if the partitions have gone to another member."""
        try:
            _patiently(self._client.commit)
        except CommitFailedError:
            LOG.warning("partitions were lost before the commit; others repeat the records")
            return False
        return True


@contextmanager
def consume(
    group: str, topics: Sequence[str], bootstrap: str, most: int = 500
) -> Iterator[Consumer]:
    """Join a consumer group from the earliest offset on; polls give up to `most` records."""
    client = _connect(
        KafkaConsumer,
        bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_records=most,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
        max_poll_interval_ms=24 * 3600 * 1000,  # a sink waits for its engine as long as it takes
        fetch_max_wait_ms=200,
        max_partition_fetch_bytes=4 << 20,
    )
    client.subscribe(list(topics))
    try:
        yield Consumer(client)
    finally:
        client.close(autocommit=False)


@contextmanager
def follow(bootstrap: str, topic: str, partition: int) -> Iterator[Consumer]:
    """Read a partition from its beginning and go on with what is added; belongs to no group."""
    client = _connect(KafkaConsumer, bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=200)
    client.assign([TopicPartition(topic, partition)])
    client.seek_to_beginning()
    try:
        yield Consumer(client)
    finally:
        client.close(autocommit=False)


def read_ends(bootstrap: str, topic: str) -> dict[int, int]:
    """The offset that the next record of each partition gets."""
    client = _connect(KafkaConsumer, bootstrap)
    try:
        partitions = [TopicPartition(topic, p) for p in client.partitions_for_topic(topic) or ()]
        return {one.partition: end for one, end in client.end_offsets(partitions).items()}
    finally:
        client.close(autocommit=False)


def read_topic(bootstrap: str, topic: str) -> Iterator[Record]:
    """Every record that a topic holds now, partition by partition."""
    client = _connect(KafkaConsumer, bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=100)
    try:
        partitions = [TopicPartition(topic, p) for p in client.partitions_for_topic(topic) or ()]
        ends = client.end_offsets(partitions) if partitions else {}
        for partition in sorted(ends):
            yield from _read_partition(client, partition, ends[partition])
    finally:
        client.close(autocommit=False)


def read_latest(bootstrap: str, topic: str) -> dict[bytes, bytes]:
    """The last value of each key of a compacted topic; deleted keys are left out."""
    latest = {record.key: record.value for record in read_topic(bootstrap, topic)}
    return {key: value for key, value in latest.items() if key is not None and value is not None}


def create_topics(bootstrap: str, layout: Mapping[str, tuple[int, Mapping[str, str]]]) -> list[str]:
    """Create the topics that do not exist (partitions and settings by name); give their names.

    Raises ValueError if one exists with another number of partitions.
    """
    admin = _connect(KafkaAdminClient, bootstrap)
    try:
        there = {
            t["name"]: len(t["partitions"]) for t in admin.describe_topics(admin.list_topics())
        }
        _check_counts(there, layout)
        missing = {
            name: {"num_partitions": count, "configs": dict(settings)}
            for name, (count, settings) in layout.items()
            if name not in there
        }
        if missing:
            admin.create_topics(missing, wait_for_metadata=True)
        return list(missing)
    finally:
        admin.close()


def read_layout(bootstrap: str, timeout: float = 5.0) -> dict[str, tuple[int, dict[str, str]]]:
    """Partitions and changed settings of every topic, by name.

    Does not wait for a broker: raises `ConnectionError` after `timeout` seconds without one.
    """
    knock(bootstrap, timeout)
    wait = {"bootstrap_timeout_ms": int(timeout * 1000), "request_timeout_ms": int(timeout * 1000)}
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap.split(","), **PATIENT, **wait)
    except (KafkaError, OSError, ValueError) as error:
        raise ConnectionError(f"no broker answers: {error}") from error
    try:
        counts = {
            t["name"]: len(t["partitions"]) for t in admin.describe_topics(admin.list_topics())
        }
        asked = [ConfigResource(ConfigResourceType.TOPIC, name, None) for name in counts]
        settings = _read_settings(admin.describe_configs(asked)) if asked else {}
    except (KafkaError, OSError) as error:
        raise ConnectionError(f"the broker does not answer: {error}") from error
    finally:
        admin.close()
    return {name: (count, settings.get(name, {})) for name, count in counts.items()}


def knock(bootstrap: str, timeout: float = 5.0) -> None:
    """Raise `ConnectionError` if no port is open, for those who would rather fail than wait.

    A client that fails to start leaves its sockets behind.
    """
    problems = []
    for address in bootstrap.split(","):
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout).close()
        except (OSError, ValueError) as error:
            problems.append(f"{address} ({getattr(error, 'strerror', None) or error})")
        else:
            return
    raise ConnectionError(f"no broker answers at {', '.join(problems)}")


def _read_settings(described: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    topics: Mapping[str, Any] = next(iter(described.values()), {})
    return {
        name: {key: str(entry["value"]) for key, entry in entries.items()}
        for name, entries in topics.items()
    }


def _check_counts(
    there: Mapping[str, int], layout: Mapping[str, tuple[int, Mapping[str, str]]]
) -> None:
    for name, (count, _) in layout.items():
        if there.get(name, count) != count:
            raise ValueError(f"{name} has {there[name]} partitions; {count} are configured")


def _read_partition(client: Any, partition: Any, end: int) -> Iterator[Record]:
    client.assign([partition])
    client.seek_to_beginning(partition)
    while client.position(partition) < end:
        for records in client.poll(timeout_ms=500).values():
            yield from (_read(one) for one in records if one.offset < end)


def _read(record: Any) -> Record:
    headers = tuple(record.headers)
    return Record(record.topic, record.partition, record.offset, record.key, record.value, headers)


def _connect(kind: Callable[..., Any], bootstrap: str, **options: Any) -> Any:
    """A client of the broker, as soon as there is one."""
    servers = bootstrap.split(",")
    return _patiently(lambda: kind(bootstrap_servers=servers, **PATIENT, **options))


def _patiently(call: Callable[[], Any]) -> Any:
    for attempt in stamina.retry_context(on=UNREACHABLE, attempts=None, timeout=None, wait_max=5.0):
        with attempt:
            return call()
    raise AssertionError("retried without end")  # pragma: no cover
