"""What is kept of a text to tell its copies: words in order, numbers, names; as few bytes.

A word is 32 bits: 20 of a hash of its first four letters, 12 of its fifth letter, so that
endings do not matter and a name can be compared by four letters. Numbers are canonical values
(«5 млн» is «5 000 000»), weekdays count as numbers.
"""

from __future__ import annotations

import re
from array import array
from functools import lru_cache
from zlib import crc32

from msgspec import Struct

from streams.families.copies import LARGEST, LEAD_BITS
from streams.families.digests import find_lead
from streams.families.keys import HEAD, Flags, flag, read_keys, to_key
from streams.text import Tokens
from streams.words.endings import read_table

WORD, NUMBER, NAME, DIGITS, CALL = range(5)  # digits: a number yet to be read
LONGEST = 256  # words: a longer text is judged by its beginning
LINE = 12  # words: a longer last line is no call for readers
NAMED = 160  # words: names of longer texts are never compared

_STOP = re.compile(r"[.!?:;—–\n]")  # a capital letter after these is no name
_DIGITS = re.compile(r"\d+")
_LIKE_DIGITS = re.compile("[0-9]+[oоlз][0-9oоlз]*")  # 1о96, 2З, 1l
_LOOKS = str.maketrans("oоlз", "0013")
_DECIMAL = re.compile(r"[.,]")
_BLANK = re.compile(r"[ \u00a0\u202f]")
_THOUSANDS = 3  # digits of a group
# Names in these say who reports, not what happened: «, сообщил Рейтер», «— ТАСС».
# One set of signs begins both ways, and what cannot match is not tried shorter: twice as fast.
_REPORT = re.compile(
    r"[—–,-](?:(?<=\s[—–-])\s*[^—–\n.]{2,70}+|(?<=,)\s(?i:сообщ|заяв|переда|пиш|рассказ|следует"
    r"|отмет|добав|подчеркн|счита)[^\n.]*+)(?=[.\n]|$)"
)
_SCALES = (
    ("тыс", 1e3), ("млн", 1e6), ("миллио", 1e6), ("млрд", 1e9), ("миллиа", 1e9),
    ("трлн", 1e12), ("триллио", 1e12),
)  # fmt: skip
_CALLS = ("подписаться", "подписывай", "подпиши")  # «Подписаться | Прислать новость»
_COUNTS = (
    "", "один одна одно одного одной", "два две двух двое", "три трех трое",
    "четыре четырех четверо", "пять пяти пятеро", "шесть шести", "семь семи", "восемь восьми",
    "девять девяти", "десять десяти", "одиннадцать", "двенадцать",
)  # fmt: skip
_NUMERALS = {word: float(n) for n, words in enumerate(_COUNTS) for word in words.split()}
_DAYS = re.compile(r"(понедельник|вторник|сред[аеуы]|четверг|пятниц|суббот|воскресень)[а-я]?$")
_WEEK = ("поне", "втор", "сред", "четв", "пятн", "субб", "воск")  # how the days begin


Span = tuple[int, int, int, int]  # first token, the one behind the last, key, kind


class Marked(Struct, frozen=True, gc=False):
    """The words of a text as keys (32 bits each), and of what kind each is.

    `lead` are the words before the first item of a digest, None of another text.
    """

    keys: list[int]
    kinds: list[int]
    lead: int | None = None


def mark(tokens: Tokens) -> Marked:
    """The keys of a text, in order; a number of several tokens is one key."""
    if not tokens.words:
        return Marked([], [])
    keys, places = read_keys(tokens.words, _load_flags())
    kinds = [WORD] * len(keys)
    for at in places:
        keys[at], kinds[at] = _to_key(tokens.words[at])
    if len(keys) <= NAMED:
        for at in _find_names(tokens):
            kinds[at] = kinds[at] or NAME
    call = _find_call(tokens)
    for at in call:
        kinds[at] = CALL
    lead = find_lead(tokens, call.start)
    spans = _find_letters(tokens) if "." in tokens.gaps else []
    spans += _find_numbers(tokens, kinds) if DIGITS in kinds else []
    for at, stop, key, kind in sorted(spans, reverse=True):
        keys[at:stop], kinds[at:stop] = [key], [kind]
    if lead is not None:
        lead -= sum(stop - 1 - at for at, stop, *_ in spans if at < lead)
    return Marked(keys, kinds, lead)


def pack(marked: Marked, length: int) -> bytes:
    """The first `length` words as three counts, then keys in order, numbers and names sorted.

    Above the count of names stands the lead of a digest, and one.
    """
    kinds = marked.kinds[:length]
    told = kinds.index(CALL) if CALL in kinds else length
    keys, kinds = marked.keys[: min(told, LONGEST)], kinds[: min(told, LONGEST)]
    numbers = sorted({keys[at] for at, kind in enumerate(kinds) if kind == NUMBER})
    names = sorted({keys[at] >> 12 for at, kind in enumerate(kinds) if kind == NAME})
    lead = 0 if marked.lead is None else min(marked.lead, len(keys)) + 1
    sizes = (len(keys), len(numbers), len(names) | lead << LEAD_BITS)
    return array("I", [*sizes, *keys, *numbers, *names]).tobytes()


