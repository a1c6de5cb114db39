"""The arithmetic of the detector: a row of numbers a term, compiled, one operation after another.

Sums are forward-decayed (Cormode et al., 2009): what is learnt at step n is added with the weight
2^(n / half-life), so a term that nobody mentions forgets without being touched. A compiled loop
rounds a number the same way wherever its row stands, which vector code does not promise.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

SLOTS = 48  # hour of the day in UTC, weekday or weekend
WINDOWS = (300, 900, 3600, 14400, 86400)  # seconds
MANY = len(WINDOWS)
FINE_WINDOWS = 3  # they sum steps; the longer ones sum buckets
FINE, COARSE = 12, 96  # steps, and buckets, that are remembered
CHANNELS = ((0, 3), (2, 5))  # the windows of spikes, and of slow rises
LEVELS = (0.996, 0.997, 0.998)  # quantiles of a score; the median of the three is the threshold
STEP_UP = 0.006  # how far one step may move a quantile
LEAST_SCORE = math.log(0.3)  # of a term that was not mentioned
# a threshold at first: of a mention in ten hours, what ten times as many add, and at most; the
# 0.997 quantiles of the scores of real series of 0.05 to 1,000 mentions an hour lie around it
FIRST_THRESHOLDS, TENFOLD, MOST_FIRST = (0.6, 0.35), (0.4, 0.4), (1.3, 1.1)
WARM_HOURS = 24.0  # of history, after which thresholds follow a term's own scores
SOFT = 0.3  # added within the logarithms of a score
FLOOR = 0.3  # least mean, and addition to the deviation, of square roots of counts
CLIP = 2.0  # standard deviations above which a count is learnt as if it stood there
FIRST_PHI, LEAST_PHI = 0.5, 0.02  # dispersion: at the start, at least
PRIOR_STEPS = 50.0  # steps that the first dispersion weighs
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

# the world, that all rows share: growth and exposure by slot, sums, the exposure of the last day
GROWTH, EXPOSED = 0, 48
GREW, GREW_EXPOSED, GREW_SUM, STEPS, HOURS, NOW = range(96, 102)
STEP, BUCKET, GROW_SLOT, GROW, USUAL = range(102, 107)
TESTED, HITS = 107, 108
SEEN, SEEN_LONG = 111, 123
WORLD = 219

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NO_ROOT = math.sqrt(0.375)  # the root of a count of nothing


@njit(cache=True)
def slot_of(moment: float) -> int:
    """The seasonal slot of a moment (Unix seconds): hour of the day, plus 24 at the weekend."""
    weekend = (int(moment // 86400) + 3) % 7 >= 5  # noqa: PLR2004 - Saturday
    return int(moment // 3600) % 24 + (24 if weekend else 0)


@njit(cache=True)
def sum_slots(
    rates: Floats, since: Floats, until: Floats, rhythms: Floats, moments: Floats
) -> Floats:
    """Documents by slot from each moment to the last, of sources that cover a stretch each.

    `rates` are documents an hour, `rhythms` each slot of a source against its mean.
    """
    sums = np.zeros((len(moments) - 1, SLOTS))
    for window in range(len(moments) - 1):
        begin, stop = moments[window], moments[-1]
        while begin < stop:
            slot, end = slot_of(begin), min(begin // 3600.0 * 3600.0 + 3600.0, stop)
            for source in range(len(rates)):
                seconds = min(until[source], end) - max(since[source], begin)
                if seconds > 0.0:
                    sums[window, slot] += rates[source] * rhythms[source, slot] * seconds / 3600.0
            begin = end
    return sums


@njit(cache=True)
def evidence(count: float, expected: float, dispersion: float) -> float:
    """Nats against chance: the exponent D of P(X ≥ count) ≤ exp(−D) for a negative binomial."""
    if count <= expected:
        return 0.0
    size = 1.0 / dispersion
    tail = (count + size) * math.log((count + size) / (expected + size))
    return count * math.log(count / expected) - tail


@njit(cache=True)
def mean_rate(row: Floats, world: Floats) -> float:
    """Mentions a document over the last weeks, shrunk to what was thought at birth."""
    exposed = (world[GREW_EXPOSED] - row[BORN_MEAN]) / world[GREW]
    return (row[MEAN] / world[GREW] + row[PRIOR] * row[WEIGHT]) / (exposed + row[WEIGHT])


@njit(cache=True)
def rate(row: Floats, world: Floats, slot: int) -> float:
    """Mentions a document in a slot; an hour of usual exposure at the term's mean is the prior."""
    mean, usual = mean_rate(row, world), world[USUAL]
    seen = (world[EXPOSED + slot] - row[BORN_EXPOSED + slot]) / world[GROWTH + slot]
    return (row[MENTIONS + slot] / world[GROWTH + slot] + usual * mean) / (seen + usual)


