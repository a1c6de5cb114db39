from __future__ import annotations

from msgspec.structs import replace

from streams.alarms.gates import (
    Gate,
    Options,
    Sight,
    assess,
    balance,
    entries_in_time,
    find,
    openings,
    owners_needed,
)
from streams.families.window import Count
from streams.journal import seed
from streams.registry import fold_setting
from streams.state import State
from streams.ticks import Health
from tests.rows import at, source, term
from tests.test_counts import entry

NOON = int(at("12:00").timestamp())
OPEN = Options(warm_hours=0.0)


def newsroom(owners: int = 5) -> State:
    """A state in which every source has been live for a week at two documents an hour."""
    state = State()
    for setting in seed([term("ОДКБ")], [source(f"rss/{n}") for n in range(owners)]):
        fold_setting(state, setting)
    for name in state.health:
        state.health[name] = Health(since=NOON - 7 * 86400, documents=336.0, hours=168.0)
    return state


def mention(state: State, count: int, owners: int, late: bool = False) -> None:
    for number in range(count):
        moment = NOON - 60 * (number + 1)
        told = replace(
            entry(str(number)),
            at=moment,
            owner=f"rss/{number % owners}",
            terms={"ОДКБ": Count(moment, 1.0, late)},
        )
        state.count(NOON, told)


def failed(gates: list[Gate]) -> list[str]:
    return [gate.name for gate in gates if not gate.passed]


def test_enough_independent_reports_pass() -> None:
    state = newsroom()
    mention(state, 8, 4)
    finding = openings(Sight(state, NOON), "ОДКБ", OPEN)
    assert finding is not None
    assert (finding.window, finding.observed) == (900, 8.0)


def test_each_gate_says_by_how_much_it_failed() -> None:
    state = newsroom()
    mention(state, 3, 2)
    sight = Sight(state, NOON)
    finding, gates = assess(sight, "ОДКБ", Options())
    assert openings(sight, "ОДКБ", Options()) is None
    assert failed(gates) == ["baseline_hours", "origins", "owners", "evidence_nats"]
    by_name = {gate.name: gate for gate in gates}
    assert (by_name["origins"].value, by_name["origins"].needed) == (3, 4)
    assert (by_name["owners"].value, by_name["owners"].needed) == (2, 3)
    assert finding.observed == 3.0


def test_late_documents_open_nothing() -> None:
    state = newsroom()
    mention(state, 8, 4, late=True)
    sight = Sight(state, NOON)
    assert openings(sight, "ОДКБ", OPEN) is None
    assert find(sight, "ОДКБ", 3600).observed == 0.0


def test_two_owners_are_enough_where_only_two_are_live() -> None:
    assert owners_needed(Sight(newsroom(2), NOON), OPEN) == 2
    assert owners_needed(Sight(newsroom(1), NOON), OPEN) == 2
    assert owners_needed(Sight(newsroom(5), NOON), OPEN) == 3


def test_little_coverage_cannot_be_assessed() -> None:
    state = newsroom()
    for name in list(state.health)[:4]:
        health = state.health[name]
        state.health[name] = replace(
            health, last_good=NOON - 86400.0, complete_to=NOON - 86400.0, interval=60.0
        )
    mention(state, 12, 4)
    _, gates = assess(Sight(state, NOON), "ОДКБ", OPEN)
    assert failed(gates) == ["coverage"]


def test_a_mute_holds_until_its_end() -> None:
    state = newsroom()
    mention(state, 8, 4)
    state.mutes["ОДКБ"] = NOON + 1.0
    _, gates = assess(Sight(state, NOON), "ОДКБ", OPEN)
    assert failed(gates) == ["unmuted"]
    state.mutes["ОДКБ"] = float(NOON)
    assert openings(Sight(state, NOON), "ОДКБ", OPEN) is not None


def test_no_owner_speaks_louder_than_all_the_others_together() -> None:
    state = newsroom()
    mention(state, 8, 4)
    even = find(Sight(state, NOON), "ОДКБ", 3600)
    for number in range(100, 150):
        loud = replace(entry(str(number)), owner="rss/0", terms={"ОДКБ": Count(NOON - 300.0, 1.0)})
        state.count(NOON, loud)
    flooded = find(Sight(state, NOON), "ОДКБ", 3600)
    assert flooded.observed == 58.0
    assert flooded.nats > even.nats
    assert balance(entries_in_time(Sight(state, NOON), "ОДКБ", 3600), "ОДКБ") == 12.0
