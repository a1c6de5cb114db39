"""Changes of settings, folded into the state.

Terms, sources, owners, mutes, expectations, acknowledgements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from streams.models import Owner, Setting, Source, Term, Until
from streams.state import State
from streams.ticks import register


def fold_setting(state: State, setting: Setting) -> None:
    """Apply one change; a null value removes its key. A value that cannot be read changes nothing.

    Rows are checked before they enter the journal; what slips through must not stop the stream.
    """
    try:
        _FOLDS[setting.what](state, setting.key, setting.value)
    except (msgspec.ValidationError, TypeError, ValueError):
        return
    state.touch(setting.what, setting.key)


def _fold_term(state: State, key: str, value: dict[str, Any] | None) -> None:
    if value is None:
        state.terms.pop(key, None)
        state.baselines.remove(key)
    else:
        state.terms[key] = msgspec.convert(value, Term, strict=False)
        state.baselines.add(key)
    state.touch("baseline", key)
    state.touch("world", "")


def _fold_source(state: State, key: str, value: dict[str, Any] | None) -> None:
    if value is None:
        state.sources.pop(key, None)
        state.health.pop(key, None)
    else:
        source = msgspec.convert(value, Source, strict=False)
        state.sources[key] = source
        state.learn_health(key, register(state.health.get(key), source))
    state.regroup()
    state.touch("health", key)


def _fold_owner(state: State, key: str, value: dict[str, Any] | None) -> None:
    _put(state.owners, key, None if value is None else msgspec.convert(value, Owner).owner)


def _fold_mute(state: State, key: str, value: dict[str, Any] | None) -> None:
    _put(state.mutes, key, _read_until(value))


def _fold_expectation(state: State, key: str, value: dict[str, Any] | None) -> None:
    _put(state.expectations, key, _read_until(value))


def _read_until(value: dict[str, Any] | None) -> float | None:
    if value is None:
        return None
    return msgspec.convert(value, Until, strict=False).until.timestamp()


def _fold_ack(state: State, key: str, value: dict[str, Any] | None) -> None:
    _put(state.acks, key, value)


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


_FOLDS: dict[str, Callable[[State, str, dict[str, Any] | None], None]] = {
    "term": _fold_term,
    "source": _fold_source,
    "owner": _fold_owner,
    "mute": _fold_mute,
    "expect": _fold_expectation,
    "ack": _fold_ack,
}
