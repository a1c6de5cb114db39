"""Whether a text is a digest: several messages, one a line, behind a lead or behind none.

Lines that begin with a sign or a number, or all lines behind a short first one with a colon
(«Главное за день:»). An article with a list is one as well: its lead may be cut from it.
"""

from __future__ import annotations

import re

from streams.text import Tokens

ITEMS, WORDS = 3, 4  # fewest items, and words of each in the mean
TITLE = 12  # words: a longer first line announces no list
DIGITS = 2  # of the number of an item
_SIGN = re.compile(r"(?:^|\n)[\s*_~\[(]*([^\w\s*_~\[\](){}«»„“\"'…,.:;!?/\\])")
_NUMBERED = re.compile(r"[.)]*\s")  # 1. 1) 1️⃣ whose frame is lost
_COLON = re.compile(r":[\s*_~]*\n")


def find_lead(tokens: Tokens, last: int) -> int | None:
    """How many words stand before the first item of the first `last`; None if it is no digest."""
    gaps = tokens.gaps
    lines = [at for at, gap in enumerate(gaps[:last]) if at and "\n" in gap]
    if len(lines) < ITEMS - 1:
        return None
    signs = {at: sign for at in (0, *lines) if (sign := _find_sign(tokens, at))}
    if signs.get(0) not in [signs.get(at) for at in lines]:  # it adorns a headline
        signs.pop(0, None)
    items = list(signs)
    if len(items) < ITEMS and lines[0] <= TITLE and _COLON.search(gaps[lines[0]]):
        items = lines
    if len(items) < ITEMS or last - items[0] < WORDS * len(items):
        return None
    return items[0]


def _find_sign(tokens: Tokens, at: int) -> str:
    word, sign = tokens.words[at], _SIGN.search(tokens.gaps[at])
    if sign:
        return sign.group(1)
    is_number = len(word) <= DIGITS and word.isdecimal()
    return "1" if is_number and _NUMBERED.match(tokens.gaps[at + 1]) else ""
