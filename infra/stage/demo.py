"""`nabat demo`: the shipped scenario through the embedded pipeline, alarms as they ring."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from shlex import quote
from shutil import which
from time import monotonic

from msgspec import Struct
from rich.console import Console, Group
from rich.padding import Padding
from rich.rule import Rule
from rich.status import Status
from rich.table import Table
from rich.text import Text

from infra.corpora.stream import Local, Numbered, Stream
from infra.readiness import get_ready
from infra.stage.bell import render, to_moment, to_terms
from infra.stage.scenario import Expected, Scenario, build_scenario
from infra.stage.silence import Silence, Watcher
from streams.alarms.gates import Options
from streams.alerts import to_messages
from streams.decide import Decider, Outcome
from streams.enrich import Steps
from streams.events import Burst
from streams.journal import accept_row, seed
from streams.models import DeadLetter, Passed, Place, from_seconds, to_seconds
from streams.terms import read_terms

CHUNK = 100  # rows pushed together: alarms show at once, progress moves
WIDTH = 80
FILE = "scenario.jsonl"
SHOWN_LINES = 5
LOADING = "reading the language models; the first run compiles, some twenty seconds"
HAZARDS = {
    "flood": "hundreds of posts, each worded a little differently",
    "reprints": "one story, reprinted everywhere",
    "look_alike": "a wave of news with the letters of the term in another word",
    "retracted_claim": "a false report, repeated, then deleted",
    "outage": "a source was away and came back with all that it had written",
    "backfill": "an archive delivered at once",
}
FILES = "--terms {dir}/terms.jsonl --sources {dir}/sources.csv"
NEXT = f"""\
nabat demo --keep {{dir}}  leave the scenario as files, and ask them:
  nabat replay {{dir}}/{FILE} --alerts alerts.jsonl \\
    {FILES}
  nabat explain {{id}} --journal {{dir}}/{FILE} \\
    {FILES}
nabat up               your own sources (see nabat.example.toml)
make up                the distributed shell, with Kibana and Grafana"""


class Run(Struct):
    """What a run brought: counts, dead letters, the bursts that rang, what stayed silent."""

    documents: int = 0
    letters: list[DeadLetter] = []
    bursts: list[Burst] = []
    silences: list[Silence] = []

    @property
    def opened(self) -> list[Burst]:
        """The first revision of each burst, in order."""
        return [burst for burst in self.bursts if burst.state == "opened"]

    @property
    def latest(self) -> dict[str, Burst]:
        """Each burst as it stood at the end."""
        return {burst.id: burst for burst in self.bursts}


class _Watched(Decider):
    """A decider that lets a watcher look at every tick."""

    def __init__(self, watcher: Watcher, options: Options | None) -> None:
        super().__init__(options)
        self._watcher = watcher

    def push(self, number: int, row: Passed) -> Outcome | None:
        """Push a row, and look at the tick that it ended."""
        outcome = super().push(number, row)
        if outcome is not None:
            self._watcher.look(self, outcome)
        return outcome


def run_demo(
    keep: Path | None = None,
    steps: Steps | None = None,
    console: Console | None = None,
    options: Options | None = None,
) -> Run:
    """Run the scenario, show what rings and why the rest did not; ends by itself.

    `keep`: a folder in which to leave the scenario as files that `nabat replay` reads.
    """
    console = console or make_console()
    began = monotonic()
    scenario = build_scenario()
    if keep is not None:
        scenario.write(keep)
    _greet(console, scenario)
    run = Run()
    watcher = Watcher(scenario.truth.quiet)
    run.silences = watcher.silences
    steps = steps or Steps()
    stream = Stream(_Watched(watcher, options), Local(steps))
    with _make_status(console) as status:
        get_ready(steps)
        for outcome in _play(scenario, stream, run):
            _show(console, outcome)
            if status is not None:
                status.update(f"{to_moment(from_seconds(outcome.tick))}  {run.documents} documents")
    _sum_up(console, run, scenario)
    point_on(console, run, keep)
    console.print(Text(f"\n{run.documents} documents in {monotonic() - began:.0f} s", "dim"))
    return run


def make_console() -> Console:
    """A terminal as it is, anything else 80 columns wide; unwritable signs turn to `?`."""
    console = Console(highlight=False)
    if isinstance(console.file, io.TextIOWrapper):
        console.file.reconfigure(errors="replace")
    return console if console.is_terminal else Console(highlight=False, width=WIDTH)


def _make_status(console: Console) -> AbstractContextManager[Status | None]:
    is_alive = console.is_terminal and not console.is_dumb_terminal
    return console.status(LOADING) if is_alive else nullcontext()


def _play(scenario: Scenario, stream: Stream, run: Run) -> Iterator[Outcome]:
    """The pipeline's outcomes, in order; what else happens is noted in `run`."""
    rows = _number(scenario, run)
    while chunk := list(islice(rows, CHUNK)):
        step = stream.push(chunk)
        run.letters += step.buried
        for outcome in step.outcomes:
            run.documents += len(outcome.documents)
            run.bursts += outcome.bursts
            yield outcome


