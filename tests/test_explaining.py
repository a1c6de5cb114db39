"""Explanations out of a journal: what `replay` rang, at the tick that it rang in."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from itertools import takewhile
from pathlib import Path

import msgspec
import pytest
from rich.console import Console, RenderableType

from connectors.store import Store
from infra.corpora.checkpoint import Checkpoint
from infra.corpora.explaining import (
    UnknownAlarmError,
    explain_absence,
    explain_alarm,
    find_term,
    read_files,
    read_journal,
)
from infra.corpora.replay import Corpus, Replay
from infra.corpora.stream import Local, Numbered
from infra.corpora.telling import tell_explanation
from infra.loop import Loop, Tools
from infra.settings import Settings, StoreTable
from infra.stage.scenario import build_scenario
from streams.enrich import Steps
from streams.events import Burst
from streams.journal import seed
from streams.models import (
    Clock,
    Document,
    Mark,
    Row,
    Source,
    Term,
    encode,
    from_seconds,
    to_seconds,
)

START = 1_760_000_000
STEPS = Steps(language=False, entities=False, sentiment=False)
RICH = Steps(language=True, entities=False, sentiment=False)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The shipped scenario as files."""
    from connectors.files import read_sources
    from streams.terms import read_terms

    folder = tmp_path_factory.mktemp("scenario")
    build_scenario().write(folder)
    return Corpus(
        files=(folder / "scenario.jsonl",),
        terms=tuple(read_terms((folder / "terms.jsonl").read_text("utf-8"), ".jsonl")),
        sources=tuple(read_sources(folder / "sources.csv")),
    )