@njit(cache=True)
def expect(row: Floats, world: Floats, exposed: Floats) -> Floats:
    """Mentions expected in each window, of which `exposed` has the documents by slot."""
    expected = np.empty(MANY)
    for window in range(MANY):
        total = 0.0
        for slot in range(SLOTS):
            if exposed[window, slot] > 0.0:
                total += exposed[window, slot] * rate(row, world, slot)
        expected[window] = max(total, LEAST_HOURLY * WINDOWS[window] / 3600.0)
    return expected


@njit(cache=True)
def spread_of(row: Floats, world: Floats, window: int) -> float:
    """The learnt over-dispersion of the counts of a window."""
    first = PRIOR_STEPS * row[BORN]
    steps = world[GREW_SUM] - row[BORN_SUM]
    return max(LEAST_PHI, (row[EXCESS + window] + FIRST_PHI * first) / (steps + first))


@njit(cache=True)
def unusual(row: Floats, world: Floats, window: int, count: float) -> float:
    """Deviations of the root of a count above those of the term's past, at least 0."""
    steps = world[GREW_SUM] - row[BORN_SUM]
    shift = row[ROOTS + window] / steps if steps > 0.0 else 0.0
    square = row[SQUARES + window] / steps if steps > 0.0 else 0.0
    mean = max(_NO_ROOT + shift, FLOOR)
    spread = math.sqrt(max(square - shift * shift, 0.0))
    return max((to_root(count, window) - mean) / (spread + FLOOR), 0.0)


@njit(cache=True)
def to_root(count: float, window: int) -> float:
    """The variance-stabilised count of five minutes of a window."""
    return math.sqrt(max(count, 0.0) * 300.0 / WINDOWS[window] + 0.375)


@njit(cache=True)
def weigh(row: Floats, world: Floats, counts: Floats, expected: Floats) -> tuple[Floats, Floats]:
    """Nats of each window, and the score of each channel.

    A score is the mean logarithm of how unusual a count is by the term's own past (square roots)
    and by the seasonal model (nats), over the windows of the channel.
    """
    nats, logs, scores = np.empty(MANY), np.empty(MANY), np.empty(2)
    for window in range(MANY):
        deviations = unusual(row, world, window, counts[window])
        nats[window] = evidence(counts[window], expected[window], spread_of(row, world, window))
        logs[window] = 0.5 * math.log(deviations + SOFT)
        logs[window] += 0.5 * math.log(math.sqrt(2.0 * nats[window]) + SOFT)
    for channel in range(2):
        total = 0.0
        for window in range(CHANNELS[channel][0], CHANNELS[channel][1]):
            total += logs[window]
        scores[channel] = total / (CHANNELS[channel][1] - CHANNELS[channel][0])
    return nats, scores


@njit(cache=True)
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


@njit(cache=True)
def first_threshold(row: Floats, world: Floats, channel: int) -> float:
    """The threshold of a term whose own scores are not known: by how often it is mentioned."""
    hourly = mean_rate(row, world) * world[USUAL]
    tenfold = max(math.log10(max(hourly, 0.1) / 0.1), 0.0)
    first = FIRST_THRESHOLDS[channel] + TENFOLD[channel] * tenfold
    return min(first, MOST_FIRST[channel]) + row[OFFSETS + channel]


