"""Phrases of languages that no dictionary stands behind: Ukrainian, Belarusian, Kazakh.

Words decline by their ends (streams/data/endings.uk.txt, endings.be.txt); the head is the first
word that is no adjective of the next one, in Kazakh the last word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from streams.text import fold
from streams.words.endings import ALL, Forms, add_form, read_table, spread
from streams.words.joints import PatternWord
from streams.words.paradigms import inflect

PLAIN = frozenset({"uk", "be", "kk"})
_APOSTROPHES = frozenset("'’ʼ`‘")
_HYPHENS = frozenset({"-", "‐", "‑"})


class Adjective(NamedTuple):
    """How an adjective and the word after it end, what is cut, the endings with their bits."""

    end: re.Pattern[str]
    cut: int
    next: re.Pattern[str]
    endings: tuple[tuple[str, int], ...]


def agree_plainly(words: Sequence[PatternWord], lang: str) -> list[Forms]:
    """The forms of each word of a phrase."""
    if lang == "kk":
        *fixed, last = words
        return [*({fold(word.text): ALL} for word in fixed), inflect(last.text, lang).forms]
    return list(_agree(words, lang))


def _agree(words: Sequence[PatternWord], lang: str) -> Iterator[Forms]:
    head = False
    for word, after in zip(words, (*words[1:], None), strict=True):
        if after is not None and after.gap in _APOSTROPHES:  # Слов'янськ is one word
            yield {fold(word.text): ALL}
            continue
        agreeing = {} if head or after is None else _to_adjective(word.text, after.text, lang)
        if agreeing:
            yield agreeing
            continue
        frozen = {fold(word.text): ALL}
        joined = after is not None and after.gap.strip() in _HYPHENS
        if head and not word.text[0].isupper() and word.gap.strip() not in _HYPHENS:
            yield frozen
        else:
            declined = inflect(word.text, lang).forms
            yield {**declined, **frozen} if head or joined else declined
        head = True


def _to_adjective(word: str, after: str, lang: str) -> Forms:
    """The forms of an adjective before its noun; none if it is none."""
    text, following = fold(word), fold(after)
    for rule in _load_adjectives().get(lang, ()):
        if rule.end.search(text) and rule.next.search(following):
            forms: Forms = {}
            for ending, bits in rule.endings:
                add_form(forms, text[: len(text) - rule.cut] + ending, bits)
            return forms
    return {}


@lru_cache(maxsize=1)
def _load_adjectives() -> dict[str, list[Adjective]]:
    found: dict[str, list[Adjective]] = {}
    for lang, end, cut, following, singular, plural, _ in read_table("adjectives.txt"):
        endings = tuple(spread(singular, plural))
        rule = Adjective(re.compile(end), int(cut), re.compile(following), endings)
        found.setdefault(lang, []).append(rule)
    return found
