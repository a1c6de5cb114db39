"""Whether a text is one of a flood: the same text many times, each time with many words altered.

One pair of such texts shares too little to tell. What several have in common tells.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import numpy as np

from streams.compiled import compiled
from streams.families.copies import (
    LARGEST,
    NAMED,
    NAMES,
    START,
    Grams,
    Keys,
    has,
    to_grams,
)

COMMON = 0.34  # of texts with three words in ten altered: what the first one said is in more
PAIRS = 0.25  # of a text, found in others of its flood; altered in three ways
SPREAD = 2.5  # of the words that few others have: one text of a flood to all; the same at 3
STRAY = 1.25  # the same of a text that was told before its flood was one
LEAST = 8  # words of a text
REWORDED = 0.5  # words altered in a text: what a robot tells is no reprint
NOISE = 4  # altered words of which another number is but one; among fewer it is a message


@compiled
def is_flooded(text: Keys, others: Keys, texts: int, is_robot: bool, spread: float) -> bool:
    """Whether a text keeps what several others have in common, and alters `spread` times as much.

    What is in a third of them was in the text that all are made of. Where they are reprints, with
    less than a word altered in each, another name is another message. Of a robot, who tells the
    same again and again, another number or name is one more word altered.
    """
    if text[0] < LEAST:
        return False
    words, least = _gather(others, 1), texts * COMMON
    own = text[0] - _count_found(to_grams(text, 1), words, least)
    usual = _measure_noise(others, words, least) * text[0]
    if own > 1 + round(spread * usual):
        return False
    pairs, named = _gather(others, 2), usual < 1
    is_guarded = own < NOISE and not (is_robot and usual >= REWORDED)
    if is_guarded and _fills_otherwise(text, pairs, _find_slots(others, least, named), named):
        return False
    return _count_found(to_grams(text, 2), pairs, 1) >= PAIRS * (text[0] - 1)


@compiled
def _pass(texts: Keys, at: int) -> int:
    """Where the next of packed texts begins."""
    return at + 3 + texts[at] + texts[at + 1] + (texts[at + 2] & NAMES)


@compiled
def _measure_noise(texts: Keys, words: Grams, least: float) -> float:
    """The share of words that few of the texts have."""
    at, own, size = 0, 0, 0
    while at < texts.shape[0]:
        grams = to_grams(texts[at:], 1)
        own += grams.shape[0] - _count_found(grams, words, least)
        size += grams.shape[0]
        at = _pass(texts, at)
    return own / max(1, size)


@compiled
def _fills_otherwise(text: Keys, pairs: Grams, meant: Keys, named: bool) -> bool:
    """Whether a number stands where others have another one, behind or before the same word.

    One more number is none of these, nor is a misspelt one. The same of names, if asked.
    """
    words = text[3 : 3 + text[0]]
    for i in range(text[0]):
        is_slot = _is_slot(text, words[i], named)
        if not is_slot or has(meant, words[i]) or _is_misspelt(words[i], meant):
            continue
        for slot in meant:
            if has(words, slot):
                continue
            is_behind = i > 0 and _has_pair(pairs, words[i - 1], slot)
            if is_behind or (i + 1 < text[0] and _has_pair(pairs, slot, words[i + 1])):
                return True
    return False


@compiled
def _is_slot(text: Keys, word: int, named: bool) -> bool:
    """Whether a word of a text is one of its numbers, or one of the names of a short one."""
    numbers = text[3 + text[0] :][: text[1]]
    names = text[3 + text[0] + text[1] :][: text[2] & NAMES if named and text[0] < NAMED else 0]
    return has(numbers, word) or has(names, (word >> 12) & START)


@compiled
def _has_pair(pairs: Grams, first: int, second: int) -> bool:
    pair = to_grams(np.array([2, 0, 0, first, second], np.int32), 2)
    return _count_found(pair, pairs, 1) > 0


@compiled
def _find_slots(texts: Keys, least: float, named: bool) -> Keys:
    """The numbers, or names, that so many of packed texts have that follow each other."""
    slots, at, count, common, start = np.empty(texts.shape[0], np.int32), 0, 0, 0, 0
    while at < texts.shape[0]:
        for word in texts[at + 3 : at + 3 + texts[at]]:
            if _is_slot(texts[at:], word, named):
                slots[count] = word
                count += 1
        at = _pass(texts, at)
    slots = np.sort(slots[:count])
    for i in range(count):
        if i + 1 == count or slots[i + 1] != slots[i]:
            if i + 1 - start >= least:
                slots[common] = slots[i]
                common += 1
            start = i + 1
    return slots[:common]


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
        for gram in found:  # assigning a slice would take seconds to compile
            grams[count] = gram
            count += 1
        at = _pass(texts, at)
    return np.sort(grams[:count])


@compiled
def _count_found(grams: Grams, among: Grams, least: float) -> int:
    """How many stand among others at least so often."""
    count = 0
    for gram in grams:
        times = np.searchsorted(among, gram, "right") - np.searchsorted(among, gram)
        count += times >= least
    return count
