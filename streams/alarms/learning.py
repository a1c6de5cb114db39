"""What a step of counts teaches the rows of terms, compiled; the layout of a row is in `scores`."""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import math

import numpy as np

from streams.alarms.rings import push_rows
from streams.alarms.scores import (
    BORN_HOURS,
    CANDIDATE,
    CLIP,
    DAY,
    DAYS,
    EXCESS,
    GREW,
    GROW,
    GROW_SLOT,
    GROWTH,
    HITS,
    HOURS,
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
    ROOTS,
    SQUARES,
    STEP,
    STEP_UP,
    STEPS,
    SUMS,
    UPTO,
    WARM_HOURS,
    Floats,
    Ints,
    first_threshold,
    mean_rate,
    rate,
    slot_of,
    slots_in,
    spread_of,
    threshold,
    to_root,
)
from streams.alarms.strips import WIDE, Strip, lay, lay_counts, make_strip, weigh_strip
from streams.compiled import unchecked


@unchecked
def learn_rows(table: Floats, rows: Ints, shown: Floats, world: Floats, exposed: Floats) -> None:
    """Fold the step `NOW` into rows; `shown` has their counts, and 1 for each that is ringing.

    The sums of the world are as they were before the step; `exposed` has the documents that could
    be seen in it, and in each window that ends with it, by slot.
    """
    strip, slots = make_strip(), slots_in(exposed)
    for first in range(0, len(rows), WIDE):
        here, told = rows[first : first + WIDE], shown[:, first : first + WIDE]
        push_rows(table, here, told[0], world)
        here, told = leave_out(table, here, told)
        teach(table, here, told, (world, exposed, slots), strip)


@unchecked
def leave_out(table: Floats, rows: Ints, shown: Floats) -> tuple[Ints, Floats]:
    """The rows with a mention in the day; others are as if they were not touched."""
    left, told, many = np.empty(WIDE, np.int64), np.empty((2, WIDE)), 0
    for place in range(len(rows)):
        if table[rows[place], SUMS + MANY - 2] != 0.0:
            left[many] = rows[place]
            told[0, many], told[1, many] = shown[0, place], shown[1, place]
            many += 1
    return left[:many], told[:, :many]


@unchecked
def teach(
    table: Floats, rows: Ints, shown: Floats, known: tuple[Floats, Floats, Ints], strip: Strip
) -> None:
    """Fold the step into rows that fit a strip."""
    world, exposed, slots = known
    warm(table, rows, world)
    lay(table, rows, strip, world, slots)
    lay_counts(table, rows, shown[0], strip.seen)
    weigh_strip(strip, world, exposed, slots)
    note_peaks(table, rows, world, (strip.loudest, strip.scores))
    probe_rows(world, strip.loudest, shown[1])
    learn_rates(table, rows, world, shown[0], exposed[MANY, slot_of(world[NOW] * world[STEP])])
    learn_scores(strip.held, strip.scores, world)
    learn_windows(strip, world)
    put_back(table, rows, strip.held)


@unchecked
def warm(table: Floats, rows: Ints, world: Floats) -> None:
    """Begin the quantiles of terms that were learnt from for long enough."""
    for row in rows:
        is_cold = math.isnan(table[row, QUANTILES])
        if is_cold and world[HOURS] - table[row, BORN_HOURS] >= WARM_HOURS:
            for channel in range(2):
                first = first_threshold(table[row], world, channel)
                for level in range(3):
                    table[row, QUANTILES + 3 * channel + level] = first
            table[row, UPTO] = world[STEPS]


@unchecked
def put_back(table: Floats, rows: Ints, held: Floats) -> None:
    """Give rows what they have learnt; a cold one has no quantiles."""
    for place in range(len(rows)):
        row = rows[place]
        for one in range(QUANTILES - ROOTS):
            table[row, ROOTS + one] = held[one, place]
        if not math.isnan(table[row, QUANTILES]):
            for one in range(QUANTILES - ROOTS, QUANTILES + 6 - ROOTS):
                table[row, ROOTS + one] = held[one, place]
            table[row, UPTO] = held[UPTO - ROOTS, place]


@unchecked
def probe_rows(world: Floats, loudest: Floats, ringing: Floats) -> None:
    """Note which of the probed nats were reached by terms that do not ring."""
    for place in range(len(ringing)):
        nats = max(loudest[0, place], loudest[1, place])
        if nats >= PROBES[0] and ringing[place] == 0.0:
            probe(world, nats)


