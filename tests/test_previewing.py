"""What a budget would have left of the past, out of a file and out of a store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.store import Store
from infra.cli import app
from infra.corpora.previewing import (
    Preview,
    Rung,
    preview_budget,
    read_file,
    watch_from_start,
)
from infra.corpora.stream import Numbered
from streams.alarms.gates import Options
from streams.decide import Decider
from streams.journal import seed
from streams.models import Document, Enriched, Row, Setting, Term, encode
from tests.rows import DAY
from tests.test_budget import opened, restless
from tests.test_decide import WIRES

TERM = Term(name="ОДКБ", budget=1.0)
DAYS = 24


def plain(days: int = DAYS) -> list[Document]:
    """The restless weeks as documents that nobody has read yet."""
    return [to_document(row) for row in restless(days) if isinstance(row, Enriched)]


def to_document(row: Enriched) -> Document:
    return Document(
        id=row.id,
        source=row.source,
        published_at=row.published_at,
        seen_at=row.seen_at,
        text=row.text,
    )


def write(path: Path, rows: list[Row] | list[Document]) -> Path:
    path.write_bytes(b"".join(encode(row) + b"\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Preview:
    path = write(tmp_path_factory.mktemp("past") / "past.jsonl", plain())
    return preview_budget(read_file(path, TERM, WIRES), TERM, Options(), lambda _: None)


def pick(preview: Preview, budget: float | None) -> list[Rung]:
    return [one for one in preview.rung if one.budget == budget]


@pytest.mark.parametrize("budget", [None, 1.0])
def test_it_shows_what_a_decider_rings(preview: Preview, budget: float | None) -> None:
    rows = [*seed([Term(name="ОДКБ", budget=budget)], WIRES), *restless(DAYS)]
    expected = opened(Decider(), rows)
    assert expected
    found = [(one.id, one.at, one.observed, one.expected) for one in pick(preview, budget)]
    assert found == [(one.id, one.detected_at, one.observed, one.expected) for one in expected]


def test_a_budget_leaves_less_and_asks_for_more(preview: Preview) -> None:
    within, without = preview.trials
    assert (within.budget, without.budget) == (1.0, None)
    assert 0 < within.alarms < without.alarms
    assert within.alarms == len(pick(preview, 1.0))
    assert all(high > low for high, low in zip(within.thresholds, without.thresholds, strict=True))
    assert all(one.score >= one.needed for one in preview.rung)


def test_the_figures_of_a_trial_are_those_of_its_alarms(preview: Preview) -> None:
    for trial in preview.trials:
        moments = [one.at for one in pick(preview, trial.budget)]
        most = max(sum(at <= one < at + timedelta(days=14) for one in moments) for at in moments)
        assert trial.most_in_two_weeks == most
        assert trial.per_week == pytest.approx(7 * trial.alarms / trial.days, abs=0.01)
        assert DAYS - 3 <= trial.days < DAYS, "it could not ring on the first day"
    assert preview.days == pytest.approx(DAYS, abs=0.2)


def test_each_alarm_shows_its_first_headline(preview: Preview) -> None:
    assert all("ОДКБ вводит войска" in one.headline for one in preview.rung)
    assert all(one.origins >= 4 and one.owners >= 3 for one in preview.rung)


def test_a_journal_is_read_as_if_the_term_had_always_been_watched(preview: Preview) -> None:
    late = Setting(
        seen_at=DAY + timedelta(days=20),
        id="1",
        what="term",
        key="ОДКБ",
        value={"name": "ОДКБ", "budget": 9.0},
    )
    rows: list[Row] = [*seed([], WIRES), *plain(), late]
    ordered = sorted(rows, key=lambda row: row.seen_at)  # type: ignore[union-attr]
    journal = [Numbered(number, row) for number, row in enumerate(ordered)]
    again = preview_budget(watch_from_start(journal, TERM), TERM, Options(), lambda _: None)
    assert again == preview


@pytest.fixture
def nabat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["terms", "preview", "ОДКБ", *words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.mark.parametrize(
    ("content", "words", "code", "said"),
    [
        (None, ("--on", "rows.jsonl"), 2, "no such file"),
        (None, (), 2, "--on FILE, --on store"),
        (None, ("--on", "store"), 1, "no store here yet"),
        (b"nonsense\n", ("--on", "rows.jsonl"), 1, "not one document can be read"),
        (b"", ("--on", "rows.jsonl"), 1, "not one document can be read"),
        (b"\xff\n", ("--on", "rows.jsonl"), 1, "not_utf8"),
    ],
)
def test_what_cannot_be_replayed_says_why(
    nabat: Callable[..., tuple[int, str, str]],
    content: bytes | None,
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    if content is not None:
        Path("rows.jsonl").write_bytes(content)
    exit_code, out, told = nabat(*words, "--budget", "1")
    assert (exit_code, out, said in told) == (code, "", True), told


def test_a_past_that_is_too_short_says_how_long_it_is(
    nabat: Callable[..., tuple[int, str, str]],
) -> None:
    write(Path("rows.jsonl"), plain(3))
    code, _, told = nabat("--on", "rows.jsonl", "--budget", "1")
    assert code == 1
    assert "there are 2.9 days of documents; at least 7 are needed" in told


def test_a_store_and_a_file_show_the_same(
    nabat: Callable[..., tuple[int, str, str]], preview: Preview
) -> None:
    store = Store(Path("nabat.db"))
    store.append(map(encode, [*seed([Term(name="ОДКБ")], WIRES), *plain()]))
    store.close()
    code, out, told = nabat("--on", "store", "--budget", "1")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    expected = [*preview.rung, *preview.trials]
    assert lines == [json.loads(encode(one)) for one in expected]
    assert "1 a week" in told
    assert "rings" in told
