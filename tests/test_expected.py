"""What is known to come is recorded, but rings nowhere; afterwards the term rings again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from connectors.ledger import Applied, apply, each_burst
from connectors.outbox import read_deliveries
from connectors.sinks import Waiting, gather
from connectors.store import Store
from infra.corpora.stream import Local
from infra.loop import Loop, Tools
from infra.settings import Settings, StoreTable
from infra.vitals.quality import measure_quality
from streams.alarms.reasons import why_not
from streams.alerts import to_messages
from streams.decide import Decider
from streams.events import Burst
from streams.models import Row, Setting, encode, from_seconds
from tests.alarms import burst as event
from tests.rows import at, clock, setting, term
from tests.test_decide import burst, bursts, kinds, place_of, run, story
from tests.test_loop import START, STEPS, make_wave
from tests.test_sinks import records

FOREVER = "2026-04-01T00:00:00Z"
TERM = "ОДКБ"


def expect(moment: str, until: str | None) -> Setting:
    return setting(moment, "expect", TERM, None if until is None else {"until": until})


def amid(rows: Sequence[Any], *more: Any) -> list[Any]:
    """Rows with more among them, by time."""
    whole = [*rows, *more]
    return sorted(whole, key=lambda row: row.seen_at)


def marks(rows: Sequence[Any]) -> list[tuple[str, bool]]:
    outcomes = run(rows)
    flags = [one.foreseen for one in bursts(outcomes)]
    return list(zip(kinds(outcomes), flags, strict=True))


def test_an_expected_burst_lives_as_any_other_but_says_so() -> None:
    usual, foreseen = story(), amid(story(), expect("2 11:00", FOREVER))
    assert marks(usual), "it bursts"
    assert marks(foreseen) == [(kind, True) for kind, _ in marks(usual)]
    for one, other in zip(bursts(run(usual)), bursts(run(foreseen)), strict=True):
        assert replace(other, foreseen=False) == one


def test_a_term_may_bring_its_expectation_along() -> None:
    told = setting(
        "2 11:00", "term", TERM, msgspec.to_builtins(term(TERM, expected_until=at("5 00:00")))
    )
    assert all(flag for _, flag in marks(amid(story(), told)))


@pytest.mark.parametrize("until", ["2026-03-04T11:59:00Z", None])
def test_an_expectation_that_is_over_or_withdrawn_holds_nothing_back(until: str | None) -> None:
    said = [expect("2 11:00", FOREVER), expect("2 11:30", until)]
    assert not any(flag for _, flag in marks(amid(story(), *said)))


def test_what_grows_after_the_expectation_rings_and_so_does_its_end() -> None:
    found = marks(amid(story(), expect("2 11:00", "2026-03-04T12:08:00Z")))
    states = [kind for kind, _ in found]
    assert found[0] == ("opened", True)
    growing = [flag for kind, flag in found if kind == "growing"]
    assert growing, "it grows"
    assert growing[-1] is False
    assert found[-1] == ("closed", False)
    assert states.count("opened") == 1
    flags = [flag for _, flag in found]
    assert flags == sorted(flags, reverse=True), "once it has rung it has rung"


def test_an_expected_burst_does_not_hold_back_the_next_one() -> None:
    """Within a day of an alarm only more than it rings; within a day of what was expected all."""
    again = burst(Random(7), 2, 16)
    late = [clock(f"2 {hour}:{minute:02}") for hour in range(16, 21) for minute in range(0, 60, 5)]
    rows = amid(story(), *again, *late)
    expected = amid(rows, expect("2 11:00", "2026-03-04T15:00:00Z"))
    opened = [flag for kind, flag in marks(expected) if kind == "opened"]
    assert opened == [True, False]


@pytest.mark.parametrize("cut", ["2 11:30", "2 12:06", "2 13:00"])
def test_a_restart_changes_nothing(cut: str) -> None:
    rows = amid(story(), expect("2 11:00", FOREVER))
    place = place_of(rows, cut)
    first = Decider()
    before = run(rows[:place], first)
    cells = {key: one for key, one in first.take_changed().items() if one is not None}
    position = first.position
    again = run(rows[position:], Decider(cells=cells), position)
    assert bursts(before) + bursts(again) == bursts(run(rows))


def test_why_not_says_expected() -> None:
    decider = Decider()
    rows = [row for row in amid(story(), expect("2 11:00", FOREVER)) if row.seen_at < at("2 12:30")]
    run([*rows, clock("2 12:30"), clock("2 12:31")], decider)
    assert why_not(decider, TERM).verdict == "expected"


def test_no_message_carries_what_was_foreseen() -> None:
    rung, foreseen = event(id="b_1"), event(id="b_2", foreseen=True)
    (message,) = to_messages([foreseen, rung])
    assert message.bursts == (rung,)
    assert message == to_messages([rung])[0], "nor does its id tell of it"
    assert to_messages([foreseen]) == []


def test_the_webhook_sink_leaves_it_out_and_waits_for_nothing() -> None:
    waiting: Waiting = {}
    pair = records(10, event(id="b_1"), event(id="b_2", foreseen=True))
    alone = records(20, event(id="b_3", event="e_3", foreseen=True))
    alerts = [alert for one in [*pair, *alone] for alert in gather(waiting, one)]
    assert [[one.id for one in alert.bursts] for alert in alerts] == [["b_1"]]
    assert waiting == {}


def test_the_embedded_shell_keeps_it_and_delivers_nothing(tmp_path: Path) -> None:
    rows: list[Row] = make_wave()
    said = Setting(
        seen_at=from_seconds(START),
        id="1",
        what="expect",
        key=TERM,
        value={"until": "2030-01-01T00:00:00Z"},
    )
    at_start = next(n for n, row in enumerate(rows) if not isinstance(row, Setting))
    store = Store(tmp_path / "nabat.db")
    store.append(map(encode, [*rows[:at_start], said, *rows[at_start:]]))
    loop = Loop(store, Tools(enrich=Local(STEPS), choose=lambda *_: ["desk"]))
    while loop.step():
        pass
    loop.commit()
    (kept,) = [msgspec.json.decode(raw, type=Burst) for raw in each_burst(store)]
    assert (kept.state, kept.foreseen) == ("opened", True)
    assert read_deliveries(store, "desk", 9) == []
    store.close()


def test_it_is_no_alarm_to_be_judged(tmp_path: Path) -> None:
    settings = Settings(store=StoreTable(path=tmp_path / "nabat.db"))
    store = Store(settings.store.path)
    seen = [event(id="b_1"), event(id="b_2", foreseen=True)]
    seen += [event(id="b_3", foreseen=True), event(id="b_3", revision=2, foreseen=False)]
    apply(store, Applied(position=0, cells={}, bursts=[(10, one) for one in seen]))
    store.close()
    assert measure_quality(settings, "store")[1].alarms == 2
