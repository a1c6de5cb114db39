"""Explanations agree with the alarms they explain, and verdicts name the first thing that holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from streams.alarms.reasons import Absence, Explanation, Step, explain, explain_step, why_not
from streams.decide import Decider, Outcome
from streams.events import Burst
from streams.journal import seed
from streams.models import encode
from tests.rows import at, clock, doc, setting, source, term
from tests.test_decide import burst, story

TERM = "ОДКБ"


def follow(rows: Sequence[Any]) -> list[tuple[Burst, Explanation | Step]]:
    """Each revision with its explanation, as of its tick."""
    decider, told = Decider(), []
    for number, row in enumerate(rows):
        before = dict(decider.state.alarms)
        outcome: Outcome | None = decider.push(number, row)
        for one in outcome.bursts if outcome else ():
            known = before.get(one.id)
            answer = explain_step(decider, one, known) if known else explain(decider, one)
            told.append((one, answer))
    return told


@cache
def followed() -> list[tuple[Burst, Explanation | Step]]:
    return follow(story())


def opening() -> tuple[Burst, Explanation]:
    alarm, explanation = followed()[0]
    assert isinstance(explanation, Explanation)
    return alarm, explanation


def test_the_numbers_are_those_of_the_alarm() -> None:
    alarm, told = opening()
    (rang,) = [one for one in told.windows if one.window_seconds == alarm.window_seconds]
    assert (told.id, told.term, told.as_of) == (alarm.id, TERM, alarm.detected_at)
    assert rang.observed == alarm.observed
    assert round(rang.expected, 4) == alarm.expected
    assert round(rang.evidence_nats, 2) == alarm.evidence_nats
    assert round(rang.coverage, 4) == alarm.coverage
    assert told.baseline is not None
    assert int(told.baseline.hours) == alarm.baseline_hours
    assert told.steps == (Step(alarm, rang.checks),)


def test_every_gate_of_an_alarm_holds_though_it_rings_now() -> None:
    """Its own score would have to escalate, were the alarm not set aside."""
    _, told = opening()
    assert all(check.passed for check in told.steps[0].checks)
    needed = {check.name: check.needed for check in told.steps[0].checks}
    assert needed["escalation"] is None
    assert needed["evidence_nats"] == 6.0


def test_weights_and_owners_add_up_to_what_was_observed() -> None:
    alarm, told = opening()
    assert sum(one.weight for one in told.documents if one.counts_as != "late") == alarm.observed
    assert sum(told.owners.values()) == alarm.observed
    assert len(told.documents) == alarm.documents
    assert {one.id for one in told.documents} >= {one.id for one in alarm.evidence}


def test_the_same_rows_give_the_same_bytes() -> None:
    first, again = followed(), follow(story())
    assert [encode(one[1]) for one in first] == [encode(one[1]) for one in again]


def test_a_burst_grows_when_either_is_enough_and_closes_after_the_quiet() -> None:
    steps = {alarm.state: answer for alarm, answer in followed() if alarm.revision > 1}
    assert set(steps) == {"growing", "closed"}
    growing, closed = steps["growing"], steps["closed"]
    assert isinstance(growing, Step)
    assert isinstance(closed, Step)
    assert {check.name for check in growing.checks} == {"escalation", "origins"}
    assert any(check.passed for check in growing.checks)
    assert {check.name for check in closed.checks} == {"hour_below", "quiet_seconds"}
    assert all(check.passed for check in closed.checks)


def test_a_retraction_says_which_ground_is_gone() -> None:
    rows = story()
    alarm, _ = opening()
    place = next(n for n, row in enumerate(rows) if row.seen_at > alarm.detected_at)
    gone = [
        replace(row, version=2, text="", terms=(), deleted=True, seen_at=alarm.detected_at)
        for row in rows[:place]
        if getattr(row, "terms", ()) and row.published_at >= alarm.onset_at
    ]
    told = follow([*rows[:place], *gone[1:], clock("2 13:00"), clock("2 13:01")])
    retracted, step = told[-1]
    assert retracted.state == "retracted"
    assert isinstance(step, Step)
    assert [(one.name, one.passed) for one in step.checks] == [
        ("origins", False),
        ("owners", False),
    ]
    assert step.checks[0].value == retracted.origins


def test_a_burst_of_a_removed_term_says_that_nobody_watches() -> None:
    told = follow([*until("2 12:30")[:-1], REMOVE, clock("2 12:31"), clock("2 12:32")])
    closed, step = told[-1]
    assert closed.state == "closed"
    assert isinstance(step, Step)
    assert [(one.name, one.passed) for one in step.checks] == [("unwatched", True)]


def asked(rows: Sequence[Any], name: str = TERM) -> Absence:
    decider = Decider()
    for number, row in enumerate(rows):
        decider.push(number, row)
    return why_not(decider, name)


def until(moment: str, *more: Any) -> list[Any]:
    """The story with `more` rows up to a moment, and a clock that ends its tick."""
    rows = [row for row in (*story(), *more) if row.seen_at < at(moment)]
    return [*sorted(rows, key=lambda row: row.seen_at), clock(moment), clock("2 23:59")]


REMOVE = setting("2 12:30:20", "term", TERM, None)
MUTE = setting("2 11:30", "mute", TERM, {"until": "2026-03-05T00:00:00Z"})


def leave(moment: str) -> list[Any]:
    """All sources are said to have ended at a moment of the third day."""
    stop = at(f"2 {moment}").isoformat()
    return [
        setting("2 10:40", "source", f"rss/{name}", {"source": f"rss/{name}", "to": stop})
        for name in "abcde"
    ]


@pytest.mark.parametrize(
    ("rows", "name", "verdict"),
    [
        (until("2 11:00"), "новое", "not_watched"),
        (
            [*seed([term(TERM)], [source("rss/a")]), clock("12:00"), clock("12:01")],
            TERM,
            "nothing_seen",
        ),
        (until("2 12:30"), TERM, "ringing"),
        (until("2 11:00", *leave("06:00")), TERM, "cannot_assess"),
        (until("2 11:00", *leave("10:30")), "теракт", "cannot_assess"),
        (until("2 11:50", *leave("10:45")), TERM, "cannot_assess"),
        (until("2 12:30", MUTE), TERM, "muted"),
        (until("0 20:00"), TERM, "no_history"),
        (until("2 15:20", *burst(Random(5), 2, 15, 7)), TERM, "refractory"),
        (until("2 11:50"), "теракт", "nothing_found"),
        (until("2 11:50", doc("2 11:45", "rss/a", "[теракт] предотвращён")), "теракт", "held_back"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_verdict_is_the_first_that_holds(rows: list[Any], name: str, verdict: str) -> None:
    assert asked(rows, name).verdict == verdict
