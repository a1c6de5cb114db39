"""How the sources of the embedded shell are, as its decider last saw them."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.store import Store
from infra.settings import Settings
from streams.models import from_seconds
from streams.ticks import Health, is_live


def read_health(settings: Settings) -> dict[str, dict[str, Any]]:
    """For each source: whether it is live, when it last answered, how often it is asked.

    And the status of its last poll, if that failed.
    """
    store = Store(settings.store.path, create=False)
    try:
        cells = store.ask("SELECT key, value FROM cells WHERE key LIKE 'health/%'")
        clock = store.ask("SELECT value FROM notes WHERE key = 'clock'")
    finally:
        store.close()
    now = float(clock[0][0]) if clock else 0.0
    found = {
        key.partition("/")[2]: msgspec.msgpack.decode(value, type=Health) for key, value in cells
    }
    return {name: _describe(health, now) for name, health in found.items()}


def _describe(health: Health, now: float) -> dict[str, Any]:
    return {
        "is_live": is_live(health, now),
        "last_good": from_seconds(health.last_good) if health.last_good else None,
        "interval_seconds": health.interval,
        "trouble": health.trouble or None,
    }
