"""Bursts against labels, exact truth, real events and months in which nothing happened.

Run: NABAT_DATA=… pytest tests/benchmarks/test_bursts_bench.py -p no:randomly -s; one table of the
same figures: python -m tests.benchmarks.bursts
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.bursts.judging import judge_worlds
from tests.benchmarks.bursts.month import (
    EVENTS,
    GROWING,
    decide_month,
    find_month,
    hear,
    list_alerts,
    rate_nulls,
    read_events,
    to_rate,
)
from tests.benchmarks.bursts.panels import Nabat
from tests.benchmarks.bursts.rivals import HEADER, list_absent, measure_all, tell_row
from tests.benchmarks.bursts.tables import tell_judged, tell_month, tell_nulls, tell_tweets
from tests.benchmarks.bursts.tweets import find_tweets, score_tweets
from tests.corpora import find_corpus

SEEDS = (0, 1, 2)
LEAST_TWEETS = {"standard": 86, "low-FP": 77, "low-FN": 90}
LONGEST_RUN = 120  # seconds of processor time
LONGEST_DELAY = {300: 10, 60: 5}  # minutes, by seconds in a bin


@pytest.fixture(scope="module")
def folder() -> Path:
    return find_corpus(EVENTS).parent


def say(line: str) -> None:
    sys.stdout.write(f"\n{line}\n")


def test_tweets_of_nab() -> None:
    series = find_tweets()
    if series is None:
        pytest.skip("neither NABAT_NAB nor NABAT_DATA names a folder with NAB's series")
    scores = score_tweets(series, Nabat)
    say(tell_tweets(scores))
    missed = {name for name, least in LEAST_TWEETS.items() if scores[name].value < least}
    assert not missed


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("bin_seconds", [300, 60])
def test_streams_with_exact_truth(bin_seconds: int) -> None:
    started = time.process_time()
    judged = judge_worlds(SEEDS, bin_seconds, Nabat)
    seconds = (time.process_time() - started) / (2 * len(SEEDS))  # each world runs calm as well
    say(tell_judged(judged, bin_seconds))
    say(f"{seconds:.0f} s of processor time a run of 300 terms over six weeks")
    assert judged.false_rate <= 0.06
    assert judged.precision >= 0.78
    assert judged.large >= 0.85
    assert judged.gradual >= 0.65
    assert judged.delay <= LONGEST_DELAY[bin_seconds]
    assert not any(judged.set_off.values())
    assert seconds <= LONGEST_RUN


def test_the_real_month(folder: Path) -> None:
    bursts = decide_month(folder).bursts
    heard = hear(bursts, read_events(folder))
    say(tell_month(heard, to_rate(list_alerts(bursts, GROWING))))
    assert heard.events == 11
    assert heard.found == heard.events
    assert heard.prompt >= 8
    assert heard.alerts <= 0.25


def test_months_in_which_nothing_is_told_together(folder: Path) -> None:
    rates = rate_nulls(folder)
    say(tell_nulls(rates))
    assert sum(rates) / len(rates) <= 0.02


@pytest.mark.timeout(3600)
def test_peers_on_the_same_inputs() -> None:
    """Nabat leads every peer on NAB's series and on streams with exact truth."""
    rows = list(measure_all(find_month(), (300, 60)))
    say("\n".join([HEADER, *map(tell_row, rows), *list_absent()]))
    nabat, *peers = rows
    for peer in peers:
        for width, judged in nabat.judged.items():
            assert judged.false_rate < peer.judged[width].false_rate
            assert judged.precision > peer.judged[width].precision
        for name, score in (nabat.tweets or {}).items():
            assert peer.tweets
            assert score.value > peer.tweets[name].value
