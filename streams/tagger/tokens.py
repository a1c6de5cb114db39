"""Tokens as the entity model was trained on them: razdel's, as a compiled state machine.

The rules are those of razdel 0.5 (github.com/natasha/razdel): a text is cut into atoms (a run of
Russian letters, of Latin letters, of digits; else one character), and neighbours are joined again.
"""

# ruff: noqa: PLR1714, SIM109, SIM110 - numba compiles plain comparisons and loops best
# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled

SPACE, RUSSIAN, LATIN, DIGITS, PUNCTUATION, OTHER = range(6)
KIND = 7  # the low bits of a flag; the high ones are what a mark can do
DASH, UNDERSCORE, POINT, SLASH, ENDING = 8, 16, 32, 64, 128

_ATOMS = (
    (RUSSIAN, re.compile("[а-яё]+", re.IGNORECASE)),
    (LATIN, re.compile("[a-z]+", re.IGNORECASE)),
    (DIGITS, re.compile(r"\d+")),
    (SPACE, re.compile(r"\s+")),
)
# "{" is missing in razdel's list of brackets, so that it is no punctuation there
_PUNCTUATION = "\\/!#$%&*+,.:;<=>?@^_`|~№…‑–—−-«“‘»”’\"„'([})]"
_MARKS = ((DASH, "‑–—−-"), (UNDERSCORE, "_"), (POINT, ".,"), (SLASH, "/\\"), (ENDING, ".?!…"))


_EYES, _NOSE, _MOUTHS = tuple(map(ord, "=:;")), ord("-"), tuple(map(ord, "()"))
_YAHOO, _BANG, _STAR = tuple(map(ord, "yahoo")), ord("!"), ord("*")
_LOWER = 32  # the bit between A and a

Codes = NDArray[np.uint32]
Ints = NDArray[np.int32]


class Tokens(NamedTuple):
    """A text, its code points, and where each token starts and stops (code points, int32)."""

    text: str
    codes: Codes
    starts: Ints
    stops: Ints


def tokenize(text: str) -> Tokens:
    """Cut `text` exactly as `razdel.tokenize` does."""
    return tokenize_all([text])[0]


