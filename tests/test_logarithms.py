"""Our own logarithm against the library's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alarms.logarithms import log
from streams.compiled import unchecked


@settings(deadline=None)  # the first example compiles
@given(st.floats(1e-300, 1e300))
def test_it_is_the_logarithm(number: float) -> None:
    exact = math.log(number)
    assert abs(log(number) - exact) <= math.ulp(exact)


@pytest.mark.parametrize("power", range(-40, 41))
def test_around_powers_of_two(power: int) -> None:
    for number in (2.0**power, math.nextafter(2.0**power, 0), 2.0**power * math.sqrt(0.5)):
        assert abs(log(number) - math.log(number)) <= math.ulp(math.log(number))


def test_of_one_it_is_nothing() -> None:
    assert log(1.0) == 0.0


@settings(deadline=None)  # the first example compiles
@given(st.floats(1e-3, 1e6))
def test_it_never_falls(number: float) -> None:
    assert log(math.nextafter(number, math.inf)) >= log(number)


@unchecked
def log_all(numbers: np.ndarray, logs: np.ndarray) -> None:
    for place in range(len(numbers)):
        logs[place] = log(numbers[place])


@pytest.mark.parametrize("many", [1, 3, 8, 71, 200])
def test_many_at_a_time_are_rounded_like_one(many: int) -> None:
    numbers = np.random.default_rng(many).lognormal(0, 9, many)
    logs = np.empty(many)
    log_all(numbers, logs)
    assert logs.tolist() == [log(number) for number in numbers.tolist()]
