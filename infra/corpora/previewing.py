"""`nabat terms preview --budget`: the past once more, with a budget for one term and without.

Entities, languages and tone do not decide what rings, so that no language model is asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from infra.corpora.explaining import BATCH, NOTHING, Report, Rows
from infra.corpora.replay import Corpus, read_corpus
from infra.corpora.stream import Local, Numbered, Stream
from streams.alarms.gates import Options, score_needed
from streams.alarms.reasons import explain
from streams.alarms.scores import CHANNELS
from streams.alarms.sight import view
from streams.decide import Decider, Outcome
from streams.events import Burst
from streams.journal import seed
from streams.models import (
    DeadLetter,
    Document,
    Enriched,
    Passed,
    Setting,
    Source,
    Term,
    Time,
    to_seconds,
)

DAY = 86400
FORTNIGHT = 14 * DAY
LEAST_DAYS = 7.0  # of documents: alarms a week cannot be told from less


class ShortPastError(Exception):
    """There is too little to replay."""


class Rung(Struct, frozen=True, kw_only=True):
    """An alarm that would have rung; `budget` null: without one. `score` had to reach `needed`."""

    budget: float | None
    id: str
    at: Time
    observed: float
    expected: float
    score: float
    needed: float
    origins: int
    owners: int
    headline: str


class Trial(Struct, frozen=True, kw_only=True):
    """What a budget (null: none) comes to.

    Alarms in all, a week of the `days` on which it could ring, and the most in any two weeks.
    `thresholds` are what the scores of spikes and of slow rises must reach, as of the end.
    """

    budget: float | None
    alarms: int
    days: int
    per_week: float
    most_in_two_weeks: int
    thresholds: tuple[float, ...]


class Preview(Struct, frozen=True, kw_only=True):
    """Both trials, and all that rang in either, by time; `days` of documents."""

    term: str
    days: float
    rung: tuple[Rung, ...]
    trials: tuple[Trial, ...]


def preview_budget(rows: Rows, term: Term, options: Options, report: Report) -> Preview:
    """Replay rows with the budget of a term and without; `rows` know the term from the start.

    Raises `ShortPastError` if they span less than a week.
    """
    without = _Trial(replace(term, budget=None), options)
    within = _Trial(term, options, without)
    stream, each, pushed = Stream(within, Local(NOTHING)), iter(rows), 0
    while chunk := list(islice(each, BATCH)):
        stream.push(chunk)
        pushed += len(chunk)
        report(pushed)
    days, trials = _measure_past(within), (within, without)
    rung = sorted((one for trial in trials for one in trial.rung), key=lambda one: one.at)
    summed = tuple(trial.sum_up() for trial in trials)
    return Preview(term=term.name, days=round(days, 1), rung=tuple(rung), trials=summed)


def read_file(path: Path, term: Term, sources: Sequence[Source]) -> Iterator[Numbered]:
    """The rows of a file in which a term is watched alone; raises `ShortPastError` without any."""
    corpus = Corpus(files=(path,), terms=(term,), sources=tuple(sources), as_of=time.time())
    first, number, read = "", 0, 0
    for one in read_corpus(corpus):
        if isinstance(one, DeadLetter):
            first = first or f"; the first is {one.reason}: {one.detail or one.raw[:60]!r}"
            continue
        yield Numbered(number, one[1], one[0])
        number += 1
        read += isinstance(one[1], Document)
    if not read:
        raise ShortPastError(f"{path}: not one document can be read{first}")


def watch_from_start(rows: Rows, term: Term) -> Iterator[Numbered]:
    """The rows of a journal as if a term had been watched from the start, as it is now."""
    own = [Numbered(0, row) for row in seed([term], [])]
    kept = (one for one in rows if isinstance(one, Numbered) and not _is_about(one.row, term.name))
    for number, one in enumerate(chain(own, kept)):
        yield replace(one, number=number)


def _is_about(row: object, name: str) -> bool:
    return isinstance(row, Setting) and row.what == "term" and row.key == name


class _Trial(Decider):
    """A decider in which a term has a budget; what it is given goes to the one beside it, too."""

    def __init__(self, term: Term, options: Options, beside: Decider | None = None) -> None:
        super().__init__(options)
        self._term, self._beside = term, beside
        self.rung: list[Rung] = []
        self.seen: list[float] = []  # when the first and the last document came
        self._able: dict[int, bool] = {}  # days on which enough owners were heard

    def push(self, number: int, row: Passed) -> Outcome | None:
        """Push a row, and note what rang for the term."""
        if self._beside is not None:
            self._beside.push(number, row)
        if isinstance(row, Setting) and _is_about(row, self._term.name):
            row = replace(row, value=msgspec.to_builtins(self._term, builtin_types=()))
        if isinstance(row, Enriched):
            self.seen = [*self.seen[:1], to_seconds(row.seen_at)]
        outcome = super().push(number, row)
        if outcome and not self._able.get(outcome.tick // DAY):
            self._able[outcome.tick // DAY] = self._is_able()
        for burst in outcome.bursts if outcome else ():
            if burst.term == self._term.name and burst.state == "opened" and not burst.foreseen:
                self.rung.append(self._describe(burst))
        return outcome

    def sum_up(self) -> Trial:
        """What rang, and what a burst would need now."""
        moments = [to_seconds(one.at) for one in self.rung]
        most = max((sum(0 <= one - at < FORTNIGHT for one in moments) for at in moments), default=0)
        days = sum(self._able.values())
        return Trial(
            budget=self._term.budget,
            alarms=len(moments),
            days=days,
            per_week=round(len(moments) / max(days, 1) * 7, 2),
            most_in_two_weeks=most,
            thresholds=self._list_needed(),
        )

    def _is_able(self) -> bool:
        """Whether the term could ring: enough is learnt of it, and enough owners are heard."""
        name, sight = self._term.name, self.sight()
        hours = self.state.baselines.hours(name) if name in self.state.baselines.rows else 0.0
        return hours >= self.options.warm_hours and sight.owners >= self.options.owners

    def _describe(self, burst: Burst) -> Rung:
        told = explain(self, burst)
        rang = next(one for one in told.windows if one.window_seconds == burst.window_seconds)
        (needed,) = (one.needed for one in rang.checks if one.name == "score")
        first = self.state.window.find(burst.first.id)
        return Rung(
            budget=self._term.budget,
            id=burst.id,
            at=burst.detected_at,
            observed=burst.observed,
            expected=burst.expected,
            score=round(rang.score, 3),
            needed=round(needed or 0.0, 3),
            origins=burst.origins,
            owners=burst.owners,
            headline=((first.title or first.snippet) if first else "").strip(),
        )

    def _list_needed(self) -> tuple[float, ...]:
        sight = self.sight()
        if self._term.name not in self.state.baselines.rows:
            return ()
        seen = view(sight, self._term.name)
        places = range(len(CHANNELS))
        return tuple(round(score_needed(sight, seen, one, self.options), 3) for one in places)


def _measure_past(trial: _Trial) -> float:
    """Days from the first document to the last."""
    days = (trial.seen[-1] - trial.seen[0]) / DAY if trial.seen else 0.0
    if days < LEAST_DAYS:
        raise ShortPastError(
            f"there are {days:.1f} days of documents; at least {LEAST_DAYS:.0f} are needed, and two"
            " weeks more to see a budget at work"
        )
    return days
