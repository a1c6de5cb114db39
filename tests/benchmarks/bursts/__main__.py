"""One table of figures while the detector is worked on.

`NABAT_DATA=… python -m tests.benchmarks.bursts [nab] [truth] [month] [peers] [--terms 300]
[--seeds 0 1 2] [--bins 300 60]`; without names, all but the peers.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

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
from tests.benchmarks.bursts.truth import TERMS
from tests.benchmarks.bursts.tweets import find_tweets, score_tweets

USUAL = ("nab", "truth", "month")


def main(words: Sequence[str] | None = None) -> None:
    """Print the figures that were asked for, with the processor time of each."""
    asked = _parse(words)
    for name in asked.names or USUAL:
        started = time.process_time()
        for line in _LINES[name](asked):
            sys.stdout.write(line + "\n")
        sys.stdout.write(f"{name}: {time.process_time() - started:.1f} s of processor time\n\n")


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.benchmarks.bursts")
    parser.add_argument("names", nargs="*", choices=[*_LINES, []])
    parser.add_argument("--terms", type=int, default=TERMS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--bins", type=int, nargs="+", default=[300, 60])
    return parser.parse_args(words)


def _tell_tweets(_: argparse.Namespace) -> Iterator[str]:
    folder = find_tweets()
    yield tell_tweets(score_tweets(folder, Nabat)) if folder else "nab: no folder with its series"


def _tell_truth(asked: argparse.Namespace) -> Iterator[str]:
    for seconds in asked.bins:
        yield tell_judged(judge_worlds(asked.seeds, seconds, Nabat, asked.terms), seconds)


def _tell_month(_: argparse.Namespace) -> Iterator[str]:
    folder = find_month()
    if folder is None:
        yield f"month: NABAT_DATA names no folder with {EVENTS}"
        return
    bursts = decide_month(folder).bursts
    escalations = to_rate(list_alerts(bursts, GROWING))
    yield tell_month(hear(bursts, read_events(folder)), escalations)
    yield tell_nulls(rate_nulls(folder))


def _tell_peers(asked: argparse.Namespace) -> Iterator[str]:
    yield HEADER
    yield from map(tell_row, measure_all(find_month(), asked.bins))
    yield from list_absent()


_LINES = {"nab": _tell_tweets, "truth": _tell_truth, "month": _tell_month, "peers": _tell_peers}

if __name__ == "__main__":
    main()
