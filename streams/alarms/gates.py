"""The gates that a burst must pass, each with what it measured and what it needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from msgspec import Struct

from streams.alarms.exposure import Exposure
from streams.alerts import Finding
from streams.bursts import LEAST_HOURLY, WINDOWS, evidence, slot_of
from streams.counts import BIN
from streams.families.window import SPAN, Entry, Limits
from streams.state import State
from streams.ticks import is_live


class Options(Struct, frozen=True, kw_only=True):
    """What an operator may set of the detector; a change gives alerts another `config`."""

    gate_nats: float = 8.0
    origins: int = 4
    owners: int = 3
    coverage: float = 0.3
    warm_hours: float = 24.0
    escalation: float = 2.0
    refractory_seconds: int = 86400
    quiet_seconds: int = 1800
    window_seconds: int = SPAN
    window_documents: int = 1_000_000

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


@dataclass(frozen=True)
class Sight:
    """What can be seen at a tick: the exposure, and the stretches of each window that ends now."""

    state: State
    now: int

    @cached_property
    def end(self) -> int:
        """The end of the current bin."""
        return -(-self.now // BIN) * BIN

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
    def _stretches(self) -> dict[int, list[tuple[int, float]]]:
        return {}

    def stretches(self, start: int) -> list[tuple[int, float]]:
        """(Slot, exposure in documents) of each clock hour from `start` to the end."""
        if start not in self._stretches:
            hours = [start, *range(start - start % 3600 + 3600, self.end, 3600), self.end]
            self._stretches[start] = [
                (slot_of(one), self.exposure.documents(one, two)) for one, two in pairwise(hours)
            ]
        return self._stretches[start]

    def expected(self, term: str, start: int) -> float:
        """Mentions of a term expected from `start` to the end, never below the least rate."""
        least = LEAST_HOURLY * (self.end - start) / 3600
        if term not in self.state.baselines.rows or self.exposure.wanted <= 0:
            return least
        stretches = self.stretches(start)
        return max(least, self.state.baselines.expected(term, stretches, self.exposure.wanted))


def find(sight: Sight, term: str, window: int) -> Finding:
    """Weigh the count of a window that ends now against what was expected.

    In the evidence no owner speaks louder than all the others together.
    """
    start = sight.end - window
    observed = sight.state.tally(term).sum(start, sight.end)
    expected = sight.expected(term, start)
    known = term in sight.state.baselines.rows
    phi = sight.state.baselines.dispersion(term, window) if known else 1.0
    entries = entries_in_time(sight, term, window) if observed > expected else []
    return Finding(
        window=window,
        observed=observed,
        expected=expected,
        nats=evidence(balance(entries, term), expected, phi),
        coverage=sight.exposure.coverage(start, sight.end),
        hours=sight.state.baselines.hours(term) if known else 0.0,
    )


def loudest(sight: Sight, term: str) -> Finding:
    """The window with the most evidence; of equals the shortest."""
    return max((find(sight, term, window) for window in WINDOWS), key=lambda one: one.nats)


def entries_between(state: State, term: str, start: float, stop: float) -> list[Entry]:
    """The documents that mention a term, by time and id."""
    found = (state.window.find(one) for one in state.tally(term).between(start, stop))
    return [entry for entry in found if entry is not None]


def entries_in_time(sight: Sight, term: str, window: int) -> list[Entry]:
    """The documents of a window that ends now, without those that came too late to open it."""
    entries = entries_between(sight.state, term, sight.end - window, sight.end)
    return [entry for entry in entries if not entry.terms[term].late]


def balance(entries: Sequence[Entry], term: str) -> float:
    """The effective count, in which the busiest owner weighs at most what the others do."""
    weights: dict[str, float] = {}
    for entry in entries:
        weights[entry.owner] = weights.get(entry.owner, 0.0) + entry.terms[term].weight
    total, most = sum(weights.values()), max(weights.values(), default=0.0)
    return min(total, 2 * (total - most))


def openings(sight: Sight, term: str, options: Options) -> Finding | None:
    """The loudest window that passes every gate; the cheap conditions are tried first."""
    tally = sight.state.tally(term)
    passed = []
    for window in WINDOWS:
        if len(tally.between(sight.end - window, sight.end)) < options.origins:
            continue
        finding = find(sight, term, window)
        is_loud = finding.nats >= options.gate_nats
        if is_loud and all(gate.passed for gate in gates(sight, term, finding, options)):
            passed.append(finding)
    return max(passed, key=lambda one: one.nats, default=None)


def gates(sight: Sight, term: str, finding: Finding, options: Options) -> list[Gate]:
    """Every condition for ringing, in the order in which they are explained."""
    origins, owners = ground(entries_in_time(sight, term, finding.window))
    return [
        Gate("coverage", finding.coverage, options.coverage),
        Gate("baseline_hours", finding.hours, options.warm_hours),
        Gate("origins", origins, options.origins),
        Gate("owners", owners, owners_needed(sight, options)),
        Gate("evidence_nats", finding.nats, needed_nats(sight.state, term, sight.now, options)),
        Gate("unmuted", float(sight.now), muted_until(sight.state, term)),
    ]


def assess(sight: Sight, term: str, options: Options) -> tuple[Finding, list[Gate]]:
    """The finding closest to ringing: the one with the most gates passed, then the loudest."""
    tried = []
    for window in WINDOWS:
        finding = find(sight, term, window)
        tried.append((finding, gates(sight, term, finding, options)))
    return max(tried, key=lambda one: (sum(gate.passed for gate in one[1]), one[0].nats))


def ground(entries: Sequence[Entry]) -> tuple[int, int]:
    """How many origins, and how many owners: what a burst must stand on."""
    return len({entry.origin_id for entry in entries}), len({entry.owner for entry in entries})


def owners_needed(sight: Sight, options: Options) -> int:
    """The owners that must agree; two where only two are live."""
    return min(options.owners, max(2, sight.owners))


def needed_nats(state: State, term: str, now: int, options: Options) -> float:
    """The evidence needed: the gate, or after a burst of this term a multiple of its top."""
    tops = [
        alarm.top
        for alarm in state.alarms.values()
        if alarm.term == term and now < alarm.opened + options.refractory_seconds
    ]
    return max([options.gate_nats, *(options.escalation * top for top in tops)])


def muted_until(state: State, term: str) -> float:
    """Until when a term must not ring, in Unix seconds; minus infinity when it may."""
    watched = state.terms.get(term)
    until = watched.mute_until.timestamp() if watched and watched.mute_until else -math.inf
    return max(until, state.mutes.get(term, -math.inf))