@pytest.fixture(scope="module")
def rang(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> list[Burst]:
    """What a replay of the scenario rings, with full enrichment of languages."""
    path = tmp_path_factory.mktemp("alerts") / "alerts.jsonl"
    Replay(corpus, {"alerts": str(path)}).run(Local(RICH), Checkpoint(None, ""))
    return [msgspec.json.decode(line, type=Burst) for line in path.read_bytes().splitlines()]


def test_an_explanation_holds_the_revisions_of_a_replay(corpus: Corpus, rang: list[Burst]) -> None:
    """Byte for byte, though only documents that mention a term were fully enriched."""
    first = rang[0]
    told = explain_alarm(read_files(corpus), RICH, first.id, lambda _: None)
    expected = [burst for burst in rang if burst.id == first.id]
    assert [encode(step.burst) for step in told.steps] == list(map(encode, expected))
    assert len(expected) > 1
    assert told.as_of == first.detected_at


def test_absence_follows_the_life_of_an_alarm(corpus: Corpus, rang: list[Burst]) -> None:
    first = rang[0]
    moment = to_seconds(first.detected_at)
    before, then = (
        explain_absence(read_files(corpus), STEPS, (first.term, one), lambda _: None)
        for one in (moment - 10, moment)
    )
    assert then.verdict == "ringing"
    assert then.as_of == first.detected_at
    assert then.alarms == (first.id,)
    assert before.verdict in {"held_back", "untouched"}
    assert before.as_of <= first.detected_at - timedelta(seconds=10)
    assert first.id not in before.alarms


@pytest.mark.parametrize(
    ("hazard", "failed", "counts_as"),
    [
        ("reprints", "evidence_nats", {"copy", "further_owner"}),
        ("outage", "evidence_nats", {"late"}),
    ],
)
def test_each_hazard_has_its_reason(
    corpus: Corpus, hazard: str, failed: str, counts_as: set[str]
) -> None:
    (quiet,) = [one for one in build_scenario().truth.quiet if one.hazard == hazard]
    question = (quiet.terms[0], to_seconds(quiet.to))
    absence = explain_absence(read_files(corpus), STEPS, question, lambda _: None)
    assert absence.verdict == "held_back"
    assert absence.closest is not None
    assert failed in {check.name for check in absence.closest.failed}
    assert counts_as <= {document.counts_as for document in absence.documents}


def test_an_unknown_alarm_is_refused(corpus: Corpus) -> None:
    few = takewhile(lambda row: row.number < 200, read_files(corpus))
    with pytest.raises(UnknownAlarmError, match="b_x"):
        explain_alarm(few, STEPS, "b_x", lambda _: None)


@pytest.mark.parametrize(
    ("asked", "as_of"), [(3635, 3630), (3640, 3640), (7199, 3640), (7210, 7210), (10**6, 7210)]
)
def test_the_answer_is_as_of_the_last_tick_that_had_ended(asked: int, as_of: int) -> None:
    """Rows every five seconds up to 3635, then nothing until 7200; that at 7300 ends no tick."""
    moments = [0, *range(3600, 3640, 5), 7200, 7300]
    rows: list[Row] = [*seed([Term(name="ОДКБ")], [])]
    rows += [Clock(seen_at=from_seconds(START + one)) for one in moments]
    numbered = [Numbered(number, row) for number, row in enumerate(rows)]
    absence = explain_absence(numbered, STEPS, ("ОДКБ", float(START + asked)), lambda _: None)
    assert to_seconds(absence.as_of) == START + as_of


WAVE = (
    "Президент Белоруссии прибыл на саммит ОДКБ с ночным рейсом",
    "Армения заморозила участие: в ОДКБ ждут объяснений от Еревана",
    "Учения войск ОДКБ перенесли из-за паводка в горах",
    "Генсек ОДКБ рассказал журналистам о новой системе обороны",
    "Казахстан передаст ОДКБ два полевых госпиталя и вертолёт",
    "Депутаты спорят, сколько стоит членство в ОДКБ налогоплательщику",
    "Бишкек: колонна техники ОДКБ вошла в город под утро",
    "Аналитик считает, что ОДКБ не переживёт этой зимы",
)


def make_rows() -> list[Row]:
    """Two quiet days of four sources, then eight different reports within a minute."""
    rows: list[Row] = [
        *seed([Term(name="ОДКБ")], [Source(source=f"rss/{name}") for name in "abcd"])
    ]
    for hour in range(48):
        moment = START + hour * 3600.0
        rows += [make(f"rss/{name}", moment, f"Погода, выпуск {hour} {name}") for name in "abcd"]
    end = START + 48 * 3600.0
    rows += [make(f"rss/{'abcd'[n % 4]}", end + 5 * n, text) for n, text in enumerate(WAVE)]
    rows += [Clock(seen_at=from_seconds(end + 600 * step)) for step in range(1, 12)]
    return sorted(rows, key=lambda row: to_seconds(row.seen_at) if not isinstance(row, Mark) else 0)


def make(source: str, seconds: float, text: str) -> Document:
    moment = from_seconds(seconds)
    name = f"{source}/{seconds}"
    return Document(id=name, source=source, published_at=moment, seen_at=moment, text=text)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An embedded shell that has rung."""
    chosen = Settings(store=StoreTable(path=tmp_path / "nabat.db"))
    store = Store(chosen.store.path)
    store.append(map(encode, make_rows()))
    loop = Loop(store, Tools(enrich=Local(STEPS)))
    while loop.step():
        pass
    loop.commit()
    store.close()
    return chosen


def test_the_journal_of_a_store_explains_what_it_told(settings: Settings) -> None:
    from infra.corpora.exporting import export_lines

    told = list(export_lines(settings, "alerts", "store"))
    alarm = msgspec.json.decode(told[0], type=Burst)
    assert find_term(settings, "store", alarm.id) == alarm.term == "ОДКБ"
    explanation = explain_alarm(read_journal(settings, "store"), STEPS, alarm.id, lambda _: None)
    assert [encode(step.burst) for step in explanation.steps] == told
    assert len(told) > 1, "it rings, grows or closes"
    again = explain_alarm(read_journal(settings, "store"), STEPS, alarm.id, lambda _: None)
    assert encode(again) == encode(explanation)
    with pytest.raises(UnknownAlarmError, match="export alerts"):
        find_term(settings, "store", "b_x")


def test_an_explanation_can_be_read_on_a_narrow_page(corpus: Corpus, rang: list[Burst]) -> None:
    found = explain_alarm(read_files(corpus), STEPS, rang[0].id, lambda _: None)
    page = print_page(tell_explanation(found), 80)
    assert f" {found.as_of:%Y} " in page[0]
    for one in found.documents[-12:]:
        moment = f"{one.counted_at:%a} {one.counted_at.day} {one.counted_at:%b %H:%M:%S}"
        shown = (moment, f" {one.weight:g} ", f" {one.counts_as} ", one.source[:19])
        headline = (one.title or one.snippet)[:8]
        assert any(all(part in line for part in (*shown, headline)) for line in page)


def test_a_revision_is_explained_by_what_held(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    dated = msgspec.structs.replace(corpus, as_of=to_seconds(build_scenario().ends_at))
    Replay(dated, {"alerts": str(path)}).run(Local(STEPS), Checkpoint(None, ""))
    bursts = [msgspec.json.decode(line, type=Burst) for line in path.read_bytes().splitlines()]
    grown = next(burst.id for burst in bursts if burst.type == "burst.growing")
    found = explain_alarm(read_files(corpus), STEPS, grown, lambda _: None)
    page = print_page(tell_explanation(found), 160)
    step = next(one for one in found.steps[1:] if not all(check.passed for check in one.checks))
    line = next(line for line in page if line.startswith(f" {step.burst.revision} growing"))
    assert [check.name in line for check in step.checks] == [one.passed for one in step.checks]


def print_page(told: RenderableType, width: int) -> list[str]:
    page = StringIO()
    Console(width=width, file=page).print(told)
    return page.getvalue().splitlines()
