"""What was decided, in the store: cells, position, documents and bursts become durable together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from connectors.outbox import Delivery, bury_all, enqueue
from connectors.store import Base, Store
from streams.events import Burst
from streams.models import DeadLetter, Enriched, Revision, encode, to_seconds


class Applied(Struct, frozen=True, kw_only=True):
    """What must become durable together: where the decider stands, and all that came of it."""

    position: int
    cells: Mapping[str, bytes | None]
    notes: Mapping[str, bytes] = {}
    documents: Sequence[Enriched] = ()
    revisions: Sequence[Revision] = ()
    bursts: Sequence[tuple[int, Burst]] = ()
    deliveries: Sequence[Delivery] = ()
    deadletters: Sequence[DeadLetter] = ()


def apply(store: Store, applied: Applied) -> None:
    """Make a step durable, all of it or nothing; a repeated (id, revision) changes nothing."""
    notes = {**applied.notes, "position": b"%d" % applied.position}
    with store.write() as base:
        _write_cells(base, applied.cells)
        base.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?)", notes.items())
        _write_documents(base, ((document, 0) for document in applied.documents))
        _write_documents(base, ((one.document, one.revision) for one in applied.revisions))
        _write_bursts(base, applied.bursts)
        enqueue(base, applied.deliveries)
        bury_all(base, applied.deadletters)


def read_cells(store: Store) -> dict[str, bytes]:
    """The state of the decider, as of `read_position`."""
    return dict(store.ask("SELECT key, value FROM cells"))


def read_light_cells(store: Store) -> dict[str, bytes]:
    """The state without the documents of the last days: how things stand, but not what was said."""
    return dict(
        store.ask(
            "SELECT key, value FROM cells"
            " WHERE key NOT GLOB 'block/*' AND key NOT GLOB 'original/*'"
        )
    )


def read_note(store: Store, key: str) -> bytes | None:
    """A single value kept beside the cells."""
    rows = store.ask("SELECT value FROM notes WHERE key = ?", (key,))
    return rows[0][0] if rows else None


def read_position(store: Store) -> int:
    """The first row of the journal that the cells do not cover."""
    return int(read_note(store, "position") or 0)


def each_document(store: Store) -> Iterator[bytes]:
    """The latest state of each document, by time of publication and id."""
    return store.each("SELECT value FROM documents ORDER BY published_at, id")


def each_burst(store: Store) -> Iterator[bytes]:
    """All revisions of all bursts, by tick, id and revision."""
    return store.each("SELECT value FROM bursts ORDER BY tick, id, revision")


def _write_cells(base: Base, cells: Mapping[str, bytes | None]) -> None:
    gone = ((key,) for key, value in cells.items() if value is None)
    base.executemany("DELETE FROM cells WHERE key = ?", gone)
    kept = ((key, value) for key, value in cells.items() if value is not None)
    base.executemany("INSERT OR REPLACE INTO cells VALUES (?, ?)", kept)


def _write_documents(base: Base, documents: Iterable[tuple[Enriched, int]]) -> None:
    base.executemany(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " version = excluded.version, revision = excluded.revision,"
        " published_at = excluded.published_at, value = excluded.value"
        " WHERE (excluded.version, excluded.revision) >= (version, revision)",
        (
            (one.id, one.version, revision, to_seconds(one.published_at), encode(one))
            for one, revision in documents
        ),
    )


def _write_bursts(base: Base, bursts: Iterable[tuple[int, Burst]]) -> None:
    base.executemany(
        "INSERT OR IGNORE INTO bursts VALUES (?, ?, ?, ?)",
        ((burst.id, burst.revision, tick, encode(burst)) for tick, burst in bursts),
    )
