"""A budget limits what rings of a term, in the long run and not only on the days it was set by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import pytest

from streams.alarms.gates import Options, score_needed
from streams.alarms.reasons import explain
from streams.alarms.sight import view
from streams.decide import Decider
from streams.events import Burst
from streams.journal import seed
from streams.models import from_seconds
from tests.rows import DAY, clock, doc, setting, term
from tests.test_decide import WIRES, place_of, sentence, story

TERM = "ОДКБ"
DAYS = 70
FORTNIGHT = timedelta(days=14)


def restless(days: int = DAYS) -> list[Any]:
    """Every day a burst at another hour, of six to thirty independent reports."""
    random = Random(11)
    rows: list[Any] = []
    for day in range(days):
        hours = range(0, 24, 2)
        rows += [
            doc(f"{day} {hour:02}:{minute:02}", wire.source, sentence(random, "Без новостей"))
            for hour, minute in ((hour, random.randrange(60)) for hour in hours)
            for wire in WIRES
        ]
        hour, many = random.randrange(1, 22), random.randrange(6, 31)
        rows += [
            doc(
                f"{day} {hour:02}:{2 * one % 60:02}:{one:02}",
                WIRES[one % len(WIRES)].source,
                sentence(random, "[ОДКБ] вводит войска"),
            )
            for one in range(many)
        ]
    return sorted(rows, key=lambda row: row.seen_at)


@cache
def rung(budget: float | None) -> tuple[Burst, ...]:
    rows = [*seed([term(TERM, budget=budget)], WIRES), *restless()]
    return tuple(opened(Decider(), rows))


def opened(decider: Decider, rows: Sequence[Any], start: int = 0) -> list[Burst]:
    outcomes = [decider.push(start + number, row) for number, row in enumerate(rows)]
    told = [burst for outcome in outcomes if outcome for burst in outcome.bursts]
    return [burst for burst in told if burst.state == "opened"]


def settled(budget: float | None) -> list[Burst]:
    """What rang after the first two weeks."""
    return [one for one in rung(budget) if one.detected_at >= DAY + FORTNIGHT]


def test_without_a_budget_this_term_rings_several_times_a_week() -> None:
    assert len(settled(None)) / (DAYS / 7 - 2) > 3


@pytest.mark.parametrize("budget", [0.5, 1.0, 2.0])
def test_a_budget_holds_in_the_long_run(budget: float) -> None:
    weeks = DAYS / 7 - 2
    assert 0 < len(settled(budget)) <= budget * weeks + 1


@pytest.mark.parametrize(
    ("days_ago", "budget", "is_spent"),
    [
        ((1, 3), 1.0, True),
        ((1, 15), 1.0, False),
        ((1,), 1.0, False),
        ((13,), 0.5, True),
        ((15,), 0.5, False),
        ((27,), 0.25, True),
        ((29,), 0.25, False),
        ((1, 2, 3), 1.5, True),
        ((9,), 0.7, True),
        ((11,), 0.7, False),
    ],
)
def test_once_it_is_used_up_only_an_escalation_rings(
    days_ago: tuple[int, ...], budget: float, is_spent: bool
) -> None:
    decider = Decider(Options(warm_hours=0.0))
    opened(decider, [*seed([term(TERM, budget=budget)], WIRES), clock("0 00:00"), clock("0 00:01")])
    sight = decider.sight()
    for days in days_ago:
        decider.state.note_ring(TERM, sight.now - days * 86400, (1.0 + days / 100, 0.5))
    seen = view(sight, TERM)
    needed = score_needed(sight, seen, 0, decider.options)
    dearest = 1.0 + max(days_ago) / 100 + decider.options.escalation
    assert needed == pytest.approx(dearest if is_spent else seen.thresholds[0])


def test_a_foreseen_burst_costs_nothing() -> None:
    rows = story()
    place = place_of(rows, "2 11:00")
    said = setting("2 11:00", "expect", TERM, {"until": "2026-04-01T00:00:00Z"})
    foreseen, usual = Decider(), Decider()
    opened(foreseen, [*rows[:place], said, *rows[place:]])
    opened(usual, rows)
    assert foreseen.state.rung == {}
    assert [len(one) for one in usual.state.rung.values()] == [1]


def test_a_foreseen_burst_that_grows_beyond_the_expectation_costs_one_alarm() -> None:
    rows = story()
    place = place_of(rows, "2 11:00")
    said = setting("2 11:00", "expect", TERM, {"until": "2026-03-04T12:08:00Z"})
    decider = Decider()
    opened(decider, [*rows[:place], said, *rows[place:]])
    ((at, _),) = decider.state.rung[TERM]
    assert from_seconds(at) >= datetime(2026, 3, 4, 12, 8, tzinfo=UTC)


def test_an_alarm_that_uses_a_budget_up_is_not_held_against_itself() -> None:
    rows = [*seed([term(TERM, budget=0.5)], WIRES), *story()[7:]]
    decider = Decider()
    for number, row in enumerate(rows):
        outcome = decider.push(number, row)
        for one in outcome.bursts if outcome else ():
            if one.state == "opened":
                told = explain(decider, one)
                assert all(check.passed for check in told.steps[0].checks)
    assert len(decider.state.rung[TERM]) == 1, "it did ring"


def test_a_restart_keeps_what_was_spent() -> None:
    rows = story()
    place = place_of(rows, "2 13:00")
    first = Decider()
    opened(first, rows[:place])
    cells = {key: one for key, one in first.take_changed().items() if one is not None}
    assert Decider(cells=cells).state.rung == first.state.rung != {}
