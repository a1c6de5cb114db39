"""Replay: files of documents, or an exported journal, through the whole pipeline at full speed.

The end of a file leaves the last tick unapplied; with a state folder the next replay goes on there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path

from msgspec import Struct

from connectors.files import read_lines
from infra.corpora.checkpoint import Checkpoint, Standing
from infra.corpora.outputs import Outputs
from infra.corpora.stream import Enrich, Numbered, Step, Stream
from streams.journal import accept_row, seed
from streams.models import DeadLetter, Place, Row, Setting, Source, Term

Line = tuple[Place, Row]
BATCH = 256  # rows that are enriched together


class Corpus(Struct, frozen=True, kw_only=True):
    """What is replayed: files in their order, what is watched, who is who, and up to when."""

    files: tuple[Path, ...]
    terms: tuple[Term, ...] = ()
    sources: tuple[Source, ...] = ()
    as_of: float | None = None


class Summary(Struct):
    """What a replay came to; `rows` with the settings that open it, `valid` those of the files."""

    rows: int = 0
    valid: int = 0
    documents: int = 0
    bursts: int = 0
    deadletters: int = 0
    is_cut: bool = False  # a file ended before its end
    seconds: float = 0.0


class Replay:
    """One replay; `report` is called with what was read so far."""

    def __init__(
        self,
        corpus: Corpus,
        outputs: Mapping[str, str],
        report: Callable[[Summary], None] = lambda _: None,
    ) -> None:
        self._corpus, self._paths, self._report = corpus, outputs, report
        self.summary = Summary()

    def run(self, enrich: Enrich, checkpoint: Checkpoint) -> Summary:
        """Read everything, write everything, keep the state; gives the counts."""
        started = time.perf_counter()
        standing = checkpoint.load()
        stream = Stream(standing.decider, enrich, standing.terms)
        with Outputs(self._paths, standing.sizes) as outputs:
            self._push_all(stream, standing.number, outputs)
            sizes = outputs.sizes()
        checkpoint.save(
            Standing(
                decider=stream.decider,
                number=standing.number + self.summary.rows,
                terms=stream.terms,
                sizes=sizes,
            )
        )
        self.summary.seconds = time.perf_counter() - started
        return self.summary

    def _push_all(self, stream: Stream, start: int, outputs: Outputs) -> None:
        rows = self._number(read_corpus(self._corpus, is_fresh=start == 0), start)
        runs = iter(lambda: list(islice(rows, BATCH)), [])
        for step in stream.flow(runs):
            self._write(step, outputs)
            self._report(self.summary)

    def _number(
        self, rows: Iterable[Line | DeadLetter], start: int
    ) -> Iterator[Numbered | DeadLetter]:
        for one in rows:
            if isinstance(one, DeadLetter):
                yield one
                continue
            place, row = one
            yield Numbered(start + self.summary.rows, row, place)
            self.summary.rows += 1
            self.summary.valid += place.line is not None

    def _write(self, step: Step, outputs: Outputs) -> None:
        outputs.write("deadletters", step.buried)
        self.summary.deadletters += len(step.buried)
        self.summary.is_cut |= any(letter.reason == "truncated" for letter in step.buried)
        for outcome in step.outcomes:
            outputs.write("documents", outcome.told)
            outputs.write("alerts", outcome.bursts)
            self.summary.documents += len(outcome.documents)
            self.summary.bursts += len(outcome.bursts)


def read_corpus(corpus: Corpus, *, is_fresh: bool = True) -> Iterator[Line | DeadLetter]:
    """The rows of a corpus: the settings that open it, then its files, line by line.

    A journal that opens with its own settings keeps to them: the corpus' own are left out.
    """
    rows = _read_files(corpus)
    first = next(rows, None)
    has_own = isinstance(first, tuple) and isinstance(first[1], Setting)
    opening = seed(corpus.terms, corpus.sources) if is_fresh and not has_own else []
    yield from ((Place(), setting) for setting in opening)
    yield from chain([first] if first else [], rows)


def _read_files(corpus: Corpus) -> Iterator[Line | DeadLetter]:
    registry = {source.source: source for source in corpus.sources}
    for line in chain.from_iterable(map(read_lines, corpus.files)):
        if isinstance(line, DeadLetter):
            yield line
            continue
        place, raw = line
        row = accept_row(raw, place, corpus.as_of, registry)
        yield row if isinstance(row, DeadLetter) else (place, row)
