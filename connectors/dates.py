"""Dates as feeds write them: RFC 3339, RFC 822, Unix time, Russian and English months, numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan янв",
            "feb фев",
            "mar мар",
            "apr апр",
            "may май мая",
            "jun июн",
            "jul июл",
            "aug авг",
            "sep сен",
            "oct окт",
            "nov ноя",
            "dec дек",
        ),
        start=1,
    )
    for name in names.split()
}

# Hours east of Greenwich of the names that Russian and RFC 822 feeds write.
ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    "cet": 1, "cest": 2, "eet": 2, "eest": 3, "bst": 1,
    "msk": 3, "мск": 3, "msd": 4, "samt": 4, "yekt": 5, "omst": 6, "krat": 7,
    "irkt": 8, "yakt": 9, "vlat": 10, "magt": 11, "pett": 12,
}  # fmt: skip

_MONTH = r"(?P<month>[a-zа-яё]{3,9})\.?"
_YEAR = r"(?P<year>\d{4}|\d\d)"
_DAYS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",  # 2024-11-28 10:28 MSK
        rf"\b(?P<day>\d{{1,2}})[ -]{_MONTH}[ ,-]+{_YEAR}\b",  # 28 ноября 2024 г., 28-Nov-24
        r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})\b",  # 28.11.2024
        r"\b(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})\b",  # 28/11/2024: day first
        rf"\b{_MONTH} (?P<day>\d{{1,2}}),? (?P<year>\d{{4}})\b",  # Nov 28, 2024
        rf"\b{_MONTH} +(?P<day>\d{{1,2}}) [\d:]+ (?P<year>\d{{4}})\b",  # Nov 28 10:28:16 2024
    )
)
_CLOCK = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?\b(?P<after>.*)"
)
_OFFSET = re.compile(r"[ (]*(?P<name>[a-zа-я]{1,4})?(?P<shift>[+-]\d{1,2}(?::?\d\d)?)?\b")
_CENTURY_ENDS = 69  # POSIX: a two-digit year below it is of this century
_LAST_SECOND = 59


def read_stamp(value: str) -> datetime | None:
    """Read a date as written: aware if it names its zone, naive if not, None if it is no date."""
    text = " ".join(value.split()).lower()
    for read in _READERS:
        try:
            if stamp := read(text):
                return stamp
        except (ValueError, OverflowError):
            continue
    return None


def read_date(value: str, zone: tzinfo = UTC) -> datetime | None:
    """Read a date into UTC; one that names no zone is a wall clock of `zone`."""
    stamp = read_stamp(value)
    if stamp is None:
        return None
    try:
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None


def _read_iso(text: str) -> datetime | None:
    return datetime.fromisoformat(text.upper()) if text[4:5] == "-" else None


def _read_unix(text: str) -> datetime | None:
    digits = {10: 1, 13: 1000}.get(len(text))
    if digits is None or not text.isdecimal():
        return None
    return datetime.fromtimestamp(int(text) / digits, UTC)


def _read_words(text: str) -> datetime | None:
    """Find a day, then a clock, then a zone behind the clock."""
    day = next((found for pattern in _DAYS if (found := pattern.search(text))), None)
    if day is None:
        return None
    year, month = _to_year(day["year"]), _to_month(day["month"])
    midnight = datetime(year, month, int(day["day"]))  # noqa: DTZ001 - the zone comes last
    clock = _CLOCK.search(text)
    if clock is None:
        return midnight
    return midnight.replace(
        hour=int(clock["hour"]),
        minute=int(clock["minute"]),
        second=min(int(clock["second"] or 0), _LAST_SECOND),  # a leap second is the one before
        tzinfo=_read_zone(clock["after"]),
    )


def _to_month(word: str) -> int:
    return int(word) if word.isdecimal() else MONTHS.get(word[:3], 0)


def _to_year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:  # noqa: PLR2004 - two digits or four
        return year
    return year + (2000 if year < _CENTURY_ENDS else 1900)


def _read_zone(text: str) -> tzinfo | None:
    """`+0300`, `gmt`, `мск+2`, `(msk)`; None for no zone or an unknown one."""
    found = _OFFSET.match(text)
    if found is None or not (found["name"] or found["shift"]):
        return None
    hours = ZONES.get(found["name"] or "utc")
    if hours is None:
        return None
    return timezone(timedelta(hours=hours) + _to_shift(found["shift"] or "+0"))


def _to_shift(text: str) -> timedelta:
    sign, digits = -1 if text[0] == "-" else 1, text[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])  # noqa: PLR2004
    return sign * timedelta(hours=int(hours), minutes=int(minutes))


_READERS: tuple[Callable[[str], datetime | None], ...] = (_read_iso, _read_unix, _read_words)
