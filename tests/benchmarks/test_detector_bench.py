"""What the detector costs with a hundred thousand watched terms, in processor time.

Run: pytest tests/benchmarks/test_detector_bench.py -p no:randomly -s
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from random import Random

import pytest
from msgspec.structs import replace

from streams.alarms import scores as s
from streams.alarms.gates import Options, openings
from streams.alarms.sight import Sight
from streams.bursts import Baselines
from streams.families.entries import Count
from streams.journal import seed
from streams.models import Term
from streams.registry import fold_setting
from streams.state import State
from streams.ticks import Health
from tests.rows import at, source
from tests.test_counts import entry

TERMS = 100_000
TOUCHED = 1_000  # terms in a tick; one in twenty has four documents in a day or more
SOURCES = 200
MONDAY = int(at("0:00").timestamp())
SEEN = (100.0, 1200.0, 1.0)
RUNS = 7
MOST_TICK, MOST_LEARN, MOST_FEW, MOST_ADD = 10e-3, 30e-3, 40e-6, 1e-3  # seconds


def say(line: str) -> None:
    sys.stdout.write(f"\n{line}\n")


def take(run: Callable[[int], object], runs: int = RUNS) -> float:
    """The median of the processor seconds of some runs, after one that compiles."""
    run(0)
    seconds = []
    for number in range(1, runs + 1):
        started = time.process_time()
        run(number)
        seconds.append(time.process_time() - started)
    return sorted(seconds)[runs // 2]


def watch(terms: int, awake: int) -> Baselines:
    """So many terms, of which the first were mentioned half an hour ago; the sources for a day."""
    baselines = Baselines()
    for number in range(terms):
        baselines.add(f"термин {number}")
    for step in range(-288, 0):
        baselines.learn({}, MONDAY + 300 * step, SEEN)
    for step in range(7):
        counts = {f"термин {n}": 1.0 for n in range(awake)} if step == 0 else {}
        baselines.learn(counts, MONDAY + 300 * step, SEEN)
    return baselines


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("terms", "awake", "most"),
    [
        (TERMS, 1_000, MOST_LEARN),
        (TERMS, TERMS, MOST_LEARN),
        (30, 30, MOST_FEW),
    ],
)
def test_a_learning_step(terms: int, awake: int, most: float) -> None:
    """A tenth of the terms of the day are mentioned in the step."""
    baselines, random = watch(terms, awake), Random(1)
    counts = {f"термин {n}": 1.0 for n in random.sample(range(awake), awake // 10)}
    seconds = take(lambda n: baselines.learn(counts, MONDAY + 300 * (7 + n), SEEN), 9)
    say(f"{terms} terms, {awake} of the day: {1e6 * seconds:,.0f} µs a step of five minutes")
    assert seconds <= most


@pytest.fixture(scope="module")
def state() -> State:
    """Noon of a Monday: two hundred live sources, a hundred thousand terms, a thousand touched."""
    state, random = State(), Random(2)
    for setting in seed([], [source(f"rss/{n}") for n in range(SOURCES)]):
        fold_setting(state, setting)
    for name in state.health:
        state.health[name] = Health(since=MONDAY - 7 * 86400, documents=1008.0, hours=168.0)
    for number in range(TERMS):
        state.terms[f"термин {number}"] = Term(name=f"термин {number}")
        state.baselines.add(f"термин {number}")
    for step in range(-8 * 12, 0):
        state.baselines.learn({}, MONDAY + 300 * step, SEEN)
    for number in range(TOUCHED):
        many = random.randrange(4, 40) if number % 20 == 0 else random.randrange(1, 4)
        _mention(state, f"термин {number}", many, random)
    return state


def _mention(state: State, term: str, many: int, random: Random) -> None:
    """Documents of the last day, one of them in the last minute."""
    noon = MONDAY + 43200
    for number in range(many):
        moment = noon - 30 if number == 0 else noon - random.randrange(86400)
        told = replace(
            entry(f"{term}/{number}"),
            at=moment,
            owner=f"rss/{random.randrange(SOURCES)}",
            terms={term: Count(moment, 1.0)},
        )
        state.count(noon, told)


@pytest.mark.timeout(600)
def test_a_tick(state: State) -> None:
    """Everything that is measured once a tick is measured anew."""
    touched, noon = [f"термин {n}" for n in range(TOUCHED)], MONDAY + 43200
    options = Options(warm_hours=0.0)
    rang = openings(Sight(state, noon), touched, options)

    def run(_: int) -> object:
        state.regroup()
        return openings(Sight(state, noon), touched, options)

    seconds = take(run)
    held = take(lambda _: openings(Sight(state, noon), touched, options))
    say(
        f"a tick that touches {TOUCHED} of {TERMS} terms, {len(rang)} ringing:"
        f" {1e3 * seconds:.1f} ms, {1e3 * held:.1f} ms while the sources stay as they are"
    )
    assert seconds <= MOST_TICK


@pytest.mark.timeout(600)
def test_a_new_term() -> None:
    """It borrows from all that were known for a week; a second one of the tick does as well."""
    baselines = watch(TERMS, TERMS)
    baselines.world.values[s.HOURS] += 200.0
    baselines.learn({}, MONDAY + 300 * 7, SEEN)

    def add_first(number: int) -> None:
        baselines.learn({}, MONDAY + 86400 * (3 + number), SEEN)
        baselines.add(f"новый {number}")

    first = take(add_first, 3)
    further = take(lambda n: baselines.add(f"новейший {n}"))
    assert baselines.dump("новейший 1") == baselines.dump("новейший 2")
    assert baselines._table[baselines.rows["новый 1"], s.PRIOR] != baselines._table[0, s.PRIOR]
    gone = take(lambda n: baselines.remove(f"термин {n}"))
    say(
        f"a new term: {1e3 * first:.0f} ms with its step, {1e6 * further:.0f} µs for each further,"
        f" {1e6 * gone:.0f} µs to remove one"
    )
    assert further <= MOST_ADD
    assert gone <= MOST_ADD
