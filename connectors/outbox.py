"""Messages that wait for their receivers, and letters that reached nobody: two tables of the store.

A delivery leaves its table when it is settled: delivered, or given up and kept as a dead letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from connectors.store import Base, Store
from streams.models import DeadLetter, encode

_COLUMNS = "message, route, bursts, body, attempts, queued_at, due_at"


class Delivery(Struct, frozen=True, kw_only=True):
    """A message on its way to a route; `bursts` are the ids whose order must be kept."""

    number: int = 0
    message: str
    route: str
    bursts: tuple[str, ...]
    body: bytes
    attempts: int = 0
    queued_at: float
    due_at: float

    @property
    def id(self) -> str:
        """What the receiver knows the message by."""
        return self.message


def enqueue(base: Base, deliveries: Iterable[Delivery]) -> None:
    """Put deliveries into their table, within a transaction; one is kept once a route."""
    base.executemany(
        f"INSERT OR IGNORE INTO deliveries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        map(_to_columns, deliveries),
    )


def bury_all(base: Base, letters: Iterable[DeadLetter]) -> None:
    """Put dead letters into their table, within a transaction."""
    base.executemany(
        "INSERT INTO deadletters (sha256, value) VALUES (?, ?)",
        ((letter.sha256, encode(letter)) for letter in letters),
    )


def read_deliveries(store: Store, route: str, limit: int) -> list[Delivery]:
    """The oldest messages still to be delivered to a route."""
    query = f"SELECT number, {_COLUMNS} FROM deliveries WHERE route = ? ORDER BY number LIMIT ?"  # noqa: S608
    return [_from_columns(columns) for columns in store.ask(query, (route, limit))]


def postpone(store: Store, delivery: Delivery, due_at: float) -> None:
    """Try a delivery again at `due_at` (Unix seconds)."""
    with store.write() as base:
        base.execute(
            "UPDATE deliveries SET attempts = attempts + 1, due_at = ? WHERE number = ?",
            (due_at, delivery.number),
        )


def wake(store: Store, route: str, now: float) -> None:
    """Let everything that waits for a route be due: its receiver is back."""
    with store.write() as base:
        base.execute("UPDATE deliveries SET due_at = min(due_at, ?) WHERE route = ?", (now, route))


def settle(store: Store, delivery: Delivery, letter: DeadLetter | None = None) -> None:
    """Take a delivery off the queue: it has arrived, or it has become a dead letter."""
    with store.write() as base:
        base.execute("DELETE FROM deliveries WHERE number = ?", (delivery.number,))
        bury_all(base, [letter] if letter else [])


def read_deadletters(store: Store) -> list[tuple[int, DeadLetter]]:
    """All dead letters with their numbers, oldest first."""
    rows = store.ask("SELECT number, value FROM deadletters ORDER BY number")
    return [(number, msgspec.json.decode(value, type=DeadLetter)) for number, value in rows]


def exhume(
    store: Store, number: int, rows: Sequence[bytes], deliveries: Sequence[Delivery] = ()
) -> None:
    """Forget a dead letter, for what it held goes its way again."""
    with store.write() as base:
        base.execute("DELETE FROM deadletters WHERE number = ?", (number,))
        enqueue(base, deliveries)
        if rows:
            store.append(rows)


def _to_columns(delivery: Delivery) -> tuple[object, ...]:
    columns = msgspec.structs.astuple(delivery)[1:]
    return (*columns[:2], msgspec.json.encode(delivery.bursts).decode(), *columns[3:])


def _from_columns(columns: tuple[Any, ...]) -> Delivery:
    named = dict(zip(Delivery.__struct_fields__, columns, strict=True))
    return msgspec.convert({**named, "bursts": msgspec.json.decode(named["bursts"])}, Delivery)
