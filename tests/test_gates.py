"""Gates: each says what it measured and what it needed; what rings passes all of them."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from streams.alarms.gates import (
    Gate,
    Options,
    assess,
    gates,
    is_higher,
    nats_needed,
    openings,
    owners_needed,
    score_needed,
)
from streams.alarms.scores import WINDOWS
from streams.alarms.sight import Sight, view
from streams.alerts import Alarm, Finding
from streams.events import First
from streams.families.entries import Count
from streams.journal import seed
from streams.models import from_seconds
from streams.registry import fold_setting
from streams.state import State
from streams.ticks import Health
from tests.rows import at, source, term
from tests.test_counts import entry

NOON = int(at("12:00").timestamp())
OPEN = Options(warm_hours=0.0)
WEEK = 7 * 86400


def newsroom(owners: int = 5, **fields: object) -> State:
    """Every source has been live for a week at two documents an hour, none about the term."""
    state = State()
    watched = term("ОДКБ", **fields)
    for setting in seed([watched], [source(f"rss/{n}") for n in range(owners)]):
        fold_setting(state, setting)
    for name in state.health:
        state.health[name] = Health(since=NOON - WEEK, documents=336.0, hours=168.0)
    usual = 2.0 * owners
    for start in range(NOON - WEEK, NOON - 900, 300):
        state.baselines.learn({}, start, (usual / 12, usual, 1.0))
    return state


def mention(state: State, count: int, owners: int, late: bool = False, apart: int = 60) -> None:
    """As many documents as `count` before noon, `apart` seconds from each other."""
    for number in range(count):
        moment = NOON - apart * (number + 1)
        told = replace(
            entry(str(number)),
            at=moment,
            owner=f"rss/{number % owners}",
            terms={"ОДКБ": Count(moment, 1.0, late)},
        )
        state.count(NOON, told)


def alarm(world: State, opened: int, **fields: object) -> None:
    """A closed burst of the term."""
    values: dict[str, object] = {
        **dict.fromkeys(("onset", "opened", "changed"), opened),
        "id": "b_x",
        "event": "e_x",
        "term": "ОДКБ",
        "state": "closed",
        "revision": 2,
        "finding": Finding(window=900, observed=1, expected=1, nats=1, coverage=1),
        "first": First("1", "rss/a", from_seconds(opened)),
        "top": (0.0, 0.0),
        "peak_origins": 4,
        **fields,
    }
    world.alarms["b_x"] = Alarm(**values)  # type: ignore[arg-type]


def failed(tried: list[Gate]) -> list[str]:
    return [gate.name for gate in tried if not gate.passed]


def rings(state: State, options: Options = OPEN) -> bool:
    return bool(openings(Sight(state, NOON), ["ОДКБ"], options))


def test_enough_independent_reports_pass_in_the_loudest_window() -> None:
    state = newsroom()
    mention(state, 8, 4)
    (seen, place) = openings(Sight(state, NOON), ["ОДКБ"], OPEN)["ОДКБ"]
    assert seen.finding(place).observed == 8.0
    assert WINDOWS[place] == 900
    assert seen.nats[place] == max(seen.nats)


def test_a_slow_rise_rings_by_a_long_window() -> None:
    """A report every half hour for twelve hours, of what was never mentioned."""
    state = newsroom()
    mention(state, 24, 4, apart=1800)
    (_, place) = openings(Sight(state, NOON), ["ОДКБ"], OPEN)["ОДКБ"]
    assert WINDOWS[place] == 86400


def test_each_gate_says_by_how_much_it_failed() -> None:
    state = newsroom()
    mention(state, 3, 2)
    sight = Sight(state, NOON)
    seen, place, tried = assess(sight, "ОДКБ", Options(warm_hours=400.0))
    assert not openings(sight, ["ОДКБ"], Options())
    assert failed(tried) == ["baseline_hours", "origins", "owners"]
    by_name = {gate.name: gate for gate in tried}
    assert by_name["baseline_hours"].value == pytest.approx(168, abs=0.5)
    assert (by_name["origins"].value, by_name["origins"].needed) == (3, 4)
    assert (by_name["owners"].value, by_name["owners"].needed) == (2, 3)
    assert by_name["evidence_nats"].value == seen.nats[place]
    assert seen.observed[place] == 3.0


def test_late_documents_open_nothing() -> None:
    state = newsroom()
    mention(state, 8, 4, late=True)
    assert not rings(state)
    assert view(Sight(state, NOON), "ОДКБ").observed == (0.0,) * 5


def test_two_owners_are_enough_where_only_two_are_live() -> None:
    assert owners_needed(Sight(newsroom(2), NOON), OPEN) == 2
    assert owners_needed(Sight(newsroom(1), NOON), OPEN) == 2
    assert owners_needed(Sight(newsroom(5), NOON), OPEN) == 3


def test_little_coverage_cannot_be_assessed() -> None:
    state = newsroom()
    for name in list(state.health)[:4]:
        gone = NOON - 86400.0
        state.health[name] = replace(state.health[name], last_good=gone, complete_to=gone)
    mention(state, 12, 4)
    seen = view(Sight(state, NOON), "ОДКБ")
    tried = [failed(gates(Sight(state, NOON), seen, place, OPEN)) for place in range(5)]
    assert ["coverage" in one for one in tried] == [True] * 5
    assert seen.coverage == pytest.approx((0.2,) * 5, abs=0.01)


def test_a_mute_holds_until_its_end() -> None:
    state = newsroom()
    mention(state, 8, 4)
    state.mutes["ОДКБ"] = NOON + 1.0
    _, _, tried = assess(Sight(state, NOON), "ОДКБ", OPEN)
    assert failed(tried) == ["unmuted"]
    state.mutes["ОДКБ"] = float(NOON)
    assert rings(state)


@pytest.mark.parametrize(
    ("opened", "above", "does"),
    [
        (NOON - 3600, 0.6, False),
        (NOON - 3600, 0.4, False),
        (NOON - 86390, 0.4, False),
        (NOON - 86400, 0.0, True),
    ],
)
def test_within_a_day_only_an_escalation_rings(opened: int, above: float, does: bool) -> None:
    """A former burst stood so far below, or at, what is seen now; escalation is a half."""
    state = newsroom()
    mention(state, 8, 4)
    scores = view(Sight(state, NOON), "ОДКБ").scores
    alarm(state, opened, top=tuple(one - above for one in scores))
    assert rings(state) is (does or above >= 0.5)


def test_of_several_former_bursts_the_highest_counts() -> None:
    state = newsroom()
    mention(state, 8, 4)
    sight = Sight(state, NOON)
    seen = view(sight, "ОДКБ")
    alarm(state, NOON - 3600, top=(0.7, 0.2))
    state.alarms["b_y"] = replace(state.alarms["b_x"], id="b_y", top=(0.4, 0.9))
    needed = [
        next(gate.needed for gate in gates(sight, seen, place, OPEN) if gate.name == "escalation")
        for place in (0, 4)
    ]
    assert needed == [0.7 + 0.5, 0.9 + 0.5]


def test_higher_is_an_escalation_of_either_channel() -> None:
    state = newsroom()
    mention(state, 8, 4)
    seen = view(Sight(state, NOON), "ОДКБ")
    one, two = seen.scores
    assert is_higher(seen, (one - 0.5, two), OPEN)
    assert is_higher(seen, (one, two - 0.5), OPEN)
    assert not is_higher(seen, (one - 0.49, two - 0.49), OPEN)


def test_the_evidence_needed_grows_with_the_watch_list() -> None:
    state = newsroom()
    for number in range(999):
        state.baselines.add(str(number))
    needed = nats_needed(state, Options(chance_per_day=2.0))
    assert needed == pytest.approx(math.log(1000 * 288 / 2))


@pytest.mark.parametrize("chance", [0.0, -1.0, math.nan])
def test_no_evidence_rules_chance_out(chance: float) -> None:
    with pytest.raises(ValueError, match="chance_per_day"):
        Options(chance_per_day=chance)


def needed(state: State) -> float:
    sight = Sight(state, NOON)
    seen = view(sight, "ОДКБ")
    return score_needed(sight, seen, 0, OPEN) - seen.thresholds[0]


def test_a_budget_allows_as_many_as_the_days_with_the_highest_scores() -> None:
    """Days 2 to 5 before are loud; a week of history, so the budget is a week's."""
    state = newsroom(budget=2)
    assert needed(state) == 0.0
    for day, count in ((5, 20.0), (4, 80.0), (3, 40.0), (2, 30.0)):
        start = NOON - day * 86400
        state.baselines.learn({"ОДКБ": count}, start + WEEK, (10 / 12, 10.0, 1.0))
    later = NOON + WEEK
    peaks = state.baselines.peaks("ОДКБ", later)
    assert len(peaks) == 4
    sight = Sight(state, later)
    seen = replace(view(sight, "ОДКБ"), hours=168.0)
    for budget, margin in ((0.5, peaks[0]), (2, peaks[1]), (4, peaks[3]), (5, 0.0), (None, 0.0)):
        state.terms["ОДКБ"] = replace(state.terms["ОДКБ"], budget=budget)
        assert score_needed(sight, seen, 0, OPEN) == seen.thresholds[0] + margin
    state.terms["ОДКБ"] = replace(state.terms["ОДКБ"], budget=1)
    assert score_needed(sight, replace(seen, hours=336.0), 0, OPEN) == seen.thresholds[0] + peaks[1]


def test_the_first_look_holds_back_nothing_that_the_gates_would_let_pass() -> None:
    """Candidates are found as if each document had another owner; the rest is not looked at."""
    for count in (3, 4, 5, 9):
        for owners in (1, 3, 5):
            state = newsroom()
            mention(state, count, owners, apart=240)
            seen = view(Sight(state, NOON), "ОДКБ")
            every = [gates(Sight(state, NOON), seen, place, OPEN) for place in range(5)]
            assert rings(state) is any(not failed(tried) for tried in every)
