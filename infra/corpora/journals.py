"""The journal of either shell: SQLite's table or Kafka's topic, written and read the same way."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, Protocol
from uuid import uuid4

import msgspec

from infra.settings import Settings
from streams.models import (
    Clock,
    Heartbeat,
    Row,
    Setting,
    Source,
    decode_row,
    encode,
    from_seconds,
)

Where = Literal["store", "kafka"]


class Journal(Protocol):
    """Where rows go and come from."""

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows at the end; they are durable when this returns."""

    def read(self) -> Iterator[bytes]:
        """All rows, in order."""

    def read_settings(self) -> list[Setting]:
        """All changes of settings, in order."""


@contextmanager
def open_journal(settings: Settings, where: str, *, create: bool = False) -> Iterator[Journal]:
    """Open the journal of the embedded (`store`) or the distributed shell (`kafka`).

    Raises ConnectionError without Kafka: a command says so, and does not wait.
    """
    if where == "kafka":
        reach_kafka(settings)
        yield _Topic(settings)
        return
    from connectors.store import Store

    store = Store(settings.store.path, create=create)
    try:
        if create:
            store.seed(map(encode, seed_rows(settings)))
        yield _Table(store)
    finally:
        store.close()


def reach_kafka(settings: Settings) -> None:
    """Raise ConnectionError if Kafka does not answer, with what to do."""
    from connectors.broker import knock

    try:
        knock(settings.engines.kafka)
    except ConnectionError as error:
        remedy = "start Kafka, or set [engines] kafka (NABAT_ENGINES__KAFKA) to its address"
        raise ConnectionError(f"{error}: {remedy}") from None


def seed_rows(settings: Settings) -> Sequence[Setting]:
    """What an empty journal opens with."""
    from streams.journal import seed

    terms = [table.to_term() for table in settings.terms]
    return seed(terms, [table.to_source() for table in settings.sources])


def read_changes(settings: Settings, shell: str = "store") -> list[Setting]:
    """The changes of settings in the journal; before there is one, those that will open it."""
    path = settings.store.path
    if shell == "store" and not (path.exists() and path.stat().st_size):
        return list(seed_rows(settings))
    with open_journal(settings, shell) as journal:
        return journal.read_settings()


def find_unheeded(settings: Settings, changes: Sequence[Setting]) -> list[str]:
    """Terms and sources of the settings that are not as the journal has them, which is in force."""
    forced = {what: in_force(changes, what) for what in ("source", "term")}
    return [row.key for row in seed_rows(settings) if forced[row.what].get(row.key) != row.value]


def make_setting(what: str, key: str, value: dict[str, Any] | None) -> Setting:
    """A change of settings as of now."""
    fields = {
        "seen_at": from_seconds(time.time()),
        "id": f"command/{uuid4().hex}",
        "what": what,
        "key": key,
        "value": value,
    }
    return msgspec.convert(fields, Setting)


def in_force(changes: Iterable[Setting], what: str) -> dict[str, dict[str, Any]]:
    """The settings of a kind that the last change of each key left."""
    latest = {change.key: change.value for change in changes if change.what == what}
    return {key: value for key, value in latest.items() if value is not None}


def find_setting(settings: Settings, shell: str, what: str, key: str) -> dict[str, Any]:
    """What is in force of one key; nothing where there is no journal yet: it is made."""
    with open_journal(settings, shell, create=True) as journal:
        return in_force(journal.read_settings(), what).get(key, {})


def fold_sources(sources: dict[str, Source], rows: Iterable[Row]) -> dict[str, Source]:
    """The sources in force after `rows`; a value that is no source changes nothing."""
    folded = dict(sources)
    for row in rows:
        if not isinstance(row, Setting) or row.what != "source":
            continue
        folded.pop(row.key, None)
        with suppress(msgspec.ValidationError):
            if row.value is not None:
                folded[row.key] = msgspec.convert(row.value, Source, strict=False)
    return folded


def to_key(row: Row) -> bytes:
    """The key of a row in the journal's topic."""
    if isinstance(row, Heartbeat):
        return row.source.encode()
    return b"clock" if isinstance(row, Clock) else getattr(row, "id", "row").encode()


class _Table:
    def __init__(self, store: Any) -> None:
        self._store = store

    def append(self, rows: Iterable[Row]) -> None:
        self._store.append(map(encode, rows))

    def read(self) -> Iterator[bytes]:
        yield from self._store.each("SELECT row FROM journal ORDER BY number")

    def read_settings(self) -> list[Setting]:
        return pick_settings(self._store.read_settings())


class _Topic:
    def __init__(self, settings: Settings) -> None:
        from streams.shell.topics import Topics

        self._bootstrap = settings.engines.kafka
        self._name = Topics(settings.engines.prefix).name("journal")

    def append(self, rows: Iterable[Row]) -> None:
        from connectors.broker import Producer

        producer = Producer(self._bootstrap)
        for row in rows:
            producer.send(self._name, to_key(row), encode(row))
        producer.close()

    def read(self) -> Iterator[bytes]:
        from connectors.broker import read_topic

        for kept in read_topic(self._bootstrap, self._name):
            if kept.value is not None:
                yield kept.value

    def read_settings(self) -> list[Setting]:
        return pick_settings(self.read())


def pick_settings(rows: Iterable[bytes]) -> list[Setting]:
    """The changes of settings among rows; what cannot be read is a dead letter elsewhere."""
    found = []
    for raw in rows:
        if b'"setting"' in raw:
            try:
                row = decode_row(raw)
            except (msgspec.DecodeError, UnicodeError):
                continue
            if isinstance(row, Setting):
                found.append(row)
    return found
