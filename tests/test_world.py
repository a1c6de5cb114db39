"""What all terms share: exposure by hour and by window, history, and the gate that holds chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alarms import scores as s
from streams.alarms.world import World
from tests.rows import at

MONDAY = int(at("0:00").timestamp())
STEP, BUCKET = 300, 900
DAY_STEPS = 86400 // STEP


def after(exposures: list[float], start: int = MONDAY) -> World:
    """A world that saw so many documents in each of these steps; none: not assessed."""
    world = World(STEP, BUCKET)
    for place, exposure in enumerate(exposures):
        _show(world, start + STEP * place, exposure)
    return world


def _show(world: World, start: int, exposure: float) -> None:
    world.open(start, exposure, 120.0)
    if exposure:
        world.close(exposure, 1.0, 1)


def test_each_window_has_its_steps_and_the_last_row_the_step() -> None:
    exposed = after([10.0] * 20).exposed()
    assert exposed.shape == (6, 48)
    assert exposed.sum(1).tolist() == [10.0, 30.0, 120.0, 200.0, 200.0, 10.0]
    assert exposed[2].nonzero()[0].tolist() == [0, 1]
    assert exposed[2, :2].tolist() == [40.0, 80.0]


def test_a_day_is_forgotten_by_whole_buckets() -> None:
    world = after([1.0] * (2 * DAY_STEPS))
    assert world.exposed().sum(1).tolist() == [1.0, 3.0, 12.0, 48.0, 288.0, 1.0]
    _show(world, MONDAY + 2 * 86400, 1.0)
    assert world.exposed()[4].sum() == 286.0


@given(st.integers(1, 400))
def test_what_was_left_out_counts_as_not_assessed(missed: int) -> None:
    """Whether each step without exposure is told or none of them is."""
    told = after([5.0] * 30 + [0.0] * missed + [5.0])
    silent = after([5.0] * 30)
    _show(silent, MONDAY + STEP * (30 + missed), 5.0)
    assert silent.exposed().tolist() == told.exposed().tolist()
    assert silent.values[s.HOURS] == told.values[s.HOURS] == pytest.approx(31 / 12)


def test_history_is_measured_by_what_was_seen_of_the_usual() -> None:
    """A night with a quarter of the documents is an hour of history if all sources were there."""
    world = World(STEP, BUCKET)
    for share in (1.0, 1.0, 0.5):
        world.open(MONDAY, 2.5, 120.0)
        world.close(2.5, share, 1)
    assert world.values[s.HOURS] == pytest.approx(2.5 / 12)


def test_a_saved_world_is_the_same_to_the_byte() -> None:
    world, again = after([10.0, 7.0, 0.0, 3.0]), World(STEP, BUCKET)
    again.load(world.dump())
    for one in (world, again):
        _show(one, MONDAY + 4 * STEP, 11.0)
    assert again.dump() == world.dump()
    assert again.step == STEP


def test_bins_of_a_day_do_not_outgrow_a_number() -> None:
    """Ten years of them, all in the slot of midnight."""
    world = World(86400, 86400)
    for day in range(3650):
        world.open(MONDAY + 86400 * day, 24.0, 1.0)
        world.close(24.0, 1.0, 1)
    assert np.isfinite(world.values).all()


def probed(tested: float, hits: tuple[float, float, float]) -> World:
    """A world in which 4, 6 and 8 nats were seen so often in so many tests."""
    world = World(STEP, BUCKET)
    world.values[s.TESTED] = tested
    world.values[s.HITS : s.HITS + 3] = hits
    return world


@pytest.mark.parametrize("terms", [1_000, 100_000])
def test_the_gate_grows_with_the_logarithm_of_the_terms(terms: int) -> None:
    world = probed(0, (0, 0, 0))
    more = world.gate(7 * terms, 4.0) - world.gate(terms, 4.0)
    assert more == pytest.approx(math.log(7))
    assert world.gate(terms, 4.0) == pytest.approx(math.log(terms * 288 / 4))


def test_the_gate_falls_with_what_chance_may_ring() -> None:
    world = probed(0, (0, 0, 0))
    assert world.gate(1000, 1.0) - world.gate(1000, 4.0) == pytest.approx(math.log(4))


def test_the_gate_never_falls_below_six_nats() -> None:
    assert probed(0, (0, 0, 0)).gate(1, 4.0) == 6.0
    assert probed(0, (0, 0, 0)).gate(0, 1000.0) == 6.0


MANY = 1e9


@pytest.mark.parametrize(
    ("times", "off"),
    [
        ((0.0, 0.0, 0.0), 1.0),
        ((1.0, 1.0, 1.0), 1.0),
        ((0.2, 1.5, 0.2), 1.5),
        ((1.2, 1.0, 1.7), 1.7),
        ((50.0, 0.0, 0.0), 2.0),
    ],
)
def test_the_gate_is_corrected_by_how_often_the_model_was_surprised(
    times: tuple[float, float, float], off: float
) -> None:
    """`times` as often as the model said, of a thousand million tests."""
    nats = (4, 6, 8)
    hits = [one * MANY * math.exp(-level) for one, level in zip(times, nats, strict=True)]
    world = probed(MANY, (hits[0], hits[1], hits[2]))
    even = probed(0, (0, 0, 0)).gate(1000, 4.0)
    assert world.gate(1000, 4.0) - even == pytest.approx(math.log(off), abs=1e-4)


def test_few_hits_correct_little() -> None:
    """Two hits where one was to be expected weigh against twenty."""
    world = probed(math.exp(8), (0, 0, 2))
    even = probed(0, (0, 0, 0)).gate(1000, 4.0)
    assert world.gate(1000, 4.0) - even == pytest.approx(math.log(22 / 21))
