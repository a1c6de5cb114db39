from pathlib import Path

import pytest

from connectors.store import StoreError
from infra.corpora.journals import (
    find_unheeded,
    fold_sources,
    in_force,
    make_setting,
    open_journal,
    to_key,
)
from infra.settings import Settings, SourceTable, StoreTable, TermTable
from streams.models import (
    Clock,
    Document,
    Heartbeat,
    Row,
    Setting,
    Source,
    decode_row,
    encode,
    from_seconds,
)

NOW = from_seconds(1_760_000_000)


def configure(folder: Path) -> Settings:
    return Settings(
        sources=(SourceTable(source="rss/a"),),
        terms=(TermTable(name="ОДКБ"),),
        store=StoreTable(path=folder / "nabat.db"),
    )


def test_the_first_writer_seeds_the_journal_and_later_ones_do_not(tmp_path: Path) -> None:
    settings = configure(tmp_path)
    for number in (1, 2):
        with open_journal(settings, "store", create=True) as journal:
            journal.append([make_setting("term", f"Мир {number}", {"name": f"Мир {number}"})])
    with open_journal(settings, "store") as journal:
        rows = [decode_row(raw) for raw in journal.read()]
        assert rows == journal.read_settings()
    assert [(row.what, row.key) for row in rows if isinstance(row, Setting)] == [
        ("source", "rss/a"),
        ("term", "ОДКБ"),
        ("term", "Мир 1"),
        ("term", "Мир 2"),
    ]


def test_a_reader_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError), open_journal(configure(tmp_path), "store"):
        pass
    assert not (tmp_path / "nabat.db").exists()


def test_the_last_change_of_a_key_counts() -> None:
    changes = [
        make_setting("term", "a", {"name": "a"}),
        make_setting("term", "b", {"name": "b"}),
        make_setting("mute", "b", {"until": "2026-01-01T00:00:00Z"}),
        make_setting("term", "a", {"name": "a", "case": "exact"}),
        make_setting("term", "b", None),
    ]
    assert in_force(changes, "term") == {"a": {"name": "a", "case": "exact"}}
    assert in_force(changes, "source") == {}
    assert len({change.id for change in changes}) == len(changes)
    assert [decode_row(encode(change)) for change in changes] == changes


def test_sources_fold_and_nonsense_changes_nothing() -> None:
    rows: list[Row] = [
        make_setting("source", "rss/a", {"source": "rss/a", "url": "https://a.example"}),
        make_setting("source", "rss/b", {"source": "rss/b"}),
        make_setting("source", "rss/b", None),
        make_setting("source", "rss/c", {"source": 3}),
        Clock(seen_at=NOW),
    ]
    assert fold_sources({}, rows) == {"rss/a": Source(source="rss/a", url="https://a.example")}


def test_every_row_has_a_key() -> None:
    document = Document(id="rss/a/1", source="rss/a", published_at=NOW, seen_at=NOW, text="x")
    change = make_setting("term", "a", None)
    rows: list[Row] = [document, Heartbeat(source="rss/a", seen_at=NOW), Clock(seen_at=NOW), change]
    assert [to_key(row) for row in rows] == [b"rss/a/1", b"rss/a", b"clock", change.id.encode()]


def test_settings_that_the_journal_does_not_heed_are_named(tmp_path: Path) -> None:
    terms = (
        TermTable(name="ОДКБ", budget=2),
        TermTable(name="НАТО", mute_until=NOW),
        TermTable(name="мир"),
    )
    feed = SourceTable(source="rss/a", url="https://a.example/rss", zone="Asia/Omsk")
    settings = Settings(
        store=StoreTable(path=tmp_path / "nabat.db"), terms=terms[:2], sources=(feed,)
    )
    with open_journal(settings, "store", create=True) as journal:
        seeded = journal.read_settings()
        assert find_unheeded(settings, seeded) == []
        changed = settings.model_copy(
            update={"terms": (TermTable(name="ОДКБ", budget=3), *terms[1:])}
        )
        assert find_unheeded(changed, seeded) == ["ОДКБ", "мир"]
        journal.append([make_setting("source", "rss/a", None)])
        assert find_unheeded(settings, journal.read_settings()) == ["rss/a"]
