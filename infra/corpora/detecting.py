"""`nabat detect`: the detector alone on a CSV of counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from streams.alarms.series import Reading, Series

COLUMNS = ("timestamp", "value", "expected", "score", "alert")


class BadSeriesError(ValueError):
    """A row that is no `timestamp,value`; the message says which line and why."""


def detect_file(file: Path, bin_seconds: float) -> Iterator[str]:
    """Give the CSV lines `timestamp,value,expected,score,alert`, the header first.

    Raises `BadSeriesError` for a line without a time or a count, or one that goes back in time.
    """
    series = Series(int(bin_seconds))
    yield ",".join(COLUMNS)
    for stamp, start, value in _read(file):
        yield _write(stamp, value, series.push(start, value))


def _write(stamp: str, value: float, reading: Reading) -> str:
    return f"{stamp},{value:g},{reading.expected:.4f},{reading.score:.4f},{int(reading.is_alert)}"


def _read(file: Path) -> Iterator[tuple[str, int, float]]:
    last = None
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines, restval="")
        for row in _read_rows(file, rows):
            place = f"{file}:{rows.line_num}"
            start, value = _to_start(place, row["timestamp"]), _to_count(place, row["value"])
            if last is not None and start <= last:
                raise BadSeriesError(f"{place}: time does not go forward")
            last = start
            yield row["timestamp"], start, value


def _read_rows(file: Path, rows: csv.DictReader[str]) -> Iterator[dict[str, str]]:
    try:
        if not {"timestamp", "value"} <= set(rows.fieldnames or ()):
            raise BadSeriesError(f"{file}: the header must name timestamp and value")
        yield from rows
    except UnicodeDecodeError as error:
        raise BadSeriesError(f"{file} is not UTF-8: {error.reason}") from None
    except csv.Error as error:
        raise BadSeriesError(f"{file}:{rows.line_num}: {error}") from None


def _to_start(place: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        known = "2026-03-02T12:00:00Z"
        raise BadSeriesError(f"{place}: {text!r} is not a time; {known} is one") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _to_count(place: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadSeriesError(f"{place}: {text!r} is not a number") from None
    if not 0 <= value < float("inf"):
        raise BadSeriesError(f"{place}: a count must be 0 or more, and finite")
    return value
