"""The scores of many rows at once: what `scores` says of one, number by number side by side.

A strip holds as many rows as fit the nearest cache, a column after another, so that the compiler
works several of them with each instruction. The formulas are those of `scores`, in the same order.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streams.alarms.scores import (
    BORN,
    BORN_EXPOSED,
    BORN_MEAN,
    BORN_SUM,
    CHANNELS,
    EXCESS,
    EXPOSED,
    GREW,
    GREW_EXPOSED,
    GREW_SUM,
    GROWTH,
    LEAST_HOURLY,
    MANY,
    MEAN,
    MENTIONS,
    PRIOR,
    PRIOR_STEPS,
    ROOTS,
    SLOTS,
    SQUARES,
    SUMS,
    USUAL,
    WEIGHT,
    WINDOWS,
    Floats,
    Ints,
    evidence,
    to_factor,
    to_mean,
    to_root,
    to_score,
    to_spread,
    unusual,
)
from streams.compiled import unchecked

WIDE = 200  # rows: 25 times what one instruction works at most
HELD = WEIGHT + 1 - ROOTS  # columns of a row, from `ROOTS` on, that a strip holds


class Strip(NamedTuple):
    """So many rows side by side: what they hold, and what is told of them.

    By column: `held` from `ROOTS` on; by place of a slot: `mentions`, and `documents` (exposed
    since `births`, and the usual ones); by window: `seen`, `expected`, `spreads`, `nats`; by
    channel: `scores`, `loudest` (the most nats of its windows).
    """

    held: Floats
    mentions: Floats
    documents: Floats
    births: Floats
    seen: Floats
    expected: Floats
    spreads: Floats
    nats: Floats
    scores: Floats
    loudest: Floats
    spare: Floats


@unchecked
def make_strip() -> Strip:
    """An empty strip."""
    return Strip(
        np.ones((HELD, WIDE)),
        np.zeros((SLOTS, WIDE)),
        np.ones((SLOTS, WIDE)),
        np.full(WIDE, np.nan),
        np.zeros((MANY, WIDE)),
        np.zeros((MANY, WIDE)),
        np.zeros((MANY, WIDE)),
        np.zeros((MANY, WIDE)),
        np.zeros((2, WIDE)),
        np.zeros((2, WIDE)),
        np.zeros((2, WIDE)),
    )


@unchecked
def lay(table: Floats, rows: Ints, strip: Strip, world: Floats, slots: Ints) -> None:
    """Put rows into a strip; the documents of those that were born alike are the same."""
    held, mentions, documents, births = strip.held, strip.mentions, strip.documents, strip.births
    for place in range(len(rows)):
        row = rows[place]
        for one in range(HELD):
            held[one, place] = table[row, ROOTS + one]
        for one in range(len(slots)):
            mentions[one, place] = table[row, MENTIONS + slots[one]]
        if births[place] != table[row, BORN_SUM]:
            births[place] = table[row, BORN_SUM]
            for one in range(len(slots)):
                born = table[row, BORN_EXPOSED + slots[one]]
                seen = (world[EXPOSED + slots[one]] - born) / world[GROWTH + slots[one]]
                documents[one, place] = seen + world[USUAL]


@unchecked
def lay_counts(table: Floats, rows: Ints, counts: Floats, seen: Floats) -> None:
    """Put the counts of the windows of rows into a strip; that of the shortest is the step's."""
    for place in range(len(rows)):
        seen[0, place] = counts[place]
        for window in range(1, MANY):
            seen[window, place] = table[rows[place], SUMS + window - 1]


@unchecked
def weigh_strip(strip: Strip, world: Floats, exposed: Floats, slots: Ints) -> None:
    """Tell what is expected in each window, and how unusual what was seen is."""
    expect_strip(strip, world, exposed, slots)
    held, steps = strip.held, strip.spare[0]
    subtract(world[GREW_SUM], held[BORN_SUM - ROOTS], steps)
    strip.scores[:], strip.loudest[:] = 1.0, 0.0
    for window in range(MANY):
        seen, nats, spreads = strip.seen[window], strip.nats[window], strip.spreads[window]
        spread_strip(held[EXCESS - ROOTS + window], steps, held[BORN - ROOTS], spreads)
        find_evidence(seen, strip.expected[window], spreads, nats)
        sums = held[window], held[SQUARES - ROOTS + window]
        find_factors(sums, steps, (seen, window), nats, strip.spare[1])
        for channel in range(2):
            if CHANNELS[channel][0] <= window < CHANNELS[channel][1]:
                multiply(strip.scores[channel], strip.spare[1])
                raise_each(strip.loudest[channel], nats)
    for channel in range(2):
        finish(strip.scores[channel])


