"""The arithmetic of the detector: a row of numbers a term, compiled, one operation after another.

Sums are forward-decayed (Cormode et al., 2009): what is learnt at step n is added with the weight
2^(n / half-life), so a term that nobody mentions forgets without being touched. All is made of
additions, multiplications, divisions and square roots, which round one way: wherever a row stands,
however many are worked at a time, and on every machine.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from streams.alarms.logarithms import log
from streams.compiled import unchecked

SLOTS = 48  # hour of the day in UTC, weekday or weekend
WINDOWS = (300, 900, 3600, 14400, 86400)  # seconds
MANY = len(WINDOWS)
FINE_WINDOWS = 3  # they sum steps; the longer ones sum buckets
FINE, COARSE = 12, 96  # steps, and buckets, that are remembered
CHANNELS = ((0, 3), (2, 5))  # the windows of spikes, and of slow rises
LEVELS = (0.996, 0.997, 0.998)  # quantiles of a score; the median of the three is the threshold
STEP_UP = 0.006  # how far one step may move a quantile
SOFT = 0.3  # added within the logarithms of a score
SOFTLY, TEN = 1.0 / SOFT, math.log(10.0)
LEAST_SCORE = -1.2039728043259361  # of a term that was not mentioned: the logarithm of `SOFT`
# a threshold at first: of a mention in ten hours, what ten times as many add, and at most; the
# 0.997 quantiles of the scores of real series of 0.05 to 1,000 mentions an hour lie around it
FIRST_THRESHOLDS, TENFOLD, MOST_FIRST = (0.6, 0.35), (0.4, 0.4), (1.3, 1.1)
WARM_HOURS = 24.0  # of history, after which thresholds follow a term's own scores
FLOOR = 0.3  # least mean, and addition to the deviation, of square roots of counts
CLIP = 2.0  # standard deviations above which a count is learnt as if it stood there
FIRST_PHI, LEAST_PHI = 0.5, 0.02  # dispersion: at the start, at least
PRIOR_STEPS = 50.0  # steps that the first dispersion weighs
LEAST_STEPS = 0.5  # below what the first step weighs
LEAST_HOURLY = 0.02  # mentions an hour below which no expectation falls
CANDIDATE = 6.0  # nats from which a score counts among the peaks of its day
DAYS = 14  # daily peaks that are remembered
PROBES = (4.0, 6.0, 8.0)  # nats at which the model is compared with what happens

# a row: mentions by slot; then what `World` held when the term was new; then sums by window
MENTIONS, BORN_EXPOSED = 0, 48
ROOTS, SQUARES, EXCESS = 96, 101, 106
QUANTILES = 111
MEAN, BORN_MEAN, BORN_SUM, BORN_HOURS, BORN, UPTO = range(117, 123)
PRIOR, WEIGHT, OFFSETS = 123, 124, 125
LAST, AT, DAY = range(127, 130)
PEAKS, RING, BUCKETS = 130, 144, 156
WIDTH = 252  # 2,016 bytes
# behind it, not kept, for it follows from the rings: the counts of all windows but the shortest
SUMS, WHOLE = 252, 256

# the world, that all rows share: growth and exposure by slot, sums, the exposure of the last day
GROWTH, EXPOSED = 0, 48
GREW, GREW_EXPOSED, GREW_SUM, STEPS, HOURS, NOW = range(96, 102)
STEP, BUCKET, GROW_SLOT, GROW, USUAL = range(102, 107)
TESTED, HITS = 107, 108
SEEN, SEEN_LONG = 111, 123
WORLD = 219

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_ROOT = math.sqrt(0.375)  # the root of a count of nothing


@unchecked
def slot_of(moment: float) -> int:
    """The seasonal slot of a moment (Unix seconds): hour of the day, plus 24 at the weekend."""
    weekend = (int(moment // 86400) + 3) % 7 >= 5  # noqa: PLR2004 - Saturday
    return int(moment // 3600) % 24 + (24 if weekend else 0)


@unchecked
def slots_of(moments: Floats) -> Ints:
    """The slot of each moment."""
    slots = np.empty(len(moments), np.int64)
    for place in range(len(moments)):
        slots[place] = slot_of(moments[place])
    return slots


@unchecked
def evidence(count: float, expected: float, dispersion: float) -> float:
    """Nats against chance: the exponent D of P(X ≥ count) ≤ exp(−D) for a negative binomial."""
    if count <= expected:
        return 0.0
    size = 1.0 / dispersion
    tail = (count + size) * log((count + size) / (expected + size))
    return max(count * log(count / expected) - tail, 0.0)  # rounding may fall below


@unchecked
def mean_rate(row: Floats, world: Floats) -> float:
    """Mentions a document over the last weeks, shrunk to what was thought at birth."""
    exposed = (world[GREW_EXPOSED] - row[BORN_MEAN]) / world[GREW]
    return to_mean(row[MEAN] / world[GREW], exposed, row[PRIOR], row[WEIGHT])


@unchecked
def to_mean(mentions: float, exposed: float, prior: float, weight: float) -> float:
    """Mentions a document where so many were exposed, with a prior that weighs like `weight`."""
    return (mentions + prior * weight) / (exposed + weight)


@unchecked
def rate(row: Floats, world: Floats, slot: int, mean: float) -> float:
    """Mentions a document in a slot; an hour of usual exposure at the term's mean is the prior."""
    growth = world[GROWTH + slot]
    seen = (world[EXPOSED + slot] - row[BORN_EXPOSED + slot]) / growth
    return to_mean(row[MENTIONS + slot] / growth, seen, mean, world[USUAL])


