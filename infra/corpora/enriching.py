"""`nabat enrich`: the enrichment alone, one document a line, in the order of the file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import msgspec

from connectors.files import read_lines
from infra.corpora.outputs import Outputs
from infra.corpora.replay import BATCH, Corpus, Summary
from infra.corpora.stream import Enrich, to_letter
from streams.enrich import Failure
from streams.journal import accept
from streams.models import DeadLetter, Document, Place, decode_row


def enrich_file(
    corpus: Corpus,
    paths: Mapping[str, str],
    enrich: Enrich,
    report: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """Write each document enriched (`documents`), and what is none (`deadletters`)."""
    started, summary = time.perf_counter(), Summary()
    terms = {term.name: term for term in corpus.terms}
    with Outputs(paths) as outputs:
        rows = _read(corpus, summary, outputs)
        while batch := list(islice(rows, BATCH)):
            results = enrich([document for _, document in batch], terms)
            for (place, _), result in zip(batch, results, strict=True):
                if isinstance(result, Failure):
                    _bury(to_letter(result, place), summary, outputs)
                else:
                    outputs.write("documents", [result])
                    summary.documents += 1
            report(summary)
    summary.seconds = time.perf_counter() - started
    return summary


def _read(corpus: Corpus, summary: Summary, outputs: Outputs) -> Iterator[tuple[Place, Document]]:
    for path in corpus.files:
        for line in read_lines(path):
            found = (
                line
                if isinstance(line, DeadLetter)
                else accept(line[1], line[0], None, {}, "enrich")
            )
            if isinstance(found, DeadLetter):
                if isinstance(line, DeadLetter) or not _is_other_row(line[1]):
                    _bury(found, summary, outputs)
            elif not isinstance(line, DeadLetter):
                summary.valid += 1
                summary.rows += 1
                yield line[0], found


def _is_other_row(raw: bytes) -> bool:
    """Whether it is a row of an exported journal that carries no document."""
    try:
        return not isinstance(decode_row(raw), Document)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False


def _bury(letter: DeadLetter, summary: Summary, outputs: Outputs) -> None:
    summary.is_cut |= letter.reason == "truncated"
    summary.deadletters += 1
    outputs.write("deadletters", [letter])