@lru_cache(maxsize=1 << 16)
def _to_key(word: str) -> tuple[int, int]:
    """The key of a word, and whether it says a number."""
    if "0" <= word[0] <= "9":
        return 0, DIGITS
    value = _NUMERALS.get(word)
    if value is not None:
        return _number_key(value), NUMBER
    if _DAYS.match(word):
        return _number_key(word[:HEAD]), NUMBER
    word = next((name for start, name in _load_aliases() if word.startswith(start)), word)
    return to_key(word[:HEAD], word[HEAD:]), WORD


@lru_cache(maxsize=1)
def _load_aliases() -> tuple[tuple[str, str], ...]:
    """How a word begins, and what it is read as (streams/data/aliases.txt)."""
    return tuple((start, name) for start, name, _ in read_table("aliases.txt"))


@lru_cache(maxsize=1)
def _load_flags() -> Flags:
    """Flags for words that may be more than their letters."""
    return flag([*_NUMERALS, *_WEEK, *(start for start, _ in _load_aliases())])


def _find_letters(tokens: Tokens) -> list[Span]:
    """«S.T.A.L.K.E.R.» and «О.А.Э.» are one word each."""
    words, runs = tokens.words, list[tuple[int, int]]()
    for at, gap in enumerate(tokens.gaps[1:-1]):
        if gap == "." and len(words[at]) == len(words[at + 1]) == 1:
            start = runs.pop()[0] if runs and runs[-1][1] == at + 1 else at
            runs.append((start, at + 2))
    told = ["".join(words[start:stop]) for start, stop in runs]
    return [
        (start, stop, to_key(word[:HEAD], word[HEAD:]), WORD)
        for (start, stop), word in zip(runs, told, strict=True)
        if word.isalpha()
    ]


def _find_numbers(tokens: Tokens, kinds: list[int]) -> list[Span]:
    """Numbers, of one token or several."""
    spans, stop = [], 0
    for at, kind in enumerate(kinds):
        if kind == DIGITS and at >= stop:
            stop, key = _read_number(tokens, at)
            spans.append((at, stop, key, NUMBER))
    return spans


def _number_key(value: float | str) -> int:
    """Whole numbers are their own keys: a misspelt one can be told from another."""
    if isinstance(value, float) and value < LARGEST and value.is_integer():
        return int(value)
    return crc32(repr(value).encode())


def _read_number(tokens: Tokens, at: int) -> tuple[int, int]:
    """Where the number that starts at a token ends, and its key."""
    words, start = tokens.words, at
    word = words[at].translate(_LOOKS) if _LIKE_DIGITS.fullmatch(words[at]) else words[at]
    digits = _DIGITS.match(word)
    text = digits.group() if digits else word  # digits of other alphabets stay as they are
    rest = word[len(text) :]
    at += 1
    if not rest:
        at, text = _join_groups(tokens, at, text)
    scale = _scale(rest) or (_scale(words[at]) if not rest and at < len(words) else None)
    if scale and not rest:
        at += 1
    try:
        return at, _number_key(float(text) * (scale or 1.0))
    except ValueError:  # 18.30.05 stays text
        return at, _number_key(" ".join(words[start:at]))


def _join_groups(tokens: Tokens, at: int, text: str) -> tuple[int, str]:
    """Join «3 000», «3.000» and «105,5»; several marks make no number but a text."""
    words, gaps, first = tokens.words, tokens.gaps, text
    while at < len(words) and words[at].isdecimal():
        gap, is_group = gaps[at], len(words[at]) == _THOUSANDS and len(first) <= _THOUSANDS
        if _BLANK.fullmatch(gap) and is_group:
            text += words[at]
        elif _DECIMAL.fullmatch(gap):
            text += words[at] if is_group and first[0] != "0" else "." + words[at]
        else:
            break
        at += 1
    return at, text


@lru_cache(maxsize=1 << 12)
def _scale(word: str) -> float | None:
    return next((value for start, value in _SCALES if word.startswith(start)), None)


def _find_call(tokens: Tokens) -> range:
    """The places of the words of the last lines if they call for readers."""
    words, gaps, last = tokens.words, tokens.gaps, len(tokens.words)
    calls = [at for at in range(max(1, last - LINE), last) if words[at].startswith(_CALLS)]
    starts = (at for at in range(calls[0], 0, -1) if "\n" in gaps[at]) if calls else ()
    start = next(iter(starts), last)
    return range(start if last - start <= LINE else last, last)


def _find_names(tokens: Tokens) -> list[int]:
    """The places of capitalised words inside sentences, outside of attributions."""
    content, starts = tokens.content, tokens.starts
    found = [at for at, start in enumerate(starts) if content[start].isupper()]
    gaps, stops = tokens.gaps, tokens.stops
    found = [at for at in found if at and (gaps[at] == " " or not _STOP.search(gaps[at]))]
    spans = [match.span() for match in _REPORT.finditer(content)] if found else []
    for start, stop in spans:
        found = [at for at in found if not start < stops[at] <= stop]
    return found
