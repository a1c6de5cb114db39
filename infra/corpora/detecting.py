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
        rows = csv.DictReader(lines)
        if not {"timestamp", "value"} <= set(rows.fieldnames or ()):
            raise BadSeriesError(f"{file}: the header must name timestamp and value")
        for row in rows:
            start, value = _parse(file, rows.line_num, row)
            if last is not None and start <= last:
                raise BadSeriesError(f"{file}:{rows.line_num}: time does not go forward")
            last = start
            yield row["timestamp"], start, value


def _parse(file: Path, line: int, row: dict[str, str]) -> tuple[int, float]:
    try:
        moment = datetime.fromisoformat(row["timestamp"].strip())
        value = float(row["value"])
    except (ValueError, TypeError, AttributeError) as error:
        raise BadSeriesError(f"{file}:{line}: {error}") from None
    if not 0 <= value < float("inf"):
        raise BadSeriesError(f"{file}:{line}: a count must be 0 or more, and finite")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()), value
