from __future__ import annotations

from pathlib import Path

import pytest

from infra.corpora.detecting import BadSeriesError, detect_file


def write(folder: Path, text: str) -> Path:
    file = folder / "series.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_one_line_a_row_under_a_header(tmp_path: Path) -> None:
    rows = "\n".join(f"2026-03-02 12:{5 * i:02}:00,{i}" for i in range(12))
    lines = list(detect_file(write(tmp_path, f"timestamp,value\n{rows}\n"), 300))
    assert lines[0] == "timestamp,value,expected,score,alert"
    assert len(lines) == 13
    assert lines[1].startswith("2026-03-02 12:00:00,0,")
    assert lines[1].endswith(",0")


def test_a_zone_changes_the_slot_and_not_the_stamp(tmp_path: Path) -> None:
    lines = list(
        detect_file(write(tmp_path, "timestamp,value\n2026-03-02T15:00:00+03:00,1\n"), 300)
    )
    assert lines[1].startswith("2026-03-02T15:00:00+03:00,1,")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("when,count\n1,2\n", "must name timestamp and value"),
        (
            "timestamp,value\nyesterday,2\n",
            ":2: 'yesterday' is not a time; 2026-03-02T12:00:00Z is",
        ),
        ("timestamp,value\n2026-03-02,NaN\n", "finite"),
        ("timestamp,value\n2026-03-02,-1\n", "0 or more"),
        ("timestamp,value\n2026-03-02\n", ":2: '' is not a number"),
        (f"timestamp,value\n2026-03-02,{'1' * 200_000}\n", "field larger than field limit"),
        ("timestamp,value\n2026-03-02,many\n", ":2: 'many' is not a number"),
        ("timestamp,value\n2026-03-02,1\n2026-03-01,1\n", "does not go forward"),
    ],
)
def test_a_bad_series_says_where_and_why(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadSeriesError, match=message):
        list(detect_file(write(tmp_path, text), 300))


def test_a_series_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("timestamp,value\n2026-03-02,1\n", encoding="utf-16")
    with pytest.raises(BadSeriesError, match=r"series\.csv is not UTF-8"):
        list(detect_file(file, 300))
