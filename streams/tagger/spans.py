"""Spans of text, and the repair of what the entity model is known to get wrong.

Each rule turns one span into the spans that it should have been; rules apply in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from streams.models import EntityType
from streams.text import fold
from streams.words.paradigms import is_known, is_name, read

LONGEST = 300  # characters: the longest official names have half of them
OPENING, CLOSING = "«“„\"'", "»”“\"'"


class Span(NamedTuple):
    """A stretch of text (code points) and its type."""

    start: int
    stop: int
    type: EntityType


def repair_spans(text: str, spans: list[Span]) -> list[Span]:
    """The spans of `text` after every rule, without empty and endless ones."""
    return [better for span in spans for better in _repair(text, span)]


def _repair(text: str, span: Span) -> list[Span]:
    start, stop, _ = span
    is_odd = _SIGN.search(text, start, stop) or _PREPOSITION.match(text, start, stop)
    if not (is_odd or _LISTED.fullmatch(text, start, stop)):
        return [span] if stop - start <= LONGEST else []
    spans = [span]
    for rule in RULES:
        spans = [better for one in spans for better in rule(text, one)]
    return [one for one in spans if 0 < one.stop - one.start <= LONGEST]


_SIGN = re.compile(r"[^\w\s.-]|\n")  # without one only what is listed is ever repaired
_BREAK = re.compile(r"\s*[\n•·|;]\s*")
_MAY_OPEN = re.compile(r"[^\W_]|[.()«»“”„\"'!?+]")
_SURNAME = re.compile("(?:[оеё]в|[иы]н)(?:[аеу]|ой|ым|ых)?$")
_PREPOSITION = re.compile("(?:Во?|На|Из|Под|Над|Ко?|У|От|До|Со?|По|За|При)\\s+(?=[А-ЯЁ])")
_COMMA = re.compile(r"\s*,\s*")
_BRACKET = re.compile(r"\s*[()]\s*")
_LEGAL_FORM = re.compile(
    r"(?:(?:ООО|[ОЗП]?АО|ТОО|НАК|НК|ГК|ФГУП|[ГМЧ]?УП|ИП|АНО|НПО|НКО|ИТАР|Р?ИА|ТЦ|МЦ|ЧОП|СМИ"
    r"|компани\w+|холдинг\w*|газет\w+|журнал\w*|(?:теле|радио)?канал\w*|агентств\w+"
    r"|издательств\w+|корпораци\w+|концерн\w*|груп\w+|радиостанци\w+)\s+)+(?=[«\"„“])",
    re.IGNORECASE,
)
# unions of states act: the model takes half of them for places
_UNIONS = re.compile(
    r"(?:ЕС|ЕАЭС|НАТО|ООН|СНГ|ОДКБ|ШОС|БРИКС|ОПЕК|ОБСЕ|Евросоюз\w{0,2}|Европейск\w+ союз\w{0,2})",
)
_NO_NAME = re.compile(r"(?:теле?грам+|telegram)[- ]канал\w*|СМИ", re.IGNORECASE)
_LISTED = re.compile(f"{_UNIONS.pattern}|(?i:{_NO_NAME.pattern})")


def _split_lines(text: str, span: Span) -> Iterator[Span]:
    """`Форсайта⏎⏎Один`, `Монако • Намибия`: no name goes on after a line break or a bullet.

    What follows opens a line and has its capital from there: a common word is no name.
    """
    first, *rest = _split(text, span, _BREAK)
    yield first
    yield from (one for one in rest if not _is_common(text[one.start : one.stop]))


def _is_common(written: str) -> bool:
    """Whether a word is one that the dictionary has, and never as a name (Токаев: of токай)."""
    word = fold(written.strip("*_ "))
    if _SURNAME.search(word) or not is_known(word):
        return False
    return not any(map(is_name, read(word)))


def _trim_marks(text: str, span: Span) -> Iterator[Span]:
    """`🔴 Росавиация`, `**UPD`: pictures and markup at the edges are no part of a name."""
    start, stop = span.start, span.stop
    while start < stop and not _MAY_OPEN.match(text[start]):
        start += 1
    while start < stop and not _MAY_OPEN.match(text[stop - 1]):
        stop -= 1
    if any(map(str.isalpha, text[start:stop])):
        yield span._replace(start=start, stop=stop)


def _split_lists(text: str, span: Span) -> Iterator[Span]:
    """`Овечкин, Фёдоров`: two people."""
    return _split(text, span, _COMMA) if span.type == "PER" else iter((span,))


def _split_brackets(text: str, span: Span) -> Iterator[Span]:
    """`Федеральной таможенной службы (ФТС`: the name, and its abbreviation in brackets."""
    return _split(text, span, _BRACKET)


def _split(text: str, span: Span, border: re.Pattern[str]) -> Iterator[Span]:
    start = span.start
    for match in border.finditer(text, span.start, span.stop):
        yield span._replace(start=start, stop=match.start())
        start = match.end()
    yield span._replace(start=start)


def _strip_legal_form(text: str, span: Span) -> Iterator[Span]:
    """`ТОО «СП Инкай`: what stands before a name in quotes is no part of it."""
    match = _LEGAL_FORM.match(text, span.start, span.stop) if span.type == "ORG" else None
    yield span._replace(start=match.end()) if match else span


def _balance_quotes(text: str, span: Span) -> Iterator[Span]:
    """`«Новости»`, `«Абзал`, `Инкай»`: quotes around a name, or half of them, are dropped."""
    start, stop = span.start, span.stop
    while start < stop and text[start] in OPENING and _is_loose(text[start + 1 : stop], CLOSING):
        start += 1
    if (
        start < stop
        and text[stop - 1] in CLOSING
        and not set(text[start : stop - 1]) & set(OPENING)
    ):
        stop -= 1
    yield span._replace(start=start, stop=stop)


def _is_loose(rest: str, closing: str) -> bool:
    """Nothing closes in `rest`, or only its end does."""
    return not set(rest[:-1]) & set(closing)


def _strip_preposition(text: str, span: Span) -> Iterator[Span]:
    """`В Люблино`: what opens a sentence before a place has its capital from there."""
    match = _PREPOSITION.match(text, span.start, span.stop) if span.type == "LOC" else None
    yield span._replace(start=match.end()) if match else span


def _retype_unions(text: str, span: Span) -> Iterator[Span]:
    """`ЕС`, `Евросоюз`: organisations."""
    is_union = _UNIONS.fullmatch(text, span.start, span.stop)
    yield span._replace(type="ORG") if is_union else span


def _drop_common_nouns(text: str, span: Span) -> Iterator[Span]:
    """`Telegram-канал`: names nobody."""
    if not _NO_NAME.fullmatch(text, span.start, span.stop):
        yield span


RULES = (
    _split_lines,
    _split_lists,
    _split_brackets,
    _strip_legal_form,
    _balance_quotes,
    _trim_marks,
    _strip_preposition,
    _retype_unions,
    _drop_common_nouns,
)
