"""What the decider says of itself in figures: gauges beside its work, which they never change."""

from __future__ import annotations

import time
from collections.abc import Callable

from streams.decide import Decider, Outcome
from streams.models import Passed
from streams.ticks import is_live

PAUSE_SECONDS = 1.0  # a replay ends thousands of ticks a second; Prometheus asks every 15 s


class Gauged:
    """A decider whose state is reported through `count`, at most once a second."""

    def __init__(
        self,
        decider: Decider,
        count: Callable[..., None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._decider, self._count, self._clock = decider, count, clock
        self._next = 0.0

    @property
    def position(self) -> int:
        """As the decider's."""
        return self._decider.position

    def push(self, number: int, row: Passed) -> Outcome | None:
        """As the decider's; a tick that ends brings the gauges up to date."""
        outcome = self._decider.push(number, row)
        now = self._clock()
        if outcome is not None and now >= self._next:
            self._next = now + PAUSE_SECONDS
            self._count("nabat_clock_lag_seconds", now - outcome.tick)
            self._report(float(outcome.tick))
        return outcome

    def take_changed(self) -> dict[str, bytes | None]:
        """As the decider's."""
        return self._decider.take_changed()

    def _report(self, tick: float) -> None:
        state = self._decider.state
        self._count("nabat_open_bursts", sum(alarm.is_open for alarm in self._decider.alarms))
        self._count("nabat_terms", len(state.terms))
        self._count("nabat_sources_live", sum(is_live(one, tick) for one in state.health.values()))
