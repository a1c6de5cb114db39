"""The detector: what is usual of each term, and how surprising its counts are.

Two channels look at windows of 5 to 60 minutes (spikes) and of 1 to 24 hours (slow rises). A count
is surprising by a seasonal negative-binomial model (hour of the day, weekdays and weekends apart)
and by the term's own past (mean and deviation of square roots, after SigniTrend: Schubert, Weiler,
Kriegel, KDD 2014); the mean logarithm of both is the score. A burst must pass the threshold that
the term's own scores have set, and an absolute gate on the model's evidence.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import compress, repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.alarms import scores as s
from streams.alarms.learning import learn_rows
from streams.alarms.scores import CHANNELS, DAYS, WINDOWS, Floats, Ints
from streams.alarms.world import World

Bools = NDArray[np.bool_]

DETECTOR = "burst-3"
STEP = 300  # seconds that are learnt at a time
BUCKET = 900  # seconds of the buckets that long windows sum
DAY = 86400
NEW_HOURLY, NEW_HOURS = 0.05, 2.0  # what a term is thought to have shown where no other is known
KNOWN_HOURS = 7 * 24.0  # hours of history with which a term tells about new ones
LEAST_HOURS, MOST_HOURS = 0.1, 24.0  # bounds of what the others' mean weighs for a new term


class Weighed(NamedTuple):
    """How surprising counts are, a row a term.

    `expected` mentions and `nats` against chance by window; `scores`, and the terms' own
    `thresholds` for them, by channel.
    """

    expected: Floats
    nats: Floats
    scores: Floats
    thresholds: Floats

    @property
    def loudest(self) -> Floats:
        """The most nats of any window, by channel."""
        return np.stack([self.nats[:, first:last].max(1) for first, last in CHANNELS], 1)


class Baselines:
    """What is learnt of all terms: a row of 252 numbers each, and what all rows share.

    `step` is the stretch of time that is learnt at once, in seconds.
    """

    def __init__(self, step: int = STEP) -> None:
        self.rows: dict[str, int] = {}
        self.world = World(step, max(step, BUCKET))
        self._table = np.zeros((0, s.WHOLE))  # grows by halves: rows beyond the terms are spare
        self._last = np.zeros(0)  # when each was mentioned, of all rows: a column is slow to read
        self._names: list[str] = []
        self._shared: Floats | None = None  # what new terms borrow until something is learnt

    def add(self, term: str, saved: bytes | None = None) -> None:
        """Begin a term, from what the others show, or as `dump` gave it; a known one is left."""
        if term in self.rows:
            return
        row = self._be_born() if saved is None else np.frombuffer(saved)
        if len(self.rows) == len(self._table):
            spare = np.zeros((len(self.rows) // 2 + 8, s.WHOLE))
            self._table = np.vstack([self._table, spare])
            self._last = np.concatenate([self._last, np.full(len(spare), -math.inf)])
        self._table[len(self.rows), : s.WIDTH], self._last[len(self.rows)] = row, row[s.LAST]
        self._table[len(self.rows), s.SUMS :] = math.nan  # until they are summed
        self.rows[term] = len(self.rows)
        self._names.append(term)
        self._shared = None if saved is not None else self._shared

    def remove(self, term: str) -> None:
        """Forget a term; the last row takes its place."""
        gone = self.rows.pop(term, None)
        if gone is None:
            return
        last, moved = len(self.rows), self._names.pop()
        if moved != term:
            self._table[gone], self._last[gone] = self._table[last], self._last[last]
            self._names[gone], self.rows[moved] = moved, gone
        self._last[last] = -math.inf
        self._shared = None

    def dump(self, term: str) -> bytes:
        """The exact state of a term, for `add`."""
        return bytes(self._table[self.rows[term], : s.WIDTH].tobytes())

    def hours(self, term: str) -> float:
        """Hours of exposed time that this term has learnt from."""
        row = self._table[self.rows[term]]
        return float(self.world.values[s.HOURS] - row[s.BORN_HOURS])

    def dispersion(self, term: str, window: int) -> float:
        """The learnt over-dispersion of a term in windows of `window` seconds."""
        row = self._table[self.rows[term]]
        return float(s.spread_of(row, self.world.values, WINDOWS.index(window)))

    def age(self) -> Floats:
        """Hours of exposed time that each term has learnt from, as `rows` names them."""
        born = self._table[self._places(), s.BORN_HOURS]
        return np.asarray(self.world.values[s.HOURS] - born)

    def rates(self, slot: int) -> Floats:
        """Mentions a document in a seasonal slot of each term, as `rows` names them."""
        return self._rates(self._places(), [slot])[:, 0]

    def hourly(self, term: str) -> list[float]:
        """Mentions an hour in each seasonal slot, where as much as usual can be seen."""
        rates = self._rates(np.array([self.rows[term]]), range(s.SLOTS))
        return [float(rate) for rate in rates[0] * self.world.values[s.USUAL]]

    def weigh(self, terms: Sequence[str], counts: Floats, exposed: Floats) -> Weighed:
        """How surprising the counts of each term are, by window.

        `exposed` has the documents that could be seen in each window by slot (5 × 48).
        """
        rows = np.array([self.rows[term] for term in terms], np.int64)
        return Weighed(*s.weigh_rows(self._table, rows, self.world.values, counts, exposed))

    def peaks(self, term: str, moment: float) -> list[float]:
        """By how much scores topped their threshold on each of 13 days before that of `moment`.

        The highest first; days without such a score are left out.
        """
        row, today = self._table[self.rows[term]], int(moment // DAY)
        days = range(today - DAYS + 1, min(today - 1, int(row[s.DAY])) + 1)
        known = [day for day in days if day > row[s.DAY] - DAYS]
        found = (float(row[s.PEAKS + day % DAYS]) for day in known)
        return sorted((one for one in found if one > 0), reverse=True)

    def learn(
        self,
        counts: Mapping[str, float],
        start: int,
        exposed: tuple[float, float, float],
        ringing: Collection[str] = (),
    ) -> list[str]:
        """Learn the step that begins at `start`; give the terms that learnt.

        `exposed`: documents in the step, usual ones an hour, the share of the usual that was seen
        (0 to 1); no documents: it is not assessed. A term that was not mentioned for a day is not
        touched. What terms in `ringing` show does not speak about the model.
        """
        exposure, usual, share = exposed
        self.world.open(start, exposure, usual)
        if exposure <= 0:
            return []
        self._shared = None
        awake, shown = self._awake(counts, ringing)
        rows = awake.nonzero()[0]
        learn_rows(self._table, rows, shown.take(rows, 1), self.world.values, self.world.exposed())
        self.world.close(exposure, share, len(self.rows))
        if 8 * len(rows) < len(awake):  # few are looked up, many are passed by
            return [self._names[row] for row in rows.tolist()]
        return list(compress(self._names, awake.tobytes()))

    def _awake(self, counts: Mapping[str, float], ringing: Collection[str]) -> tuple[Bools, Floats]:
        """By row: was the term mentioned now or within the last day; what it shows."""
        now, find = self.world.values[s.NOW], self.rows.get
        last, shown = self._last[: len(self.rows)], np.zeros((2, len(self.rows)))
        for line, values in enumerate((counts, dict.fromkeys(ringing, 1.0))):
            if not values:  # as in most steps
                continue
            rows = np.fromiter(map(find, values, repeat(-1)), np.int64, len(values))
            shows = np.fromiter(values.values(), np.float64, len(values))
            shown[line, rows[rows >= 0]] = shows[rows >= 0]
        last[shown[0] > 0] = now
        return (shown[0] != 0) | (last > now - DAY // self.world.step), shown

    def _places(self) -> Ints:
        """The row of each term."""
        return np.fromiter(self.rows.values(), np.int64, len(self.rows))

    def _rates(self, rows: Ints, slots: Sequence[int]) -> Floats:
        return np.asarray(s.rates(self._table, rows, self.world.values, np.array(slots)))

    def _be_born(self) -> Floats:
        """The row of a new term: the world as it stands, and what other terms show."""
        row, world = np.zeros(s.WIDTH), self.world.values
        usual = world[s.USUAL]
        row[s.BORN_EXPOSED : s.BORN_EXPOSED + s.SLOTS] = world[s.EXPOSED : s.EXPOSED + s.SLOTS]
        row[s.BORN_MEAN], row[s.BORN_SUM] = world[s.GREW_EXPOSED], world[s.GREW_SUM]
        row[s.BORN_HOURS], row[s.BORN] = world[s.HOURS], world[s.GREW]
        row[s.UPTO], row[s.AT], row[s.LAST] = world[s.STEPS], world[s.NOW], -math.inf
        row[s.DAY] = world[s.NOW] * self.world.step // DAY
        row[s.QUANTILES : s.QUANTILES + 6] = math.nan
        row[s.PRIOR], row[s.WEIGHT] = NEW_HOURLY / usual, NEW_HOURS * usual
        self._borrow(row)
        return row

    def _borrow(self, row: Floats) -> None:
        """Empirical Bayes: rates are gamma-distributed over terms; thresholds share an offset."""
        if self._shared is None:
            self._shared = self._share()
        if len(self._shared):
            row[s.PRIOR : s.OFFSETS + len(CHANNELS)] = self._shared

    def _share(self) -> Floats:
        """Mean rate of the terms that are known for long, its weight, mean offsets; or nothing.

        Summed by size: where a row stands, which a restart changes, must not change a bit.
        """
        world, table = self.world.values, self._table[: len(self.rows)]
        known = world[s.HOURS] - table[:, s.BORN_HOURS] >= KNOWN_HOURS
        others = np.flatnonzero(known & ~np.isnan(table[:, s.QUANTILES]))
        if len(others) < 2:  # noqa: PLR2004 - a variance needs two
            return np.zeros(0)
        rates, offsets = map(np.sort, s.compare(table, others, world))
        usual = world[s.USUAL]
        weight = rates.mean() / max(rates.var(), 1e-12)
        bound = min(max(weight, LEAST_HOURS * usual), MOST_HOURS * usual)
        return np.array([rates.mean(), bound, *(one.mean() for one in offsets)])
