"""How a channel signs its posts: learnt from how its last posts ended.

A signature is the longest run of words that ends at least 8 % of a source's last 400 posts
(«Подписаться», «Прислать новость»). What is remembered of a source are the ends of those posts,
as bytes: twelve words of 32 bits each, zeros in front of a shorter post.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled

WORDS = 12  # of a signature
POSTS = 400  # that it is learnt from
SHARE = 0.08  # of them, that end in it
LEAST = 8  # posts that end in it
_ROW = 4 * WORDS  # bytes


def learn(seen: bytes, keys: Sequence[int]) -> bytes:
    """The ends of the last posts, with that of one more."""
    tail = keys[-WORDS:]
    row = array("I", [0] * (WORDS - len(tail)))
    row.extend(tail)
    return seen[-_ROW * (POSTS - 1) :] + row.tobytes()


def measure_signature(seen: bytes) -> int:
    """How many words of the last post are its source's signature."""
    ends = np.frombuffer(seen, np.uint32).reshape(-1, WORDS)
    return int(_measure(ends, max(LEAST, SHARE * len(ends))))


@compiled
def _measure(ends: NDArray[np.uint32], least: float) -> int:
    last = ends.shape[0] - 1
    counts = np.zeros(WORDS + 1, np.int32)
    for row in range(last + 1):
        size = 0
        while size < WORDS and ends[last, WORDS - 1 - size] == ends[row, WORDS - 1 - size] != 0:
            size += 1
        counts[size] += 1
    total = 0
    for size in range(WORDS, 0, -1):
        total += counts[size]
        if total >= least:
            return size
    return 0
