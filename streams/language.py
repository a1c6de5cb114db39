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
from streams.words.alphabets import RULES, Letters, by_script, looks_southern, tell_southern
from streams.words.paradigms import is_known

LETTERS = 3  # fewer say nothing
READ = 1000  # characters read; more change no verdict
CYRILLIC = {"ru", "uk", "be", "bg", "sr"}  # languages of the fast detector
SHORT = 150  # characters that the slower detector reads
UNDETERMINED = Language("und", 0.0)

# Shares of right answers among the short posts and word pairs of a development set, rounded down:
RULED = 0.97
AGREED = 0.98  # a sure detector and a second one that agrees
SURE, ALIKE, UNSURE = 0.95, 0.82, 0.6  # sure alone; unsure, agreeing; unsure alone


def detect_language(text: str) -> Language:
    """The language of `text` without links, mentions and hashtags; the same on every run."""
    letters = _count(text)
    found = _tell(letters)
    return _add_second(found, text) if _looks_mixed(letters, found.code) else found


def _tell(letters: Letters) -> Language:
    if letters.total < LETTERS:
        return UNDETERMINED
    for rule in RULES if 2 * letters.cyrillic >= letters.total else (by_script,):
        code = rule(letters)
        if code:
            return Language(code, RULED)
    return _ask(letters)


SECOND = 0.15  # the least share of a second language
PIECE = 15  # letters of a sentence that is read alone
_PIECES = re.compile(r"(?<=[.!?…])\s+|\n+|\s[|/—–]\s")
# letters that a text in one language has hardly any of: of the alphabets beside it
_STRANGE = {
    "ru": "іїєґўәғқңөұүһҳҷјљњћђ",
    "uk": "ыэёъўқғң",
    "be": "иїєщъқғң",
    "kk": "їєґўёъщ",
}


def _looks_mixed(letters: Letters, code: str) -> bool:
    """Two scripts, or letters of two alphabets: only then are sentences read one by one."""
    other = letters.total - letters.cyrillic
    if min(other, letters.cyrillic) >= max(PIECE, SECOND * letters.total):
        return True
    if letters.total < 2 * PIECE:
        return False
    few = code == "kk" and letters.has("әғқңөұүһі") * 8 < letters.total
    return few or letters.has(_STRANGE.get(code, "")) * 200 >= letters.total


def _add_second(found: Language, text: str) -> Language:
    """The two languages of most letters, told sentence by sentence."""
    shares: Counter[str] = Counter()
    for piece in _PIECES.split(text[: 2 * READ]):
        letters = _count(piece)
        one = _tell(letters) if letters.total >= PIECE else UNDETERMINED
        if one.confidence >= ALIKE:
            shares[one.code] += letters.total
    if len(shares) < 2:  # noqa: PLR2004 - one language
        return found
    (first, _), (second, count) = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:2]
    share = round(count / shares.total(), 2)
    if share < SECOND:
        return found
    return Language(first, found.confidence if first == found.code else RULED, second, share)


_NO_PROSE = re.compile(r"(?:https?://|www\.|t\.me/)\S+|\S+@\S+|[@#]\w+")
_NO_LETTERS = re.compile(r"(?:[^\w'’-]|[\d_])+")


def _count(text: str) -> Letters:
    prose = _NO_LETTERS.sub(" ", _NO_PROSE.sub(" ", text[: 2 * READ]))[:READ].lower()
    counts = {sign: n for sign, n in Counter(prose).items() if sign.isalpha()}
    cyrillic = sum(n for sign, n in counts.items() if "Ѐ" <= sign <= "ӿ")
    return Letters(prose, counts, sum(counts.values()), cyrillic)


def _ask(letters: Letters) -> Language:
    """What the fast detector says; the other one tells how far to trust it."""
    found = _detector().detect_details(letters.prose)
    if found.language == "und":
        return UNDETERMINED
    second = _read_profiles(letters)
    other = _ask_dictionary(letters, found, second) if found.language in CYRILLIC else None
    if other:
        return Language(other, UNSURE)
    if second == "mk" and found.language == "sr" and looks_southern(letters):
        return Language(tell_southern(letters) or "mk", ALIKE)  # the first knows no Macedonian
    agreed = second == found.language
    if found.reliable:
        return Language(found.language, AGREED if agreed else SURE)
    return Language(found.language, ALIKE if agreed else UNSURE)


# Kazakh and Kyrgyz as they are typed without their own letters: endings, and what greets
_TURKIC = re.compile(
    r"(?:(?:[лдт][ае]р)(?:ын|ин|ы|и)?|[нд]?[дт][ае]н?|[гк][ае]н|[мбп]ен|[дт][ыи]|[ыи]п|с[ыи]н?"
    r"|[ыи]нд[ае]|[дтн][ыи]н|[ыи]м|кк[ае]|[ае][ктр][ыи]|[лдт][ыи][кг]|йды|уда|мыз|сыз|шы)\b"
)
_GREETINGS = frozenset(
    ("салем", "рахмет", "жок", "жаксы", "калай", "мен", "сен", "бул", "осы", "мемлекет", "казак")
)
_READ_WORDS = 12


def _ask_dictionary(letters: Letters, found: Any, second: str) -> str | None:
    """Short texts: Russian if an unsure detector reads words that Russian has, each of them.

    Kazakh without its letters looks Slavic to every detector: endings tell, where the Russian
    dictionary has hardly a word.
    """
    words = [word for word in letters.prose.split() if len(word) > 1][:_READ_WORDS]
    known = sum(map(is_known, words))
    if known == len(words) and not found.reliable and (found.language, second) != ("bg", "bg"):
        return "ru"
    if found.language in {"bg", "sr"}:  # their articles and verbs end like Kazakh cases
        return None
    rest = [word for word in words if word not in _GREETINGS]
    russian = sum(map(is_known, rest))
    turkic = len(words) - len(rest) + sum(bool(_TURKIC.search(word)) for word in rest)
    return "kk" if russian * 3 < len(words) and turkic * 2 > len(words) else None


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
