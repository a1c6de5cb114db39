import gzip
import hashlib
import itertools
import json
import os
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files import Line, read_lines, read_sources, split_lines
from streams.journal import LINE_LIMIT, accept
from streams.models import DeadLetter, Document, Place

GOOD = b'{"source": "rss/a", "text": "\xd0\xb4\xd0\xb0"}'


def write(folder: Path, content: bytes, name: str = "f.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def sort(
    found: Iterator[Line | DeadLetter],
) -> tuple[list[tuple[int | None, bytes]], list[DeadLetter]]:
    rows = list(found)
    lines = [(row[0].line, row[1]) for row in rows if isinstance(row, tuple)]
    return lines, [row for row in rows if isinstance(row, DeadLetter)]


def test_lines_come_with_their_places(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf" + GOOD + b"\r\n\n \n" + GOOD + b"\n")
    assert list(read_lines(path)) == [
        (Place(file=str(path), line=1), GOOD + b"\r"),
        (Place(file=str(path), line=4), GOOD),
    ]


def test_a_last_line_needs_no_newline(tmp_path: Path) -> None:
    assert sort(read_lines(write(tmp_path, GOOD + b"\n" + GOOD))) == ([(1, GOOD), (2, GOOD)], [])


def test_gzip_is_told_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    members = gzip.compress(GOOD + b"\n") + gzip.compress(GOOD)
    assert sort(read_lines(write(tmp_path, members)))[0] == [(1, GOOD), (2, GOOD)]
    assert sort(read_lines(write(tmp_path, GOOD, "plain.gz")))[0] == [(1, GOOD)]


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, gzip.compress(GOOD))
    os.close(writer)
    try:
        assert sort(read_lines(Path(f"/dev/fd/{reader}")))[0] == [(1, GOOD)]
    finally:
        os.close(reader)
    assert sort(read_lines(write(tmp_path, b""))) == ([], [])


@pytest.mark.parametrize("tail", [b'{"text": "\xd0', b'{"text"', b"{", b'{"a": [1, 2', b'"abc'])
def test_half_a_last_line_is_truncated(tmp_path: Path, tail: bytes) -> None:
    lines, (letter,) = sort(read_lines(write(tmp_path, GOOD + b"\n" + tail)))
    assert lines == [(1, GOOD)]
    assert (letter.reason, letter.raw, letter.origin.line) == ("truncated", tail, 2)


@pytest.mark.parametrize(
    "tail", [b"\x00\x00\x00", b"nonsense", b"\xff\xfe{", b"{]", b"[" * 100_000]
)
def test_a_bad_last_line_that_is_whole_is_left_to_the_decoder(tmp_path: Path, tail: bytes) -> None:
    assert sort(read_lines(write(tmp_path, GOOD + b"\n" + tail))) == ([(1, GOOD), (2, tail)], [])


