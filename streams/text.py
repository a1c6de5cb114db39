"""One cleaner and one tokeniser for everything: terms, entities, origins.

Cleaning works in place: what is no text (links, markup, account names) becomes as many blanks,
and only what stands inside a word and is no letter of it (stress marks, soft hyphens, bold
markers) goes. So offsets are those of the original, or one table away.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import unescape
from itertools import accumulate

from msgspec import Struct

# Combining marks and invisible format characters: never a letter of their own.
_HIDDEN = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # marks
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"  # no width
)
_HIDDEN_SIGN = re.compile(f"[{_HIDDEN}]")  # searched for several times faster than runs
_HIDDEN_RUN = re.compile(f"[{_HIDDEN}]+")
_WORD = re.compile(r"([^\W_]+)")
_PLAIN_WORD = re.compile(r"(\w+)")  # the same and faster where there is no _
_MIXED = re.compile("[a-zë](?:(?=[а-ӿ])|(?<=[а-ӿ].))")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--[^<>]*-->")
_BREAK_TAG = re.compile(r"</?(?:br|p|div|li|tr|h[1-6])\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"&(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});"
)
_MARKER = re.compile(r"\*\*|__|~~")
_INSIDE = re.compile(r"(?:\*\*|__|~~)(?:\*\*|__|~~){0,2}(?=[^\W_])")
_VISIBLE = re.compile(r"[\w«»„“”‘’\"'—–\-…№.,:;!?()]")
_UNSURE = re.compile(rf"[\[\]()<>/:@&*_~.]|[{_HIDDEN}]")
_REST = r"[^\s<>«»\"]"
# (what a text must contain: mostly one sign, which is found fastest; the pattern)
_LINKS = (
    ("]", re.compile(r"\]\([^\s()\[\]]*\)")),  # the address of [text](address)
    ("/", re.compile(rf"[a-zA-Z][a-zA-Z0-9+.-]{{0,19}}://{_REST}+")),
    ("www.", re.compile(rf"www\.{_REST}+")),
    ("/", re.compile(rf"[a-zA-Z0-9-][a-zA-Z0-9.-]{{0,63}}\.[a-zA-Z]{{2,24}}/{_REST}*")),
    ("@", re.compile(r"[a-zA-Z0-9._+-]{0,64}@[\w.-]+")),
)
_SOFT = "\u00ad"  # stands for what goes without a trace
_LATIN = "abcehkmoptxyi"
_CYRILLIC = "авсенкмортхуі"
_TO_CYRILLIC = str.maketrans(_LATIN + "ë", _CYRILLIC + "е")
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_PASSES = 4


class Cleaned(Struct, frozen=True, gc=False):
    """Text without markup; `starts[i]`, `stops[i]`: where character i stands in the original.

    Both tables are empty where nothing moved: then offsets are equal.
    """

    text: str
    starts: list[int] = []
    stops: list[int] = []


class Tokens(Struct, frozen=True, gc=False):
    """Words of a text in small letters, ё as е, and what stands between them.

    `gaps[i]` stands before `words[i]`, the last gap at the end; word i covers
    `starts[i]` to `stops[i]` of `content`, the original.
    """

    content: str
    words: list[str]
    gaps: list[str]
    starts: list[int]
    stops: list[int]

    def text(self, first: int, last: int) -> str:
        """The original from word `first` to word `last`, both included."""
        return self.content[self.starts[first] : self.stops[last]]


def fold(text: str) -> str:
    """Small letters, ё as е; as many characters as before."""
    small = text.lower()
    if len(small) != len(text):  # İ alone becomes two
        small = text.replace("İ", "I").lower()
    return small.replace("ё", "е")


def clean(content: str) -> Cleaned:
    """Blank out what is no text and mend words; cleaning twice changes nothing."""
    cleaned, has_hidden = Cleaned(content), bool(_HIDDEN_SIGN.search(content))
    for _ in range(_PASSES):
        blanked = _blank(cleaned.text)
        again = _drop(blanked) if has_hidden or _SOFT in blanked else Cleaned(blanked)
        if again.text == cleaned.text:
            return cleaned
        cleaned, has_hidden = _compose(cleaned, again), False  # they went; only _SOFT may come
    return Cleaned(_UNSURE.sub(" ", cleaned.text), cleaned.starts, cleaned.stops)


@lru_cache(maxsize=512)  # a document is read by `enrich`, then by `decide`
def tokenize(content: str) -> Tokens:
    """Split into words: runs of letters and digits; hyphens and full stops divide."""
    cleaned = clean(content)
    folded = fold(cleaned.text)
    parts = (_WORD if "_" in folded else _PLAIN_WORD).split(folded)
    bounds = list(accumulate(map(len, parts)))
    words, starts, stops = parts[1::2], bounds[0:-1:2], bounds[1::2]
    if _MIXED.search(folded):
        words = [unmix(word) for word in words]
    if cleaned.starts:
        starts = [cleaned.starts[at] for at in starts]
        stops = [cleaned.stops[at - 1] for at in stops]
    return Tokens(content, words, parts[0::2], starts, stops)


def normal_words(content: str) -> list[str]:
    """The words alone: small letters, ё as е, without links, account names and punctuation."""
    return tokenize(content).words


def unmix(word: str) -> str:
    """Write a folded word of two alphabets in one, if look-alikes allow: moсква → москва."""
    latin = sum("a" <= sign <= "z" or sign == "ë" for sign in word)
    cyrillic = sum("а" <= sign <= "ӿ" for sign in word)
    if not latin or not cyrillic:
        return word
    tables = [(_TO_CYRILLIC, "a", "z"), (_TO_LATIN, "а", "ӿ")]
    for table, first, last in tables if latin < cyrillic * 3 else reversed(tables):
        written = word.translate(table)
        if not any(first <= sign <= last for sign in written):
            return written
    return word


def disguise(word: str) -> str:
    """A folded word in the letters of the other alphabet that look the same; "" if one has none."""
    for table, alphabet in ((_TO_LATIN, _LATIN), (_TO_CYRILLIC, _CYRILLIC)):
        written = word.translate(table)
        if written != word and set(written) <= set(alphabet):
            return written
    return ""


def _blank(text: str) -> str:
    """Links, tags and markers as blanks, or as soft hyphens where they part one word."""
    if "<" in text:
        text = _TAG.sub(_blank_tag, text)
    for sign, pattern in _LINKS:
        if sign in text:
            text = pattern.sub(_to_blanks, text)
    if "&" in text:
        text = _REFERENCE.sub(_refer, text)
    if ("*" in text or "_" in text or "~" in text) and _MARKER.search(text):
        text = _INSIDE.sub(_blank_marker, text)
        text = text.replace("**", "  ").replace("__", "  ").replace("~~", "  ")
    return text


def _to_blanks(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())


def _blank_tag(match: re.Match[str]) -> str:
    length = match.end() - match.start()
    if _BREAK_TAG.match(match.group()):
        return "\n".ljust(length)
    return (_SOFT if _is_inside(match) else " ") * length


def _blank_marker(match: re.Match[str]) -> str:
    return (_SOFT if _is_inside(match) else " ") * (match.end() - match.start())


def _is_inside(match: re.Match[str]) -> bool:
    text, (start, stop) = match.string, match.span()
    return text[start - 1 : start].isalnum() and text[stop : stop + 1].isalnum()


def _refer(match: re.Match[str]) -> str:
    """The character that an HTML reference names, if it is text; nothing for invisible ones."""
    reference = match.group()
    sign = unescape("&" + reference.lstrip("&").replace("amp;", ""))
    if len(sign) != 1 or _HIDDEN_RUN.match(sign):
        return _SOFT * len(reference)
    return (sign if _VISIBLE.match(sign) else " ").ljust(len(reference), _SOFT)


def _drop(text: str) -> Cleaned:
    """Take out hidden characters after a letter; blank the others."""
    if not _HIDDEN_SIGN.search(text):
        return Cleaned(text)
    text = _HIDDEN_RUN.sub(_blank_unjoined, text)
    runs = [match.span() for match in _HIDDEN_RUN.finditer(text)]
    return _cut(text, runs) if runs else Cleaned(text)


def _blank_unjoined(match: re.Match[str]) -> str:
    start = match.start()
    joined = match.string[start - 1 : start].isalnum()
    return match.group() if joined else _to_blanks(match)


def _cut(text: str, runs: list[tuple[int, int]]) -> Cleaned:
    """The text without the runs, and the tables that lead back; a letter reaches over its marks."""
    parts: list[str] = []
    starts: list[int] = []
    stops: list[int] = []
    at = 0
    for start, stop in runs:
        parts += (text[at : start - 1], _join(text[start - 1], text[start:stop]))
        starts += range(at, start)
        stops += (*range(at + 1, start), stop)
        at = stop
    starts += range(at, len(text))
    stops += range(at + 1, len(text) + 1)
    return Cleaned("".join([*parts, text[at:]]), starts, stops)


def _join(letter: str, marks: str) -> str:
    """A letter without its marks; и with a breve and its like are letters of their own."""
    mark = next((sign for sign in marks if unicodedata.combining(sign)), "")
    whole = unicodedata.normalize("NFC", letter + mark)
    return whole if whole in "йЙїЇўЎ" else letter


def _compose(first: Cleaned, second: Cleaned) -> Cleaned:
    """The tables of cleaning `first` and then `second`."""
    if not second.starts:
        return Cleaned(second.text, first.starts, first.stops)
    if not first.starts:
        return second
    starts = [first.starts[at] for at in second.starts]
    return Cleaned(second.text, starts, [first.stops[at - 1] for at in second.stops])
