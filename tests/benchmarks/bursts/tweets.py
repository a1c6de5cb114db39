"""NAB's counts of tweets: series of 5 minutes with the windows of their labels.

`NABAT_NAB` names the folder: a flat one (the series beside `combined_windows.json`), a checkout of
NAB, or its `data/realTweets`. Without it, `nab-dev` in the folder that `NABAT_DATA` names.
"""

from __future__ import annotations

import csv
import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.benchmarks.bursts.panels import BIN_SECONDS, Open
from tests.benchmarks.bursts.scoring import PROFILES, Bools, Floats, Marked, Score, Window, score

WINDOWS = "combined_windows.json"
FOLDER = "realTweets"


class Tweets(NamedTuple):
    """One series: Unix seconds and count of each row, and its windows."""

    name: str
    starts: list[int]
    counts: Floats
    marked: Marked


def find_tweets() -> Path | None:
    """The folder that the environment names; None: no such folder."""
    named, held = os.environ.get("NABAT_NAB"), os.environ.get("NABAT_DATA")
    folder = Path(named) if named else Path(held or "absent") / "nab-dev"
    return folder if folder.is_dir() else None


@cache
def read_tweets(folder: Path) -> tuple[Tweets, ...]:
    """All labelled series of a folder of either kind, by name; ValueError: it has none."""
    labels = _find_labels(folder)
    listed = sorted(labels.items())
    series = (next(folder.rglob(Path(name).name), None) for name, _ in listed)
    found = [
        _read(path, [(_to_seconds(one), _to_seconds(two)) for one, two in windows])
        for path, (_, windows) in zip(series, listed, strict=True)
        if path
    ]
    if not found:
        raise ValueError(f"{folder}: no series of {WINDOWS} in it")
    return tuple(found)


def ring_tweets(tweets: Tweets, opener: Open) -> Bools:
    """The alerts of a fresh panel on one series, row by row."""
    panel = opener(1, BIN_SECONDS)
    rows = zip(tweets.starts, tweets.counts, strict=True)
    return np.array([panel.push(start, np.array([count]))[0] for start, count in rows])


def score_tweets(folder: Path, opener: Open) -> dict[str, Score]:
    """The three profiles on all series of a folder."""
    files = [(one.marked, ring_tweets(one, opener)) for one in read_tweets(folder)]
    return {name: score(files, profile) for name, profile in PROFILES.items()}


def _find_labels(folder: Path) -> dict[str, list[tuple[str, str]]]:
    places = [folder, folder / "labels", folder.parent.parent / "labels"]
    path = next((one / WINDOWS for one in places if (one / WINDOWS).is_file()), None)
    if path is None:
        raise ValueError(f"{folder}: no {WINDOWS} in it")
    labels = json.loads(path.read_text())
    return {name: ends for name, ends in labels.items() if _is_tweets(name)}


def _is_tweets(name: str) -> bool:
    """Whether a label is of a series of tweets: a checkout labels others as well."""
    return Path(name).parent.name in {"", FOLDER}


def _read(path: Path, windows: list[tuple[int, int]]) -> Tweets:
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    starts = [_to_seconds(row["timestamp"]) for row in rows]
    counts = np.array([float(row["value"]) for row in rows])
    name = path.stem.removeprefix("Twitter_volume_")
    return Tweets(name, starts, counts, Marked(len(rows), _to_rows(starts, windows)))


def _to_rows(starts: list[int], windows: list[tuple[int, int]]) -> list[Window]:
    found = np.searchsorted(starts, [first for first, _ in windows])
    ends = np.searchsorted(starts, [last for _, last in windows], "right") - 1
    return sorted(Window(int(first), int(last)) for first, last in zip(found, ends, strict=True))


def _to_seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp())
