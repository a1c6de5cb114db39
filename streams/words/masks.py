"""What stands in a text and is not its news: statutory labels, and a channel's signature."""

from __future__ import annotations

import re
from functools import lru_cache

from streams.text import Tokens, fold
from streams.words.endings import read_table

# Every label holds one of these words: participles, short and full, and nouns.
_SHORT = ("", "а", "о", "ы")
_FULL = ("ый", "ая", "ое", "ые", "ого", "ой", "ому", "ую", "ым", "ом", "ых", "ыми")
_MARKS = (
    frozenset(
        stem + ending
        for stem in ("признан", "внесен", "включен", "запрещен")
        for ending in (*_SHORT, *("н" + full for full in _FULL))
    )
    | frozenset("нежелательн" + full for full in _FULL)
    | {
        stem + end
        for stem in ("иноагент", "агент")
        for end in ("", *"ауеы", "ом", "ов", "ам", "ами")
    }
)
_BRACKETS = re.compile(r"\(([^()]{2,400})\)")
# One asterisk opens a footnote; several make letters bold, unless the line is a label to its end.
_FOOTNOTE = re.compile(r"^[\s_]*\*(?!\*)[^\n]{2,300}", re.MULTILINE)
_STARRED = re.compile(
    r"^[\s_]*\*{2,3}[^\w\n*]{0,3}(?=признан|объявлен|внесен|включен|запрещен|организаци|движени|"
    r"компани|принадлежит|сми|иноагент|иностранн|физ|лицо|террорист|экстремист|нежелательн)"
    r"[^\n*()]{2,160}$",
    re.MULTILINE,
)
_SHAPES = ((_BRACKETS, "brackets"), (_FOOTNOTE, "footnote"), (_STARRED, "brackets"))

Span = tuple[int, int]


def find_labels(tokens: Tokens) -> list[Span]:
    """The spans of statutory labels («признан иноагентом», «запрещена в РФ»), in order."""
    if _MARKS.isdisjoint(tokens.words):
        return []
    low = fold(tokens.content)
    spans = [_find_span(match) for pattern in _load("anywhere") for match in pattern.finditer(low)]
    for shape, place in _SHAPES:
        spans += [
            match.span()
            for match in shape.finditer(low)
            if any(pattern.search(match.group().strip("()*\n ")) for pattern in _load(place))
        ]
    return _merge(sorted(spans))


def _find_span(match: re.Match[str]) -> Span:
    """What of a match is the label: the group of that name, or all."""
    return match.span("label" if "label" in match.re.groupindex else 0)


def _merge(spans: list[Span]) -> list[Span]:
    """Spans in order, those that overlap made one."""
    merged: list[Span] = []
    for span in spans:
        if merged and span[0] < merged[-1][1]:
            start, stop = merged[-1]
            merged[-1] = start, max(stop, span[1])
        else:
            merged.append(span)
    return merged


def find_signature(tokens: Tokens, size: int) -> int:
    """Where the lines begin that a signature of the last `size` words has to itself.

    The end of the text if it has none, or if there is nothing else: then it is the news.
    """
    if not size:
        return len(tokens.content)
    words = range(len(tokens.words) - size, len(tokens.words))
    own = (tokens.starts[at] for at in words if "\n" in tokens.gaps[at])
    return next(own, len(tokens.content)) if words.start > 0 else len(tokens.content)


@lru_cache(maxsize=3)
def _load(place: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of one place (streams/data/labels.txt)."""
    return tuple(re.compile(row[1]) for row in read_table("labels.txt") if row[0] == place)
