"""Half a sign that stands alone never stops the stream: U+FFFD stands there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict
from typer.testing import CliRunner

from connectors.files import read_lines, split_lines
from connectors.reading.entries import fold_entries
from infra.cli import app
from infra.embedded import sift
from streams.journal import accept, accept_row, admit, bury
from streams.models import DeadLetter, Document, Place, Setting, Source, encode
from streams.surrogates import is_whole, mend, mend_document, mend_json

NOW = datetime(2024, 11, 28, 8, tzinfo=UTC)
HALVES = st.text(st.sampled_from('аb🔥\ud83d\udd25\ud800\udfff\\"u\nd8'), max_size=12)
LINE = {"source": "rss/a", "published_at": "2024-11-28T08:00:00Z", "text": "Пожар в порту"}


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("Пожар 🔥", "Пожар 🔥"),
        ("Пожар \ud83d", "Пожар \ufffd"),
        ("\udd25 в порту", "\ufffd в порту"),
        ("\ud83d\udd25 \ud83d", "🔥 \ufffd"),
        ("\ud83d\ud83d\udd25", "\ufffd🔥"),
        ("имя\udcff", "имя\ufffd"),
    ],
)
def test_what_belongs_together_is_joined(broken: str, whole: str) -> None:
    assert mend(broken) == whole
    assert is_whole(broken) == (broken == whole)


@given(HALVES)
def test_the_escapes_of_json_mean_the_same(text: str) -> None:
    """Python writes halves as escapes; whatever else stands beside them is left."""
    for written in (json.dumps([text]), json.dumps([text], ensure_ascii=False)):
        if is_whole(written):
            assert msgspec.json.decode(mend_json(written.encode())) == [mend(text)]


def make(text: str, **fields: Any) -> Document:
    broken = dict.fromkeys(("id", "title", "text", "url", "author", "origin"), text)
    extra = {text: [text, {text: 1}]}
    times = {"published_at": NOW, "seen_at": NOW}
    return Document(**{"source": f"rss/{text}", "extra": extra, **broken, **times, **fields})


@given(HALVES)
def test_a_document_made_in_memory_can_be_written(text: str) -> None:
    document = make(text)
    expected = make(mend(text))
    assert mend_document(document) == expected
    if text.strip():
        admitted = admit(document, None)
        assert isinstance(admitted, Document)
        assert asdict(msgspec.json.decode(encode(admitted), type=Document))["id"] == mend(text)


def test_what_a_connector_makes_is_delivered_or_buried() -> None:
    good = make("Пожар \ud83d")
    early = make("Порт \ud83d", published_at=NOW + timedelta(days=2))
    changes = fold_entries({}, [good, early], "https://vestnik.example/rss")
    assert [one.text for one in changes.documents] == ["Пожар \ufffd"]
    assert [one.reason for one in changes.refused] == ["future"]
    assert {is_whole(key) for key in changes.known} == {True}
    again = fold_entries(changes.known, [good], "https://vestnik.example/rss")
    assert again.documents == ()
    kept, letters = sift([good, early], NOW.timestamp())
    assert [len(encode(one)) > 0 for one in (*kept, *letters)] == [True, True]


@pytest.mark.parametrize("field", ["text", "id", "title", "source"])
def test_a_line_with_half_a_sign_is_a_document(field: str) -> None:
    raw = json.dumps({**LINE, field: "rss/a \ud83d"}).encode()
    document = accept(raw, Place(), None, {})
    assert isinstance(document, Document)
    assert getattr(document, field) == "rss/a \ufffd"


def test_extra_fields_and_settings_are_mended_too() -> None:
    raw = json.dumps({**LINE, "views": "\ud83d"}).encode()
    document = accept(raw, Place(), None, {"rss/a": Source(source="rss/a", extra=True)})
    assert isinstance(document, Document)
    assert document.extra == {"views": "\ufffd"}
    term = {"kind": "setting", "seen_at": LINE["published_at"], "id": "1", "what": "term"}
    row = accept_row(
        json.dumps({**term, "key": "\ud83d", "value": {"name": "мир \ud83d"}}).encode(),
        Place(),
        None,
        {},
    )
    assert isinstance(row, Setting)
    assert (row.key, row.value) == ("\ufffd", {"name": "мир \ufffd"})


def test_a_bad_line_keeps_its_bytes() -> None:
    raw = b'{"text": "\\ud83d", "source"}'
    letter = accept(raw, Place(file="имя\udcff", line=1), None, {})
    assert isinstance(letter, DeadLetter)
    assert (letter.raw, letter.reason, letter.origin.file) == (raw, "not_json", "имя\ufffd")
    assert is_whole(encode(bury(b"", "not_json", "connect", Place(), "\ud83d")).decode())


def test_a_last_line_that_ends_in_half_a_sign_is_not_cut() -> None:
    raw = b'{"text":"\\ud83d"}'
    assert list(split_lines([raw], "a")) == [(Place(file="a", line=1), raw)]


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "имя\udcff.jsonl"
    path.write_bytes(b"{\n")
    (letter,) = read_lines(path)
    assert isinstance(letter, DeadLetter | tuple)
    done = CliRunner().invoke(app, ["replay", str(path), "--deadletters", str(tmp_path / "dead")])
    assert done.exit_code == 1
    assert "имя\ufffd.jsonl" in (tmp_path / "dead").read_text("utf-8")


@pytest.mark.parametrize(
    "words", [["terms", "add", "ОДКБ\udcff"], ["terms", "preview", "\udcff"], ["explain", "\udcff"]]
)
def test_an_argument_that_is_no_text_is_refused(words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "not UTF-8" in done.stderr
