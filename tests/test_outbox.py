from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.outbox import (
    Delivery,
    bury_all,
    enqueue,
    exhume,
    postpone,
    read_deadletters,
    read_deliveries,
    settle,
)
from connectors.store import Store
from streams.journal import bury
from streams.models import Place

LETTER = bury(b"raw", "refused", "deliver", Place(file="desk"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "nabat.db")
    yield opened
    opened.close()


def put(store: Store, *messages: str, route: str = "desk") -> None:
    with store.write() as base:
        enqueue(base, [make(message, route) for message in messages])


def make(message: str, route: str) -> Delivery:
    return Delivery(
        message=message, route=route, bursts=("b_1", "b_2"), body=b"{}", queued_at=1.0, due_at=1.0
    )


def waiting(store: Store, route: str = "desk") -> list[tuple[str, int, float]]:
    queued = read_deliveries(store, route, 9)
    return [(one.message, one.attempts, one.due_at) for one in queued]


def test_deliveries_wait_in_order_for_their_own_route(store: Store) -> None:
    put(store, "m1", "m2")
    put(store, "m2", "m3", route="night")
    assert waiting(store) == [("m1", 0, 1.0), ("m2", 0, 1.0)]
    assert [message for message, *_ in waiting(store, "night")] == ["m2", "m3"]
    assert len(read_deliveries(store, "desk", 1)) == 1


def test_a_failed_attempt_is_counted_and_waits(store: Store) -> None:
    put(store, "m1")
    postpone(store, read_deliveries(store, "desk", 1)[0], 60.0)
    assert waiting(store) == [("m1", 1, 60.0)]
    assert read_deliveries(store, "desk", 1)[0].bursts == ("b_1", "b_2")


def test_a_settled_delivery_is_gone(store: Store) -> None:
    put(store, "m1", "m2")
    first, second = read_deliveries(store, "desk", 9)
    settle(store, first)
    assert (waiting(store), read_deadletters(store)) == ([("m2", 0, 1.0)], [])
    settle(store, second, LETTER)
    assert waiting(store) == []
    assert [letter for _, letter in read_deadletters(store)] == [LETTER]


def test_a_dead_letter_goes_its_way_again_and_is_forgotten(store: Store) -> None:
    with store.write() as base:
        bury_all(base, [LETTER, LETTER])
    (first, _), (second, _) = read_deadletters(store)
    exhume(store, first, [b"row"])
    exhume(store, second, [], [make("m1", "desk")])
    assert read_deadletters(store) == []
    assert store.read_rows(0, 9) == [(0, b"row")]
    assert waiting(store) == [("m1", 0, 1.0)]
