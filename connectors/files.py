"""Files: JSON Lines, plain or gzip, in bounded memory; and the sources file."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from connectors.dates import read_date
from streams.journal import KEPT_RAW, LINE_LIMIT, bury
from streams.models import DeadLetter, Place, Source
from streams.surrogates import mend_json
from streams.terms import find_delimiter

Line = tuple[Place, bytes]

CHUNK = 256 << 10  # bytes read at a time; smaller than LINE_LIMIT
GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
STAGE = "files"
COLUMNS = tuple(
    field.encode_name for field in msgspec.structs.fields(Source) if field.name != "extra"
)


def read_lines(path: Path) -> Iterator[Line | DeadLetter]:
    """Give each line of a JSON Lines file with its place; what cannot be framed is a dead letter.

    Gzip is told by its first bytes. Blank lines are skipped but counted; lines count from 1. A
    dead letter is `too_large` (a line over 1 MiB) or `truncated` (half a last line, or a damaged
    gzip stream: nothing follows). Holds about one line in memory. Raises OSError where the file
    cannot be read.
    """
    with path.open("rb") as stream:
        yield from split_lines(_read_chunks(stream), str(path))


def split_lines(chunks: Iterable[bytes], name: str) -> Iterator[Line | DeadLetter]:
    """Cut a stream of bytes into the lines of `read_lines`; `name` is the file of their places."""
    partial, number = _Partial(), 1
    try:
        for chunk in chunks:
            first, *others = chunk.split(b"\n")
            partial.add(first)
            for piece in others:
                yield from partial.finish(Place(file=name, line=number))
                partial, number = _Partial(), number + 1
                partial.add(piece)
    except _CutError as error:
        yield partial.bury("truncated", Place(file=name, line=number), str(error))
    else:
        yield from partial.finish_last(Place(file=name, line=number))


def read_sources(path: Path) -> list[Source]:
    """Read a sources file: CSV with a header; empty fields are open, a date without zone is UTC.

    Raises ValueError that names every wrong line at once.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None
    lines, sign = io.StringIO(text, newline=""), find_delimiter(text)
    reader = csv.DictReader(lines, strict=True, delimiter=sign)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path}:{reader.line_num}: {error}") from None
    problems = _check_header(reader.fieldnames or ())
    sources = {} if problems else _convert_rows(rows, problems)
    if problems:
        raise ValueError("\n".join(f"{path}:{problem}" for problem in problems))
    return list(sources.values())


class _CutError(Exception):
    """The stream ends before its end."""


class _Partial:
    """A line being read: whole up to the limit, beyond it only its head, length and digest."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.length = 0
        self.digest = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        was_long = self.length > LINE_LIMIT
        self.length += len(piece)
        if was_long:
            self.digest.update(piece)
            return
        self.kept += piece
        if self.length > LINE_LIMIT:
            self.digest.update(self.kept)
            del self.kept[KEPT_RAW:]

    def finish(self, place: Place) -> Iterator[Line | DeadLetter]:
        if self.length > LINE_LIMIT:
            yield self.bury("too_large", place, f"{LINE_LIMIT} bytes are allowed")
            return
        raw = bytes(self.kept)
        if place.line == 1:
            raw = raw.removeprefix(BYTE_ORDER_MARK)
        if raw.strip():
            yield place, raw

    def finish_last(self, place: Place) -> Iterator[Line | DeadLetter]:
        if self.length <= LINE_LIMIT and _is_half(bytes(self.kept)):
            yield self.bury("truncated", place, "the last line is cut")
        else:
            yield from self.finish(place)

    def bury(self, reason: str, place: Place, detail: str) -> DeadLetter:
        letter = bury(bytes(self.kept), reason, STAGE, place, detail)
        if self.length <= LINE_LIMIT:
            return letter
        return replace(letter, length=self.length, sha256=self.digest.hexdigest())


def _is_half(raw: bytes) -> bool:
    """Whether JSON begins here but does not end."""
    try:
        msgspec.json.decode(mend_json(raw), type=msgspec.Raw)
    except msgspec.DecodeError as error:
        return bool(raw.strip()) and "truncated" in str(error)
    except RecursionError:  # nested too deeply to tell: the decoder will refuse it
        return False
    return False


def _read_chunks(stream: io.BufferedReader) -> Iterator[bytes]:
    is_gzip = stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)  # works on pipes too
    source = gzip.GzipFile(fileobj=stream) if is_gzip else stream
    try:
        # read1 hands over what was decoded before it reports the damage behind it
        while chunk := source.read1(CHUNK):
            yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _CutError(f"damaged gzip stream: {error}") from None


def _check_header(header: Iterable[str]) -> list[str]:
    names = list(header)
    problems = [f"1: unknown column {name!r}" for name in names if name not in COLUMNS]
    if "source" not in names:
        problems.append(f"1: no column 'source' (known: {', '.join(COLUMNS)})")
    return problems


def _convert_rows(rows: list[tuple[int, dict[str, str]]], problems: list[str]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for number, row in rows:
        try:
            source = _to_source(row)
        except (ValueError, msgspec.ValidationError) as error:
            problems.append(f"{number}: {error}")
            continue
        if source.source in sources:
            problems.append(f"{number}: {source.source!r} is given twice")
        sources[source.source] = source
    return sources


def _to_source(row: dict[str, str]) -> Source:
    if None in row:
        raise ValueError("more fields than the header has columns")
    fields = {name: value.strip() for name, value in row.items() if value and value.strip()}
    for name in {"from", "to"} & fields.keys():
        moment = read_date(fields[name])
        if moment is None:
            raise ValueError(f"{name}: {fields[name]!r} is not a date")
        fields[name] = moment.isoformat()
    source = msgspec.convert(fields, Source, strict=False)
    if source.from_ and source.to and source.from_ > source.to:
        raise ValueError("from is after to")
    return source
