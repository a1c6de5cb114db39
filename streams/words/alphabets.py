"""Which language a text is in, by letters and endings that one language alone has.

Rules in order, first answer wins; each returns an ISO 639-1 code or None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Letters(NamedTuple):
    """A text in small letters, how often it has each letter, how many are letters, Cyrillic."""

    prose: str
    counts: Mapping[str, int]
    total: int
    cyrillic: int

    def has(self, letters: str) -> int:
        """How many of its letters are among `letters`."""
        return sum(self.counts.get(letter, 0) for letter in letters)


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


_UZBEK = re.compile("[og]ʻ")


def by_script(letters: Letters) -> str | None:
    """A script of one language; Uzbek in Latin letters: oʻzbek, togʻ."""
    if _UZBEK.search(letters.prose):
        return "uz"
    for first, last, code in _SCRIPTS:
        written = sum(n for sign, n in letters.counts.items() if first <= sign <= last)
        if 3 * written >= letters.total:
            return code
    return None


def _by_turkic_letters(letters: Letters) -> str | None:
    """Kazakh қазақ тілі, Uzbek ўзбек, Bashkir башҡорт, Tajik ҳуҷҷат, Tatar җәй, Kyrgyz көң."""
    if letters.has("ў") and letters.has("иқғҳ") and not letters.has("ыіщ"):
        return "uz"
    if letters.has("қғұ") or (letters.has("әңөүһ") and letters.has("і")):
        return "tg" if letters.has("ҷӣӯ") else "kk"
    for only, code in (("ҙҫҡ", "ba"), ("ҷӣӯ", "tg"), ("әҗ", "tt"), ("ң", "ky"), ("өү", "mn")):
        if letters.has(only):
            return code
    return None


_LONG = re.compile("аа|ээ|оо|уу|ий(?:н|г)\\b|[а-я]ын\\b(?=.*ийн\\b)")
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
    return tell_southern(letters) if letters.has("јљњџ") else None


def tell_southern(letters: Letters) -> str | None:
    """Macedonian or Serbian, by words and endings; None where both have as many."""
    macedonian = len(_MACEDONIAN.findall(letters.prose))
    serbian = len(_SERBIAN.findall(letters.prose))
    return None if macedonian == serbian else "mk" if macedonian > serbian else "sr"


def looks_southern(letters: Letters) -> bool:
    """Whether a text of some length has no letter that Serbian and Macedonian lack."""
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
