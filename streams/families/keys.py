"""The keys of many words at once: a compiled loop over their letters.

A word's key is 32 bits: 20 of the CRC-32 of its first four letters in UTF-8, 12 of its fifth
letter. A cache of words costs several times as much on real texts, where every seventh word is
new to it and most looks miss the processor's own memory.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return"

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streams.compiled import compiled

HEAD = 4  # letters that tell a word
_FLAGS = 1 << 12  # heads are flagged by as many values of their hash

Flags = NDArray[np.bool_]
Codes = NDArray[np.uint32]

_BREAK = 0x0A  # parts words: they hold none
_ZERO, _NINE = 0x30, 0x39
_ONE, _TWO, _THREE = 0x80, 0x800, 0x10000  # code points below take so many bytes of UTF-8
_FULL = 0xFFFFFFFF
_TABLE = np.array([crc32(bytes([n ^ 0xFF])) ^ 0xFF000000 for n in range(256)], np.int64)


def to_key(head: str, rest: str) -> int:
    """The key of a word of these first letters, and these after them."""
    fifth = ord(rest[0]) & 0xFFF if rest else 0
    return (crc32(head.encode()) & 0xFFFFF) << 12 | fifth


def flag(words: Iterable[str]) -> Flags:
    """Flags for the heads of words that mean more than their letters."""
    flags = np.zeros(_FLAGS, np.bool_)
    for word in words:
        flags[crc32(word[:HEAD].encode()) % _FLAGS] = True
    return flags


def read_keys(words: Sequence[str], flags: Flags) -> tuple[list[int], list[int]]:
    """The key of each word, and the places of words that begin with a digit or may be flagged."""
    codes = np.frombuffer("\n".join(words).encode("utf-32-le"), np.uint32)
    keys = np.empty(2 * len(words), np.uint32)
    count = _read(codes, flags, keys, len(words))
    return keys[: len(words)].tolist(), keys[len(words) : len(words) + count].tolist()


@compiled
def _read(codes: Codes, flags: Flags, keys: Codes, words: int) -> int:
    """Fill `keys`, then the places of words to be looked at; how many these are."""
    at, count = 0, 0
    for i in range(words):
        first, crc, fifth, letter = codes[at], _FULL, np.int64(0), 0
        while at < codes.shape[0] and codes[at] != _BREAK:
            if letter < HEAD:
                crc = _add(crc, np.int64(codes[at]))
            elif letter == HEAD:
                fifth = np.int64(codes[at]) & 0xFFF
            letter, at = letter + 1, at + 1
        at += 1
        crc ^= _FULL
        keys[i] = (crc & 0xFFFFF) << 12 | fifth
        if flags[crc & (_FLAGS - 1)] or _ZERO <= first <= _NINE:
            keys[words + count] = i
            count += 1
    return count


@compiled
def _add(crc: int, code: int) -> int:
    """The sum of what was read and one more character, in UTF-8."""
    if code < _ONE:
        return _step(crc, code)
    if code < _TWO:
        return _step(_step(crc, 0xC0 | code >> 6), 0x80 | code & 0x3F)
    if code < _THREE:
        crc = _step(crc, 0xE0 | code >> 12)
    else:
        crc = _step(_step(crc, 0xF0 | code >> 18), 0x80 | code >> 12 & 0x3F)
    return _step(_step(crc, 0x80 | code >> 6 & 0x3F), 0x80 | code & 0x3F)


@compiled
def _step(crc: int, byte: int) -> int:
    return _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
