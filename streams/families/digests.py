"""Whether a text is a digest: several messages behind a lead, or behind none.

Lines that begin with a sign or a number; all lines behind a title («Главное за день»); or signs
and numbers that count up within a line, where a feed lost its line breaks. An article with a list
is one as well: its lead may be cut from it.
"""

from __future__ import annotations

import re

from streams.text import Tokens

ITEMS, WORDS = 3, 4  # fewest items, and words of each in the mean
COLON_TITLE, TITLE = 12, 6  # words: a longer first line announces no list
DIGITS = 2  # of the number of an item
_TITLES = ("главн", "коротк", "итог", "дайджест", "сводк", "новост", "событ")  # how one begins
_SIGN = re.compile(r"(?:^|\n)[\s*_~\[(]*([^\w\s*_~\[\](){}«»„“\"'…,.:;!?/\\])")
_NUMBERED = re.compile(r"[.)]*\s")  # 1. 1) 1️⃣ whose frame is lost
_COLON = re.compile(r":[\s*_~]*\n")
_BULLET = re.compile("[•▪▫●◦‣∙◾◽🔹🔸]")
_POINT = re.compile(r"[.)]\s")


def find_lead(tokens: Tokens, last: int) -> int | None:
    """How many words stand before the first item of the first `last`; None if it is no digest."""
    items = _find_lines(tokens, last)
    if len(items) < ITEMS:
        items = _find_inline(tokens, last)
    if len(items) < ITEMS or last - items[0] < WORDS * len(items):
        return None
    return items[0]


def _find_lines(tokens: Tokens, last: int) -> list[int]:
    """Where the lines begin that are items."""
    gaps = tokens.gaps
    lines = [at for at, gap in enumerate(gaps[:last]) if at and "\n" in gap]
    if len(lines) < ITEMS - 1:
        return []
    signs = {at: sign for at in (0, *lines) if (sign := _find_sign(tokens, at))}
    if signs.get(0) not in [signs.get(at) for at in lines]:  # it adorns a headline
        signs.pop(0, None)
    return lines if len(signs) < ITEMS and _is_title(tokens, lines[0]) else list(signs)


def _find_sign(tokens: Tokens, at: int) -> str:
    word, sign = tokens.words[at], _SIGN.search(tokens.gaps[at])
    if sign:
        return sign.group(1)
    is_number = len(word) <= DIGITS and word.isdecimal()
    return "1" if is_number and _NUMBERED.match(tokens.gaps[at + 1]) else ""


def _is_title(tokens: Tokens, length: int) -> bool:
    if length > TITLE:
        return length <= COLON_TITLE and _COLON.search(tokens.gaps[length]) is not None
    names = any(word.startswith(_TITLES) for word in tokens.words[:length])
    return names or _COLON.search(tokens.gaps[length]) is not None


def _find_inline(tokens: Tokens, last: int) -> list[int]:
    """Where items begin within lines: behind bullets, or at 1., 2., 3. and so on."""
    words, gaps, items = tokens.words, tokens.gaps, list[int]()
    if _BULLET.search(tokens.content):
        items = [at for at, gap in enumerate(gaps[:last]) if _BULLET.search(gap)]
    if len(items) >= ITEMS or "1" not in words:
        return items
    items = []
    for at in range(words.index("1"), last):
        if words[at] == str(len(items) + 1) and _POINT.match(gaps[at + 1]):
            items.append(at)
    return items
