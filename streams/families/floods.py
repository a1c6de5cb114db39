"""Whether a text is one of a flood: the same text many times, each time with many words altered.

One pair of such texts shares too little to tell. What several have in common tells.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import numpy as np

from streams.compiled import compiled
from streams.families.copies import NAMES, NOISE, START, Grams, Keys, to_grams

WOVEN, WOVEN_WORDS, WOVEN_PAIRS = 8, 0.60, 0.50  # of a text, found in a family together
SPUN_WORDS, SPUN_PAIRS = 0.50, 0.25  # of a text, found in texts like it; altered in three ways
COMMON = 0.34  # of texts with three words in ten altered: what the first one said is in more


@compiled
def is_woven(text: Keys, others: Keys) -> bool:
    """Whether a text is made of pieces of others, of which there are several, one after another."""
    if text[0] < WOVEN:
        return False
    words, pairs, slots = _gather(others, 1), _gather(others, 2), 0
    own = to_grams(text, 1)
    found = _count_found(own, words, 1)
    for i in range(3 + text[0], text.shape[0]):
        key = np.uint64(text[i])
        is_name = i >= 3 + text[0] + text[1]
        slots += not (_has_start(words, text[i]) if is_name else _count(words, key) > 0)
    if found < WOVEN_WORDS * text[0] or text[0] - found < NOISE * slots:
        return False
    return _count_found(to_grams(text, 2), pairs, 1) >= WOVEN_PAIRS * (text[0] - 1)


@compiled
def is_spun(text: Keys, others: Keys, texts: int) -> bool:
    """Whether a text keeps most of what several others, each like it, have in common.

    What is in a third of them was in the text that all are made of.
    """
    words = _gather(others, 1)
    found = _count_found(to_grams(text, 1), words, texts * COMMON)
    changed = 0
    for i in range(3 + text[0], 3 + text[0] + text[1]):
        changed += _count(words, np.uint64(text[i])) < texts * COMMON
    if found < SPUN_WORDS * text[0] or text[0] - found < NOISE * changed:
        return False
    return _count_found(to_grams(text, 2), _gather(others, 2), 1) >= SPUN_PAIRS * (text[0] - 1)


@compiled
def _gather(texts: Keys, size: int) -> Grams:
    """The sorted runs of words of packed texts that follow each other."""
    grams = np.empty(texts.shape[0], np.uint64)
    at, count = 0, 0
    while at < texts.shape[0]:
        found = to_grams(texts[at:], size)
        grams[count : count + found.shape[0]] = found
        count += found.shape[0]
        at += 3 + texts[at] + texts[at + 1] + (texts[at + 2] & NAMES)
    return np.sort(grams[:count])


@compiled
def _count(grams: Grams, gram: np.uint64) -> int:
    return int(np.searchsorted(grams, gram, "right") - np.searchsorted(grams, gram))


@compiled
def _has_start(words: Grams, name: int) -> bool:
    for word in words:  # noqa: SIM110 - numba compiles no generators
        if (np.int64(word) >> 12) & START == name:
            return True
    return False


@compiled
def _count_found(grams: Grams, among: Grams, least: float) -> int:
    """How many stand among others at least so often."""
    count = 0
    for gram in grams:
        if _count(among, gram) >= least:
            count += 1
    return count