@unchecked
def rates(table: Floats, rows: Ints, world: Floats, slots: Ints) -> Floats:
    """Mentions a document of each of `rows` in each of `slots`."""
    found = np.empty((len(rows), len(slots)))
    for place in range(len(rows)):
        row = table[rows[place]]
        mean = mean_rate(row, world)
        for one in range(len(slots)):
            found[place, one] = rate(row, world, slots[one], mean)
    return found


@unchecked
def expect(row: Floats, world: Floats, exposed: Floats, slots: Ints, expected: Floats) -> None:
    """Mentions expected in each window, of which `exposed` has the documents by slot.

    No other slot than those of `slots` has any.
    """
    mean = mean_rate(row, world)
    expected[:] = 0.0
    for slot in slots:
        here = rate(row, world, slot, mean)
        for window in range(MANY):
            if exposed[window, slot] > 0.0:
                expected[window] += exposed[window, slot] * here
    for window in range(MANY):
        expected[window] = max(expected[window], LEAST_HOURLY * WINDOWS[window] / 3600.0)


@unchecked
def spread_of(row: Floats, world: Floats, window: int) -> float:
    """The learnt over-dispersion of the counts of a window."""
    steps = world[GREW_SUM] - row[BORN_SUM]
    return to_spread(row[EXCESS + window], steps, PRIOR_STEPS * row[BORN])


@unchecked
def to_spread(excess: float, steps: float, first: float) -> float:
    """Over-dispersion by a sum over `steps`, shrunk to the first one."""
    return max(LEAST_PHI, (excess + FIRST_PHI * first) / (steps + first))


@unchecked
def unusual(roots: float, squares: float, steps: float, root: float) -> float:
    """Deviations of a root above those of the past, of which there are sums, at least 0."""
    past = max(steps, LEAST_STEPS)  # where there were none, the sums are 0
    shift = roots / past
    mean = max(NO_ROOT + shift, FLOOR)
    spread = math.sqrt(max(squares / past - shift * shift, 0.0))
    return max((root - mean) / (spread + FLOOR), 0.0)


@unchecked
def to_root(count: float, window: int) -> float:
    """The variance-stabilised count of five minutes of a window."""
    return math.sqrt(count * (300.0 / WINDOWS[window]) + 0.375)


@unchecked
def to_factor(deviations: float, nats: float) -> float:
    """What a window adds to the logarithm of a score; of nothing 1."""
    return (deviations * SOFTLY + 1.0) * (math.sqrt(2.0 * nats) * SOFTLY + 1.0)


