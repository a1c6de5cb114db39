"""The pattern language of terms, read strictly.

`Токаев` every form · `"Мир"` exactly so · `террор*` any ending (three letters at least) ·
`А & Б` both in one document · `А -Б` А in a document without Б.
"""

from __future__ import annotations

import re

from msgspec import Struct

from streams.text import clean, fold, unmix
from streams.words.joints import PatternWord

MAX_LENGTH = 300
MAX_WORDS = 12
MAX_PARTS = 8
MIN_PREFIX = 3
_PART = re.compile(
    r'\s*(?:(?P<and>&(?=\s|$))|(?P<not>(?<!\S)[-−](?=[^\W_"«]|"))|"(?P<quote>[^"]*)")'
)
# What other query languages know and this one does not, and what to write instead.
_FOREIGN = (
    (re.compile(r"(?<!\S)AND(?!\S)(?=.*[а-яё])|(?<=[а-яё]) AND(?!\S)"), "write А & Б"),
    (
        re.compile(r"(?<!\S)(?:OR|ИЛИ)(?!\S)(?=.*[а-яё])|(?<=[а-яё]) (?:OR|ИЛИ)(?!\S)"),
        "write two terms",
    ),
    (re.compile(r"(?<!\S)(?:NOT|НЕ)(?!\S)(?=.*[а-яё])|(?<=[а-яё]) (?:NOT|НЕ)(?!\S)"), "write А -Б"),
    (re.compile(r"(?<=[^\W\d_])[,;](?=[^\W\d_])|;"), "write two terms"),
    (re.compile(r"(?<=[^\W_])[?](?=[^\W_])"), "an ending is written *, at the end of a word"),
    (re.compile(r"(?<=[^\W_])[~^][0-9]|\*\*|\.\*|\\"), "all forms of a word are found anyway"),
)
_LETTERS = re.compile(r"[^\W\d_]+")
_SPLIT = re.compile(r"\*[^\W_]")
_WORD = re.compile(r"([^\W_]+)(\*?)")


class PatternError(ValueError):
    """A pattern that says nothing, or not clearly: what is wrong, where, and what to write."""


class Part(Struct, frozen=True):
    """A phrase that a document must hold (or must not)."""

    words: tuple[PatternWord, ...]
    exact: bool = False
    wanted: bool = True


def parse_pattern(pattern: str) -> tuple[Part, ...]:
    """Read a pattern; raises `PatternError`."""
    if len(pattern) > MAX_LENGTH:
        raise PatternError(
            f"the pattern has {len(pattern)} characters, {MAX_LENGTH} are allowed: watch several "
            "shorter terms instead"
        )
    _reject_signs(pattern)
    parts = tuple(_build(*piece) for piece in _cut(_clean(pattern)))
    if not any(part.wanted for part in parts):
        raise PatternError(f"nothing is looked for in {pattern!r}: write a word before the -")
    if len(parts) > MAX_PARTS:
        raise PatternError(f"{len(parts)} parts joined by & and -, {MAX_PARTS} are allowed")
    return parts


def _reject_signs(pattern: str) -> None:
    if pattern.count('"') % 2:
        raise PatternError(f'a quotation mark has no partner in {pattern!r}: write "…" in pairs')
    for sign in "()[]{}|":
        if sign in pattern:
            hint = "write two terms instead" if sign == "|" else "there is no grouping"
            raise PatternError(f"{sign!r} has no meaning in a pattern ({pattern!r}): {hint}")
    for foreign, hint in _FOREIGN:
        if match := foreign.search(pattern):
            sign = match.group().strip()
            raise PatternError(f"{sign!r} has no meaning in a pattern ({pattern!r}): {hint}")


def _clean(pattern: str) -> str:
    """The pattern as a text would be read: no stress marks, no letters of another alphabet."""
    cleaned = clean(pattern).text
    if pattern.strip() and not cleaned.strip():
        raise PatternError(f"{pattern!r} is a link or an account, and those are not read: name it")
    return _LETTERS.sub(_mend, cleaned)


def _mend(match: re.Match[str]) -> str:
    word = match.group()
    letters = zip(word, unmix(fold(word)), strict=True)
    return "".join(
        old if fold(old) == new else new.upper() if old.isupper() else new for old, new in letters
    )


def _cut(pattern: str) -> list[tuple[str, bool, bool]]:
    """The phrases of a pattern, each with (exact, wanted)."""
    pieces: list[tuple[str, bool, bool]] = []
    wanted, text, at, expects = True, "", 0, True
    pattern = pattern.rstrip()
    while at < len(pattern):
        match = _PART.match(pattern, at)
        if match is None:
            text, at = text + pattern[at], at + 1
            continue
        if text.strip():
            pieces.append((text, False, wanted))
            expects, wanted = False, True
        text, at = "", match.end()
        if match["quote"] is not None:
            pieces.append((match["quote"], True, wanted))
            expects, wanted = False, True
        elif expects or not wanted:
            raise PatternError(
                f"{match.group().strip()!r} joins nothing in {pattern!r}: write a word on each side"
            )
        else:
            wanted, expects = match["and"] is not None, True
    if text.strip():
        pieces.append((text, False, wanted))
        expects = text.endswith((" -", " −"))
    if expects:
        raise PatternError(
            f"the pattern {pattern!r} is not finished: a word is missing"
            if pieces
            else "the pattern is empty: write a word"
        )
    return pieces


def _build(text: str, exact: bool, wanted: bool) -> Part:
    words, at = [], 0
    for match in _WORD.finditer(text):
        words.append(PatternWord(match[1], text[at : match.start()], bool(match[2])))
        at = match.end()
    if not words:
        raise PatternError(f"{text.strip()!r} has neither letters nor digits")
    if len(words) > MAX_WORDS:
        raise PatternError(f"a phrase of {len(words)} words, {MAX_WORDS} are allowed")
    for word in words:
        if word.star and (len(word.text) < MIN_PREFIX or exact):
            raise PatternError(
                f"{word.text}*: a prefix needs {MIN_PREFIX} letters at least and no quotes"
            )
    if "*" in "".join([word.gap for word in words]) + text[at:] or _SPLIT.search(text):
        raise PatternError(f"* stands only at the end of a word, not so in {text.strip()!r}")
    return Part(tuple(words), exact, wanted)
