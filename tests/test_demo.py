"""The demo: every true burst rings, every hazard stays silent, and the pages say why."""

from __future__ import annotations

import io
import itertools
import shlex
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from infra.stage.demo import Run, make_console, point_on, run_demo
from infra.stage.scenario import build_scenario
from infra.stage.silence import Silence
from streams.enrich import Steps
from streams.events import Burst

TRUTH = build_scenario().truth
PLAIN = Steps(language=False, entities=False, sentiment=False)


@cache
def shown() -> tuple[Run, str]:
    """One run for all tests, on a page of 80 columns that is no terminal."""
    page = io.StringIO()
    run = run_demo(steps=PLAIN, console=Console(file=page, width=80, highlight=False))
    return run, page.getvalue()


def opened() -> list[Burst]:
    return shown()[0].opened


def silence(hazard: str) -> Silence:
    return next(one for one in shown()[0].silences if one.hazard == hazard)


@pytest.mark.parametrize("term", [one.term for one in TRUTH.bursts if one.required])
def test_every_true_burst_rings_once_in_its_time(term: str) -> None:
    expected = next(one for one in TRUTH.bursts if one.term == term and one.required)
    found = [burst for burst in opened() if burst.term == term]
    assert len(found) == 1
    assert expected.from_ <= found[0].onset_at <= found[0].detected_at <= expected.to


def test_nothing_rings_outside_an_event() -> None:
    strays = [
        f"{burst.term} {burst.detected_at}"
        for burst in opened()
        if not any(
            one.term == burst.term and one.from_ <= burst.onset_at <= one.to for one in TRUTH.bursts
        )
    ]
    assert strays == []


@pytest.mark.parametrize("hazard", [one.hazard for one in TRUTH.quiet])
def test_every_hazard_stays_silent(hazard: str) -> None:
    assert not silence(hazard).rang


def test_terms_of_one_event_share_it() -> None:
    events = {burst.term: burst.event for burst in opened()}
    assert events["теракт"] == events["аэропорт"]
    assert len({events["теракт"], events["ОДКБ"], events["топливо"]}) == 3


def test_every_alarm_has_its_evidence() -> None:
    for burst in opened():
        assert burst.origins >= 4
        assert burst.owners >= 3
        assert burst.observed > burst.expected > 0
        assert len(burst.evidence) >= 3
        assert all(one.url and (one.title or one.snippet) for one in burst.evidence)
        assert f"«{burst.term}»" in burst.reason


def test_every_alarm_ends() -> None:
    assert {burst.state for burst in shown()[0].latest.values()} == {"closed"}


def test_the_flood_is_counted_as_what_it_is() -> None:
    flood = silence("flood")
    assert flood.documents >= 320
    assert len(set(flood.origins.values())) <= 5
    assert len(flood.owners) == 3  # the network, and two who contradict it


def test_reprints_are_few_origins_of_many_owners() -> None:
    reprints = silence("reprints")
    assert reprints.documents >= 31
    assert len(set(reprints.origins.values())) <= 4
    assert len(reprints.owners) >= 8


def test_the_archive_and_the_backlog_came_late_and_the_outage_was_seen() -> None:
    assert silence("backfill").late == 60
    assert silence("outage").late >= 14
    assert silence("outage").silent == {"rss/parlamentskiy-listok.example"}
    assert silence("outage").coverage < 1


def test_the_false_report_is_withdrawn_and_the_look_alikes_are_no_mentions() -> None:
    assert silence("retracted_claim").withdrawn >= 3
    assert silence("look_alike").resembling >= 10


def test_broken_lines_are_buried_with_their_place() -> None:
    letters = shown()[0].letters
    assert Counter(letter.reason for letter in letters)["future"] == 5
    assert len(letters) == 15
    assert all(letter.origin.line for letter in letters)


def test_the_page_fits_eighty_columns_and_has_no_colours() -> None:
    page = shown()[1]
    assert "\x1b" not in page
    assert max(map(len, page.splitlines())) <= 80


def test_the_page_shows_alarms_in_order_then_what_did_not_ring() -> None:
    page = shown()[1]
    marks = [page.index(f"ALARM  {term}") for term in ("топливо", "аэропорт", "ОДКБ")]
    marks += [page.index(head) for head in ("what rang", "what did not ring", "where to go next")]
    assert marks == sorted(marks)
    assert "MISSED" not in page


def test_the_alarm_of_the_readme_is_one_of_the_page() -> None:
    """But for names, which need language models, and the id, another with each detector."""
    written = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    panel = written[written.index("╭─ ALARM") : written.index("╰─") - 1].splitlines()
    told = "\n".join(line for line in panel if not line.startswith("│ who "))
    assert told in shown()[1]


def test_the_page_ends_with_commands_about_an_alarm_that_rang() -> None:
    run, page = shown()
    told = page[page.index("where to go next") :]
    assert any(f"nabat explain {burst.id} --journal" in told for burst in run.opened)
    assert "--sources scenario/sources.csv" in told


def test_a_pipe_that_knows_no_cyrillic_gets_question_marks_not_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr("sys.stdout", pipe)
    console = make_console()
    console.print("[red]набат[/red] ok")
    pipe.flush()
    assert pipe.buffer.getvalue() == b"????? ok\n"
    assert console.width == 80


def test_revisions_of_a_burst_count_up() -> None:
    bursts = sorted(shown()[0].bursts, key=lambda one: (one.id, one.revision))
    for _, group in itertools.groupby(bursts, key=lambda one: one.id):
        revisions = [one.revision for one in group]
        assert revisions == list(range(1, len(revisions) + 1))


def test_what_it_recommends_can_be_pasted() -> None:
    page = io.StringIO()
    point_on(Console(file=page, width=80), shown()[0], Path("my [dir]"))
    told = page.getvalue().replace("\\\n", " ")
    (replay,) = (line for line in told.splitlines() if "nabat replay" in line)
    assert shlex.split(replay)[2] == "my [dir]/scenario.jsonl"
    assert shlex.split(replay)[-1] == "my [dir]/sources.csv"