@unchecked
def expect_strip(strip: Strip, world: Floats, exposed: Floats, slots: Ints) -> None:
    """Mentions expected in each window, as `scores.expect` says."""
    means, rates, expected = strip.spare[0], strip.spare[1], strip.expected
    find_means(strip.held, world, means)
    expected[:] = 0.0
    for one in range(len(slots)):
        slot = slots[one]
        shared = world[GROWTH + slot], world[USUAL]
        find_rates(strip.mentions[one], strip.documents[one], shared, means, rates)
        for window in range(MANY):
            if exposed[window, slot] > 0.0:
                add_times(expected[window], exposed[window, slot], rates)
    for window in range(MANY):
        raise_to(expected[window], LEAST_HOURLY * WINDOWS[window] / 3600.0)


@unchecked
def find_means(held: Floats, world: Floats, means: Floats) -> None:
    """The mean rate of each row."""
    mentions, born = held[MEAN - ROOTS], held[BORN_MEAN - ROOTS]
    priors, weights = held[PRIOR - ROOTS], held[WEIGHT - ROOTS]
    grew, exposed = world[GREW], world[GREW_EXPOSED]
    for row in range(WIDE):
        seen = (exposed - born[row]) / grew
        means[row] = to_mean(mentions[row] / grew, seen, priors[row], weights[row])


@unchecked
def find_rates(
    mentions: Floats, documents: Floats, shared: tuple[float, float], means: Floats, rates: Floats
) -> None:
    """The rate of each row in a slot, of which the growth and the usual documents are shared."""
    growth, usual = shared
    for row in range(WIDE):
        rates[row] = (mentions[row] / growth + means[row] * usual) / documents[row]


@unchecked
def spread_strip(excess: Floats, steps: Floats, born: Floats, spreads: Floats) -> None:
    """The dispersion of each row in a window."""
    for row in range(WIDE):
        spreads[row] = to_spread(excess[row], steps[row], PRIOR_STEPS * born[row])


@unchecked
def find_evidence(seen: Floats, expected: Floats, spreads: Floats, nats: Floats) -> None:
    """The nats of each row in a window."""
    for row in range(WIDE):
        nats[row] = evidence(seen[row], expected[row], spreads[row])


@unchecked
def find_factors(
    sums: tuple[Floats, Floats],
    steps: Floats,
    seen: tuple[Floats, int],
    nats: Floats,
    factors: Floats,
) -> None:
    """What a window adds to the score of each row."""
    roots, squares = sums
    counts, window = seen
    for row in range(WIDE):
        root = to_root(counts[row], window)
        deviations = unusual(roots[row], squares[row], steps[row], root)
        factors[row] = to_factor(deviations if counts[row] > 0.0 else 0.0, nats[row])


@unchecked
def finish(scores: Floats) -> None:
    """Make scores of factors."""
    for row in range(WIDE):
        scores[row] = to_score(scores[row])


@unchecked
def subtract(whole: float, parts: Floats, rests: Floats) -> None:
    """What is left of a number without each of some."""
    for row in range(WIDE):
        rests[row] = whole - parts[row]


@unchecked
def multiply(numbers: Floats, factors: Floats) -> None:
    """Multiply each number by its factor."""
    for row in range(WIDE):
        numbers[row] *= factors[row]


@unchecked
def add_times(sums: Floats, factor: float, numbers: Floats) -> None:
    """Add a multiple of each number to its sum."""
    for row in range(WIDE):
        sums[row] += factor * numbers[row]


@unchecked
def raise_to(numbers: Floats, least: float) -> None:
    """Raise each number to a least one."""
    for row in range(WIDE):
        numbers[row] = max(numbers[row], least)


@unchecked
def raise_each(numbers: Floats, others: Floats) -> None:
    """Raise each number to another."""
    for row in range(WIDE):
        numbers[row] = max(numbers[row], others[row])
