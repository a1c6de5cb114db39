"""Windows with every gate and by how much it fails; documents with what each counts."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from streams.alarms.gates import Gate, Options, nats_needed
from streams.alarms.measures import Check, Counted, list_documents, sum_owners, to_check, weigh
from streams.alarms.scores import WINDOWS
from streams.alarms.sight import Sight, view
from streams.families.entries import Count
from tests.test_counts import entry
from tests.test_gates import NOON, OPEN, mention, newsroom

NAMES = ["coverage", "baseline_hours", "origins", "owners"]
NAMES += ["evidence_nats", "score", "escalation", "unmuted"]


@pytest.mark.parametrize(
    ("gate", "needed", "passed", "missing"),
    [
        (Gate("owners", 2, 3), 3, False, 1),
        (Gate("owners", 3, 3), 3, True, 0),
        (Gate("unmuted", 1e9, -math.inf), None, True, 0),
    ],
)
def test_a_check_says_by_how_much_it_failed(
    gate: Gate, needed: float | None, passed: bool, missing: float
) -> None:
    check = to_check(gate)
    assert (check.needed, check.passed, check.missing) == (needed, passed, missing)


def test_every_window_is_weighed_with_every_gate() -> None:
    state = newsroom()
    mention(state, 3, 2)
    options = Options(warm_hours=200.0)
    weighed = weigh(Sight(state, NOON), "ОДКБ", options)
    assert tuple(one.window_seconds for one in weighed) == WINDOWS
    assert [[check.name for check in one.checks] for one in weighed] == [NAMES] * len(WINDOWS)
    hour = weighed[2]
    assert (hour.observed, hour.balanced) == (3.0, 3.0)
    assert hour.expected == pytest.approx(0.02)
    missing = {check.name: check.missing for check in hour.failed}
    assert missing["baseline_hours"] == pytest.approx(200 - 168, abs=0.5)
    assert (missing["origins"], missing["owners"]) == (1, 1)
    assert (hour.to - hour.from_).total_seconds() == 3600


def test_a_window_tells_the_score_of_its_channel() -> None:
    state = newsroom()
    mention(state, 2, 2)
    sight = Sight(state, NOON)
    seen, weighed = view(sight, "ОДКБ"), weigh(sight, "ОДКБ", OPEN)
    for place, one in enumerate(weighed):
        channel = seen.channel(place)
        assert (one.score, one.threshold) == (seen.scores[channel], seen.thresholds[channel])
        needed = {check.name: check.needed for check in one.checks}
        assert needed["score"] == one.threshold
        assert needed["evidence_nats"] == nats_needed(state, OPEN)
        assert needed["escalation"] is None
    short, day = weighed[0], weighed[-1]
    assert short.dispersion == state.baselines.dispersion("ОДКБ", 300)
    assert day.dispersion == state.baselines.dispersion("ОДКБ", 86400)


def told(name: str, count: Count, duplicate_of: str | None = None, owner: str = "a") -> Counted:
    """What `list_documents` says of one document at 11:30."""
    state = newsroom()
    made = replace(entry(name), owner=owner, duplicate_of=duplicate_of, terms={"ОДКБ": count})
    state.count(NOON, made)
    (counted,) = list_documents(Sight(state, NOON), "ОДКБ", 3600)
    return counted


@pytest.mark.parametrize(
    ("weight", "duplicate_of", "late", "counts_as"),
    [
        (1.0, None, False, "origin"),
        (0.25, "x", False, "further_owner"),
        (0.0, "x", False, "copy"),
        (1.0, None, True, "late"),
        (0.25, "x", True, "late"),
        (0.0, None, False, "author"),
        (0.5, None, False, "author"),
    ],
)
def test_each_document_says_why_it_counts_what_it_counts(
    weight: float, duplicate_of: str | None, late: bool, counts_as: str
) -> None:
    counted = told("1", Count(NOON - 1800.0, weight, late), duplicate_of)
    assert (counted.counts_as, counted.weight) == (counts_as, weight)


def test_documents_outside_the_window_are_left_out() -> None:
    state = newsroom()
    mention(state, 8, 4)
    sight = Sight(state, NOON)
    assert [len(list_documents(sight, "ОДКБ", window)) for window in WINDOWS] == [5, 8, 8, 8, 8]
    weights = [one.weight for one in list_documents(sight, "ОДКБ", 300)]
    assert sum(weights) == weigh(sight, "ОДКБ", OPEN)[0].observed


def test_owners_are_summed_the_busiest_first_and_late_ones_add_nothing() -> None:
    documents = [
        told("1", Count(NOON - 60.0, 1.0), owner="b"),
        told("2", Count(NOON - 60.0, 1.0), owner="c"),
        told("3", Count(NOON - 60.0, 0.25), "1", owner="c"),
        told("4", Count(NOON - 60.0, 1.0, late=True), owner="a"),
    ]
    assert list(sum_owners(documents).items()) == [("c", 1.25), ("b", 1.0), ("a", 0)]


def test_what_failed_is_what_did_not_pass() -> None:
    (weighed, *_) = weigh(Sight(newsroom(), NOON), "ОДКБ", OPEN)
    assert all(isinstance(check, Check) and not check.passed for check in weighed.failed)
    assert {check.name for check in weighed.failed} == {
        "origins",
        "owners",
        "evidence_nats",
        "score",
    }
