"""Who is said to report: «— Reuters», «, сообщает РИА Новости», «Об этом заявил Песков».

A report says who speaks and not what happened, so reprints differ in it; and where it names an
agency, it names the origin.
"""

from __future__ import annotations

import re
from functools import lru_cache

from streams.words.endings import read_table

_SAY = (
    r"(?:сообщ|заяв|переда[ёел]|пиш[еу]т|рассказ|подчеркн|отме[тч]|добав|уточн|информир|поясн"
    r"|предупред|утвержда|считают|выясни)"
)
# Words that name nobody, and still say who reports: «— синоптики», «— источник в МЧС».
_WHO = (
    r"(?:[Сс][Мм][Ии]|синоптик|исследовани|исследовател|уч[её]ны|эксперт|аналитик|экономист|врач"
    r"|психолог|астролог|источник|очевид|власт|данные|опрос|портал|агентств|издани|газет|канал"
    r"|ведомств|министр|глав[аы]\s|губернатор|мэр|руководител|специалист|советник|представител"
    r"|директор|депутат|пресс-)"
)
_NAME = r"(?:[«\"]?[А-ЯЁA-Z][\w.-]*[»\"]?)"
_END = r"(?=\s*(?:[.;\n\]]|$))"
_REPORT = re.compile(
    rf"\s[—–-]\s*(?:{_SAY}[^.\n;—–]{{0,90}}|(?:[\w«»\"-]+\s){{0,2}}{_WHO}[^.\n;—–]{{0,70}}"
    rf"|{_NAME}(?:\s{_NAME}){{0,4}}){_END}"
    rf"|,\s(?:как\s|об\sэтом\s)?{_SAY}\w*(?!\w*,?\s(?:что|об?)\s)[^.\n;]{{0,90}}{_END}"
    rf"|(?:(?<=[.\n])\s*|^)Об\sэтом\s[^.\n]{{0,120}}{_END}"
)
_HINT = re.compile(r"[—–-]|,\s|Об\sэтом")

Span = tuple[int, int]


def find_reports(content: str) -> list[Span]:
    """The spans that end a sentence, or are one, and only say who reports."""
    return [match.span() for match in _REPORT.finditer(content)]


def find_origin(content: str) -> str | None:
    """The first agency that a report of the text names, as streams/data/agencies.txt does."""
    for start, stop in find_reports(content):
        found = _agencies().search(content, start, stop)
        if found and found.lastgroup:
            return _names()[int(found.lastgroup[1:])]
    return None


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    return tuple(row[0] for row in read_table("agencies.txt"))


@lru_cache(maxsize=1)
def _agencies() -> re.Pattern[str]:
    rows = [row[1] for row in read_table("agencies.txt")]
    either = "|".join(f"(?P<n{number}>{pattern})" for number, pattern in enumerate(rows))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")
