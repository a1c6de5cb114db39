"""Copies on labelled pairs of a real month; speed, memory and loading of a large window."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from streams.families.copies import COPY, relate, relate_own
from streams.families.entries import Entry
from streams.families.window import Limits, Window
from tests.benchmarks.families import assign, read_month
from tests.benchmarks.floods import LENGTHS, MOST, SHARES, Flood, count_origins, load_month
from tests.corpora import read_corpus
from tests.test_counts import entry

CASES = Path(__file__).parents[1] / "cases"
LARGE = 200_000  # documents of the large window
LEAST_FEW = 0.95  # of floods
MOST_BYTES = 1200  # of memory a document


def measure(pairs: list[tuple[bool, bool]]) -> float:
    """F1 of (said, true)."""
    right = sum(said and true for said, true in pairs)
    return 2 * right / (sum(said for said, _ in pairs) + sum(true for _, true in pairs))


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("duplicates-dev.jsonl", (0.88, 0.875)),
        ("origins.jsonl", (0.84, 0.82)),
        ("origins-second.jsonl", (0.82, 0.78)),
        ("origins-third.jsonl", (0.82, 0.68)),
    ],
)
def test_copies_of_the_month(name: str, least: tuple[float, float]) -> None:
    rows = (
        [json.loads(line) for line in (CASES / name).read_text("utf-8").splitlines()]
        if name.startswith("origins")
        else list(read_corpus(name))
    )
    told = assign(read_month())
    alone, streamed, numbers = [], [], []
    for row in rows:
        a, b = told[row["a"]], told[row["b"]]
        true = row.get("copy", row.get("label") == "copy")
        one, other = (np.frombuffer(each.features, np.int32) for each in (a, b))
        ask = relate_own if a.source == b.source else relate
        alone.append((ask(one, other, abs(a.at - b.at)) == COPY, true))
        streamed.append((a.origin_id == b.origin_id, true))
        slots = [set(each[3 + each[0] :][: each[1]].tolist()) for each in (one, other)]
        if not true and slots[0] - slots[1] and slots[1] - slots[0]:
            numbers.append(streamed[-1][0])
    sys.stdout.write(
        f"\n{name}: {len(rows)} pairs, F1 {measure(alone):.3f}, streamed {measure(streamed):.3f};"
    )
    sys.stdout.write(f"{sum(numbers)} of {len(numbers)} that differ in a number merged\n")
    assert measure(alone) >= least[0]
    assert measure(streamed) >= least[1]
    assert sum(numbers) <= 0.02 * max(1, len(numbers)) + 1


def test_floods_of_altered_words_have_few_origins() -> None:
    month = load_month()
    kinds = product(LENGTHS, (True, False), SHARES)
    floods = [Flood(*kind, copies=200, sources=20) for kind in kinds]
    found = [count_origins(month, flood, seed) for flood in floods for seed in range(4)]
    few = sum(count <= MOST for count in found) / len(found)
    sys.stdout.write(f"\n{few:.0%} of {len(found)} floods have at most {MOST} origins\n")
    assert few >= LEAST_FEW


def retell(random: Random, entries: list[Entry], count: int) -> Iterator[Entry]:
    """Documents as long as those of the month, of its words shuffled; a sixth are copies."""
    keys = np.concatenate([np.frombuffer(one.features, np.uint32)[3:] for one in entries])
    last: list[bytes] = []
    for number in range(count):
        if last and random.random() < 1 / 6:
            features = random.choice(last)
        else:
            size = int(np.frombuffer(random.choice(entries).features, np.uint32)[0])
            start = random.randrange(len(keys) - size)
            words = keys[start : start + size].copy()
            words[::3] = random.randrange(1 << 32)
            features = np.concatenate([np.array([size, 0, 0], np.uint32), words]).tobytes()
        last = [*last[-99:], features]
        at = 1_772_452_800.0 + number * 0.25
        name = f"telegram/channel{number % 200}/{number}"
        yield replace(entry(name), source=name[:20], owner=name[:20], at=at, features=features)


def test_speed_memory_and_loading_of_a_large_window() -> None:
    random, limits = Random(1), Limits(documents=10**6)
    month = list(read_month())
    assign(iter(month[:500]))  # compiled
    texts = list(retell(random, month, LARGE))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, window = time.process_time(), Window(limits)
    for one in texts:
        origin = window.origin_of(one.features, one.at) or one.id
        copied = None if origin == one.id else origin
        told = replace(one, origin_id=origin, duplicate_of=copied)
        window.apply(int(one.at) // 10 * 10, told)
        window.find_strays(told)
    rate = LARGE / (time.process_time() - started)
    held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / LARGE
    cells = [msgspec.msgpack.encode(block) for block in window.blocks.values()]
    started, loaded = time.process_time(), Window(limits)
    for tick, cell in zip(window.blocks, cells, strict=True):
        for one in msgspec.msgpack.decode(cell, type=list[Entry]):
            loaded.apply(tick, one)
    load = LARGE / (time.process_time() - started)
    sys.stdout.write(
        f"\n{LARGE} documents: {rate:.0f} a second, loaded {load:.0f} a second, {held:.0f} bytes\n"
    )
    probes = texts[-1000:]
    assert [loaded.origin_of(one.features, one.at) for one in probes] == [
        window.origin_of(one.features, one.at) for one in probes
    ]
    assert (rate >= 2_000, load >= 20_000, held <= MOST_BYTES) == (True, True, True)


@pytest.mark.timeout(3600)
def test_memory_stays_where_it_is_once_the_window_is_full() -> None:
    limits = Limits(documents=10**6)
    month, window, told = list(read_month()), Window(limits), []
    for number, one in enumerate(retell(Random(2), month, 2 * limits.documents), 1):
        origin = window.origin_of(one.features, one.at) or one.id
        tick = int(one.at) // 10 * 10
        copied = None if origin == one.id else origin
        window.apply(tick, replace(one, origin_id=origin, duplicate_of=copied))
        window.expire(tick)
        if number % limits.documents == 0:
            told.append(_measure_memory())
    sys.stdout.write(f"\nRSS at one and two million: {told[0]:.0f} and {told[1]:.0f} MB\n")
    assert told[1] <= 1.1 * told[0]


def _measure_memory() -> float:
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line) / 1024
