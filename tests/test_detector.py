"""What an operator sets reaches every decider, and is part of what a state was made with."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from connectors.ledger import each_burst
from connectors.store import Store
from infra.cli import app
from infra.corpora.explaining import explain_absence, explain_alarm
from infra.corpora.stream import Local, Numbered, Stream
from infra.detector import DetectorTable
from infra.loop import Loop, Tools
from infra.settings import Settings
from infra.stage.demo import run_demo
from infra.working import make_decider
from streams.alarms.gates import Options
from streams.decide import Outcome
from streams.events import Burst
from streams.models import Row, encode
from tests.test_loop import START, STEPS, make_wave

STRICT = DetectorTable(origins=9)  # one more than the wave has
MOMENT = START + 48 * 3600 + 50.0  # when the wave has come


def numbered() -> list[Numbered]:
    rows: list[Row] = make_wave()
    return [Numbered(number, row) for number, row in enumerate(rows)]


def test_the_defaults_are_those_of_the_detector() -> None:
    assert DetectorTable().to_options() == Options()


@pytest.mark.parametrize(("table", "rung"), [(DetectorTable(), 1), (STRICT, 0)])
def test_the_embedded_shell_obeys(tmp_path: Path, table: DetectorTable, rung: int) -> None:
    store = Store(tmp_path / "nabat.db")
    store.append(map(encode, make_wave()))
    loop = Loop(store, Tools(enrich=Local(STEPS), options=table.to_options()))
    while loop.step():
        pass
    loop.commit()
    assert len(list(each_burst(store))) == rung
    store.close()


@pytest.mark.parametrize(("table", "rung"), [(DetectorTable(), 1), (STRICT, 0)])
def test_the_worker_obeys(table: DetectorTable, rung: int) -> None:
    decider = make_decider(Settings(detector=table), lambda *_, **__: None, {})
    step = Stream(decider, Local(STEPS)).push(numbered())  # type: ignore[arg-type]
    assert len(opened(step.outcomes)) == rung


def opened(outcomes: list[Outcome]) -> list[Burst]:
    return [burst for outcome in outcomes for burst in outcome.bursts]


def test_explanations_obey() -> None:
    usual, strict = (
        explain_absence(numbered(), STEPS, ("ОДКБ", MOMENT), lambda _: None, table.to_options())
        for table in (DetectorTable(), STRICT)
    )
    assert usual.verdict == "ringing"
    assert strict.verdict == "held_back"
    assert strict.closest is not None
    assert [(one.name, one.needed) for one in strict.closest.failed] == [("origins", 9)]
    alarm = usual.alarms[0]
    loose = Options(chance_per_day=3.5)
    told = explain_alarm(numbered(), STEPS, alarm, lambda _: None, loose)
    assert told.options == loose


def test_the_demo_obeys() -> None:
    page = Console(file=io.StringIO(), width=80)
    assert run_demo(steps=STEPS, console=page, options=Options(origins=1_000)).bursts == []


def test_a_state_belongs_to_the_settings_it_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for step in ("LANGUAGE", "ENTITIES", "SENTIMENT"):
        monkeypatch.setenv(f"NABAT_STEPS__{step}", "false")
    Path("rows.jsonl").write_bytes(b"".join(encode(row) + b"\n" for row in make_wave()))
    words = ["replay", "rows.jsonl", "--alerts", "alerts.jsonl", "--state"]
    assert CliRunner().invoke(app, [*words, "usual"]).exit_code == 0
    rung = Path("alerts.jsonl").read_bytes()
    monkeypatch.setenv("NABAT_DETECTOR__ORIGINS", "9")
    done = CliRunner().invoke(app, [*words, "usual"])
    assert (done.exit_code, "other terms, sources or settings" in done.stderr) == (2, True)
    assert CliRunner().invoke(app, [*words, "strict"]).exit_code == 0
    assert rung
    assert Path("alerts.jsonl").read_bytes() == b""