@unchecked
def to_score(factors: float) -> float:
    """The score of the factors of three windows."""
    return LEAST_SCORE + log(factors) / 6.0


@unchecked
def weigh(
    row: Floats, world: Floats, counts: Floats, expected: Floats, told: tuple[Floats, Floats]
) -> None:
    """Tell the nats of each window, and the score of each channel.

    A score is the mean logarithm of how unusual a count is by the term's own past (square roots)
    and by the seasonal model (nats), over the windows of the channel.
    """
    nats, scores = told
    scores[:] = 1.0
    steps = world[GREW_SUM] - row[BORN_SUM]
    for window in range(MANY):
        count, nats[window] = counts[window], 0.0
        if count <= 0.0:
            continue
        nats[window] = evidence(count, expected[window], spread_of(row, world, window))
        sums = row[ROOTS + window], row[SQUARES + window]
        deviations = unusual(sums[0], sums[1], steps, to_root(count, window))
        for channel in range(2):
            if CHANNELS[channel][0] <= window < CHANNELS[channel][1]:
                scores[channel] *= to_factor(deviations, nats[window])
    for channel in range(2):
        scores[channel] = to_score(scores[channel])


@unchecked
def threshold(row: Floats, world: Floats, channel: int) -> float:
    """What the score of a channel must reach: a high quantile of the term's own scores."""
    if math.isnan(row[QUANTILES]):
        return first_threshold(row, world, channel)
    idle = (world[STEPS] - row[UPTO]) * STEP_UP
    levels = np.empty(3)
    for level in range(3):
        fallen = row[QUANTILES + 3 * channel + level] - idle * (1.0 - LEVELS[level])
        levels[level] = max(fallen, LEAST_SCORE)
    return max(min(levels[0], levels[1]), min(max(levels[0], levels[1]), levels[2]))


@unchecked
def first_threshold(row: Floats, world: Floats, channel: int) -> float:
    """The threshold of a term whose own scores are not known: by how often it is mentioned."""
    hourly = mean_rate(row, world) * world[USUAL]
    tenfold = log(max(hourly, 0.1) / 0.1) / TEN
    first = FIRST_THRESHOLDS[channel] + TENFOLD[channel] * tenfold
    return min(first, MOST_FIRST[channel]) + row[OFFSETS + channel]


@unchecked
def weigh_rows(
    table: Floats, rows: Ints, world: Floats, counts: Floats, exposed: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """For each of `rows`: expected and nats by window, scores and thresholds by channel."""
    expected, nats = np.empty((len(rows), MANY)), np.empty((len(rows), MANY))
    scores, thresholds = np.empty((len(rows), 2)), np.empty((len(rows), 2))
    slots = slots_in(exposed)
    for place in range(len(rows)):
        row = table[rows[place]]
        expect(row, world, exposed, slots, expected[place])
        weigh(row, world, counts[place], expected[place], (nats[place], scores[place]))
        for channel in range(2):
            thresholds[place, channel] = threshold(row, world, channel)
    return expected, nats, scores, thresholds


@unchecked
def slots_in(exposed: Floats) -> Ints:
    """The slots in which some window was exposed."""
    slots, many = np.empty(SLOTS, np.int64), 0
    for slot in range(SLOTS):
        is_exposed = False
        for window in range(len(exposed)):
            is_exposed |= exposed[window, slot] > 0.0
        slots[many] = slot
        many += is_exposed
    return slots[:many]


@unchecked
def compare(table: Floats, rows: Ints, world: Floats) -> tuple[Floats, Floats]:
    """Of each of `rows`: mentions a document; by how much thresholds top the first of all terms."""
    means, offsets = np.empty(len(rows)), np.empty((2, len(rows)))
    for place in range(len(rows)):
        row = table[rows[place]]
        means[place] = mean_rate(row, world)
        for channel in range(2):
            first = first_threshold(row, world, channel)
            off = threshold(row, world, channel) - first
            offsets[channel, place] = off + row[OFFSETS + channel]
    return means, offsets
