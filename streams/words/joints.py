"""What must stand between two words of a phrase."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

INITIAL = 1
DESIGNATION = 4  # letters: Ил-76, МиГ-31
_JOINS = {
    "space": re.compile(r"[\s«»\"„“”‘’'`*_~]*|[-‐‑]"),
    "hyphen": re.compile(r"\s?[-‐‑‒–—−]\s?|\s+"),
    "number": re.compile(r"\s?[-‐‑‒–—−]\s?|"),
    "initial": re.compile(r"\.?[-‐‑]?\s*"),
    "apostrophe": re.compile(r"['’ʼ`‘]?"),
}


class PatternWord(Struct, frozen=True):
    """A word of a pattern as written, and what stands before it; `star`: any ending will do."""

    text: str
    gap: str = ""
    star: bool = False


@lru_cache(maxsize=1 << 12)
def joins(kind: str, gap: str) -> bool:
    """Whether `gap` may stand between two words of a phrase; no empty line ever does."""
    if gap.count("\n") > 1:
        return False
    if pattern := _JOINS.get(kind):
        return pattern.fullmatch(gap) is not None
    return gap.strip() == kind


def name_join(before: PatternWord, word: PatternWord) -> str:
    """The kind of gap before a word of a pattern (what `joins` asks for)."""
    gap = word.gap.strip()
    if len(before.text) == INITIAL and before.text.isupper() and gap in {"", ".", ".-"}:
        return "initial"
    if gap and gap in "'’ʼ`‘":
        return "apostrophe"
    if gap and gap in "-‐‑‒–—−":
        short = before.text.isupper() or len(before.text) <= DESIGNATION
        return "number" if word.text.isdigit() and short else "hyphen"
    return "space" if _JOINS["space"].fullmatch(gap) else gap
