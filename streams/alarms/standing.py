"""How a watched term stands as of a tick, in a word."""

from __future__ import annotations

from msgspec import Struct

from streams.alarms.gates import Options, muted_until
from streams.alarms.scores import WINDOWS
from streams.alarms.sight import Sight
from streams.models import Time, from_seconds

HOUR = WINDOWS.index(3600)


class Standing(Struct, frozen=True, kw_only=True):
    """`state`: `ringing`, `expected`, `cannot_assess`, `muted`, `no_history` or `quiet`.

    `coverage` is the share of the usual documents of the last hour that could be seen.
    """

    state: str
    coverage: float
    as_of: Time


def stand(sight: Sight, term: str, options: Options) -> Standing | None:
    """How a term stands, the first answer that holds; None while nobody watches it."""
    state = sight.state
    if term not in state.terms:
        return None
    opened = [one for one in state.alarms.values() if one.term == term and one.is_open]
    answers = (
        (any(not one.foreseen for one in opened), "ringing"),
        (bool(opened), "expected"),
        (sight.coverage[HOUR] < options.coverage, "cannot_assess"),
        (sight.now < muted_until(state, term), "muted"),
        (state.baselines.hours(term) < options.warm_hours, "no_history"),
    )
    return Standing(
        state=next((name for holds, name in answers if holds), "quiet"),
        coverage=round(sight.coverage[HOUR], 4),
        as_of=from_seconds(sight.now),
    )
