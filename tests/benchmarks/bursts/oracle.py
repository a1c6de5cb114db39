"""How soon a burst could be told at all: by whoever knew everything but whether it is there.

An oracle knows the usual rate of each moment, and the onset, the height and the shape of the burst.
It need only tell whether it has begun: it waits until the messages are so much likelier with the
burst than without (Wald's sequential test, 1945) that chance, if it had one independent try an
hour, would bring no more than the false alarms allowed; it hears four messages at least. Who has
to search for onset, height and shape rings later, or more often by chance.
"""

from __future__ import annotations

import math

import numpy as np

from tests.benchmarks.bursts.background import CELL, Usual
from tests.benchmarks.bursts.panels import Floats

MINUTE = 60
PATIENCE = 180  # minutes after which a burst counts as missed
FEW = 4  # messages without which nothing rings
FALSE = 0.06  # false alarms a term and week
EVIDENCE = math.log(7 * 24 / FALSE)  # nats, with one independent chance an hour


def time_oracle(onset: float, grown: Floats, usual: Usual, moments: Floats) -> float:
    """The minutes from an onset (s) to the end of the minute in which the oracle rings; NaN: none.

    `grown`: how many messages the burst has brought on average, minute by minute; `moments` (s) are
    those of all messages.
    """
    starts = (int(onset) // MINUTE + np.arange(PATIENCE)) * float(MINUTE)
    expected = usual.rates[(starts // CELL).astype(np.int64)] * MINUTE
    edges = (np.append(starts, starts[-1] + MINUTE) - onset) / MINUTE
    extra = np.diff(np.interp(edges, np.arange(len(grown)), grown))
    counts = np.histogram(moments[moments >= onset], np.append(starts, starts[-1] + MINUTE))[0]
    evidence = np.cumsum(counts * np.log1p(extra / expected) - extra)
    told = np.flatnonzero((evidence >= EVIDENCE) & (np.cumsum(counts) >= FEW))
    return float(starts[told[0]] + MINUTE - onset) / MINUTE if len(told) else math.nan
