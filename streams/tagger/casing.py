"""Capitals as a newspaper would set them, for texts that shout or whisper.

The entity model reads capitals: `ПУТИН` in a headline and `путин` in a comment mean little to it.
Letters change their case one by one, so offsets stay.
"""

from __future__ import annotations

import re
from functools import lru_cache

from streams.text import fold
from streams.words.paradigms import is_known, read

NAMES = {"Name", "Surn", "Patr", "Geox", "Orgn", "Trad"}
SURE = 0.5  # share of a word's readings that must be names
ENOUGH = 2  # words of at least two letters that a line must have to be judged
ABBREVIATION = 4  # letters of an unknown word without two vowels: ГКЧП, МЧС

_WORD = re.compile(r"[А-Яа-яЁё]+")
_LATIN = re.compile(r"(?<![\w./@#&=?-])[A-Za-z]{2,}(?![\w/@&=?]|[.-][A-Za-z0-9]|://)")  # no address
_LONG = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"(?:\A|[.!?…]\s+|\n)[\s«\"„(\-–—]*([а-яё])")
_TWO_VOWELS = re.compile("[аеёиоуыэюя].*[аеёиоуыэюя]")


def restore_case(text: str) -> str:
    """`text` with the lines in capitals, or all of it if it has none, set in usual case."""
    if text.islower():
        return _set_lines(text) if len(_LONG.findall(text)) >= ENOUGH else text
    return "\n".join(_set_lines(line) if _is_loud(line) else line for line in text.split("\n"))


def _is_loud(line: str) -> bool:
    """Nothing but capitals, and more than an abbreviation."""
    return line.isupper() and len(_LONG.findall(line)) >= ENOUGH


def _set_lines(text: str) -> str:
    usual = _WORD.sub(lambda match: _set_word(match.group()), text)
    if len(_WORD.findall(text)) > len(_LATIN.findall(text)):
        usual = _LATIN.sub(lambda match: _set_latin(match.group()), usual)
    return _SENTENCE.sub(lambda match: match.group()[:-1] + match.group()[-1].upper(), usual)


@lru_cache(maxsize=1 << 16)
def _set_word(word: str) -> str:
    word = word.lower()
    readings = read(fold(word))
    if not is_known(fold(word)):
        short = len(word) <= ABBREVIATION and not _TWO_VOWELS.search(word)
        return word.upper() if short else word.capitalize()
    if "Abbr" in readings[0].tag and len(word) > 1:
        return word.upper()
    sure = sum(reading.score for reading in readings if NAMES & reading.tag.grammemes) >= SURE
    return word.capitalize() if sure else word


def _set_latin(word: str) -> str:
    """A Latin word among Russian ones is a name: Facebook, or BBC."""
    return word.upper() if len(word) < ABBREVIATION else word.capitalize()
