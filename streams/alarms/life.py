"""The life of a burst: opened, growing, closed, retracted; which bursts are one event."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec.structs import replace

from streams.alarms.gates import Options, is_expected, is_higher, openings, owners_needed
from streams.alarms.onsets import since_onset
from streams.alarms.rises import risen_names, risen_terms
from streams.alarms.scores import WINDOWS
from streams.alarms.sight import Sight, View, entries_between, ground, view
from streams.alerts import (
    Alarm,
    Surroundings,
    count_tones,
    describe,
    name_burst,
    name_event,
    shares_event,
)
from streams.counts import BIN
from streams.events import Burst, First
from streams.families.entries import Entry
from streams.models import from_seconds
from streams.state import State

KEPT = 86400  # seconds after its end for which an alarm may still be retracted
LEAST_HOT = 2.0  # effective mentions an hour below which every burst is over
HOT = 1.5  # times the expectation of the hour below which a burst is over
HOUR = WINDOWS.index(3600)


def ring(
    sight: Sight, touched: set[str], cut: set[str], options: Options, config: str
) -> list[Burst]:
    """Advance every alarm by one tick.

    `touched` are the terms that gained a document in time, `cut` those that lost one. Gives the
    burst events of the tick by (id, revision).
    """
    state = sight.state
    changed = [*_live_on(sight, touched, cut, options), *_open_all(sight, touched, options)]
    for alarm in changed:
        _keep(state, alarm)
    _forget(state, sight.now)
    bursts = [_tell(sight, state.alarms[alarm.id], config) for alarm in changed]
    return sorted(bursts, key=lambda burst: (burst.id, burst.revision))


def _live_on(sight: Sight, touched: set[str], cut: set[str], options: Options) -> list[Alarm]:
    """The alarms of former ticks that changed in this one."""
    changed = []
    for alarm in sorted(sight.state.alarms.values(), key=lambda one: one.id):
        after = _step(sight, alarm, touched, cut, options)
        if after.revision != alarm.revision:
            changed.append(after)
        elif after != alarm:
            _keep(sight.state, after)
    return changed


def _step(sight: Sight, alarm: Alarm, touched: set[str], cut: set[str], options: Options) -> Alarm:
    if alarm.state == "retracted":
        return alarm
    if alarm.term in cut:
        origins, owners = _stand_on(sight, alarm)
        if origins < options.origins or owners < owners_needed(sight, options):
            return _revise(alarm, "retracted", sight.now)
        alarm = replace(alarm, peak_origins=min(origins, alarm.peak_origins))
    if not alarm.is_open:
        return alarm
    if alarm.term not in sight.state.terms:
        return replace(_revise(alarm, "closed", sight.now), closed=sight.now)
    grown = _grow(sight, alarm, options) if alarm.term in touched else None
    return grown or _settle(sight, alarm, options)


def _stand_on(sight: Sight, alarm: Alarm) -> tuple[int, int]:
    """How many origins, and how many owners, a burst stands on."""
    stop = alarm.closed or sight.end
    return ground(entries_between(sight.state, alarm.term, alarm.onset, stop))


def _grow(sight: Sight, alarm: Alarm, options: Options) -> Alarm | None:
    """Escalate when a score has risen, or the origins multiplied, since the last report."""
    seen = view(sight, alarm.term)
    origins, _ = _stand_on(sight, alarm)
    is_more = origins >= options.multiplication * alarm.peak_origins
    if not is_more and not is_higher(seen, alarm.top, options):
        return None
    finding = seen.finding(seen.loudest())
    return replace(
        _revise(alarm, "growing", sight.now),
        finding=finding if finding.nats > alarm.finding.nats else alarm.finding,
        top=tuple(map(max, seen.scores, alarm.top)),
        peak_origins=max(origins, alarm.peak_origins),
        foreseen=alarm.foreseen and is_expected(sight, alarm.term),
        quiet_since=None,
    )


def _settle(sight: Sight, alarm: Alarm, options: Options) -> Alarm:
    """Close when the hour has been near its expectation for long enough."""
    observed, limit = weigh_hour(sight, alarm.term)
    if observed >= limit:
        return replace(alarm, quiet_since=None)
    since = alarm.quiet_since or sight.now
    if sight.now - since < options.quiet_seconds:
        return replace(alarm, quiet_since=since)
    return replace(
        _revise(alarm, "closed", sight.now), closed=max(since, alarm.opened), quiet_since=since
    )


def weigh_hour(sight: Sight, term: str) -> tuple[float, float]:
    """The effective count of the last hour, and the one below which a burst is over."""
    sums = sight.sums(term)
    weighed = sight.weigh([term], np.array([sums]))
    return sums[HOUR], max(HOT * float(weighed.expected[0, HOUR]), LEAST_HOT)


def _revise(alarm: Alarm, state: str, now: int) -> Alarm:
    return replace(alarm, state=state, revision=alarm.revision + 1, changed=now)


def _open_all(sight: Sight, touched: Iterable[str], options: Options) -> list[Alarm]:
    """New alarms of this tick, each with the event that it belongs to."""
    state = sight.state
    ringing = {alarm.term for alarm in state.alarms.values() if alarm.is_open}
    found = openings(sight, sorted(set(touched) - ringing), options)
    least = options.origins, owners_needed(sight, options)
    begun = [_begin(sight, seen, place, least) for seen, place in found.values()]
    opened = []
    for alarm in sorted(begun, key=lambda one: one.id):
        joined = replace(alarm, event=_event_of(sight, alarm))
        _keep(state, joined)
        opened.append(joined)
    return opened


def _begin(sight: Sight, seen: View, place: int, least: tuple[int, int]) -> Alarm:
    term = seen.term
    entries = since_onset(sight, seen, place, _untold(sight, term, place), least)
    onset = int(entries[0].terms[term].at // BIN) * BIN
    burst_id = name_burst(term, onset)
    before = sight.state.alarms.get(burst_id)  # retracted within the minute of its onset
    return Alarm(
        id=burst_id,
        event=name_event(burst_id),
        term=term,
        state="opened",
        revision=before.revision + 1 if before else 1,
        onset=onset,
        opened=sight.now,
        changed=sight.now,
        finding=seen.finding(place),
        first=First(entries[0].id, entries[0].source, from_seconds(entries[0].at)),
        top=seen.scores,
        peak_origins=ground(entries)[0],
        foreseen=is_expected(sight, term),
    )


def _untold(sight: Sight, term: str, place: int) -> list[Entry]:
    """The documents of a window since the last burst of the term ended; at least the newest.

    A day's window may reach back before that end: the onset, and so the id, would be its own.
    """
    former = [one for one in sight.state.alarms.values() if one.term == term]
    ended = max((one.closed or one.changed for one in former), default=0)
    entries = entries_between(sight.state, term, sight.starts[place], sight.end)
    return [one for one in entries if one.terms[term].at >= ended] or entries[-1:]


def _event_of(sight: Sight, alarm: Alarm) -> str:
    """The event of the oldest open burst over mostly the same origins, else its own."""
    mine = _origins(sight, alarm)
    others = sorted(
        (one for one in sight.state.alarms.values() if one.is_open),
        key=lambda one: (one.opened, one.id),
    )
    shared = (one.event for one in others if shares_event(mine, _origins(sight, one)))
    return next(shared, alarm.event)


def _origins(sight: Sight, alarm: Alarm) -> set[str]:
    entries = entries_between(sight.state, alarm.term, alarm.onset, sight.end)
    return {entry.origin_id for entry in entries}


def _tell(sight: Sight, alarm: Alarm, config: str) -> Burst:
    """Write the event of a changed alarm, and remember what it showed."""
    stop = max(alarm.closed or sight.end, alarm.onset + 1)
    entries = entries_between(sight.state, alarm.term, alarm.onset, stop)
    burst, told = describe(alarm, entries, _surround(sight, alarm, entries, config))
    _keep(sight.state, told)
    return burst


def _surround(sight: Sight, alarm: Alarm, entries: list[Entry], config: str) -> Surroundings:
    state, term = sight.state, alarm.term
    of_event = {one.term for one in state.alarms.values() if one.event == alarm.event} - {term}
    with_it = risen_terms(sight, term, entries)
    before = entries_between(state, term, 0.0, alarm.onset)
    peak = state.tally(term).fullest(alarm.onset, alarm.closed or sight.end)
    return Surroundings(
        terms=(*sorted(of_event), *(one for one in with_it if one not in of_event)),
        names=risen_names(sight, entries),
        before=count_tones(before),
        peak=peak or alarm.onset,
        config=config,
    )


def _keep(state: State, alarm: Alarm) -> None:
    state.alarms[alarm.id] = alarm
    state.touch("alarm", alarm.id)


def _forget(state: State, now: int) -> None:
    """Drop the alarms that nothing can change any more."""
    for alarm in list(state.alarms.values()):
        if not alarm.is_open and now > alarm.changed + KEPT:
            del state.alarms[alarm.id]
            state.touch("alarm", alarm.id)