def tokenize_all(texts: Sequence[str]) -> list[Tokens]:
    """Cut each of many short texts, for little more than one costs."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    borders = np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1)
    atoms, spans = np.empty((3, len(codes)), np.int32), np.empty((2, len(codes)), np.int32)
    counts = np.empty(len(texts), np.int64)
    _cut_all(codes, borders, _flags(), atoms, spans, counts)
    starts, stops = spans
    return [
        Tokens(text, codes[at:after], starts[at : at + count], stops[at : at + count])
        for text, at, after, count in zip(
            texts, borders.tolist(), borders[1:].tolist(), counts.tolist(), strict=False
        )
    ]


@lru_cache(maxsize=1)
def _flags() -> NDArray[np.uint8]:
    """What each code point is (low bits) and can do (high bits)."""
    flags = np.full(0x110000, OTHER, np.uint8)
    characters = "".join(map(chr, range(0x110000)))
    for kind, pattern in _ATOMS:
        for match in pattern.finditer(characters):
            flags[match.start() : match.end()] = kind
    flags[[ord(mark) for mark in _PUNCTUATION]] = PUNCTUATION
    for group, marks in _MARKS:
        flags[[ord(mark) for mark in marks]] |= group
    return flags


@compiled
def _cut_all(  # noqa: PLR0913, PLR0917 - three tables to fill
    codes: Codes,
    borders: NDArray[np.int64],
    table: NDArray[np.uint8],
    atoms: Ints,
    spans: Ints,
    counts: NDArray[np.int64],
) -> None:
    """Fill `spans` of each text from its border on, and `counts`."""
    for n in range(len(counts)):
        at, after = borders[n], borders[n + 1]
        count = _cut(codes[at:after], table, atoms)
        counts[n] = _join(codes[at:after], atoms, count, spans[:, at:after])


@compiled
def _cut(codes: Codes, table: NDArray[np.uint8], atoms: Ints) -> int:
    """Fill `atoms` (starts, stops, flags); how many there are."""
    count, i, size = 0, 0, codes.shape[0]
    while i < size:
        flag = table[codes[i]]
        j = i + 1
        if flag != SPACE:
            if flag <= DIGITS:
                while j < size and table[codes[j]] == flag:
                    j += 1
            atoms[0, count], atoms[1, count], atoms[2, count] = i, j, flag
            count += 1
        i = j
    return count


@compiled
def _join(codes: Codes, atoms: Ints, count: int, spans: Ints) -> int:
    """Fill `spans` (starts, stops) with joined atoms; how many there are."""
    tokens = 0
    for k in range(count):
        touching = k > 0 and atoms[1, k - 1] == atoms[0, k]
        if touching and _belongs(codes, atoms, count, k, spans[0, tokens - 1]):
            spans[1, tokens - 1] = atoms[1, k]
        else:
            spans[0, tokens], spans[1, tokens] = atoms[0, k], atoms[1, k]
            tokens += 1
    return tokens


@compiled
def _belongs(codes: Codes, atoms: Ints, count: int, k: int, start: int) -> bool:
    """Whether atom k continues the token that began at `start`."""
    for group in (DASH, UNDERSCORE, POINT, SLASH):
        if _bridges(atoms, count, k, group):
            return True
    left, right = atoms[2, k - 1] & KIND, atoms[2, k] & KIND
    if left == PUNCTUATION and right == PUNCTUATION:
        return _is_mark(codes, atoms, k, start)
    if left == OTHER:
        return right != DIGITS and right != PUNCTUATION
    if right == OTHER:
        return left == RUSSIAN or left == LATIN
    return codes[atoms[0, k]] == _BANG and _is_yahoo(codes, atoms[0, k - 1], atoms[1, k - 1])


@compiled
def _bridges(atoms: Ints, count: int, k: int, group: int) -> bool:
    """что-то, snake_case, 1,5 and 1/2: a mark of `group` between two atoms that it may join."""
    if atoms[2, k - 1] & group:
        a, b = k - 2, k
    elif atoms[2, k] & group:
        a, b = k - 1, k + 1
    else:
        return False
    if a < 0 or b >= count:
        return False
    left, right = atoms[2, a] & KIND, atoms[2, b] & KIND
    if group == DASH or group == UNDERSCORE:
        return left != PUNCTUATION and right != PUNCTUATION
    return left == DIGITS and right == DIGITS


@compiled
def _is_mark(codes: Codes, atoms: Ints, k: int, start: int) -> bool:
    """?!, --, ** and smiles."""
    left, right = codes[atoms[0, k - 1]], codes[atoms[0, k]]
    if atoms[2, k - 1] & ENDING and atoms[2, k] & ENDING:
        return True
    if left == right and (left == _NOSE or left == _STAR):
        return True
    return _is_smile(codes, start, atoms[1, k])


@compiled
def _is_smile(codes: Codes, start: int, stop: int) -> bool:
    """Eyes =, : or ;, perhaps a nose -, one to three brackets."""
    if codes[start] not in _EYES:
        return False
    mouth = start + 1
    if codes[mouth] == _NOSE:
        mouth += 1
    if mouth == stop or stop - mouth > 3:  # noqa: PLR2004 - three brackets
        return False
    for i in range(mouth, stop):
        if codes[i] not in _MOUTHS:
            return False
    return True


@compiled
def _is_yahoo(codes: Codes, start: int, stop: int) -> bool:
    """The one exception that razdel makes: yahoo! in any case."""
    if stop - start != len(_YAHOO):
        return False
    for i in range(len(_YAHOO)):
        if codes[start + i] | _LOWER != _YAHOO[i]:
            return False
    return True
