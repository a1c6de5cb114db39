"""One table of figures while the detector is worked on.

`NABAT_DATA=… python -m tests.benchmarks.bursts [nab] [truth] [month] [--terms 300] [--seeds 0 1 2]
[--bins 300 60]`; without names, all three.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.bursts.judging import judge_worlds
from tests.benchmarks.bursts.month import EVENTS, hear_month, hear_nulls
from tests.benchmarks.bursts.panels import Nabat
from tests.benchmarks.bursts.tables import tell_judged, tell_month, tell_nulls, tell_tweets
from tests.benchmarks.bursts.truth import TERMS
from tests.benchmarks.bursts.tweets import find_tweets, score_tweets


def main(words: Sequence[str] | None = None) -> None:
    """Print the figures that were asked for, with the processor time of each."""
    asked = _parse(words)
    for name in asked.names or _LINES:
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
    folder = Path(os.environ.get("NABAT_DATA", "absent"))
    if not (folder / EVENTS).is_file():
        yield f"month: NABAT_DATA names no folder with {EVENTS}"
        return
    yield tell_month(hear_month(folder))
    yield tell_nulls(hear_nulls(folder))


_LINES = {"nab": _tell_tweets, "truth": _tell_truth, "month": _tell_month}

if __name__ == "__main__":
    main()
