"""Why an alarm rang, and why none did: every number of the decider as it stands after a tick."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from streams.alarms.backdrop import GroupSeen, Learnt, look_around, look_back
from streams.alarms.gates import Gate, Options
from streams.alarms.gates import owners_needed as count_needed
from streams.alarms.life import weigh_hour
from streams.alarms.measures import (
    Check,
    Counted,
    Weighed,
    list_documents,
    sum_owners,
    to_check,
    weigh,
)
from streams.alarms.scores import CHANNELS, WINDOWS
from streams.alarms.sight import Sight, entries_between, ground, view
from streams.alerts import Alarm
from streams.decide import Decider
from streams.events import Burst
from streams.models import from_seconds


class Step(Struct, frozen=True):
    """A revision of a burst, and the conditions that brought it about."""

    burst: Burst
    checks: tuple[Check, ...]


class Ack(Struct, frozen=True, kw_only=True):
    """The last word of an analyst on an alarm: when, whether it was false, and a note."""

    at: datetime
    false: bool
    note: str | None


class Explanation(Struct, frozen=True, kw_only=True):
    """Why a burst opened, as of the tick in which it did; `documents` are those of its window.

    `ack` is what was said of it since; null: nothing.
    """

    id: str
    term: str
    as_of: datetime
    window_seconds: int
    windows: tuple[Weighed, ...]
    documents: tuple[Counted, ...]
    owners: dict[str, float]
    baseline: Learnt | None
    exposure: tuple[GroupSeen, ...]
    options: Options
    steps: tuple[Step, ...]
    ack: Ack | None = None


class Absence(Struct, frozen=True, kw_only=True):
    """Why nothing rang for a term, as of the last tick.

    `verdict`: `not_watched`, `nothing_seen`, `ringing`, `expected` (it is on, but foreseen),
    `cannot_assess`, `muted`, `no_history`, `refractory`, `nothing_found`, `held_back`, or
    `untouched` (all gates hold; the next document decides). `closest` is the window that came
    closest to ringing; `documents` are those of the longest window; `blind` are the windows
    (seconds) in which too little can be seen.
    """

    term: str
    as_of: datetime
    verdict: str
    closest: Weighed | None
    windows: tuple[Weighed, ...]
    blind: tuple[int, ...]
    documents: tuple[Counted, ...]
    alarms: tuple[str, ...]
    baseline: Learnt | None
    exposure: tuple[GroupSeen, ...]
    options: Options


def explain(decider: Decider, burst: Burst) -> Explanation:
    """Every number behind a burst that opened in the tick that was applied last."""
    sight = _set_aside(decider.sight(), burst)
    documents = list_documents(sight, burst.term, burst.window_seconds)
    windows = weigh(sight, burst.term, decider.options)
    rang = next(one for one in windows if one.window_seconds == burst.window_seconds)
    return Explanation(
        id=burst.id,
        term=burst.term,
        as_of=from_seconds(sight.now),
        window_seconds=burst.window_seconds,
        windows=windows,
        documents=documents,
        owners=sum_owners(documents),
        baseline=look_back(sight, burst.term),
        exposure=look_around(sight, burst.window_seconds),
        options=decider.options,
        steps=(Step(burst, rang.checks),),
    )


def explain_step(decider: Decider, burst: Burst, before: Alarm) -> Step:
    """The conditions behind a later revision, of the last tick; `before` is how it stood."""
    checks = _CHECKS[burst.state](decider.sight(), before, decider.options)
    return Step(burst, tuple(checks))


def why_not(decider: Decider, term: str) -> Absence:
    """Each gate of a term as of the last tick, and by how much it fails."""
    sight = decider.sight()
    is_watched = term in sight.state.terms
    windows = weigh(sight, term, decider.options) if is_watched else ()
    longest = WINDOWS[-1]
    absence = Absence(
        term=term,
        as_of=from_seconds(sight.now),
        verdict="not_watched",
        closest=max(windows, key=lambda one: one.closeness, default=None),
        windows=windows,
        blind=tuple(one.window_seconds for one in windows if _fails(one, "coverage")),
        documents=list_documents(sight, term, longest) if is_watched else (),
        alarms=tuple(alarm.id for alarm in decider.alarms if alarm.term == term),
        baseline=look_back(sight, term),
        exposure=look_around(sight, longest),
        options=decider.options,
    )
    return _judge(absence, sight)


def _set_aside(sight: Sight, burst: Burst) -> Sight:
    """The world without a burst that has just opened: what was needed before it did."""
    state = copy(sight.state)
    state.alarms = {name: one for name, one in state.alarms.items() if name != burst.id}
    earlier = tuple(one for one in state.rung.get(burst.term, ()) if one[0] < sight.now)
    state.rung = {**state.rung, burst.term: earlier}
    return Sight(state, sight.now)


def _fails(weighed: Weighed, name: str) -> bool:
    return any(check.name == name for check in weighed.failed)


def _judge(absence: Absence, sight: Sight) -> Absence:
    """Put the verdict in; the first that holds."""
    closest = absence.closest
    if closest is None:
        return absence
    is_empty = not absence.documents
    is_seen = any(one.since <= sight.now for one in sight.state.health.values())
    sees_no_hour = set(WINDOWS[: CHANNELS[0][1]]) <= set(absence.blind)
    alarms = [sight.state.alarms[name] for name in absence.alarms]
    is_ringing = any(one.is_open and not one.foreseen for one in alarms)
    is_foreseen = any(one.is_open and one.foreseen for one in alarms)
    verdicts = (
        (not is_seen, "nothing_seen"),
        (is_ringing, "ringing"),
        (is_foreseen, "expected"),
        (
            _fails(closest, "coverage")
            or sees_no_hour
            or (is_empty and WINDOWS[0] in absence.blind),
            "cannot_assess",
        ),
        (_fails(closest, "unmuted"), "muted"),
        (_fails(closest, "baseline_hours"), "no_history"),
        ([one.name for one in closest.failed] == ["escalation"], "refractory"),
        (is_empty, "nothing_found"),
        (bool(closest.failed), "held_back"),
    )
    verdict = next((name for holds, name in verdicts if holds), "untouched")
    return replace(absence, verdict=verdict)


def _check_growth(sight: Sight, before: Alarm, options: Options) -> list[Check]:
    """Either is enough."""
    entries = entries_between(sight.state, before.term, before.onset, sight.end)
    seen = view(sight, before.term)
    rise = [seen.scores[channel] - before.top[channel] for channel in range(len(CHANNELS))]
    many = options.multiplication * before.peak_origins
    return [
        to_check(Gate("escalation", max(rise), options.escalation)),
        to_check(Gate("origins", ground(entries)[0], many)),
    ]


def _check_quiet(sight: Sight, before: Alarm, options: Options) -> list[Check]:
    """The hour must have stayed below `needed`, and for so long; or nobody watches any more."""
    if before.term not in sight.state.terms:
        return [to_check(Gate("unwatched", 1, 1))]
    observed, limit = weigh_hour(sight, before.term)
    seconds = sight.now - (before.quiet_since or sight.now)
    return [
        Check(name="hour_below", value=observed, needed=limit, passed=observed < limit),
        to_check(Gate("quiet_seconds", seconds, options.quiet_seconds)),
    ]


def _check_ground(sight: Sight, before: Alarm, options: Options) -> list[Check]:
    """What is left of the documents; what fails here retracts."""
    stop = before.closed or sight.end
    entries = entries_between(sight.state, before.term, before.onset, stop)
    origins, owners = ground(entries)
    return [
        to_check(Gate("origins", origins, options.origins)),
        to_check(Gate("owners", owners, count_needed(sight, options))),
    ]


_CHECKS: dict[str, Callable[[Sight, Alarm, Options], list[Check]]] = {
    "growing": _check_growth,
    "closed": _check_quiet,
    "retracted": _check_ground,
}