def test_a_cut_gzip_gives_what_was_whole_then_says_truncated(tmp_path: Path) -> None:
    rows = [
        b'{"text": "%d %s"}' % (n, hashlib.sha256(b"%d" % n).hexdigest().encode())
        for n in range(5000)
    ]
    whole = gzip.compress(b"\n".join(rows))
    lines, (letter,) = sort(read_lines(write(tmp_path, whole[: len(whole) // 2])))
    assert 1000 < len(lines) < 4000
    assert [raw for _, raw in lines] == rows[: len(lines)]
    assert rows[len(lines)].startswith(letter.raw)
    assert (letter.reason, letter.origin.line) == ("truncated", len(lines) + 1)


@pytest.mark.parametrize("damage", ["checksum", "garbage behind", "garbage inside"])
def test_a_damaged_gzip_is_truncated(tmp_path: Path, damage: str) -> None:
    whole = gzip.compress(GOOD + b"\n")
    content = {
        "checksum": whole[:-8] + b"\0" * 8,
        "garbage behind": whole + b"garbage",
        "garbage inside": whole[:14] + b"\xff" * 20 + whole[34:],
    }[damage]
    _, letters = sort(read_lines(write(tmp_path, content)))
    assert [letter.reason for letter in letters] == ["truncated"]
    assert letters[0].detail.startswith("damaged gzip stream: ")


def test_a_line_of_50_mb_is_buried_in_bounded_memory(tmp_path: Path) -> None:
    huge = b"x" * (50 << 20)
    path = write(tmp_path, GOOD + b"\n" + huge + b"\n" + GOOD + b"\n")
    digest = hashlib.sha256(huge).hexdigest()
    del huge
    tracemalloc.start()
    lines, (letter,) = sort(read_lines(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == [(1, GOOD), (3, GOOD)]
    assert (letter.reason, letter.length, letter.sha256) == ("too_large", 50 << 20, digest)
    assert letter.raw == b"x" * (64 << 10)
    assert peak < 8 << 20


def test_a_gzip_bomb_without_newlines_is_one_dead_letter(tmp_path: Path) -> None:
    packed = gzip.compress(bytes(64 << 20), 1)
    tracemalloc.start()
    lines, (letter,) = sort(read_lines(write(tmp_path, packed)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (lines, letter.reason, letter.length) == ([], "too_large", 64 << 20)
    assert peak < 8 << 20


@pytest.mark.parametrize(("size", "fits"), [(LINE_LIMIT, True), (LINE_LIMIT + 1, False)])
def test_the_limit_is_the_journals(size: int, fits: bool) -> None:
    lines, letters = sort(split_lines([b"x" * size + b"\n"], "f"))
    assert (bool(lines), not letters) == (fits, fits)


def test_a_missing_file_is_an_error_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_lines(tmp_path / "none"))


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_the_cut_of_chunks_changes_nothing(content: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(content)]
    chunks = [content[a:b] for a, b in itertools.pairwise(edges)]
    assert list(split_lines(chunks, "f")) == list(split_lines([content], "f"))


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_lines_are_those_between_newlines(rows: list[bytes]) -> None:
    content = b"".join(row.replace(b"\n", b"") + b"\n" for row in rows)
    lines, letters = sort(split_lines([content], "f"))
    by_hand = [(n, raw) for n, raw in enumerate(content.split(b"\n"), start=1)]
    by_hand[0] = (1, by_hand[0][1].removeprefix(b"\xef\xbb\xbf"))
    assert lines == [(n, raw) for n, raw in by_hand if raw.strip()]
    assert letters == []


def say(**fields: object) -> bytes:
    return json.dumps(
        {"source": "rss/a", "published_at": "2024-11-28T07:00:00Z", **fields}
    ).encode()


BAD = [
    (b"\x89PNG\r\x1a\x00\xff\xfe", "not_utf8"),
    (say(text="Пожар").decode().encode("utf-16-le").replace(b"\n", b""), "not_json"),
    (b'{"source": "rss/a", "te', "not_json"),
    (b"\x00" * 4096, "not_json"),
    (b"x" * (50 << 20), "too_large"),
    (say(text=7), "bad_field"),
    (say(text="да", version="two"), "bad_field"),
    (b"[1, 2]", "bad_field"),
    (b'{"source": "rss/a", "text": "x", "published_at": NaN}', "not_json"),
    (say(text="да", published_at="9999-12-31T23:59:59-05:00"), "bad_field"),
    (say(text="да", published_at="9999-12-31T00:00:00Z"), "future"),
    (say(text="да" * 500_000), "too_large"),
    (say(), "no_text"),
    (b"[" * 100_000, "bad_field"),
    (say(text="да")[:-1] + b', "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not_json"),
    (b'{"more": ' * 100_000, "not_json"),
    (b'{"text": "\xd0', "truncated"),
]


def test_bad_lines_become_dead_letters_with_reason_and_place_and_the_rest_flows(
    tmp_path: Path,
) -> None:
    good = say(text="Пожар в порту")
    path = write(tmp_path, b"\n".join(part for raw, _ in BAD for part in (good, raw)))
    as_of = datetime(2024, 12, 1, tzinfo=UTC).timestamp()
    found = [
        one if isinstance(one, DeadLetter) else accept(one[1], one[0], as_of, {})
        for one in read_lines(path)
    ]
    letters = [one for one in found if isinstance(one, DeadLetter)]
    assert [(letter.origin.line, letter.reason) for letter in letters] == [
        (2 * number, reason) for number, (_, reason) in enumerate(BAD, start=1)
    ]
    assert [len(raw) for raw, _ in BAD] == [letter.length for letter in letters]
    assert sum(isinstance(one, Document) for one in found) == len(BAD)


SOURCES = """\ufeffsource,group,owner,title,language,region,from,to,interval_seconds
telegram/Молния,telegram,Ветер,"Молния, срочно",ru,,2024-10-01T00:00:00Z,,30
rss/vestnik.example,,,,,,,,
"""


def test_a_sources_file_is_read_by_its_header(tmp_path: Path) -> None:
    first, second = read_sources(write(tmp_path, SOURCES.encode()))
    assert (first.source, first.owned_by, first.title) == (
        "telegram/Молния", "Ветер", "Молния, срочно",
    )  # fmt: skip
    assert first.from_ == datetime(2024, 10, 1, tzinfo=UTC)
    assert (first.to, first.interval_seconds) == (None, 30.0)
    assert (second.owned_by, second.exposed_in) == ("rss/vestnik.example", "rss")


def test_a_sources_file_may_be_what_spreadsheets_write(tmp_path: Path) -> None:
    content = "\ufeffsource;owner\r\nrss/a;«Ветер, Ко»\r\n".encode()
    (source,) = read_sources(write(tmp_path, content))
    assert (source.source, source.owner) == ("rss/a", "«Ветер, Ко»")


def test_every_wrong_line_of_a_sources_file_is_named_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        b"source,from,to,interval_seconds\n,,,\nrss/a,soon,,\nrss/b,,,often\nrss/b,,,0\n"
        b"rss/c,,,\nrss/c,,,\nrss/d,,,1,2\nrss/e,2024-02-01,2024-01-01,\n",
    )
    with pytest.raises(ValueError, match="is not a date") as caught:
        read_sources(path)
    found = [line.removeprefix(f"{path}:").split(":")[0] for line in str(caught.value).splitlines()]
    assert found == ["2", "3", "4", "5", "7", "8", "9"]


@pytest.mark.parametrize(
    "content", [b"", b"name,group\na,b\n", b"source,colour\na,b\n", b'source\n"a\n']
)
def test_a_sources_file_with_a_wrong_header_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"f\.jsonl:"):
        read_sources(write(tmp_path, content))


def test_a_sources_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "source,owner\nrss/a,Холдинг «Север»\n".encode("cp1251"))
    with pytest.raises(ValueError, match=r"is not UTF-8: invalid .* at byte 19"):
        read_sources(path)
