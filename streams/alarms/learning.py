"""What a step of counts teaches the rows of terms, compiled; the layout of a row is in `scores`."""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import math

import numpy as np
from numba import njit

from streams.alarms.scores import (
    AT,
    BORN_HOURS,
    BUCKET,
    BUCKETS,
    CANDIDATE,
    CHANNELS,
    CLIP,
    COARSE,
    DAY,
    DAYS,
    EXCESS,
    FINE,
    FINE_WINDOWS,
    GREW,
    GROW,
    GROW_SLOT,
    GROWTH,
    HITS,
    HOURS,
    LAST,
    LEAST_SCORE,
    LEVELS,
    MANY,
    MEAN,
    MENTIONS,
    NO_ROOT,
    NOW,
    PEAKS,
    PROBES,
    QUANTILES,
    RING,
    ROOTS,
    SQUARES,
    STEP,
    STEP_UP,
    STEPS,
    UPTO,
    WARM_HOURS,
    WINDOWS,
    Floats,
    Ints,
    expect,
    first_threshold,
    mean_rate,
    rate,
    slot_of,
    slots_in,
    spread_of,
    threshold,
    to_root,
    weigh,
)


@njit(cache=True)
def learn_rows(table: Floats, rows: Ints, shown: Floats, world: Floats, exposed: Floats) -> None:
    """Fold the step `NOW` into rows; `shown` has the count of each, and 1 if the term is ringing.

    The sums of the world are as they were before the step; `exposed` has the documents that could
    be seen in it, and in each window that ends with it, by slot.
    """
    exposure, slots, lengths = exposed[MANY].sum(), slots_in(exposed), lengths_of(world)
    seen, expected, told = np.empty(MANY), np.empty(MANY), (np.empty(MANY), np.empty(2))
    for place in range(len(rows)):
        row, count = table[rows[place]], shown[place, 0]
        push(row, world, count)
        sum_windows(row, world, lengths, seen)
        if seen[MANY - 1] == 0.0:
            continue  # as if it were not touched: a term without mention in a day is not
        expect(row, world, exposed, slots, expected)
        weigh(row, world, seen, expected, told)
        note_peak(row, world, told)
        if shown[place, 1] == 0.0:
            probe(world, told[0].max())
        learn_scores(row, world, told[1])
        learn_rate(row, world, count, exposure)
        learn_windows(row, world, seen, expected)


@njit(cache=True)
def probe(world: Floats, nats: float) -> None:
    """Note which of the probed nats were reached."""
    for level in range(3):
        world[HITS + level] += world[GREW] * (nats >= PROBES[level])


