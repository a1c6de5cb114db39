"""What is benchmarked: many series of counts at once, pushed bin by bin, answering with alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streams.alarms.series import Series

BIN_SECONDS = 300
BLIND = 0.3  # share of the usual sources below which a bin is not shown to a single series

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Panel(Protocol):
    """A detector of as many series as it was opened with; all begin in the same bin."""

    def push(self, start: int, counts: Floats, exposure: Floats | float = 1.0) -> Bools:
        """Close the bin that begins at `start` (Unix seconds); say which series ring.

        `exposure` is the share of the usual sources that was seen, 0 to 1.
        """


Open = Callable[[int, int], Panel]  # number of series, seconds in a bin


class Nabat:
    """Nabat's detector, one `Series` for each; a bin that shows too little is left out."""

    def __init__(self, series: int, bin_seconds: int) -> None:
        self._series = [Series(bin_seconds) for _ in range(series)]

    def push(self, start: int, counts: Floats, exposure: Floats | float = 1.0) -> Bools:
        """Push each series that can be assessed."""
        seen = np.broadcast_to(exposure, counts.shape)
        return np.array(
            [
                bool(share >= BLIND and one.push(start, float(count)).is_alert)
                for one, count, share in zip(self._series, counts, seen, strict=True)
            ]
        )
