"""NAB's rule by hand: g(x) = 2 / (1 + e^5x) - 1, a window of ten rows from row 40 to 49 of 100."""

from __future__ import annotations

import json
from math import exp, tanh
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.bursts.scoring import PROFILES, Bools, Marked, Window, score
from tests.benchmarks.bursts.tweets import read_tweets

STANDARD, LOW_FP, LOW_FN = PROFILES.values()
TEN = Marked(100, [Window(40, 49)])
BEST = tanh(2.5)  # g(-1), what the first row of a window earns before scaling


def alerts(*rows: int, total: int = 100) -> Bools:
    return np.isin(np.arange(total), rows)


def value(*rows: int, profile: str = "standard") -> float:
    return score([(TEN, alerts(*rows))], PROFILES[profile]).value


@pytest.mark.parametrize("profile", PROFILES)
def test_silence_is_0_and_the_first_row_of_each_window_100(profile: str) -> None:
    assert value(profile=profile) == pytest.approx(0)
    assert value(40, profile=profile) == pytest.approx(100)


def test_only_the_first_alert_of_a_window_earns() -> None:
    assert value(40, 41, 49) == pytest.approx(100)
    middle = (2 / (1 + exp(-2.5)) - 1) / BEST  # row 45: half of the window is left
    assert value(45, 47) == pytest.approx(100 * (1 + middle) / 2)


def test_the_last_row_of_a_window_earns_a_little() -> None:
    assert value(49) == pytest.approx(100 * (1 + tanh(0.25) / BEST) / 2)


def test_a_false_row_before_any_window_costs_in_full() -> None:
    assert value(20) == pytest.approx(100 * -0.11 / 2)
    assert value(20, profile="low-FP") == pytest.approx(100 * -0.22 / 2)
    assert value(20, profile="low-FN") == pytest.approx(100 * -0.11 / 3)


def test_a_row_just_behind_a_window_costs_less() -> None:
    """One row behind of a width of nine steps; 28 rows behind is past three widths."""
    assert value(50) == pytest.approx(100 * -0.11 * tanh(2.5 / 9) / 2)
    assert value(77) == pytest.approx(100 * -0.11 * -(2 / (1 + exp(15)) - 1) / 2)
    assert value(78) == pytest.approx(100 * -0.11 / 2)


def test_a_missed_window_costs_twice_where_misses_matter() -> None:
    two = Marked(100, [Window(40, 49), Window(80, 89)])
    one_hit = [(two, alerts(40))]
    assert score(one_hit, STANDARD).value == pytest.approx(50)
    assert score(one_hit, LOW_FN).value == pytest.approx(100 * (1 - 2 + 4) / 6)


def test_the_probation_is_15_percent_and_at_most_750_rows() -> None:
    assert value(14) == pytest.approx(0)
    assert value(15) < 0
    assert Marked(15_000, []).probation == 750


def test_a_window_in_the_probation_is_neither_hit_nor_missed() -> None:
    early = Marked(100, [Window(2, 8), Window(40, 49)])
    assert score([(early, alerts(3, 40))], STANDARD).value == pytest.approx(75)


def test_files_are_summed_before_they_are_normalised() -> None:
    both = score([(TEN, alerts(40)), (TEN, alerts(20))], LOW_FP)
    assert both.value == pytest.approx(100 * (1 - 1 - 0.22 + 2) / 4)
    assert both[1:] == (1, 2, 1)


ROWS = "timestamp,value\n2015-03-01 00:00:00,5\n2015-03-01 00:05:00,7\n2015-03-01 00:10:00,9\n"
ENDS = [["2015-03-01 00:05:00.000000", "2015-03-01 00:10:00.000000"]]


@pytest.mark.parametrize(
    ("series", "labels", "given"),
    [
        ("", "", ""),
        ("data/realTweets", "labels", ""),
        ("data/realTweets", "labels", "data/realTweets"),
    ],
)
def test_either_kind_of_folder_is_read(
    tmp_path: Path, series: str, labels: str, given: str
) -> None:
    for folder in (series, labels):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    name = "Twitter_volume_XY.csv"
    key = f"realTweets/{name}" if series else name
    (tmp_path / series / name).write_text(ROWS)
    (tmp_path / labels / "combined_windows.json").write_text(
        json.dumps({key: ENDS, "realTraffic/speed.csv": ENDS})
    )
    (found,) = read_tweets(tmp_path / given)
    assert (found.name, found.counts.tolist()) == ("XY", [5, 7, 9])
    assert found.starts[1] - found.starts[0] == 300
    assert found.marked == Marked(3, [Window(1, 2)])