@njit(cache=True)
def push(row: Floats, world: Floats, count: float) -> None:
    """Put the count of the step `NOW` into the rings; steps between were without mention."""
    now, bucket = int(world[NOW]), int(world[NOW] * world[STEP] // world[BUCKET])
    before = int(row[AT] * world[STEP] // world[BUCKET])
    for missed in range(int(min(now - row[AT], FINE))):
        row[RING + (now - missed) % FINE] = 0.0
    for missed in range(min(bucket - before, COARSE)):
        row[BUCKETS + (bucket - missed) % COARSE] = 0.0
    row[RING + now % FINE] = count
    row[BUCKETS + bucket % COARSE] += count
    row[AT] = now
    if count > 0.0:
        row[LAST] = now


@njit(cache=True)
def lengths_of(world: Floats) -> Ints:
    """How many steps, or buckets, each window sums."""
    lengths = np.empty(MANY, np.int64)
    for window in range(MANY):
        part = world[STEP] if window < FINE_WINDOWS else world[BUCKET]
        lengths[window] = max(1, int(WINDOWS[window] // part))
    return lengths


@njit(cache=True)
def sum_windows(row: Floats, world: Floats, lengths: Ints, sums: Floats) -> None:
    """Tell the counts of the windows that end with the step `NOW`."""
    now, bucket = int(world[NOW]), int(world[NOW] * world[STEP] // world[BUCKET])
    sum_back(row[RING : RING + FINE], now % FINE, lengths[:FINE_WINDOWS], sums[:FINE_WINDOWS])
    longest = row[BUCKETS : BUCKETS + COARSE]
    sum_back(longest, bucket % COARSE, lengths[FINE_WINDOWS:], sums[FINE_WINDOWS:])


@njit(cache=True)
def sum_back(ring: Floats, place: int, lengths: Ints, sums: Floats) -> None:
    """Tell the sums of so many numbers, ever more of them, back from a place in a ring."""
    total, done = 0.0, 0
    for window in range(len(lengths)):
        for _ in range(done, lengths[window]):
            total += ring[place]
            place = place - 1 if place > 0 else len(ring) - 1
        done = lengths[window]
        sums[window] = total


@njit(cache=True)
def note_peak(row: Floats, world: Floats, told: tuple[Floats, Floats]) -> None:
    """Remember by how much the day's highest score topped its threshold."""
    nats, scores = told
    day = int(world[NOW] * world[STEP] // 86400)
    for missed in range(int(min(day - row[DAY], DAYS))):
        row[PEAKS + (day - missed) % DAYS] = 0.0
    row[DAY] = day
    for channel in range(2):
        first, last = CHANNELS[channel]
        if nats[first:last].max() >= CANDIDATE:
            margin = scores[channel] - threshold(row, world, channel)
            row[PEAKS + day % DAYS] = max(row[PEAKS + day % DAYS], margin)


@njit(cache=True)
def learn_scores(row: Floats, world: Floats, scores: Floats) -> None:
    """Let the quantiles follow; they fell a little with each step that the term was idle."""
    if math.isnan(row[QUANTILES]):
        if world[HOURS] - row[BORN_HOURS] < WARM_HOURS:
            return
        for channel in range(2):
            start = QUANTILES + 3 * channel
            row[start : start + 3] = first_threshold(row, world, channel)
        row[UPTO] = world[STEPS]
    idle = (world[STEPS] - row[UPTO]) * STEP_UP
    for channel in range(2):
        for level in range(3):
            place = QUANTILES + 3 * channel + level
            row[place] = max(row[place] - idle * (1.0 - LEVELS[level]), LEAST_SCORE)
            if scores[channel] > row[place]:
                row[place] += STEP_UP * LEVELS[level]
            else:
                row[place] = max(row[place] - STEP_UP * (1.0 - LEVELS[level]), LEAST_SCORE)
    row[UPTO] = world[STEPS] + 1.0


@njit(cache=True)
def learn_windows(row: Floats, world: Floats, seen: Floats, expected: Floats) -> None:
    """Learn the usual roots and the dispersion of each window, its excess clipped."""
    weight = world[GREW] * world[GROW]
    for window in range(MANY):
        mean, excess = expected[window], seen[window] - expected[window]
        if seen[window] > 0.0:
            shift = to_root(seen[window], window) - NO_ROOT
            row[ROOTS + window] += weight * shift
            row[SQUARES + window] += weight * shift * shift
        if excess > 0.0:
            phi = spread_of(row, world, window)
            excess = min(excess, 2.0 * CLIP * math.sqrt(mean + phi * mean * mean))
        row[EXCESS + window] += weight * (excess * excess - mean) / (mean * mean + 1.0)


@njit(cache=True)
def learn_rate(row: Floats, world: Floats, count: float, exposure: float) -> None:
    """Learn the count of the step, clipped so that a burst does not become the baseline."""
    if count == 0.0:
        return
    slot = slot_of(world[NOW] * world[STEP])
    mean = exposure * rate(row, world, slot, mean_rate(row, world))
    phi = spread_of(row, world, 0)
    clipped = min(count, mean + CLIP * math.sqrt(mean + phi * mean * mean) + 1.0)
    row[MENTIONS + slot] += clipped * world[GROWTH + slot] * world[GROW_SLOT]
    row[MEAN] += clipped * world[GREW] * world[GROW]
