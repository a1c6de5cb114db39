"""Whether a text is one of a flood: the same text many times, each time with many words altered.

One pair of such texts shares too little to tell. What several have in common tells.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import numpy as np

from streams.compiled import compiled
from streams.families.copies import (
    FLOODED_LEAST,
    LARGEST,
    NAMES,
    Grams,
    Keys,
    has,
    to_grams,
)

COMMON = 0.34  # of texts with three words in ten altered: what the first one said is in more
PAIRS = 0.25  # of a text, found in others of its flood; altered in three ways
SPREAD = 2.5  # of the words that few others have: one text of a flood to all; the same at 3
NOISE = 4  # altered words of which another number is but one; among fewer it is a message


@compiled
def is_flooded(text: Keys, others: Keys, texts: int) -> bool:
    """Whether a text keeps what several others have in common, and alters as much as they do.

    What is in a third of them was in the text that all are made of.
    """
    if text[0] < FLOODED_LEAST:
        return False
    words, least = _gather(others, 1), texts * COMMON
    own = text[0] - _count_found(to_grams(text, 1), words, least)
    if own > 1 + round(SPREAD * _measure_noise(others, words, least) * text[0]):
        return False
    pairs = _gather(others, 2)
    if own < NOISE and _fills_otherwise(text, pairs, _find_numbers(others, least)):
        return False
    return _count_found(to_grams(text, 2), pairs, 1) >= PAIRS * (text[0] - 1)


@compiled
def _measure_noise(texts: Keys, words: Grams, least: float) -> float:
    """The share of words that few of the texts have."""
    at, own, size = 0, 0, 0
    while at < texts.shape[0]:
        grams = to_grams(texts[at:], 1)
        own += grams.shape[0] - _count_found(grams, words, least)
        size += grams.shape[0]
        at += 3 + texts[at] + texts[at + 1] + (texts[at + 2] & NAMES)
    return own / max(1, size)


@compiled
def _fills_otherwise(text: Keys, pairs: Grams, meant: Keys) -> bool:
    """Whether a number stands where others have another one, behind or before the same word.

    One more number is none of these, nor is a misspelt one.
    """
    words, told = text[3 : 3 + text[0]], text[3 + text[0] :][: text[1]]
    for i in range(text[0]):
        if not has(told, words[i]) or has(meant, words[i]) or _is_misspelt(words[i], meant):
            continue
        for number in meant:
            if has(told, number):
                continue
            before = i > 0 and _has_pair(pairs, words[i - 1], number)
            if before or (i + 1 < text[0] and _has_pair(pairs, number, words[i + 1])):
                return True
    return False


@compiled
def _has_pair(pairs: Grams, first: int, second: int) -> bool:
    pair = to_grams(np.array([2, 0, 0, first, second], np.int32), 2)
    return _count_found(pair, pairs, 1) > 0


@compiled
def _find_numbers(texts: Keys, least: float) -> Keys:
    """The numbers that so many of packed texts have that follow each other."""
    numbers, at, count, common = np.empty(texts.shape[0], np.int32), 0, 0, 0
    while at < texts.shape[0]:
        start, size = at + 3 + texts[at], texts[at + 1]
        numbers[count : count + size] = texts[start : start + size]
        count += size
        at = start + size + (texts[at + 2] & NAMES)
    numbers, start = np.sort(numbers[:count]), 0
    for i in range(count):
        if i + 1 == count or numbers[i + 1] != numbers[i]:
            if i + 1 - start >= least:
                numbers[common] = numbers[i]
                common += 1
            start = i + 1
    return numbers[:common]


@compiled
def _is_misspelt(number: int, meant: Keys) -> bool:
    """Whether a number is one of these with a digit or thousands lost, one doubled, or two swapped.

    «196», «19906» and «9106» for 1906; «22» for «22 440» of which one word was replaced.
    """
    for one in meant:
        power = 1
        while 0 < power <= one < LARGEST:
            head, digit, rest = one // power // 10, one // power % 10, one % power
            lost, fewer = head * power + rest, one // power // 1000 * power + rest
            doubled = (one // power * 10 + digit) * power + rest
            swapped = one + (digit - head % 10) * 9 * power
            if number in (lost, fewer, doubled, swapped):
                return True
            power *= 10
    return False


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
def _count_found(grams: Grams, among: Grams, least: float) -> int:
    """How many stand among others at least so often."""
    count = 0
    for gram in grams:
        times = np.searchsorted(among, gram, "right") - np.searchsorted(among, gram)
        count += times >= least
    return count
