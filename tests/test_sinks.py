from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from connectors.broker import Record
from connectors.sinks import Waiting, gather, read_messages
from streams.events import Burst
from streams.models import encode
from tests.alarms import burst
from tests.rows import at


def records(tick: int, *bursts: Burst) -> list[Record]:
    """What `decide` writes of the bursts of one event in one tick."""
    found = []
    for nth, one in enumerate(bursts, start=1):
        numbers = {"tick": tick, "nth": nth, "of": len(bursts)}
        headers = tuple((name, str(number).encode()) for name, number in numbers.items())
        found.append(Record("nabat.bursts", 0, nth, one.event.encode(), encode(one), headers))
    return found


def rung(*given: Record) -> list[list[tuple[str, int]]]:
    waiting: Waiting = {}
    alerts = [alert for one in given for alert in gather(waiting, one)]
    return [[(one.id, one.revision) for one in alert.bursts] for alert in alerts]


PAIR = records(10, burst(id="b_1"), burst(id="b_2"))
LATER = records(20, burst(id="b_1", revision=2, detected_at=at("12:00") + timedelta(seconds=10)))
OTHER = records(10, burst(id="b_9", event="e_9"))


def test_a_message_rings_when_its_last_burst_is_there() -> None:
    waiting: Waiting = {}
    assert gather(waiting, PAIR[0]) == []
    (alert,) = gather(waiting, PAIR[1])
    assert [one.id for one in alert.bursts] == ["b_1", "b_2"]
    assert waiting == {}


@pytest.mark.parametrize("order", list(itertools.permutations([*PAIR, *OTHER])))
def test_events_do_not_wait_for_each_other(order: tuple[Record, ...]) -> None:
    assert sorted(rung(*order)) == [[("b_1", 1), ("b_2", 1)], [("b_9", 1)]]


def test_a_repeat_after_a_crash_completes_the_message_once() -> None:
    assert rung(PAIR[0], *OTHER, *PAIR, *LATER) == [
        [("b_9", 1)],
        [("b_1", 1), ("b_2", 1)],
        [("b_1", 2)],
    ]


def test_what_waits_of_an_older_tick_rings_as_it_is() -> None:
    assert rung(PAIR[0], *LATER) == [[("b_1", 1)], [("b_1", 2)]]


def test_empty_records_are_left_out() -> None:
    record = Record("nabat.bursts", 0, 1, b"k", None, ())
    assert read_messages([record], {"nabat.bursts": "bursts"}) == []
