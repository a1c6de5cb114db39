"""The gates that a burst must pass, each with what it measured and what it needed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from msgspec import Struct

from streams.alarms.scores import CHANNELS, DAYS, WINDOWS
from streams.alarms.sight import LAST, Sight, View, ground, view
from streams.families.window import SPAN, Limits
from streams.state import State

LOGARITHMS = {"score", "escalation"}
WEEK = 7 * 86400  # seconds


class Options(Struct, frozen=True, kw_only=True):
    """What an operator may set of the detector; a change gives alerts another `config`.

    `chance_per_day`: how many bursts a day chance may ring over all terms, by the model; above 0,
    for no evidence rules chance out (else ValueError).
    `escalation`: what must be added to the score of a burst for more of it to ring, and how many
    times as many origins do as well.
    """

    chance_per_day: float = 4.0
    origins: int = 4
    owners: int = 3
    coverage: float = 0.3
    warm_hours: float = 24.0
    escalation: float = 0.5
    multiplication: float = 2.0
    refractory_seconds: int = 86400
    quiet_seconds: int = 1800
    window_seconds: int = SPAN
    window_documents: int = 1_000_000

    def __post_init__(self) -> None:
        if not self.chance_per_day > 0:
            raise ValueError(f"chance_per_day is {self.chance_per_day}; it must be above 0")

    @property
    def limits(self) -> Limits:
        """How much is remembered to find copies."""
        return Limits(span=self.window_seconds, documents=self.window_documents)


class Gate(Struct, frozen=True):
    """One condition: what was measured, what was needed, whether it held."""

    name: str
    value: float
    needed: float

    @property
    def passed(self) -> bool:
        """Whether the measured value reaches what is needed."""
        return self.value >= self.needed

    @property
    def nearness(self) -> float:
        """How much of what is needed was reached, 0 to 1; scores are logarithms."""
        if self.passed:
            return 1.0
        if self.name in LOGARITHMS:
            return math.exp(self.value - self.needed)
        return max(self.value, 0.0) / self.needed


def openings(sight: Sight, terms: Iterable[str], options: Options) -> dict[str, tuple[View, int]]:
    """The terms that some window rings for: what is seen of each, and the loudest such window."""
    found = {}
    for term in _candidates(sight, terms, options):
        seen = view(sight, term)
        rings = [
            place
            for place in range(len(WINDOWS))
            if all(gate.passed for gate in gates(sight, seen, place, options))
        ]
        if rings:
            found[term] = seen, max(rings, key=lambda place: seen.nats[place])
    return found


def _candidates(sight: Sight, terms: Iterable[str], options: Options) -> list[str]:
    """The terms whose counts, as if every owner were another, would pass; cheap for the rest."""
    start = sight.starts[LAST]
    mentioned = [
        term for term in terms if sight.state.tally(term).many(start, sight.end) >= options.origins
    ]
    if not mentioned:
        return []
    weighed = sight.weigh(mentioned, np.array([sight.sums(term) for term in mentioned]))
    gate = nats_needed(sight.state, options)
    is_loud = (weighed.loudest >= gate) & (weighed.scores >= weighed.thresholds)
    return [mentioned[place] for place in np.flatnonzero(is_loud.any(1))]


def gates(sight: Sight, seen: View, place: int, options: Options) -> list[Gate]:
    """Every condition for a window to ring, in the order in which they are explained."""
    state, channel = sight.state, seen.channel(place)
    origins, owners = ground(seen.entries[place])
    tops = [top[channel] for top in tops_of(state, seen.term, sight.now, options)]
    return [
        Gate("coverage", seen.coverage[place], options.coverage),
        Gate("baseline_hours", seen.hours, options.warm_hours),
        Gate("origins", origins, options.origins),
        Gate("owners", owners, owners_needed(sight, options)),
        Gate("evidence_nats", seen.nats[place], nats_needed(state, options)),
        Gate("score", seen.scores[channel], score_needed(sight, seen, channel, options)),
        Gate(
            "escalation",
            seen.scores[channel],
            max((top + options.escalation for top in tops), default=-math.inf),
        ),
        Gate("unmuted", float(sight.now), muted_until(state, seen.term)),
    ]


def assess(sight: Sight, term: str, options: Options) -> tuple[View, int, list[Gate]]:
    """The window closest to ringing; of equals the shortest."""
    seen = view(sight, term)
    tried = [(place, gates(sight, seen, place, options)) for place in range(len(WINDOWS))]
    place, best = max(tried, key=lambda one: closeness(one[1]))
    return seen, place, best


def closeness(gates: Iterable[Gate]) -> float:
    """How close a window is to ringing: the sum of how near each of its gates is."""
    return sum(gate.nearness for gate in gates)


def owners_needed(sight: Sight, options: Options) -> int:
    """The owners that must agree; two where only two are live."""
    return min(options.owners, max(2, sight.owners))


def nats_needed(state: State, options: Options) -> float:
    """The evidence that holds what chance rings over all terms to what is allowed."""
    baselines = state.baselines
    return baselines.world.gate(len(baselines.rows), options.chance_per_day)


def score_needed(sight: Sight, seen: View, channel: int, options: Options) -> float:
    """The term's own threshold; with a budget, what the budget leaves room for.

    As many days of two weeks as the budget allows are those with the highest scores: today must be
    one of them. Once as many bursts rang as it allows, only an escalation over all of them rings.
    """
    watched, needed = sight.state.terms.get(seen.term), seen.thresholds[channel]
    if watched is None or watched.budget is None:
        return needed
    best = _best_days(sight, seen, watched.budget)
    tops = [one[channel] for one in _spent(sight, seen.term, watched.budget)]
    return max(needed + best, max(tops, default=-math.inf) + options.escalation)


def _best_days(sight: Sight, seen: View, budget: float) -> float:
    """By how much the least of the best days topped its threshold, of as many as are allowed."""
    allowed = max(1, int(budget * min(DAYS, seen.hours / 24) / 7))
    peaks = sight.state.baselines.peaks(seen.term, sight.now)
    return peaks[allowed - 1] if allowed <= len(peaks) else 0.0


def _spent(sight: Sight, term: str, budget: float) -> list[tuple[float, ...]]:
    """The scores of the bursts that used a budget up; none while there is some left.

    It allows `many` in any stretch of two weeks, or shorter for what is no whole number of them;
    for less than one in two weeks the stretch is longer.
    """
    many = max(1, int(budget * DAYS / 7))
    since = sight.now - many / budget * WEEK
    tops = [top for at, top in sight.state.rung.get(term, ()) if at > since]
    return tops if len(tops) >= many else []


def tops_of(state: State, term: str, now: int, options: Options) -> list[Sequence[float]]:
    """The highest scores, by channel, of bursts of a term that rang within the refractory.

    A retracted one stands for nothing.
    """
    return [
        alarm.top
        for alarm in state.alarms.values()
        if alarm.term == term
        and alarm.state != "retracted"
        and not alarm.foreseen
        and now < alarm.opened + options.refractory_seconds
    ]


def is_higher(seen: View, top: Sequence[float], options: Options) -> bool:
    """Whether the score of some channel has escalated, evidence included."""
    return any(seen.scores[one] >= top[one] + options.escalation for one in range(len(CHANNELS)))


def muted_until(state: State, term: str) -> float:
    """Until when a term must not ring, in Unix seconds; minus infinity when it may."""
    watched = state.terms.get(term)
    return _later(watched.mute_until if watched else None, state.mutes.get(term))


def is_expected(sight: Sight, term: str) -> bool:
    """Whether a burst of a term that opens or grows now is foreseen: recorded, but not rung."""
    watched = sight.state.terms.get(term)
    said = sight.state.expectations.get(term)
    return sight.now < _later(watched.expected_until if watched else None, said)


def _later(moment: datetime | None, said: float | None) -> float:
    """The later of what a term holds and what a setting said, in Unix seconds."""
    held = moment.timestamp() if moment else -math.inf
    return max(held, -math.inf if said is None else said)
