from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.search import Action, Message, classify, read_answer, split, to_actions
from streams.journal import bury
from streams.models import (
    Clock,
    Enriched,
    Entity,
    Language,
    Mention,
    Place,
    Revision,
    Sentiment,
    Setting,
    Source,
    encode,
)
from tests.alarms import burst

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = Place(topic="nabat.enriched", partition=0, offset=7)


def enriched(**fields: Any) -> Enriched:
    given_fields: dict[str, Any] = {
        "id": "rss/a/1",
        "source": "rss/a",
        "published_at": datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
        "seen_at": NOW,
        "title": "Взрыв",
        "text": "Пётр в Минске",
        "language": Language("ru", 1.0),
        "entities": (
            Entity(type="LOC", text="Минске", start=14, stop=20, name="Минск"),
            Entity(type="PER", text="Пётр", start=7, stop=11, name="Пётр"),
            Entity(type="LOC", text="Минске", start=14, stop=20, name="Минск"),
        ),
        "sentiment": Sentiment(),
        "terms": (Mention(term="взрыв", start=0, stop=5, text="Взрыв"),),
        "origin_id": "rss/a/1",
        "duplicate_of": None,
        "pipeline": "p",
        **fields,
    }
    return Enriched(**given_fields)


def write(part: str, value: Any, registry: dict[str, Source] | None = None) -> list[Action]:
    message = Message(part=part, key=b"41", value=encode(value), place=HERE, now=NOW)
    return to_actions(message, {} if registry is None else registry)


def body(action: Action) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(action.body)
    return decoded


def test_a_document_goes_to_the_month_of_its_publication_under_its_own_id() -> None:
    (action,) = write("enriched", enriched())
    assert (action.index, action.id) == ("nabat-documents-2026.02", "rss/a/1")
    assert action.version == 1_000_000
    assert body(action)["text"] == "Пётр в Минске"


def test_dashboards_get_flat_copies_without_repeats() -> None:
    registry = {"rss/a": Source(source="rss/a", owner="Холдинг", group="wires")}
    (action,) = write("enriched", enriched(), registry)
    written = body(action)
    assert written["entity_names"] == ["Минск", "Пётр"]
    assert written["term_names"] == ["взрыв"]
    assert (written["group"], written["owner"]) == ("wires", "Холдинг")


def test_a_source_in_no_registry_belongs_to_itself_and_its_kind() -> None:
    written = body(write("enriched", enriched(source="telegram/readovka"))[0])
    assert (written["group"], written["owner"]) == ("telegram", "telegram/readovka")


@given(st.integers(1, 10**9), st.integers(0, 999_999), st.integers(1, 10**9))
def test_a_newer_version_beats_every_revision_of_an_older_one(
    version: int, revision: int, later: int
) -> None:
    newer = max(version + 1, later)
    old = write("revisions", Revision(revision=revision, document=enriched(version=version)))
    new = write("enriched", enriched(version=newer)) if newer <= 10**9 else old
    assert old[0].version is not None
    assert new[0].version is not None
    assert newer > 10**9 or new[0].version > old[0].version


def test_a_tombstone_writes_nothing_of_what_was_said() -> None:
    (action,) = write("enriched", enriched(deleted=True, version=2, url="http://a", author="Я"))
    assert action.version == 2_000_000
    assert action.stub == action.body
    assert body(action) == {
        "kind": "document",
        "id": "rss/a/1",
        "source": "rss/a",
        "published_at": "2026-02-28T23:59:59Z",
        "seen_at": "2026-03-02T12:00:00Z",
        "version": 2,
        "deleted": True,
        "revision": 0,
        "group": "rss",
        "owner": "rss/a",
    }


def test_only_edits_and_tombstones_look_for_copies_in_other_months() -> None:
    assert write("enriched", enriched())[0].stub == b""
    assert write("enriched", enriched(version=2))[0].stub != b""


def test_an_id_longer_than_the_engine_takes_is_cut_and_stays_unique() -> None:
    names = ["ж" * 1000, "ж" * 1001]
    ids = [write("enriched", enriched(id=name))[0].id for name in names]
    assert all(len(name.encode()) <= 512 for name in ids)
    assert ids[0] != ids[1]


