from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from connectors.ledger import (
    Applied,
    apply,
    each_burst,
    each_document,
    read_cells,
    read_note,
    read_position,
)
from connectors.outbox import Delivery, read_deadletters, read_deliveries
from connectors.store import Store
from streams.events import Burst
from streams.journal import bury
from streams.models import Enriched, Language, Place, Revision, Sentiment, from_seconds
from tests.alarms import burst

NOON = from_seconds(1_760_000_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "nabat.db")
    yield opened
    opened.close()


def make_document(name: str, text: str = "Текст", version: int = 1) -> Enriched:
    return Enriched(
        id=name,
        source="rss/a",
        published_at=NOON,
        seen_at=NOON,
        text=text,
        version=version,
        language=Language("ru", 1.0),
        entities=(),
        sentiment=Sentiment(),
        terms=(),
        origin_id=name,
        duplicate_of=None,
        pipeline="1",
    )


def documents(store: Store) -> list[tuple[str, str, str | None]]:
    values = [msgspec.json.decode(value, type=Enriched) for value in each_document(store)]
    return [(one.id, one.text, one.duplicate_of) for one in values]


def bursts(store: Store) -> list[tuple[str, int]]:
    values = [msgspec.json.decode(value, type=Burst) for value in each_burst(store)]
    return [(one.id, one.revision) for one in values]


def test_a_step_is_kept_whole(store: Store) -> None:
    delivery = Delivery(
        message="m1", route="desk", bursts=("b_1",), body=b"{}", queued_at=1.5, due_at=1.5
    )
    letter = bury(b"\xff", "not_utf8", "journal", Place(file="a", line=1))
    apply(
        store,
        Applied(
            position=7,
            cells={"a": b"1", "b": b"2"},
            notes={"terms": b"[]"},
            documents=[make_document("1")],
            bursts=[(20, burst(id="b_2", revision=1)), (10, burst(id="b_1", revision=1))],
            deliveries=[delivery],
            deadletters=[letter],
        ),
    )
    assert read_position(store) == 7
    assert read_cells(store) == {"a": b"1", "b": b"2"}
    assert read_note(store, "terms") == b"[]"
    assert documents(store) == [("1", "Текст", None)]
    assert bursts(store) == [("b_1", 1), ("b_2", 1)]
    (queued,) = read_deliveries(store, "desk", 9)
    assert msgspec.structs.replace(queued, number=0) == delivery
    assert [kept for _, kept in read_deadletters(store)] == [letter]


def test_cells_change_and_go(store: Store) -> None:
    apply(store, Applied(position=1, cells={"a": b"1", "b": b"2"}))
    apply(store, Applied(position=2, cells={"a": b"9", "b": None}))
    assert (read_cells(store), read_position(store)) == ({"a": b"9"}, 2)


def test_the_newest_state_of_a_document_stays(store: Store) -> None:
    first, second = make_document("1", "было"), make_document("1", "стало", version=2)
    copied = msgspec.structs.replace(second, duplicate_of="0")
    steps = [
        Applied(position=1, cells={}, documents=[second]),
        Applied(position=2, cells={}, documents=[first]),
        Applied(position=3, cells={}, revisions=[Revision(revision=1, document=copied)]),
        Applied(position=4, cells={}, documents=[second]),
    ]
    for step in steps[:2]:
        apply(store, step)
    assert documents(store) == [("1", "стало", None)]
    for step in steps[2:]:
        apply(store, step)
    assert documents(store) == [("1", "стало", "0")]


def test_a_step_repeated_changes_nothing(store: Store) -> None:
    delivery = Delivery(
        message="m1", route="desk", bursts=(), body=b"{}", queued_at=1.0, due_at=1.0
    )
    step = Applied(
        position=1, cells={}, bursts=[(10, burst(id="b_1", revision=1))], deliveries=[delivery]
    )
    apply(store, step)
    apply(store, step)
    assert bursts(store) == [("b_1", 1)]
    assert len(read_deliveries(store, "desk", 9)) == 1


def test_a_step_that_fails_leaves_nothing(store: Store) -> None:
    wrong = Applied(position=5, cells={"a": b"1"}, documents=[None])  # type: ignore[list-item]
    with pytest.raises(AttributeError):
        apply(store, wrong)
    assert (read_cells(store), read_position(store)) == ({}, 0)
