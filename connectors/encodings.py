"""Bytes to text, for pages whose declared encoding is missing or a lie.

Russian text in a one-byte encoding is never valid UTF-8 by chance, so bytes that are valid UTF-8
are UTF-8 whatever anybody declares. Only then declarations count, and they are weighed against
what the letters say.
"""

from __future__ import annotations

import codecs
import math
import re
from typing import NamedTuple

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CANDIDATES = ("cp1251", "koi8-u", "cp866", "iso8859-5", "cp1252")  # koi8-u holds koi8-r's letters
ALIASES = {"cp-1251": "cp1251", "win-1251": "cp1251", "win1251": "cp1251", "koi8": "koi8-u"}

# Letters of Russian text per thousand (national corpus), in the order of the string.
_LETTERS = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_PER_THOUSAND = (
    *(110, 84, 80, 74, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20, 19),
    *(17, 17, 17, 16, 14, 12, 10, 9, 7, 6, 5, 4, 3, 3, 0.4, 0.4),
)
_WEIGHT = {
    letter: math.log(share / 1000)
    for letter, share in zip(_LETTERS, _PER_THOUSAND, strict=True)
} | dict.fromkeys("іїєґў", math.log(0.002))  # fmt: skip
_STRANGER = math.log(1e-5)  # a sign that Russian text does not have there
_WEIGHT |= dict.fromkeys("«»—–„“”’…№\xa0·•©®°", math.log(0.01))
_WEIGHT |= {chr(code): math.log(0.005) for code in range(0xDF, 0x180)}  # Latin with diacritics

_SWAPPED = re.compile("[а-яё][А-ЯЁ]")  # case inside a word: koi8 read as cp1251 is full of it
_ALONE = re.compile("(?<=[a-z])[а-яё](?![а-яё])|(?<![а-яё])[а-яё](?=[a-z])", re.IGNORECASE)
_TEXT_CODECS = re.compile(
    r"cp\d+|iso8859-\d+|koi8-[rtu]|mac-cyrillic|gb\w+|big5\w*|euc\w+|shift_jis"
)
_WIDE = re.compile(r"gb|big5|euc|shift")

_DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""")
_HEAD = 2048  # bytes in which a declaration stands
_SAMPLE = 50_000  # characters that are weighed
_BROKEN_SHARE = 0.1  # of the signs beyond ASCII: more, and it was never UTF-8
_LEAST_GAIN = 15.0  # nats by which the letters overrule a declaration: three or four words
_LEAST_SHARE = 0.1  # of what they cost in the declared encoding


class Decoded(NamedTuple):
    """Text, and the name of the encoding that it was in."""

    text: str
    encoding: str


def to_text(body: bytes, charset: str | None = None) -> Decoded:
    """Decode `body`, whose HTTP header declares `charset`; what cannot be read becomes U+FFFD."""
    for mark, name in MARKS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(name, "replace"), name)
    encoding = _find_wide(body) or _find_utf8(body) or _weigh(body, _read_declared(body, charset))
    return Decoded(body.decode(encoding, "replace"), encoding)


def _find_wide(body: bytes) -> str | None:
    """UTF-16 without a mark: markup is ASCII, so every other byte of its head is zero."""
    head = body[:64]
    zeros = (head[0::2].count(0), head[1::2].count(0))
    if max(zeros) * 3 < len(head) or min(zeros) > 0:
        return None
    return "utf-16-be" if zeros[0] else "utf-16-le"


def _find_utf8(body: bytes) -> str | None:
    """UTF-8, also if a letter was cut in half here and there."""
    try:
        body.decode()
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
        beyond = sum(not sign.isascii() for sign in text)
        return "utf-8" if text.count("\ufffd") < _BROKEN_SHARE * beyond else None
    return "utf-8"


def _read_declared(body: bytes, charset: str | None) -> str | None:
    """The encoding that the header or the document names, if it is one of text and not Unicode."""
    in_document = _DECLARED.search(body[:_HEAD])
    names = (charset, in_document[1].decode("ascii") if in_document else None)
    for name in filter(None, names):
        folded = name.strip().lower().replace("_", "-")
        try:
            known = codecs.lookup(ALIASES.get(folded, folded)).name
        except (LookupError, ValueError):
            continue
        if _TEXT_CODECS.fullmatch(known):
            return known
    return None


def _weigh(body: bytes, declared: str | None) -> str:
    """The encoding whose letters are the most Russian; a declared one gives way to a clear case."""
    if declared and _is_whole(body, declared):
        return declared
    scores = {name: _score(body, name) for name in CANDIDATES}
    best = max(CANDIDATES, key=scores.__getitem__)
    if declared is None:
        return best
    said = _score(body, declared)
    is_clear = scores[best] - said > max(_LEAST_GAIN, abs(said) * _LEAST_SHARE)
    return best if is_clear else declared


def _is_whole(body: bytes, declared: str) -> bool:
    """Whether bytes that are declared as of several to a letter are that without a mistake."""
    try:
        body.decode(declared)
    except UnicodeDecodeError:
        return False
    return _WIDE.match(declared) is not None


def _score(body: bytes, encoding: str) -> float:
    """Log likelihood of the signs beyond ASCII, in nats, less what no Russian word does."""
    text = body.decode(encoding, "replace")[:_SAMPLE]
    total = sum(_WEIGHT.get(sign.lower(), _STRANGER) for sign in text if not sign.isascii())
    return total - len(_SWAPPED.findall(text)) - 10 * len(_ALONE.findall(text))
