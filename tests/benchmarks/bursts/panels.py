"""What is benchmarked: many series of counts at once, pushed bin by bin, answering with alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streams.alarms import series as series_of

BIN_SECONDS = 300

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
    """Nabat's detector."""

    def __init__(self, series: int, bin_seconds: int) -> None:
        self._panel = series_of.Panel(series, bin_seconds)

    def push(self, start: int, counts: Floats, exposure: Floats | float = 1.0) -> Bools:
        """Which series open or escalate."""
        return self._panel.push(start, counts, exposure).alert