@unchecked
def probe(world: Floats, nats: float) -> None:
    """Note which of the probed nats were reached."""
    for level in range(3):
        if nats >= PROBES[level]:
            world[HITS + level] += world[GREW]


@unchecked
def note_peaks(table: Floats, rows: Ints, world: Floats, told: tuple[Floats, Floats]) -> None:
    """Remember by how much the day's highest scores topped their thresholds."""
    loudest, scores = told
    day = int(world[NOW]) * int(world[STEP]) // 86400
    peak = PEAKS + day % DAYS
    for place in range(len(rows)):
        row = rows[place]
        if table[row, DAY] != day:
            turn_day(table[row], day)
        for channel in range(2):
            if loudest[channel, place] >= CANDIDATE:
                margin = scores[channel, place] - threshold(table[row], world, channel)
                table[row, peak] = max(table[row, peak], margin)


@unchecked
def turn_day(row: Floats, day: int) -> None:
    """Begin a day without peaks; those between were without as well."""
    for missed in range(int(min(day - row[DAY], DAYS))):
        row[PEAKS + (day - missed) % DAYS] = 0.0
    row[DAY] = day


@unchecked
def learn_rates(table: Floats, rows: Ints, world: Floats, counts: Floats, exposure: float) -> None:
    """Learn the counts of the step."""
    for place in range(len(rows)):
        if counts[place] != 0.0:
            learn_rate(table[rows[place]], world, counts[place], exposure)


@unchecked
def learn_rate(row: Floats, world: Floats, count: float, exposure: float) -> None:
    """Learn the count of the step, clipped so that a burst does not become the baseline."""
    slot = slot_of(world[NOW] * world[STEP])
    mean = exposure * rate(row, world, slot, mean_rate(row, world))
    phi = spread_of(row, world, 0)
    clipped = min(count, mean + CLIP * math.sqrt(mean + phi * mean * mean) + 1.0)
    row[MENTIONS + slot] += clipped * world[GROWTH + slot] * world[GROW_SLOT]
    row[MEAN] += clipped * world[GREW] * world[GROW]


@unchecked
def learn_scores(held: Floats, scores: Floats, world: Floats) -> None:
    """Let the quantiles follow the scores."""
    upto = held[UPTO - ROOTS]
    for channel in range(2):
        for level in range(3):
            quantiles = held[QUANTILES - ROOTS + 3 * channel + level]
            follow(quantiles, upto, scores[channel], (world[STEPS], LEVELS[level]))
    for row in range(WIDE):
        upto[row] = world[STEPS] + 1.0


@unchecked
def follow(quantiles: Floats, upto: Floats, scores: Floats, known: tuple[float, float]) -> None:
    """Move quantiles by a step; they fell a little with each step that their term was idle."""
    steps, level = known
    for row in range(WIDE):
        idle = (steps - upto[row]) * STEP_UP
        fallen = max(quantiles[row] - idle * (1.0 - level), LEAST_SCORE)
        lower = max(fallen - STEP_UP * (1.0 - level), LEAST_SCORE)
        quantiles[row] = fallen + STEP_UP * level if scores[row] > fallen else lower


@unchecked
def learn_windows(strip: Strip, world: Floats) -> None:
    """Learn the usual roots and the dispersion of each window."""
    weight, held = world[GREW] * world[GROW], strip.held
    for window in range(MANY):
        seen, expected = strip.seen[window], strip.expected[window]
        learn_roots(held[window], held[SQUARES - ROOTS + window], seen, (weight, window))
        learn_excess(held[EXCESS - ROOTS + window], seen, expected, strip.spreads[window], weight)


@unchecked
def learn_roots(roots: Floats, squares: Floats, seen: Floats, known: tuple[float, int]) -> None:
    """Add the roots of counts of a window, above that of nothing, with a weight."""
    weight, window = known
    for row in range(WIDE):
        shift = to_root(seen[row], window) - NO_ROOT if seen[row] > 0.0 else 0.0
        roots[row] += weight * shift
        squares[row] += weight * shift * shift


@unchecked
def learn_excess(
    excess: Floats, seen: Floats, expected: Floats, spreads: Floats, weight: float
) -> None:
    """Add what counts of a window, clipped, tell of its dispersion, with a weight."""
    for row in range(WIDE):
        mean, off = expected[row], seen[row] - expected[row]
        most = 2.0 * CLIP * math.sqrt(mean + spreads[row] * mean * mean)
        off = min(off, most)
        excess[row] += weight * (off * off - mean) / (mean * mean + 1.0)