def test_rows_that_are_no_documents_write_nothing() -> None:
    assert write("enriched", Clock(seen_at=NOW)) == []
    mute = Setting(seen_at=NOW, id="1", what="mute", key="взрыв", value={})
    assert write("enriched", mute) == []


def test_a_change_of_a_source_is_kept_under_its_journal_number() -> None:
    registry: dict[str, Source] = {}
    value = {"source": "rss/a", "group": "wires"}
    setting = Setting(seen_at=NOW, id="1", what="source", key="rss/a", value=value)
    (action,) = write("enriched", setting, registry)
    assert (action.index, action.id, action.version) == ("nabat-sources", "rss/a", 41)
    assert registry["rss/a"].exposed_in == "wires"


def test_a_dead_letter_is_written_once_and_dated() -> None:
    letter = bury(b"{", "not_json", "journal", Place(file="a", line=3))
    (action,) = write("deadletters", letter)
    (again,) = write("deadletters", letter)
    (other,) = write("deadletters", bury(b"{", "not_json", "journal", Place(file="a", line=4)))
    assert action.version is None
    assert b'"create"' in action.lines
    assert action.id == again.id != other.id
    assert body(action)["indexed_at"] == "2026-03-02T12:00:00Z"


def test_bytes_that_are_no_message_raise() -> None:
    message = Message(part="bursts", key=b"", value=b"{}", place=HERE, now=NOW)
    with pytest.raises(msgspec.DecodeError):
        to_actions(message, {})


@pytest.mark.parametrize(
    ("status", "kind", "fate"),
    [
        (200, "", "written"),
        (201, "", "written"),
        (400, "document_parsing_exception", "refused"),
        (400, "strict_dynamic_mapping_exception", "refused"),
        (400, "illegal_argument_exception", "refused"),
        (400, "validation_exception", "again"),  # no shard is left for the index
        (401, "", "denied"),
        (403, "cluster_block_exception", "denied"),
        (404, "index_not_found_exception", "no_index"),
        (409, "version_conflict_engine_exception", "stale"),
        (413, "", "too_large"),
        (429, "es_rejected_execution_exception", "again"),
        (500, "", "again"),
        (502, "", "again"),
        (503, "unavailable_shards_exception", "again"),
        (504, "", "again"),
    ],
)
def test_each_answer_has_its_fate(status: int, kind: str, fate: str) -> None:
    assert classify(status, kind) == fate


def test_an_answer_is_read_in_order_with_its_reasons() -> None:
    cause = {"type": "x", "reason": "depth"}
    error = {"type": "document_parsing_exception", "reason": "failed", "caused_by": cause}
    answer = {
        "errors": True,
        "items": [
            {"index": {"status": 201}},
            {"index": {"status": 400, "error": error}},
            {"create": {"status": 409, "error": {"type": "version_conflict", "reason": "there"}}},
        ],
    }
    assert read_answer(answer) == [
        ("written", ""),
        ("refused", "document_parsing_exception: failed: depth"),
        ("stale", "version_conflict: there"),
    ]


@given(st.lists(st.integers(0, 5000), max_size=60), st.integers(1, 7), st.integers(300, 9000))
def test_batches_keep_order_and_bounds(sizes: list[int], most: int, largest: int) -> None:
    actions = [
        Action(index="i", id=str(n), version=1, body=b"x" * size, place=HERE, raw=b"")
        for n, size in enumerate(sizes)
    ]
    batches = list(split(actions, most, largest))
    assert [action for batch in batches for action in batch] == actions
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(len(action.lines) for action in batch) <= largest


def test_a_burst_is_written_as_the_latest_and_into_its_history() -> None:
    latest, history = write("bursts", burst(revision=3))
    assert (latest.index, latest.id, latest.version) == ("nabat-bursts", "b_1", 3)
    assert (history.index, history.id, history.version) == ("nabat-burst-history", "b_1-3", 3)
    assert body(latest)["entity_names"] == ["Казахстан"]
