"""`nabat explain` and `nabat why-not`: the journal once more, up to the moment in question.

Decisions depend on terms alone, so that only documents with a watched term are fully enriched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from itertools import islice
from pathlib import Path

import msgspec
from msgspec.structs import replace

from connectors.files import read_lines
from infra.corpora.exporting import export_lines
from infra.corpora.journals import open_journal, pick_settings
from infra.corpora.replay import Corpus, read_corpus
from infra.corpora.stream import Numbered, Stream, read_rows
from infra.settings import Settings
from infra.workers import Batch
from streams.alarms.gates import Options
from streams.alarms.reasons import Absence, Ack, Explanation, explain, explain_step, why_not
from streams.decide import Decider, Outcome
from streams.enrich import Failure, Steps, enrich_batch
from streams.events import Burst
from streams.models import DeadLetter, Document, Enriched, Passed, Setting, Term
from streams.terms import compile_watch
from streams.ticks import TICK

BATCH = 256  # rows that are pushed together
NOTHING = Steps(language=False, entities=False, sentiment=False)
Rows = Iterable[Numbered | DeadLetter]
Report = Callable[[int], None]


class UnknownAlarmError(Exception):
    """There is no such alarm."""


class NoRowsError(Exception):
    """Nothing in the files can be read."""


def explain_alarm(
    rows: Rows, steps: Steps, alarm_id: str, report: Report, options: Options | None = None
) -> Explanation:
    """Go through a journal until nothing can change an alarm; raises `UnknownAlarmError`."""
    witness = _Witness(alarm_id, options)
    for _ in _push_all(witness, rows, steps, report):
        if witness.is_done:
            break
    if witness.found is None:
        raise UnknownAlarmError(
            f"there is no alarm {alarm_id!r} in this journal, under the settings of [detector]"
            " that are in force now"
        )
    return witness.found


def explain_absence(
    rows: Rows,
    steps: Steps,
    question: tuple[str, float],
    report: Report,
    options: Options | None = None,
) -> Absence:
    """Go through a journal up to a moment (Unix seconds); what holds a (term, moment) back then."""
    term, moment = question
    asked = _Asked(term, moment, options)
    for _ in _push_all(asked, rows, steps, report):
        if asked.answer is not None:
            return asked.answer
    return why_not(asked, term)


def read_journal(settings: Settings, shell: str) -> Iterator[Numbered | DeadLetter]:
    """The rows of a shell's journal, as its decider read them."""
    with open_journal(settings, shell) as journal:
        yield from read_rows(enumerate(journal.read()), shell)


def read_files(corpus: Corpus) -> Iterator[Numbered]:
    """The rows of files, as `replay` reads them; raises `NoRowsError` if there is none."""
    first, number, is_empty = "", 0, True
    for one in read_corpus(replace(corpus, as_of=time.time())):
        if isinstance(one, DeadLetter):
            first = first or f": the first is {one.reason} ({one.detail})"
            continue
        place, row = one
        is_empty = is_empty and place.file is None  # what opens a corpus is of no file
        yield Numbered(number, row, place)
        number += 1
    if is_empty:
        raise NoRowsError(f"{', '.join(map(str, corpus.files))}: not one valid row{first}")


def find_term(settings: Settings, shell: str, alarm_id: str) -> str:
    """The term of an alarm that a shell has told; raises `UnknownAlarmError`."""
    for raw in export_lines(settings, "alerts", shell):
        burst = msgspec.json.decode(raw, type=Burst)
        if burst.id == alarm_id:
            return burst.term
    raise UnknownAlarmError(
        f"there is no alarm {alarm_id!r}; `nabat export alerts` shows them with their ids"
    )


def find_ack(settings: Settings, shell: str, files: Sequence[Path], alarm_id: str) -> Ack | None:
    """The last word on an alarm, in files if there are any, else in a shell's journal."""
    if files:
        lines = (one for file in files for one in read_lines(file))
        changes = pick_settings(one[1] for one in lines if not isinstance(one, DeadLetter))
    else:
        with open_journal(settings, shell) as journal:
            changes = journal.read_settings()
    said = [one for one in changes if (one.what, one.key) == ("ack", alarm_id)]
    return _to_ack(said[-1]) if said else None


def _to_ack(said: Setting) -> Ack | None:
    if said.value is None:
        return None
    note = said.value.get("note")
    is_false = bool(said.value.get("false"))
    return Ack(at=said.seen_at, false=is_false, note=None if note is None else str(note))


class _Witness(Decider):
    """A decider that notes every revision of one alarm."""

    def __init__(self, alarm_id: str, options: Options | None) -> None:
        super().__init__(options)
        self._id = alarm_id
        self.found: Explanation | None = None

    @property
    def is_done(self) -> bool:
        """Whether the alarm is known and nothing can change it any more."""
        return self.found is not None and self._id not in self.state.alarms

    def push(self, number: int, row: Passed) -> Outcome | None:
        """Push a row, and note what became of the alarm."""
        before = self.state.alarms.get(self._id)
        outcome = super().push(number, row)
        for burst in outcome.bursts if outcome else ():
            if burst.id != self._id:
                continue
            if before is None or self.found is None:
                self.found = explain(self, burst)
            else:
                steps = (*self.found.steps, explain_step(self, burst, before))
                self.found = replace(self.found, steps=steps)
        return outcome


class _Asked(Decider):
    """A decider that answers as of the last tick that ended by a moment."""

    def __init__(self, term: str, moment: float, options: Options | None) -> None:
        super().__init__(options)
        self._term, self._moment = term, moment
        self.answer: Absence | None = None

    def push(self, number: int, row: Passed) -> Outcome | None:
        """Push a row; answer before the first tick that ends later."""
        open_until = (self._ticks.clock // TICK + 1) * TICK
        if self.answer is None and open_until > self._moment:
            self.answer = why_not(self, self._term)
        return super().push(number, row)


class _Frugal:
    """Enrichment of what an alarm can tell of: of the others, the terms that they lack."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._terms: Mapping[str, Term] | None = None

    def __call__(
        self, documents: Sequence[Document], terms: Mapping[str, Term]
    ) -> Sequence[Enriched | Failure]:
        """Enrich documents under the terms in force."""
        if terms is not self._terms:
            self._terms, self._watch = terms, compile_watch(terms.values())
        quick = enrich_batch(documents, self._watch, NOTHING)
        hits = [bool(getattr(one, "terms", ())) for one in quick]
        wanted = [one for one, is_hit in zip(documents, hits, strict=True) if is_hit]
        full = iter(enrich_batch(wanted, self._watch, self._steps) if wanted else ())
        return [next(full) if is_hit else one for one, is_hit in zip(quick, hits, strict=True)]

    def enrich(self, batches: Iterable[Batch]) -> Iterator[Sequence[Enriched | Failure]]:
        """The results of each batch, in order."""
        for documents, terms in batches:
            yield self(documents, terms) if documents else []


def _push_all(decider: Decider, rows: Rows, steps: Steps, report: Report) -> Iterator[None]:
    stream = Stream(decider, _Frugal(steps))
    each, pushed = iter(rows), 0
    with closing(each) if isinstance(each, Generator) else nullcontext():
        while chunk := list(islice(each, BATCH)):
            stream.push(chunk)
            pushed += len(chunk)
            report(pushed)
            yield
