"""What rose with a burst: names and terms that its documents share, and others seldom do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from streams.alarms.sight import Sight
from streams.families.entries import Entry
from streams.models import EntityType

LEAST = 2  # documents that must share something
LIFT = 2.0  # times its usual share
PRIOR, WEIGHT = 0.5, 10.0  # documents that an unknown past is thought to have shown, of so many

Key = TypeVar("Key")


def risen(
    inside: Mapping[Key, int], many: int, outside: Mapping[Key, int], others: int
) -> dict[Key, int]:
    """What rose: in how many of `many` documents of a burst, those that tell most first.

    `outside` is the same over `others` documents. Ranked by the evidence of a binomial share:
    documents times the logarithm of how many times the usual share they are.
    """
    lifts = {
        key: count / many / ((outside.get(key, 0) + PRIOR) / (others + WEIGHT))
        for key, count in inside.items()
        if count >= LEAST
    }
    kept = [key for key, lift in lifts.items() if lift >= LIFT]
    kept.sort(key=lambda key: (-inside[key] * math.log(lifts[key]), str(key)))
    return {key: inside[key] for key in kept}


def risen_names(sight: Sight, entries: list[Entry]) -> dict[tuple[EntityType, str], int]:
    """The names (type, name) that rose against the last days of all watched terms."""
    inside = Counter(one for entry in entries for one in entry.entities)
    known = sight.state.names
    outside = {name: known[name] - count for name, count in inside.items()}
    return risen(inside, len(entries), outside, sight.state.mentioned - len(entries))


def risen_terms(sight: Sight, term: str, entries: list[Entry]) -> dict[str, int]:
    """The other watched terms that rose against the last days of all watched terms."""
    inside = Counter(one for entry in entries for one in entry.terms if one != term)
    tallies = sight.state.tallies
    outside = {one: tallies[one].many(0.0, math.inf) - count for one, count in inside.items()}
    return risen(inside, len(entries), outside, sight.state.mentioned - len(entries))
