import sys
from pathlib import Path

import pytest

from infra.corpora.outputs import Outputs
from streams.models import Clock, encode, from_seconds

ROWS = [Clock(seen_at=from_seconds(second)) for second in range(3)]
LINES = b"".join(encode(row) + b"\n" for row in ROWS)


def test_one_message_a_line_and_unknown_names_are_left_out(tmp_path: Path) -> None:
    with Outputs({"a": str(tmp_path / "a")}) as outputs:
        outputs.write("a", ROWS)
        outputs.write("b", ROWS)
        sizes = outputs.sizes()
    assert (tmp_path / "a").read_bytes() == LINES
    assert sizes == {str(tmp_path / "a"): len(LINES)}


def test_a_known_file_is_cut_and_continued_another_begins_anew(tmp_path: Path) -> None:
    known, other = tmp_path / "known", tmp_path / "other"
    known.write_bytes(LINES + b"beyond")
    other.write_bytes(b"old")
    sizes = {str(known): len(LINES), str(tmp_path / "elsewhere"): 7}
    with Outputs({"known": str(known), "other": str(other)}, sizes) as outputs:
        outputs.write("known", ROWS)
        outputs.write("other", ROWS)
        after = outputs.sizes()
    assert known.read_bytes() == LINES * 2
    assert other.read_bytes() == LINES
    assert after[str(tmp_path / "elsewhere")] == 7, "what was written before is remembered"


def test_a_dash_is_stdout(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with Outputs({"a": "-"}) as outputs:
        outputs.write("a", ROWS)
        assert outputs.sizes() == {}
    assert capsysbinary.readouterr().out == LINES
    assert not sys.stdout.closed


def test_a_folder_that_is_not_there_opens_nothing(tmp_path: Path) -> None:
    paths = {"a": str(tmp_path / "a"), "b": str(tmp_path / "no" / "b")}
    with pytest.raises(FileNotFoundError), Outputs(paths):
        pass
