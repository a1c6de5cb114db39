"""Rows through enrichment and decision in one process: what `replay` and `up` have in common."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import msgspec
from msgspec import Struct

from infra.workers import Batch, Pool
from streams.decide import Decider, Outcome
from streams.enrich import Failure, Steps, enrich_batch, fold_term
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

if TYPE_CHECKING:
    from streams.terms import Watch

STAGE = "enrich"


class Enrich(Protocol):
    """Enrichment of this process or of others: each result at its document's place."""

    def __call__(
        self, documents: Sequence[Document], terms: Mapping[str, Term]
    ) -> Sequence[Enriched | Failure]:
        """Enrich documents under the terms in force."""

    def enrich(self, batches: Iterable[Batch]) -> Iterator[Sequence[Enriched | Failure]]:
        """The results of each batch, in order; batches may be taken ahead."""


class Numbered(Struct, frozen=True, gc=False):
    """A row with its number in the journal, and where its bytes came from."""

    number: int
    row: Row
    place: Place = Place()


class Step(Struct):
    """What a run of rows brought."""

    outcomes: list[Outcome] = []
    buried: list[DeadLetter] = []


class Stream:
    """The pipeline of one process; `terms` are in force at `decider.position`."""

    def __init__(
        self, decider: Decider, enrich: Enrich, terms: Mapping[str, Term] | None = None
    ) -> None:
        self.decider = decider
        self.terms: dict[str, Term] = dict(terms or {})
        self._enrich = enrich

    def push(self, rows: Iterable[Numbered | DeadLetter]) -> Step:
        """Take the next rows, in order."""
        whole = Step()
        for step in self.flow([rows]):
            whole.outcomes += step.outcomes
            whole.buried += step.buried
        return whole

    def flow(self, runs: Iterable[Iterable[Numbered | DeadLetter]]) -> Iterator[Step]:
        """Take runs of rows, in order; later ones are enriched while earlier ones are decided."""
        waiting: deque[Sequence[Numbered | DeadLetter]] = deque()

        def cut() -> Iterator[Batch]:
            for run in runs:
                for piece in self._split(run):
                    waiting.append(piece)
                    yield Batch(_find_documents(piece), self.terms)

        for results in self._enrich.enrich(cut()):
            yield self._decide(waiting.popleft(), iter(results))

    def _split(
        self, rows: Iterable[Numbered | DeadLetter]
    ) -> Iterator[Sequence[Numbered | DeadLetter]]:
        """Cut rows where the terms change: the documents of a piece are enriched together."""
        piece: list[Numbered | DeadLetter] = []
        for one in rows:
            row = one.row if isinstance(one, Numbered) else one
            if isinstance(row, Setting) and row.what == "term":
                if _find_documents(piece):
                    yield piece
                    piece = []
                self.terms = fold_term(self.terms, row)
            piece.append(one)
        yield piece

    def _decide(
        self, rows: Iterable[Numbered | DeadLetter], results: Iterator[Enriched | Failure]
    ) -> Step:
        step = Step()
        for one in rows:
            if isinstance(one, DeadLetter):
                step.buried.append(one)
                continue
            passed = next(results) if isinstance(one.row, Document) else one.row
            if isinstance(passed, Failure):
                step.buried.append(to_letter(passed, one.place))
                passed = Mark(reason=passed.reason)
            outcome = self.decider.push(one.number, passed)
            if outcome is not None:
                step.outcomes.append(outcome)
        return step


def read_rows(rows: Iterable[tuple[int, bytes]], file: str) -> Iterator[Numbered | DeadLetter]:
    """Decode numbered rows; one that cannot be read is a dead letter and leaves a mark."""
    for number, raw in rows:
        place = Place(file=file, line=number)
        try:
            yield Numbered(number, decode_row(raw), place)
        except (msgspec.DecodeError, UnicodeError) as error:
            yield bury(raw, "bad_field", "journal", place, str(error))
            yield Numbered(number, Mark(reason="bad_field"), place)


def to_letter(failure: Failure, place: Place) -> DeadLetter:
    """The dead letter of a document that broke a step."""
    return bury(encode(failure.document), failure.reason, STAGE, place, failure.detail)


class Local:
    """Enrichment in this process; a change of terms changes the watch list, and no more."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._terms: Mapping[str, Term] | None = None
        self._watch: Watch | None = None

    def __call__(
        self, documents: Sequence[Document], terms: Mapping[str, Term]
    ) -> Sequence[Enriched | Failure]:
        """Enrich documents under the terms in force."""
        from streams.terms import compile_watch

        if self._watch is None or terms is not self._terms:
            self._terms, self._watch = terms, compile_watch(terms.values(), self._watch)
        return enrich_batch(documents, self._watch, self._steps)

    def enrich(self, batches: Iterable[Batch]) -> Iterator[Sequence[Enriched | Failure]]:
        """The results of each batch, in order."""
        for documents, terms in batches:
            yield self(documents, terms) if documents else []


@contextmanager
def open_enrich(steps: Steps, workers: int = 1) -> Iterator[Enrich]:
    """Enrichment in this process, or in `workers` others: the same results in the same order."""
    if workers == 1:
        yield Local(steps)
        return
    with Pool(workers, steps) as pool:
        yield pool


def _find_documents(rows: Iterable[Numbered | DeadLetter]) -> list[Document]:
    found = (one.row for one in rows if isinstance(one, Numbered))
    return [row for row in found if isinstance(row, Document)]