def _number(scenario: Scenario, run: Run) -> Iterator[Numbered]:
    """Terms and sources, then the lines that can be read; the others are buried."""
    opening = seed(read_terms(scenario.terms, ".jsonl"), scenario.sources)
    yield from (Numbered(number, row) for number, row in enumerate(opening))
    registry = {source.source: source for source in scenario.sources}
    number, as_of = len(opening), to_seconds(scenario.ends_at)
    for line, raw in enumerate(scenario.lines, 1):
        place = Place(file=FILE, line=line)
        row = accept_row(raw, place, as_of, registry)
        if isinstance(row, DeadLetter):
            run.letters.append(row)
        else:
            yield Numbered(number, row, place)
            number += 1


def _greet(console: Console, scenario: Scenario) -> None:
    terms = [term.name for term in read_terms(scenario.terms, ".jsonl")]
    console.print(Rule("nabat demo", style="dim"))
    console.print(f"Three days of invented news from {len(scenario.sources)} sources, watched for:")
    console.print(f"{', '.join(terms)}.")
    console.print("The first day and a half is ordinary: what is normal is learnt from it.\n")


def _show(console: Console, outcome: Outcome) -> None:
    for message in to_messages(outcome.bursts):
        console.print(render(message))


def _sum_up(console: Console, run: Run, scenario: Scenario) -> None:
    console.print(Rule("what rang", style="dim"))
    console.print(_tabulate(run))
    for missed in _find_missed(run, scenario.truth.bursts):
        console.print(
            Text(f"MISSED  {missed.term}, expected {to_moment(missed.from_)}", "bold red")
        )
    console.print(Rule("what did not ring, and why", style="dim"))
    for silence in run.silences:
        console.print(_explain(silence))
    console.print(Rule("what could not be read", style="dim"))
    console.print(_list_letters(run.letters))


def point_on(console: Console, run: Run, keep: Path | None) -> None:
    """Commands that go on from here, with an alarm that rang; first how a shell finds them."""
    console.print(Rule("where to go next", style="dim"))
    activate = Path(sys.prefix, "bin", "activate")
    if which("nabat") is None and activate.exists():
        console.print(f". {os.path.relpath(activate)}  lets your shell find nabat", soft_wrap=True)
    loudest = max(run.opened, key=lambda burst: burst.evidence_nats, default=None)
    folder = quote(str(keep or "scenario"))
    told = NEXT.format(dir=folder, id=loudest.id if loudest else "b_…")
    console.print(Text(told), soft_wrap=True)


def _tabulate(run: Run) -> Table:
    """One line an event: its terms, its times, how large it became."""
    table = Table("rang (UTC)", "terms", "until", "documents", "origins", "owners", box=None)
    events = dict.fromkeys(burst.event for burst in run.opened)
    for event in events:
        first = [burst for burst in run.opened if burst.event == event]
        last = [burst for burst in run.latest.values() if burst.event == event]
        largest = max(last, key=lambda burst: burst.documents)
        until = f"{largest.closed_at:%H:%M}" if largest.closed_at else "still on"
        sizes = (str(n) for n in (largest.documents, largest.origins, largest.owners))
        table.add_row(to_moment(first[0].detected_at), to_terms(first), until, *sizes)
    return table


def _find_missed(run: Run, expected: tuple[Expected, ...]) -> list[Expected]:
    return [
        one
        for one in expected
        if one.required
        and not any(b.term == one.term and one.from_ <= b.onset_at <= one.to for b in run.opened)
    ]


def _explain(silence: Silence) -> Group:
    """What it looked like, what was counted, and what held it back."""
    heading = Text.assemble((silence.term, "bold"), f" - {HAZARDS[silence.hazard]}")
    told = [Text("; ".join(silence.counted))]
    if silence.rang:
        told.append(Text("RANG, and should not have", "bold red"))
    elif silence.failed:
        told.append(Text(f"held back by {', '.join(silence.failed)}", "green"))
    return Group(heading, *(Padding(text, (0, 0, 0, 2), expand=False) for text in told))


def _list_letters(letters: list[DeadLetter]) -> Table:
    """Dead letters by reason, with the lines that they stand in."""
    table = Table("lines", "reason", "place", box=None)
    for reason in sorted({letter.reason for letter in letters}):
        lines = [str(one.origin.line) for one in letters if one.reason == reason]
        more = ", …" if len(lines) > SHOWN_LINES else ""
        place = f"{FILE}: {', '.join(lines[:SHOWN_LINES])}{more}"
        table.add_row(str(len(lines)), reason, place)
    return table
