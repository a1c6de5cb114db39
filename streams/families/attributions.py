"""Who is said to report: «— Reuters», «, сообщает РИА Новости», «Об этом сообщает ТАСС».

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
_CITING = r"(?:,?\sсо\sссылкой\s[^\n.]{2,80})?"
_REST = r"(?:[^.\n;]|\.(?=\w))"  # «Газета.Ru» ends no sentence
_END = r"(?=\s*(?:[.;\n\]]|$))"
_REPORT = re.compile(
    rf"\s[—–-]\s*(?:{_SAY}{_REST}{{0,90}}|(?:[\w«»\"-]+\s){{0,2}}{_WHO}{_REST}{{0,70}}"
    rf"|{_NAME}(?:\s{_NAME}){{0,4}}{_CITING}){_END}"  # — ТАСС, — источник РБК
    rf"|,\s(?:как\s|об\sэтом\s)?{_SAY}\w*(?!\w*,?\s(?:что|об?)\s){_REST}{{0,90}}{_END}"
    rf"|(?:(?<=[.\n])\s{{0,8}}|^)(?:Об\sэтом\s|Источник:\s){_REST}{{0,120}}{_END}"
    rf"|[/(]{_NAME}(?:\s{_NAME}){{0,3}}[/)]"  # МОСКВА, 5 марта. /ТАСС/
)


def find_origin(content: str, source: str) -> str | None:
    """The first agency that the text names as the one who reports, by its name in agencies.txt.

    None where nobody is named, and for the agency's own texts.
    """
    for report in _REPORT.finditer(content):
        found = _agencies().search(content, *report.span())
        if found and found.lastgroup:
            name = _rows()[int(found.lastgroup[1:])][0]
            return name if name != name_voice(None, source) else None
    return None


@lru_cache(maxsize=1 << 14)
def name_voice(origin: str | None, source: str) -> str:
    """Who speaks in a text of a source: the origin that it names, or else the source itself.

    Agencies by the name of agencies.txt, so that «— ТАСС» and a source of TASS are one voice.
    """
    speaker = origin or source
    low = speaker.lower()
    rows = (row for row in _rows() if re.search(rf"(?<![^\W_])(?:{row[2]})(?![^\W_])", low))
    return next((row[0] for row in rows), speaker)


@lru_cache(maxsize=1)
def _rows() -> list[list[str]]:
    return read_table("agencies.txt")


@lru_cache(maxsize=1)
def _agencies() -> re.Pattern[str]:
    either = "|".join(f"(?P<n{number}>{row[1]})" for number, row in enumerate(_rows()))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")
