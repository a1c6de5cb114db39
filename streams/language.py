"""The language of a text: an ISO 639-1 code, or `und` where nothing can be said.

Alphabets answer first: a letter that one language alone has outweighs any statistics. What they
leave open two detectors read; whether these agree tells how sure the answer is.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.models import Language

LETTERS = 3  # fewer say nothing
READ = 1000  # characters read; more change no verdict
SHORT = 150  # characters that the slower detector reads
UNDETERMINED = Language("und", 0.0)

# Shares of right answers among the short posts and word pairs of a development set, rounded down:
RULED = 0.97
AGREED = 0.98  # a sure detector and a second one that agrees
SURE, ALIKE, UNSURE = 0.95, 0.82, 0.6  # sure alone; unsure, agreeing; unsure alone


class Letters(NamedTuple):
    """A text in small letters, how often it has each letter, how many are letters, Cyrillic."""

    prose: str
    counts: Mapping[str, int]
    total: int
    cyrillic: int

    def has(self, letters: str) -> int:
        """How many of its letters are among `letters`."""
        return sum(self.counts.get(letter, 0) for letter in letters)


def detect_language(text: str) -> Language:
    """The language of `text` without links, mentions and hashtags; the same on every run."""
    letters = _count(text)
    if letters.total < LETTERS:
        return UNDETERMINED
    for rule in RULES if 2 * letters.cyrillic >= letters.total else (_by_script,):
        code = rule(letters)
        if code:
            return Language(code, RULED)
    return _ask(letters)


_NO_PROSE = re.compile(r"(?:https?://|www\.|t\.me/)\S+|\S+@\S+|[@#]\w+")
_NO_LETTERS = re.compile(r"(?:[^\w'’-]|[\d_])+")


def _count(text: str) -> Letters:
    prose = _NO_LETTERS.sub(" ", _NO_PROSE.sub(" ", text[: 2 * READ]))[:READ].lower()
    counts = {sign: n for sign, n in Counter(prose).items() if sign.isalpha()}
    cyrillic = sum(n for sign, n in counts.items() if "Ѐ" <= sign <= "ӿ")
    return Letters(prose, counts, sum(counts.values()), cyrillic)


# (first, last, code): scripts that one language of the news writes; Japanese before Chinese
_SCRIPTS = (
    ("\u0530", "\u058f", "hy"),
    ("\u10a0", "\u10ff", "ka"),
    ("\uac00", "\ud7af", "ko"),
    ("\u3040", "\u30ff", "ja"),
    ("\u4e00", "\u9fff", "zh"),
    ("\u0370", "\u03ff", "el"),
    ("\u0590", "\u05ff", "he"),
    ("\u0e00", "\u0e7f", "th"),
    ("\u0900", "\u097f", "hi"),
)


def _by_script(letters: Letters) -> str | None:
    for first, last, code in _SCRIPTS:
        written = sum(n for sign, n in letters.counts.items() if first <= sign <= last)
        if 3 * written >= letters.total:
            return code
    return None


def _by_turkic_letters(letters: Letters) -> str | None:
    """Kazakh қазақ тілі, Bashkir башҡорт, Tajik ҳуҷҷат, Tatar җәй, Kyrgyz көң, Mongolian өдөр."""
    if letters.has("қғұ") or (letters.has("әңөүһ") and letters.has("і")):
        return "tg" if letters.has("ҷӣӯ") else "kk"
    for only, code in (("ҙҫҡ", "ba"), ("ҷӣӯ", "tg"), ("әҗ", "tt"), ("ң", "ky"), ("өү", "mn")):
        if letters.has(only):
            return code
    return None


_LONG = re.compile("аа|ээ|оо|уу|ий(?:н|г)\\b")
_RATE = 40  # letters that a Mongolian text needs for each long vowel


def _by_long_vowels(letters: Letters) -> str | None:
    """Mongolian without its own letters: «Баатар баяр наадмын нээлтийн»."""
    long = len(_LONG.findall(letters.prose))
    return "mn" if long > 1 and long * _RATE >= letters.cyrillic else None


_MACEDONIAN = re.compile(
    r"\b(?:во|со|тоа|ќе|кој|која|кои|ова|овој|биле|ја|од)\b|\w{3}(?:от|ата|ите|ето|ува|ување)\b"
)
_SERBIAN = re.compile(
    r"\b(?:је|у|су|за|који|која|које|није|био|као)\b|\w{2}(?:ог|ом|их|има|ју|ње)\b"
)
_LACKED = "йщъыьэёюяіїєґў"  # letters that neither writes
_ENOUGH = 20  # letters without these are no chance


def _by_southern_letters(letters: Letters) -> str | None:
    """Serbian ђ, ћ and Macedonian ѓ, ќ, ѕ; with ј, љ, њ or џ alone: words and endings."""
    if letters.has("ѓќѕ"):
        return "mk"
    if letters.has("ђћ"):
        return "sr"
    return _tell_southern(letters) if letters.has("јљњџ") else None


def _tell_southern(letters: Letters) -> str | None:
    macedonian = len(_MACEDONIAN.findall(letters.prose))
    serbian = len(_SERBIAN.findall(letters.prose))
    return None if macedonian == serbian else "mk" if macedonian > serbian else "sr"


def _looks_southern(letters: Letters) -> bool:
    return letters.cyrillic >= _ENOUGH and not letters.has(_LACKED)


def _by_russian_letters(letters: Letters) -> str | None:
    """Ы, э or ё, together with и, щ or ъ, and nothing foreign."""
    own = letters.has("ыэё")
    foreign = letters.has("іїєґўјљњџ")
    return "ru" if own * 100 >= letters.cyrillic and letters.has("ищъ") and not foreign else None


def _by_kazakh_lack(letters: Letters) -> str | None:
    """Kazakh without its own letters: і, and none of those that only loans have: «мемлекет»."""
    narrow = letters.has("і") and letters.cyrillic >= _ENOUGH // 2
    return "kk" if narrow and not letters.has("иїєґўщъвцфчэхьёяю") else None


def _by_eastern_letters(letters: Letters) -> str | None:
    """Belarusian ў, or ы with і and without и; Ukrainian ї, є, ґ, or і with и."""
    ukrainian, narrow = letters.has("їєґ"), letters.has("і")
    if letters.has("ў") and not ukrainian and letters.has("и") * 10 <= letters.cyrillic:
        return "be"
    if letters.has("ыэё"):
        return "be" if narrow and not ukrainian and not letters.has("и") else None
    return "uk" if ukrainian or (narrow and letters.has("и")) else None


RULES = (
    _by_turkic_letters,
    _by_southern_letters,
    _by_long_vowels,
    _by_russian_letters,
    _by_kazakh_lack,
    _by_eastern_letters,
)


def _ask(letters: Letters) -> Language:
    """What the fast detector says; the other one tells how far to trust it."""
    found = _detector().detect_details(letters.prose)
    if found.language == "und":
        return UNDETERMINED
    second = _read_profiles(letters)
    if second == "mk" and found.language == "sr" and _looks_southern(letters):
        return Language(_tell_southern(letters) or "mk", ALIKE)  # the first knows no Macedonian
    agreed = second == found.language
    if found.reliable:
        return Language(found.language, AGREED if agreed else SURE)
    return Language(found.language, ALIKE if agreed else UNSURE)


@lru_cache(maxsize=1)
def _detector() -> Any:
    import eldc

    eldc.init()
    return eldc


def _read_profiles(letters: Letters) -> str:
    """The language whose langdetect profile fits best: every n-gram once, nothing drawn by lot."""
    profiles = _profiles()
    prose = letters.prose[:SHORT]
    grams = (prose[i : i + n] for n in (1, 2, 3) for i in range(len(prose) - n + 1))
    known = [row for row in map(profiles.rows.get, grams) if row is not None]
    if not known:
        return ""
    return profiles.codes[int(profiles.logs[known].sum(axis=0).argmax())]


class Profiles(NamedTuple):
    """Languages, the row of each n-gram, and the logarithms of its shares in the languages."""

    codes: list[str]
    rows: Mapping[str, int]
    logs: NDArray[np.float64]


PROFILES = (
    # what short posts in the watched alphabets are mistaken for
    *("ru", "uk", "bg", "mk", "en", "de", "fr", "es", "it"),
    *("pt", "nl", "sv", "no", "da", "fi", "et", "lv", "lt"),
    *("pl", "cs", "sk", "sl", "hr", "hu", "ro", "tr"),
)
_LEAST = 1e-5  # the share of an n-gram that a language lacks


@lru_cache(maxsize=1)
def _profiles() -> Profiles:
    """Read langdetect's own files: its detector draws n-grams by lot, theirs are plain counts."""
    spec = find_spec("langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("langdetect is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "profiles"
    counted = [json.loads((folder / code).read_bytes()) for code in PROFILES]
    grams = dict.fromkeys(gram for profile in counted for gram in profile["freq"])
    rows = {gram: row for row, gram in enumerate(grams)}
    shares = np.zeros((len(rows), len(counted)))
    for column, profile in enumerate(counted):
        for gram, count in profile["freq"].items():
            shares[rows[gram], column] = count / profile["n_words"][len(gram) - 1]
    return Profiles(list(PROFILES), rows, np.log(shares + _LEAST))
