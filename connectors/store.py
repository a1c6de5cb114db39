"""The one door to SQLite: a file that holds the journal and all that the embedded shell keeps.

Write-ahead log, full synchronisation: what a method has returned from is on disk. Any thread may
call; each writing method is one transaction. Another process may append to the same file.
`connectors.ledger` keeps decisions here, `connectors.outbox` deliveries and dead letters.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

Base = sqlite3.Connection
VERSION = 1
PATIENCE = 5.0  # seconds to wait for another process that writes
SETTING = b'{"kind":"setting"'
SCHEMA = """
CREATE TABLE journal (number INTEGER PRIMARY KEY, setting INTEGER NOT NULL, row BLOB NOT NULL);
CREATE INDEX settings ON journal (number) WHERE setting;
CREATE TABLE cursors (source TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE cells (key TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE notes (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, revision INTEGER NOT NULL,
    published_at REAL NOT NULL, value BLOB NOT NULL);
CREATE INDEX documents_by_time ON documents (published_at, id);
CREATE TABLE bursts (
    id TEXT NOT NULL, revision INTEGER NOT NULL, tick INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (id, revision));
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT NOT NULL, route TEXT NOT NULL,
    bursts TEXT NOT NULL, body BLOB NOT NULL, attempts INTEGER NOT NULL,
    queued_at REAL NOT NULL, due_at REAL NOT NULL, UNIQUE (message, route));
CREATE TABLE deadletters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, sha256 TEXT NOT NULL, value BLOB NOT NULL);
"""
BROKEN = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}


class StoreError(Exception):
    """The store cannot do what was asked; nothing of the transaction remains."""


class StoreFullError(StoreError):
    """The disk is full: free some space, then the same transaction can be tried again."""


class StoreLockedError(StoreError):
    """Another process held the file for too long: the same transaction can be tried again."""


class Store:
    """One file; `create=False` refuses one that is not there."""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self._lock = threading.RLock()
        if not create and not path.exists():
            raise StoreError(f"{path}: there is no store here yet; `nabat up` makes one")
        with _name_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(
                path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._base.close()
                raise

    def close(self) -> None:
        """Give the file back."""
        self._base.close()

    # The journal: rows numbered from 0 without gaps, and where each source stands.

    def append(self, rows: Iterable[bytes], cursor: tuple[str, bytes] | None = None) -> int:
        """Keep rows under the next numbers, and the cursor of the source that they came from.

        Returns the number that the next row will get.
        """
        with self.write() as base:
            start = _find_next(base)
            numbered = [(start + i, row.startswith(SETTING), row) for i, row in enumerate(rows)]
            base.executemany("INSERT INTO journal VALUES (?, ?, ?)", numbered)
            if cursor is not None:
                base.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", cursor)
            return start + len(numbered)

    def seed(self, rows: Iterable[bytes]) -> bool:
        """Open an empty journal with `rows`; a journal that has begun stays as it is."""
        with self.write() as base:
            if _find_next(base) > 0:
                return False
            self.append(rows)
            return True

    def next_number(self) -> int:
        """The number that the next row will get."""
        with self._lock, _name_errors(self.path):
            return _find_next(self._base)

    def read_rows(self, start: int, limit: int) -> list[tuple[int, bytes]]:
        """At most `limit` rows from number `start` on, in order."""
        return self.ask(
            "SELECT number, row FROM journal WHERE number >= ? ORDER BY number LIMIT ?",
            (start, limit),
        )

    def read_settings(self, stop: int = 1 << 62) -> list[bytes]:
        """All rows before number `stop` that change settings, in order."""
        rows = self.ask(
            "SELECT row FROM journal WHERE setting AND number < ? ORDER BY number", (stop,)
        )
        return [row for (row,) in rows]

    def keep_open(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Make the journal hold these numbered rows alone: the open tick of a replay."""
        with self.write() as base:
            base.execute("DELETE FROM journal")
            base.executemany("INSERT INTO journal VALUES (?, 0, ?)", rows)

    def read_cursor(self, source: str) -> bytes | None:
        """Where the polling of a source stands."""
        rows = self.ask("SELECT value FROM cursors WHERE source = ?", (source,))
        return rows[0][0] if rows else None

    # What the other modules of this store are made of.

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All answers to a query."""
        with self._lock, _name_errors(self.path):
            return self._base.execute(query, values).fetchall()

    def each(self, query: str) -> Iterator[Any]:
        """The first column of the answers to a query, one at a time."""
        with _name_errors(self.path):
            for row in self._base.execute(query):
                yield row[0]

    @contextmanager
    def write(self) -> Iterator[Base]:
        """One transaction, or a part of the one that this thread is in."""
        with self._lock, _name_errors(self.path):
            if self._base.in_transaction:
                yield self._base
                return
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
                self._base.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a failed COMMIT may have rolled back already
                    self._base.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        with self.write() as base:
            (version,) = base.execute("PRAGMA user_version").fetchone()
            if version == VERSION:
                return
            if version:
                raise StoreError(f"{self.path}: made by another version of nabat ({version})")
            if base.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise StoreError(f"{self.path}: no store of nabat, but of another program")
            for statement in SCHEMA.split(";"):
                base.execute(statement)
            base.execute(f"PRAGMA user_version = {VERSION}")


def _find_next(base: Base) -> int:
    """One past the last row; where there is none, the first that the cells do not cover."""
    (last,) = base.execute("SELECT max(number) FROM journal").fetchone()
    if last is not None:
        return int(last) + 1
    note = base.execute("SELECT value FROM notes WHERE key = 'position'").fetchone()
    return int(note[0]) if note else 0


@contextmanager
def _name_errors(path: Path) -> Iterator[None]:
    """Say what SQLite's errors mean for whoever runs this."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _to_error(path, error) from error
    except (sqlite3.DatabaseError, OSError) as error:
        is_broken = getattr(error, "sqlite_errorname", "") in BROKEN
        remedy = ": move it away and put a back-up in its place" if is_broken else ""
        raise StoreError(f"{path}: {error}{remedy}") from error


def _to_error(path: Path, error: sqlite3.OperationalError) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL") or name == "SQLITE_IOERR_WRITE":
        return StoreFullError(f"{path}: the disk is full; free some space, nothing was lost")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLockedError(f"{path}: another process is writing; it did not finish in time")
    return StoreError(f"{path}: {error}")
