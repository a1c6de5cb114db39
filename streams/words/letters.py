"""The letters of a normal form: capitals and ё as in the text."""

from __future__ import annotations

import re

from streams.text import fold

_CAPITAL = re.compile("[А-Я][а-я]+")


def is_abbreviation(word: str) -> bool:
    """Whether a word is written in capitals."""
    return word.isupper() and len(word) > 1


def write_like(word: str, written: str) -> str:
    """`word` with the capitals of `written`, part by part between hyphens, and its ё."""
    if _CAPITAL.fullmatch(written):
        return word[:1].upper() + word[1:]
    parts, shapes = word.split("-"), written.split("-")
    if len(parts) != len(shapes):
        return word[:1].upper() + word[1:] if written[:1].isupper() else word
    return "-".join(map(_write_part, parts, shapes))


def _write_part(part: str, shape: str) -> str:
    if shape.isupper() and len(shape) > 1:
        return part.upper()
    plain = len(fold(shape)) == len(shape)  # no stress marks
    alike = count_common(fold(part), fold(shape)) if plain else 0
    same = ("ё" if b in "ёЁ" else a for a, b in zip(part[:alike], shape, strict=False))
    cased = (a.upper() if b.isupper() else a for a, b in zip(same, shape, strict=False))
    start = "".join(cased) or (part[:1].upper() if shape[:1].isupper() else part[:1])
    return start + part[len(start) :]


def count_common(one: str, other: str) -> int:
    """How many letters two words begin with alike."""
    most = min(len(one), len(other))
    if one[:most] == other[:most]:
        return most
    return next(at for at in range(most) if one[at] != other[at])