@njit(cache=True)
def weigh_rows(
    table: Floats, rows: Ints, world: Floats, counts: Floats, exposed: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """For each of `rows`: expected and nats by window, scores and thresholds by channel."""
    expected, nats = np.empty((len(rows), MANY)), np.empty((len(rows), MANY))
    scores, thresholds = np.empty((len(rows), 2)), np.empty((len(rows), 2))
    for place in range(len(rows)):
        row = table[rows[place]]
        expected[place] = expect(row, world, exposed)
        nats[place], scores[place] = weigh(row, world, counts[place], expected[place])
        for channel in range(2):
            thresholds[place, channel] = threshold(row, world, channel)
    return expected, nats, scores, thresholds


@njit(cache=True)
def learn_rows(table: Floats, rows: Ints, shown: Floats, world: Floats, exposed: Floats) -> None:
    """Fold the step `NOW` into rows; `shown` has the count of each, and 1 if the term is ringing.

    The sums of the world are as they were before the step; `exposed` has the documents that could
    be seen in it, and in each window that ends with it, by slot.
    """
    exposure = exposed[MANY].sum()
    for place in range(len(rows)):
        row = table[rows[place]]
        push(row, world, shown[place, 0])
        seen = sum_windows(row, world)
        expected = expect(row, world, exposed)
        nats, scores = weigh(row, world, seen, expected)
        note_peak(row, world, nats, scores)
        if shown[place, 1] == 0.0:
            for probe in range(3):
                world[HITS + probe] += world[GREW] * (nats.max() >= PROBES[probe])
        learn_scores(row, world, scores)
        learn_windows(row, world, seen, expected)
        learn_rate(row, world, shown[place, 0], exposure)


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
def sum_windows(row: Floats, world: Floats) -> Floats:
    """The counts of the windows that end with the step `NOW`."""
    now, bucket = int(world[NOW]), int(world[NOW] * world[STEP] // world[BUCKET])
    sums = np.zeros(MANY)
    for window in range(MANY):
        if window < FINE_WINDOWS:
            for back in range(length_of(world, window)):
                sums[window] += row[RING + (now - back) % FINE]
        else:
            for back in range(length_of(world, window)):
                sums[window] += row[BUCKETS + (bucket - back) % COARSE]
    return sums


@njit(cache=True)
def length_of(world: Floats, window: int) -> int:
    """How many steps, or buckets, a window sums."""
    part = world[STEP] if window < FINE_WINDOWS else world[BUCKET]
    return max(1, int(WINDOWS[window] // part))


@njit(cache=True)
def exposed_of(world: Floats) -> Floats:
    """The documents exposed in each window that ends with the step `NOW`, and in it, by slot."""
    exposed = np.zeros((MANY + 1, SLOTS))
    now = int(world[NOW])
    exposed[MANY, slot_of(now * world[STEP])] = world[SEEN + now % FINE]
    for window in range(MANY):
        is_fine = window < FINE_WINDOWS
        part = world[STEP] if is_fine else world[BUCKET]
        ring, size = (SEEN, FINE) if is_fine else (SEEN_LONG, COARSE)
        last = int(now * world[STEP] // part)
        for one in range(last - length_of(world, window) + 1, last + 1):
            exposed[window, slot_of(one * part)] += world[ring + one % size]
    return exposed


@njit(cache=True)
def note_peak(row: Floats, world: Floats, nats: Floats, scores: Floats) -> None:
    """Remember by how much the day's highest score topped its threshold."""
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
        shift = to_root(seen[window], window) - _NO_ROOT
        row[ROOTS + window] += weight * shift
        row[SQUARES + window] += weight * shift * shift
        mean, phi = expected[window], spread_of(row, world, window)
        most = 2.0 * CLIP * math.sqrt(mean + phi * mean * mean)
        excess = min(seen[window] - mean, most)
        row[EXCESS + window] += weight * (excess * excess - mean) / (mean * mean + 1.0)


@njit(cache=True)
def learn_rate(row: Floats, world: Floats, count: float, exposure: float) -> None:
    """Learn the count of the step, clipped so that a burst does not become the baseline."""
    slot = slot_of(world[NOW] * world[STEP])
    mean = exposure * rate(row, world, slot)
    phi = spread_of(row, world, 0)
    clipped = min(count, mean + CLIP * math.sqrt(mean + phi * mean * mean) + 1.0)
    row[MENTIONS + slot] += clipped * world[GROWTH + slot] * world[GROW_SLOT]
    row[MEAN] += clipped * world[GREW] * world[GROW]
