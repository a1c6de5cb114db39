"""The compiled arithmetic against the same formulas written plainly, and what it promises."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alarms import learning
from streams.alarms import scores as s
from streams.bursts import Baselines
from tests.plain import Plain, slot_at, surprise
from tests.rows import at

MONDAY = int(at("0:00").timestamp())
USUAL = 120.0  # documents an hour
unhurried = settings(deadline=None)  # the first example compiles, or learns for all


def tail(count: int, mean: float, dispersion: float) -> float:
    """P(X ≥ count) of a negative binomial, by its recurrence."""
    size = 1 / dispersion
    chance = size / (size + mean)
    probability, below = chance**size, 0.0
    for k in range(count):
        below += probability
        probability *= (k + size) / (k + 1) * (1 - chance)
    return max(0.0, 1 - below)


@unhurried
@given(st.integers(1, 60), st.floats(0.05, 20), st.floats(0.05, 2))
def test_evidence_bounds_the_chance_of_so_many(count: int, mean: float, dispersion: float) -> None:
    nats = s.evidence(float(count), mean, dispersion)
    assert nats >= 0
    assert tail(count, mean, dispersion) <= math.exp(-nats) + 1e-9
    assert nats == pytest.approx(surprise(count, mean, dispersion), rel=1e-9, abs=1e-9)


@unhurried
@given(st.floats(0.01, 1e6), st.integers(1, 9), st.sampled_from([0.02, 0.5, 3.0]))
def test_evidence_is_never_negative_by_rounding(mean: float, ulps: int, dispersion: float) -> None:
    count = mean
    for _ in range(ulps):
        count = math.nextafter(count, math.inf)
    assert s.evidence(count, mean, dispersion) >= 0


@unhurried
@given(st.floats(0, 50), st.floats(0.05, 20), st.floats(0.05, 2), st.floats(0, 10))
def test_more_is_never_weaker_evidence(
    count: float, mean: float, dispersion: float, more: float
) -> None:
    assert s.evidence(count + more, mean, dispersion) >= s.evidence(count, mean, dispersion) - 1e-9


@unhurried
@given(st.integers(0, 60 * 86400))
def test_slots_are_hours_with_the_weekend_apart(seconds: int) -> None:
    assert s.slot_of(float(MONDAY + seconds)) == slot_at(MONDAY + seconds)


def draw(random: Random, hour: int) -> float:
    """Quarters of mentions, more by day; now and then many; some days none."""
    if random.random() < 0.7:
        return 0.0
    busy = 6 if 8 <= hour < 20 else 2
    return random.randrange(busy) / 4 + (random.random() < 0.01) * random.randrange(40)


def expose(random: Random) -> tuple[float, float, float]:
    """Documents in a step, usual ones an hour, the share that was seen."""
    share = random.choice([0.0, 0.4, *[1.0] * 20])
    usual = USUAL + random.randrange(8)
    return share * usual, usual, share


STREAMS = [(0, 300, 8), (1, 300, 8), (2, 3600, 60)]
IDLE = (4, 6)  # days without a mention


Step = tuple[int, float, tuple[float, float, float]]


def steps_of(seed: int, step: int, days: int) -> Iterator[Step]:
    """Start, count and exposure of each step."""
    random = Random(seed)
    for start in range(MONDAY, MONDAY + days * 86400, step):
        day, hour = (start - MONDAY) // 86400, start // 3600 % 24
        exposure, usual, share = expose(random)
        count = 0.0 if day in range(*IDLE) or not exposure else draw(random, hour)
        yield start, count, (exposure * step / 3600, usual, share)


def stream(seed: int, step: int, days: int) -> Baselines:
    baselines = Baselines(step)
    baselines.add("ОДКБ")
    for start, count, seen in steps_of(seed, step, days):
        baselines.learn({"ОДКБ": count} if count else {}, start, seen)
    return baselines


@pytest.mark.parametrize(("seed", "step", "days"), STREAMS)
def test_the_compiled_arithmetic_is_the_plain_one(seed: int, step: int, days: int) -> None:
    """At every midnight, those of idle days included, of which the plain one works every step."""
    baselines, plain, random = Baselines(step), Plain(step), Random(seed)
    baselines.add("ОДКБ")
    for start, count, seen in steps_of(seed, step, days):
        if start % 86400 == 0:
            _assert_equal(baselines, plain, random)
        baselines.learn({"ОДКБ": count} if count else {}, start, seen)
        plain.learn(start, count, *seen)
    _assert_equal(baselines, plain, random)


def _assert_equal(baselines: Baselines, plain: Plain, random: Random) -> None:
    exposed = np.array([[random.random() for _ in range(48)] for _ in range(5)])
    counts = [random.randrange(80) / 4 for _ in range(5)]
    weighed = baselines.weigh(["ОДКБ"], np.array([counts]), exposed)
    expected = plain.expect(exposed.tolist())
    nats, scores = plain.weigh(counts, expected)
    thresholds = [plain.threshold(channel) for channel in range(2)]
    phis = [baselines.dispersion("ОДКБ", window) for window in s.WINDOWS]
    for one, two in zip(weighed, (expected, nats, scores, thresholds), strict=True):
        assert one[0].tolist() == pytest.approx(two, rel=1e-9, abs=1e-12)
    assert phis == pytest.approx([plain.phi(window) for window in range(5)], rel=1e-9)
    assert baselines.hours("ОДКБ") == pytest.approx(plain.hours)


@cache
def learnt() -> Baselines:
    """Eighty terms of every frequency after eight days."""
    random, baselines = Random(5), Baselines()
    names = [f"термин {number}" for number in range(80)]
    for name in names:
        baselines.add(name)
    for start in range(MONDAY, MONDAY + 8 * 86400, 300):
        hit = {name for place, name in enumerate(names) if random.random() < (place + 1) / 400}
        counts = {name: random.randrange(1, 13) / 4 for name in sorted(hit)}
        baselines.learn(counts, start, (10.0, USUAL, 1.0))
    return baselines


def seen_by_all(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 60, (80, 5)) / 4.0, rng.random((5, 48)) * 30


@pytest.mark.parametrize("others", [0, 6, 7, 8, 63, 79])
def test_a_row_is_weighed_the_same_wherever_it_stands(others: int) -> None:
    baselines, (counts, exposed) = learnt(), seen_by_all(others)
    names = list(baselines.rows)
    alone = [
        baselines.weigh([name], counts[place : place + 1], exposed)
        for place, name in enumerate(names)
    ]
    for shift in (0, 1, 5):
        order = [(shift + place) % 80 for place in range(others + 1)]
        among = baselines.weigh([names[one] for one in order], counts[order], exposed)
        for place, one in enumerate(order):
            assert [part[place].tobytes() for part in among] == [
                part[0].tobytes() for part in alone[one]
            ]


def climb(seed: int, quarters: int) -> np.ndarray:
    """Windows filling up by a quarter of a mention at a time, each with all longer ones."""
    starts = np.random.default_rng(seed).integers(0, 5, quarters)
    added = np.arange(5) >= starts[:, None]
    return np.vstack([np.zeros(5), np.cumsum(added, 0) / 4.0])


@unhurried
@given(st.integers(0, 79), st.integers(0, 10**6), st.floats(-3, 0.5), st.floats(1, 20))
def test_a_part_of_the_counts_rings_only_where_all_do(
    term: int, seed: int, busy: float, gate: float
) -> None:
    """Test early: counts only grow, and the expectation is that of the full windows.

    Each quarter of the way counts, from nothing to hundreds of mentions: what a wrong formula
    loses on the way it may have gained again at the end.
    """
    baselines, (_, exposed), counts = learnt(), seen_by_all(seed), climb(seed, 1600)
    terms = [f"термин {term}"] * len(counts)
    weighed = baselines.weigh(terms, counts, exposed * 10**busy)
    rings = (weighed.scores >= weighed.thresholds) & (weighed.loudest >= gate)
    assert np.all(rings[1:] >= rings[:-1])
    assert np.all(np.diff(weighed.nats, axis=0) >= -1e-9)
    assert np.all(np.diff(weighed.scores, axis=0) >= -1e-9)


@pytest.mark.parametrize("steps", [1, 11, 13, 288, 1000])
def test_an_idle_term_equals_one_that_was_fed_zeros(steps: int) -> None:
    """Both forget in closed form what the other works through step by step."""
    idle, fed = stream(1, 300, 8), stream(1, 300, 8)
    start = MONDAY + 8 * 86400
    for baselines in (idle, fed):
        for step in range(288):
            baselines.learn({}, start + 300 * step, (10.0, USUAL, 1.0))
    for step in range(288, 288 + steps):
        now = start + 300 * step
        idle.learn({}, now, (10.0, USUAL, 1.0))
        learn_by_force(fed, now)
    _assert_same_future(idle, fed, start + 300 * (288 + steps))


def learn_by_force(baselines: Baselines, start: int) -> None:
    """Feed a count of zero to the only row."""
    world = baselines.world
    world.open(start, 10.0, USUAL)
    rows, shown = np.zeros(1, np.int64), np.zeros((2, 1))
    learning.learn_rows(baselines._table, rows, shown, world.values, world.exposed())
    world.close(10.0, 1.0, 1)


def _assert_same_future(idle: Baselines, fed: Baselines, start: int) -> None:
    for step in range(300):
        counts = {"ОДКБ": 3.0} if step % 40 == 0 else {}
        (one, two) = (_answer(baselines) for baselines in (idle, fed))
        assert one == pytest.approx(two, rel=1e-9)
        for baselines in (idle, fed):
            baselines.learn(counts, start + 300 * step, (10.0, USUAL, 1.0))


def _answer(baselines: Baselines) -> list[float]:
    counts = np.array([[2.0, 3.0, 5.0, 9.0, 20.0]])
    weighed = baselines.weigh(["ОДКБ"], counts, np.full((5, 48), 2.0))
    return [float(one) for part in weighed for one in part[0]]


def test_the_score_of_nothing_is_the_least() -> None:
    baselines = Baselines()
    baselines.add("ОДКБ")
    weighed = baselines.weigh(["ОДКБ"], np.zeros((1, 5)), np.ones((5, 48)))
    assert weighed.scores.tolist() == [[s.LEAST_SCORE, s.LEAST_SCORE]]
