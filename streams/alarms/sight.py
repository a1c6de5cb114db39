"""What can be seen at a tick: windows, exposure, and what each term was mentioned in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from msgspec import Struct

from streams.alarms.exposure import Exposure
from streams.alarms.scores import CHANNELS, FINE_WINDOWS, WINDOWS, Floats
from streams.alerts import Finding
from streams.bursts import BUCKET, Weighed
from streams.counts import BIN
from streams.families.entries import Entry
from streams.state import State
from streams.ticks import is_live

LAST = len(WINDOWS) - 1
KINDS: tuple[Literal["spike", "rise"], ...] = ("spike", "rise")  # by channel
LOUDEST = 2.0  # times all other owners together that the busiest may weigh


@dataclass(frozen=True)
class Sight:
    """The world as of the tick that ends at `now`; every window ends with the current bin."""

    state: State
    now: int

    @cached_property
    def end(self) -> int:
        """The end of the current bin."""
        return -(-self.now // BIN) * BIN

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The start of each window; the long ones begin with a bucket."""
        whole = -(-self.end // BUCKET) * BUCKET
        return tuple(
            (self.end if place < FINE_WINDOWS else whole) - window
            for place, window in enumerate(WINDOWS)
        )

    @cached_property
    def exposure(self) -> Exposure:
        """The sources as they stand."""
        return self.state.exposure(self.now)

    @cached_property
    def owners(self) -> int:
        """How many owners have a live source."""
        live = (name for name, one in self.state.health.items() if is_live(one, self.now))
        return len({self.state.owner(name) for name in live})

    @cached_property
    def exposed(self) -> Floats:
        """The documents that could be seen in each window, by slot (5 × 48)."""
        return self.exposure.by_slot(self.starts, self.end)

    @cached_property
    def coverage(self) -> tuple[float, ...]:
        """The share of the usual documents that could be seen, by window."""
        return tuple(self.exposure.coverage(start, self.end) for start in self.starts)

    def weigh(self, terms: Sequence[str], counts: Floats) -> Weighed:
        """How surprising the counts of watched terms are, by window."""
        return self.state.baselines.weigh(terms, counts, self.exposed)

    def sums(self, term: str) -> list[float]:
        """The effective count of a term in each window."""
        return self.state.tally(term).sums(self.starts, self.end)


class View(Struct, frozen=True, kw_only=True):
    """A watched term at a tick, by window: documents in time, what they count, and how surprising.

    In `balanced`, from which the evidence is drawn, the busiest owner weighs at most twice what all
    others do. `scores` and the term's own `thresholds` are by channel.
    """

    term: str
    entries: tuple[list[Entry], ...]
    observed: tuple[float, ...]
    balanced: tuple[float, ...]
    expected: tuple[float, ...]
    nats: tuple[float, ...]
    coverage: tuple[float, ...]
    scores: tuple[float, ...]
    thresholds: tuple[float, ...]
    hours: float

    def channel(self, place: int) -> int:
        """The channel of a window; of two the one that is closer to ringing."""
        inside = [one for one, (first, last) in enumerate(CHANNELS) if first <= place < last]
        return max(inside, key=lambda one: self.scores[one] - self.thresholds[one])

    def loudest(self) -> int:
        """The window with the most evidence; of equals the shortest."""
        return max(range(len(WINDOWS)), key=lambda place: self.nats[place])

    def finding(self, place: int) -> Finding:
        """What an alert tells of a window."""
        channel = self.channel(place)
        return Finding(
            kind=KINDS[channel],
            score=self.scores[channel],
            threshold=self.thresholds[channel],
            window=WINDOWS[place],
            observed=self.observed[place],
            expected=self.expected[place],
            nats=self.nats[place],
            coverage=self.coverage[place],
            hours=self.hours,
        )


def view(sight: Sight, term: str) -> View:
    """Look at a watched term."""
    inside = entries_in_time(sight, term)
    balanced = [balance(entries, term) for entries in inside]
    weighed = sight.weigh([term], np.array([balanced]))
    return View(
        term=term,
        entries=inside,
        observed=tuple(sight.sums(term)),
        balanced=tuple(balanced),
        expected=tuple(weighed.expected[0].tolist()),
        nats=tuple(weighed.nats[0].tolist()),
        coverage=sight.coverage,
        scores=tuple(weighed.scores[0].tolist()),
        thresholds=tuple(weighed.thresholds[0].tolist()),
        hours=sight.state.baselines.hours(term),
    )


def entries_between(state: State, term: str, start: float, stop: float) -> list[Entry]:
    """The documents that mention a term, by time and id."""
    found = (state.window.find(one) for one in state.tally(term).between(start, stop))
    return [entry for entry in found if entry is not None]


def entries_in_time(sight: Sight, term: str) -> tuple[list[Entry], ...]:
    """The documents of each window, without those that came too late to open anything."""
    every = entries_between(sight.state, term, sight.starts[LAST], sight.end)
    kept = [entry for entry in every if not entry.terms[term].late]
    return tuple([one for one in kept if one.terms[term].at >= start] for start in sight.starts)


def balance(entries: Sequence[Entry], term: str) -> float:
    """The effective count, in which the busiest owner weighs at most twice what all others do."""
    weights: dict[str, float] = {}
    for entry in entries:
        weights[entry.owner] = weights.get(entry.owner, 0.0) + entry.terms[term].weight
    total, most = sum(weights.values()), max(weights.values(), default=0.0)
    return min(total, (1 + LOUDEST) * (total - most))


def ground(entries: Sequence[Entry]) -> tuple[int, int]:
    """How many origins, and how many owners: what a burst must stand on."""
    return len({entry.origin_id for entry in entries}), len({entry.owner for entry in entries})
