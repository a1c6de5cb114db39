"""What a row remembers of the last day: counts by step and by bucket, and their sums by window."""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from streams.alarms.scores import (
    AT,
    BUCKET,
    BUCKETS,
    COARSE,
    FINE,
    FINE_WINDOWS,
    LAST,
    MANY,
    NOW,
    RING,
    STEP,
    SUMS,
    WINDOWS,
    Floats,
    Ints,
)
from streams.compiled import unchecked


class Turn(NamedTuple):
    """Where the rings of every row stand in the step `NOW`.

    Its number, its bucket and the bucket before it, how many steps or buckets each window sums,
    and the column of what leaves each window.
    """

    now: int
    bucket: int
    before: int
    lengths: Ints
    leaving: Ints


@unchecked
def turn(world: Floats) -> Turn:
    """Read off the world where the rings stand."""
    now, step, part = int(world[NOW]), int(world[STEP]), int(world[BUCKET])
    bucket, before = now * step // part, (now - 1) * step // part
    lengths, leaving = np.empty(MANY, np.int64), np.empty(MANY, np.int64)
    for window in range(MANY):
        if window < FINE_WINDOWS:
            lengths[window] = max(1, WINDOWS[window] // step)
            leaving[window] = RING + (now - lengths[window]) % FINE
        else:
            lengths[window] = max(1, WINDOWS[window] // part)
            leaving[window] = BUCKETS + (bucket - lengths[window]) % COARSE
    return Turn(now, bucket, before, lengths, leaving)


@unchecked
def push_rows(table: Floats, rows: Ints, counts: Floats, world: Floats) -> None:
    """Put the counts of the step `NOW` into the rings; steps between were without mention.

    Sums are taken anew where something came or went: so they follow from the rings alone.
    """
    here = turn(world)
    now, moves, leaving, lengths = here.now, here.bucket != here.before, here.leaving, here.lengths
    fine, coarse = RING + now % FINE, BUCKETS + here.bucket % COARSE
    for place in range(len(rows)):
        row, count = rows[place], counts[place]
        is_stale = table[row, AT] != now - 1 or math.isnan(table[row, SUMS])
        is_fine = is_stale or count != 0.0 or has_left(table, row, leaving, (1, FINE_WINDOWS))
        is_coarse = is_stale or count != 0.0
        if is_stale:
            clear(table[row], world, now)
        elif moves:
            is_coarse |= has_left(table, row, leaving, (FINE_WINDOWS, MANY))
            table[row, coarse] = 0.0
        table[row, AT], table[row, fine] = now, count
        if count != 0.0:
            table[row, coarse] += count
            table[row, LAST] = now if count > 0.0 else table[row, LAST]
        if is_fine:
            sum_steps(table[row], now % FINE, lengths)
        if is_coarse:
            sum_buckets(table[row], here.bucket % COARSE, lengths)


@unchecked
def has_left(table: Floats, row: int, leaving: Ints, windows: tuple[int, int]) -> bool:
    """Whether a count leaves one of some windows."""
    has = False
    for window in range(windows[0], windows[1]):
        has |= table[row, leaving[window]] != 0.0
    return has


@unchecked
def clear(row: Floats, world: Floats, now: int) -> None:
    """Forget the steps and buckets that were missed."""
    step, part = int(world[STEP]), int(world[BUCKET])
    bucket, before = now * step // part, int(row[AT]) * step // part
    for missed in range(int(min(now - row[AT], FINE))):
        row[RING + (now - missed) % FINE] = 0.0
    for missed in range(min(bucket - before, COARSE)):
        row[BUCKETS + (bucket - missed) % COARSE] = 0.0


@unchecked
def sum_steps(row: Floats, place: int, lengths: Ints) -> None:
    """Sum the windows that are counted in steps, back from a place; the shortest is a step."""
    sum_back(row, (RING, FINE, place), lengths, (1, FINE_WINDOWS))


@unchecked
def sum_buckets(row: Floats, place: int, lengths: Ints) -> None:
    """Sum the windows that are counted in buckets; the longest is often the whole ring."""
    is_whole = lengths[MANY - 1] == COARSE
    windows = (FINE_WINDOWS, MANY - 1 if is_whole else MANY)
    sum_back(row, (BUCKETS, COARSE, place), lengths, windows)
    if is_whole:
        row[SUMS + MANY - 2] = sum_all(row)


@unchecked
def sum_all(row: Floats) -> float:
    """The sum of all buckets, in an order that does not depend on which is the newest."""
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    for place in range(BUCKETS, BUCKETS + COARSE, 4):
        one += row[place]
        two += row[place + 1]
        three += row[place + 2]
        four += row[place + 3]
    return (one + two) + (three + four)


@unchecked
def sum_back(
    row: Floats, ring: tuple[int, int, int], lengths: Ints, windows: tuple[int, int]
) -> None:
    """Sum windows, each longer than the one before it, back from a place in a ring."""
    start, size, place = ring
    total, done = 0.0, 0
    for window in range(windows[0], windows[1]):
        for _ in range(done, lengths[window]):
            total += row[start + place]
            place = place - 1 if place > 0 else size - 1
        done = lengths[window]
        row[SUMS + window - 1] = total
