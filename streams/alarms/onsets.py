"""When a burst began: the mention from which on there is most evidence of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from streams.alarms.sight import Sight, View
from streams.families.entries import Entry


def since_onset(
    sight: Sight, seen: View, place: int, entries: Sequence[Entry], least: tuple[int, int]
) -> list[Entry]:
    """The documents of a burst, of those in the window that rings: strays before it are left out.

    What is left stands on at least as many origins and owners as all of them, or on `least`.
    """
    last = _last_ground(entries, least)
    counts = [entry.terms[seen.term] for entry in entries]
    weights = [0.0 if one.late else one.weight for one in counts]
    moments = [one.at for one in counts[: last + 1]]
    whole = sight.exposure.documents(sight.starts[place], sight.end) or 1.0
    shares = sight.exposure.by_slot(moments[::-1], sight.end).sum(1)[::-1] / whole
    return list(entries[scan(weights, (seen.expected[place] * shares).tolist()) :])


def scan(weights: Sequence[float], expected: Sequence[float]) -> int:
    """The place from which on the mentions are least like chance, the first of equals.

    `expected` are the mentions that chance brings from each place to the end; places without are
    not tried. The likelihood ratio of Kulldorff, A spatial scan statistic (1997), in one dimension
    with its end fixed.
    """
    left = sum(weights)
    best, found = -math.inf, 0
    for place, usual in enumerate(expected):
        excess = left * math.log(left / usual) - (left - usual) if left > usual > 0 else 0.0
        if excess > best:
            best, found = excess, place
        left -= weights[place]
    return found


def _last_ground(entries: Sequence[Entry], least: tuple[int, int]) -> int:
    """The last place from which on documents stand on enough origins and owners; 0: none."""
    origins: set[str] = set()
    owners: set[str] = set()
    for place in range(len(entries) - 1, 0, -1):
        origins.add(entries[place].origin_id)
        owners.add(entries[place].owner)
        if len(origins) >= least[0] and len(owners) >= least[1]:
            return place
    return 0
