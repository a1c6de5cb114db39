"""The lanes between journal and `decide`: which way a row goes, and what a lane makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from streams.enrich import Failure, fold_term
from streams.journal import bury
from streams.models import (
    DeadLetter,
    Document,
    Enriched,
    Mark,
    Place,
    Row,
    Setting,
    Term,
    decode_row,
    encode,
)

Watch = TypeVar("Watch")
Enrich = Callable[[Sequence[Document], Watch], Sequence[Enriched | Failure]]
Compile = Callable[[Iterable[Term], Watch | None], Watch]  # terms, and what was made before


class Route(Struct, frozen=True):
    """Which lane this is, of how many, and the topic whose offsets number the rows."""

    own: int
    lanes: int
    journal: str = "nabat.journal"

    def place(self, number: int) -> Place:
        """Where the journal holds a row."""
        return Place(topic=self.journal, partition=0, offset=number)


class Kept(Struct, frozen=True):
    """A setting in force, and where the lane read it."""

    offset: int
    number: int
    row: Setting


class Passage(Struct):
    """What a run of rows becomes: numbered messages, dead letters, settings to keep."""

    messages: list[tuple[int, bytes]] = []
    buried: list[DeadLetter] = []
    kept: list[Kept] = []


class _Kind(Struct):
    kind: str = ""


_KIND = msgspec.json.Decoder(_Kind)


def choose_lanes(number: int, raw: bytes, lanes: int) -> Sequence[int]:
    """The lanes of a row: settings go down all of them, everything else down one."""
    try:
        is_setting = _KIND.decode(raw).kind == "setting"
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        is_setting = False
    return range(lanes) if is_setting else (number % lanes,)


class Lane(Generic[Watch]):
    """One partition of the work topic: its rows in order, the terms in force among them."""

    def __init__(self, route: Route, enrich: Enrich[Watch], compile_watch: Compile[Watch]) -> None:
        self._route, self._enrich, self._compile = route, enrich, compile_watch
        self._terms: dict[str, Term] = {}
        self._watch: Watch | None = None
        self._compiled: dict[str, Term] | None = None  # the terms that `_watch` is made of
        self.last = -1

    def restore(self, kept: Iterable[Kept]) -> int:
        """Put kept settings in force; give the first offset after them."""
        start = 0
        for one in sorted(kept, key=lambda one: one.number):
            self._fold(one.row)
            self.last, start = one.number, one.offset + 1
        return start

    def walk(self, rows: Iterable[tuple[int, int, bytes]]) -> Passage:
        """Take rows (offset, number, raw) in order; repeats of earlier numbers are left out."""
        passage = Passage()
        fresh = [
            (offset, number, _decode(raw, self._route.place(number)))
            for offset, number, raw in self._new(rows)
        ]
        for is_document, run in groupby(fresh, key=lambda one: isinstance(one[2], Document)):
            if is_document:
                self._enrich_run([(number, row) for _, number, row in run], passage)
            else:
                self._pass_run(run, passage)
        return passage

    def _new(self, rows: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
        """A repeated row was enriched under the terms of its first time: once is enough."""
        for offset, number, raw in rows:
            if number > self.last:
                self.last = number
                yield offset, number, raw

    def _enrich_run(self, run: Sequence[tuple[int, Row | DeadLetter]], passage: Passage) -> None:
        documents = [row for _, row in run if isinstance(row, Document)]
        results = self._enrich(documents, self._watch_terms())
        for (number, _), result in zip(run, results, strict=True):
            if isinstance(result, Failure):
                raw, place = encode(result.document), self._route.place(number)
                letter = bury(raw, result.reason, "enrich", place, result.detail)
                self._bury(number, letter, passage)
            else:
                passage.messages.append((number, encode(result)))

    def _watch_terms(self) -> Watch:
        if self._watch is None or self._compiled is not self._terms:
            self._watch = self._compile(self._terms.values(), self._watch)
            self._compiled = self._terms
        return self._watch

    def _pass_run(self, run: Iterable[tuple[int, int, Row | DeadLetter]], passage: Passage) -> None:
        for offset, number, row in run:
            if isinstance(row, Setting):
                self._fold(row)
                passage.kept.append(Kept(offset, number, row))
            if number % self._route.lanes != self._route.own:
                continue
            if isinstance(row, DeadLetter):
                self._bury(number, row, passage)
            else:
                passage.messages.append((number, encode(row)))

    def _bury(self, number: int, letter: DeadLetter, passage: Passage) -> None:
        passage.buried.append(letter)
        passage.messages.append((number, encode(Mark(reason=letter.reason))))

    def _fold(self, row: Setting) -> None:
        self._terms = fold_term(self._terms, row)


def to_kept(cells: Mapping[str, bytes]) -> list[Kept]:
    """Read the settings that a lane kept."""
    return [msgspec.json.decode(value, type=Kept) for value in cells.values()]


def _decode(raw: bytes, place: Place) -> Row | DeadLetter:
    try:
        row = decode_row(raw)
    except (msgspec.DecodeError, UnicodeError) as error:
        reason = "bad_field" if isinstance(error, msgspec.ValidationError) else "not_json"
        return bury(raw, reason, "enrich", place, str(error))
    if isinstance(row, Document) and not row.id:
        return bury(raw, "bad_field", "enrich", place, "id is missing")
    return row
