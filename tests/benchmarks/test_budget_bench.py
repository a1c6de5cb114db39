"""What budgets leave of the real month: alarms, the most in two weeks, and events still found.

Run: NABAT_DATA=… pytest tests/benchmarks/test_budget_bench.py -p no:randomly -s
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta

import pytest

from streams.decide import Decider
from streams.events import Burst
from streams.journal import seed
from streams.models import Passed, Term
from tests.benchmarks.bursts.month import (
    EVENTS,
    GROWING,
    OPENED,
    WATCHED,
    find_events,
    list_alerts,
    read_events,
    read_month,
    read_registry,
)
from tests.corpora import find_corpus

FORTNIGHT = timedelta(days=14)


def decide(budget: float | None) -> list[Burst]:
    folder = find_corpus(EVENTS).parent
    opening = seed([Term(name=name, budget=budget) for name in WATCHED], read_registry(folder))
    rows: list[Passed] = [*opening, *read_month(folder)]
    decider = Decider()
    outcomes = [decider.push(number, row) for number, row in enumerate(rows)]
    return [burst for outcome in outcomes if outcome for burst in outcome.bursts]


def count_densest(bursts: Sequence[Burst], name: str) -> int:
    """The most alarms of a term in any two weeks."""
    moments = [one.detected_at for one in bursts if (one.term, one.type) == (name, OPENED)]
    return max((sum(at <= one < at + FORTNIGHT for one in moments) for at in moments), default=0)


@pytest.mark.parametrize(("budget", "most"), [(None, None), (0.5, 1), (1.0, 2), (2.0, 4)])
def test_two_weeks_overdraw_a_budget_by_an_escalation_at_most(
    budget: float | None, most: int | None
) -> None:
    bursts = decide(budget)
    densest = [count_densest(bursts, name) for name in WATCHED]
    found = find_events(
        list_alerts(bursts, OPENED, GROWING), read_events(find_corpus(EVENTS).parent)
    )
    opened = len(list_alerts(bursts, OPENED))
    sys.stdout.write(
        f"\nbudget {budget}: {opened} alarms of {len(WATCHED)} terms, most of one in two weeks"
        f" {max(densest)}, {found.found} of {found.events} events\n"
    )
    if most is not None:
        assert max(densest) <= most + 1
