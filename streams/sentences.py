"""Why an alarm rang in a sentence, in Russian and in English."""

from __future__ import annotations

from typing import NamedTuple

ROUND = 10  # from here on whole numbers say enough
HOUR = 60  # minutes


class Forms(NamedTuple):
    """A Russian noun behind 1, 2 and 5; behind a fraction it stands as behind 2."""

    one: str
    two: str
    five: str


REPORTS = Forms("сообщение", "сообщения", "сообщений")
MINUTES = Forms("минуту", "минуты", "минут")
HOURS = Forms("час", "часа", "часов")
TIMES = Forms("раз", "раза", "раз")


def tell_burst(counted: tuple[float, float], seconds: int, behind: tuple[int, int]) -> str:
    """Say what was counted and what is usual in a window, and who has told of it since it began.

    `counted` is (observed, expected), `behind` (origins, owners): a window may be longer than the
    burst, and a burst longer than the window.
    """
    (observed, expected), (origins, owners) = counted, behind
    many, usual = f"{observed:g}", to_number(expected)
    ratio = to_number(observed / expected)
    return (
        f"{_comma(many)} {decline(many, REPORTS)} {_russian_span(seconds)} при обычных"
        f" {_comma(usual)} (в {_comma(ratio)} {decline(ratio, TIMES)} больше); с начала"
        f" независимых сообщений {origins}, владельцев {owners}. {many} in"
        f" {_english_span(seconds)} where {usual} are usual ({ratio} times); since it began"
        f" {origins} independent reports by {owners} owners."
    )


def tell_retraction(origins: int) -> str:
    """Say that a burst has lost its ground."""
    return (
        f"отозвано, независимых сообщений осталось {origins}. "
        f"Retracted: independent reports left: {origins}."
    )


def to_number(value: float) -> str:
    """A rate or a ratio as people read it, two digits or whole: `239`, `3.2`, `0.018`."""
    return f"{value:.0f}" if value >= ROUND else f"{value:.2g}"


def decline(number: str, forms: Forms) -> str:
    """The form of a noun behind a number: `1 час`, `4 часа`, `11 часов`, `2.5 часа`."""
    if not number.isdecimal():
        return forms.two
    tens, units = divmod(int(number) % 100, 10)
    if tens == 1 or units == 0 or units >= 5:  # noqa: PLR2004 - Russian grammar
        return forms.five
    return forms.one if units == 1 else forms.two


def _comma(number: str) -> str:
    return number.replace(".", ",")


def _russian_span(seconds: int) -> str:
    minutes = seconds // 60
    if minutes % HOUR:
        return f"за {minutes} {decline(str(minutes), MINUTES)}"
    hours = minutes // HOUR
    return "за час" if hours == 1 else f"за {hours} {decline(str(hours), HOURS)}"


def _english_span(seconds: int) -> str:
    minutes = seconds // 60
    return f"{minutes} min" if minutes % HOUR else f"{minutes // HOUR} h"
