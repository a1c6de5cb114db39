from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.bursts import Baselines, evidence, slot_of
from streams.counts import BUCKET
from tests.rows import at

MONDAY = int(at("0:00").timestamp())


def tail(count: int, mean: float, dispersion: float) -> float:
    """P(X ≥ count) of a negative binomial, by its recurrence."""
    size = 1 / dispersion
    chance = size / (size + mean)
    probability = chance**size
    below = 0.0
    for k in range(count):
        below += probability
        probability *= (k + size) / (k + 1) * (1 - chance)
    return max(0.0, 1 - below)


@given(st.integers(1, 60), st.floats(0.05, 20), st.floats(0.05, 2))
def test_evidence_bounds_the_chance_of_so_many(count: int, mean: float, dispersion: float) -> None:
    nats = evidence(count, mean, dispersion)
    assert nats >= 0
    assert tail(count, mean, dispersion) <= math.exp(-nats) + 1e-9


@given(st.floats(0, 50), st.floats(0.05, 20), st.floats(0.05, 2), st.floats(0, 10))
def test_more_is_never_weaker_evidence(
    count: float, mean: float, dispersion: float, more: float
) -> None:
    assert evidence(count + more, mean, dispersion) >= evidence(count, mean, dispersion) - 1e-9


def test_slots_are_hours_with_the_weekend_apart() -> None:
    assert slot_of(MONDAY) == 0
    assert slot_of(MONDAY + 13 * 3600 + 59) == 13
    assert slot_of(MONDAY + 5 * 86400 + 3600) == 25
    assert slot_of(MONDAY + 7 * 86400) == 0


def learn(baselines: Baselines, days: int, rate: dict[int, float]) -> None:
    """Whole days of deterministic counts; `rate` gives mentions a bucket by hour."""
    for bucket in range(days * 96):
        start = MONDAY + bucket * BUCKET
        count = rate.get(start // 3600 % 24, 0.0)
        baselines.learn(np.array([count] * len(baselines.rows)), start, 2.5, 10.0)


def test_a_baseline_learns_the_daily_rhythm() -> None:
    baselines = Baselines()
    baselines.add("ОДКБ")
    learn(baselines, 26, dict.fromkeys(range(8, 20), 2.0))
    day = baselines.expected("ОДКБ", [(12, 10.0)], 10.0)
    night = baselines.expected("ОДКБ", [(2, 10.0)], 10.0)
    assert day == pytest.approx(8.0, rel=0.15)
    assert night < 0.6
    assert baselines.hours("ОДКБ") == pytest.approx(26 * 24)


def test_half_the_exposure_is_half_the_expectation() -> None:
    baselines = Baselines()
    baselines.add("ОДКБ")
    learn(baselines, 3, dict.fromkeys(range(24), 1.0))
    full = baselines.expected("ОДКБ", [(12, 10.0)], 10.0)
    assert baselines.expected("ОДКБ", [(12, 5.0)], 10.0) == pytest.approx(full / 2)


def test_one_wild_bucket_is_learnt_clipped() -> None:
    calm, wild = Baselines(), Baselines()
    for baselines in (calm, wild):
        baselines.add("ОДКБ")
        learn(baselines, 7, dict.fromkeys(range(24), 1.0))
    calm.learn(np.array([1.0]), MONDAY + 7 * 86400, 2.5, 10.0)
    wild.learn(np.array([500.0]), MONDAY + 7 * 86400, 2.5, 10.0)
    ratio = wild.expected("ОДКБ", [(0, 10.0)], 10.0) / calm.expected("ОДКБ", [(0, 10.0)], 10.0)
    assert 1.0 < ratio < 1.6


def test_unassessed_time_is_not_learnt() -> None:
    baselines = Baselines()
    baselines.add("ОДКБ")
    learn(baselines, 3, dict.fromkeys(range(24), 1.0))
    before = baselines.expected("ОДКБ", [(12, 10.0)], 10.0)
    for bucket in range(96):
        baselines.learn(np.array([0.0]), MONDAY + 3 * 86400 + bucket * BUCKET, 0.0, 10.0)
    assert baselines.expected("ОДКБ", [(12, 10.0)], 10.0) == before
    assert baselines.hours("ОДКБ") == 72.0


@given(st.integers(1, 5), st.integers(0, 4))
def test_a_term_learns_the_same_whatever_stands_beside_it(beside: int, gone: int) -> None:
    alone, among = Baselines(), Baselines()
    alone.add("ОДКБ")
    for number in range(beside):
        among.add(f"другой {number}")
    among.add("ОДКБ")
    among.remove(f"другой {gone}")
    for bucket in range(40):
        counts = np.array([bucket % 3 + 0.25] * len(among.rows))
        alone.learn(counts[:1], MONDAY + bucket * BUCKET, 2.5, 10.0)
        among.learn(counts, MONDAY + bucket * BUCKET, 2.5, 10.0)
    assert alone.dump("ОДКБ") == among.dump("ОДКБ")


def test_a_saved_baseline_goes_on_where_it_was() -> None:
    first, second = Baselines(), Baselines()
    first.add("ОДКБ")
    learn(first, 1, {12: 3.0})
    second.add("ОДКБ", first.dump("ОДКБ"))
    for baselines in (first, second):
        baselines.learn(np.array([2.0]), MONDAY + 86400, 2.5, 10.0)
    assert first.dump("ОДКБ") == second.dump("ОДКБ")
    assert len(first.dump("ОДКБ")) <= 2048
