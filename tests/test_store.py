import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connectors.store import Store, StoreError, StoreFullError, StoreLockedError
from streams.journal import seed
from streams.models import Term, encode


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "nabat.db")
    yield opened
    opened.close()


def test_rows_are_numbered_from_zero_without_gaps(store: Store) -> None:
    assert store.next_number() == 0
    assert store.append([b"a", b"b"]) == 2
    assert store.append([]) == 2
    assert store.append([b"c"]) == 3
    assert store.read_rows(1, 10) == [(1, b"b"), (2, b"c")]
    assert store.read_rows(0, 1) == [(0, b"a")]


def test_rows_survive_a_new_start(store: Store) -> None:
    store.append([b"a"], ("rss/a", b"etag"))
    again = Store(store.path)
    assert again.read_rows(0, 10) == [(0, b"a")]
    assert again.read_cursor("rss/a") == b"etag"
    assert again.read_cursor("rss/b") is None
    again.close()


def test_cursor_and_rows_are_kept_together_or_not_at_all(store: Store) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.append(broken(), ("rss/a", b"etag"))
    assert store.next_number() == 0
    assert store.read_cursor("rss/a") is None


def test_only_an_empty_journal_is_seeded(store: Store) -> None:
    assert store.seed([b"first"])
    assert not store.seed([b"second"])
    assert store.read_rows(0, 9) == [(0, b"first")]


def test_settings_are_found_among_other_rows(store: Store) -> None:
    settings = [encode(row) for row in seed([Term(name="ОДКБ"), Term(name="Мир")], [])]
    store.append([b'{"kind":"clock"}', settings[0], b'{"kind":"clock"}', settings[1]])
    assert store.read_settings() == settings


def test_the_open_tick_of_a_replay_keeps_its_numbers(store: Store) -> None:
    store.append([b"a"])
    store.keep_open([(7, b"x"), (8, b"y")])
    assert store.read_rows(0, 9) == [(7, b"x"), (8, b"y")]
    assert store.next_number() == 9


def test_two_processes_never_give_a_number_twice(store: Store) -> None:
    other = Store(store.path)

    def write(one: Store) -> None:
        for _ in range(100):
            one.append([b"x"])

    threads = [threading.Thread(target=write, args=(one,)) for one in (store, other, store)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [number for number, _ in store.read_rows(0, 999)] == list(range(300))
    other.close()


def test_a_transaction_within_another_is_part_of_it(store: Store) -> None:
    def fail_halfway() -> None:
        with store.write():
            store.append([b"a"])
            raise KeyError

    with pytest.raises(KeyError):
        fail_halfway()
    assert store.next_number() == 0


def test_a_lock_held_too_long_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.store.PATIENCE", 0.05)
    other = Store(store.path)
    with store.write(), pytest.raises(StoreLockedError, match="another process is writing"):
        other.append([b"x"])
    assert other.append([b"x"]) == 1
    other.close()


def test_a_file_that_is_no_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("Ночь, улица, фонарь, аптека " * 99, "utf-8")
    with pytest.raises(StoreError, match="not a database: move it away"):
        Store(tmp_path / "poem.txt")


def test_the_tables_of_another_program_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE journal (entry TEXT)")
    with pytest.raises(StoreError, match=r"notes\.db: no store of nabat"):
        Store(path)
    with closing(sqlite3.connect(path)) as base:
        tables = base.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("journal",)]


def test_an_absent_store_is_not_made_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store here yet"):
        Store(tmp_path / "none.db", create=False)
    assert not (tmp_path / "none.db").exists()


def test_a_store_of_another_version_is_refused(store: Store) -> None:
    with store.write() as base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="another version"):
        Store(store.path)


FILL = """
import resource, sys
from pathlib import Path
from connectors.store import Store, StoreFullError
store = Store(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
try:
    while True:
        kept = store.append([b"x" * 20_000])
except StoreFullError as error:
    said = str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.append([b"y"]) == kept + 1, "the same connection goes on when there is room again"
print(kept, said)
"""


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(tmp_path / "nabat.db")],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    kept, said = done.stdout.split(" ", 1)
    assert "disk is full" in said
    store = Store(tmp_path / "nabat.db")
    rows = [row for _, row in store.read_rows(0, 999)]
    store.close()
    assert rows == [b"x" * 20_000] * int(kept) + [b"y"]
    assert int(kept) > 0


def test_the_limits_of_this_process_are_untouched() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    assert issubclass(StoreFullError, StoreError)
