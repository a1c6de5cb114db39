"""How a term stands, in a word: what why-not says in many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.ledger import read_cells, read_light_cells
from connectors.store import Store
from infra.cli import app
from infra.corpora.stream import Local
from infra.loop import Loop, Tools
from streams.alarms.gates import Options
from streams.alarms.standing import stand
from streams.decide import Decider
from streams.models import Row, Setting, encode, from_seconds
from tests.rows import at, clock, setting
from tests.test_decide import WIRES, run, story
from tests.test_loop import START, STEPS, make_wave

TERM = "ОДКБ"
LONG: dict[str, object] = {"until": "2026-04-01T00:00:00Z"}


def until(moment: str, *more: Any) -> Decider:
    rows = [row for row in (*story(), *more) if row.seen_at < at(moment)]
    decider = Decider()
    ordered = sorted(rows, key=lambda row: row.seen_at)
    run([*ordered, clock(moment), clock("2 23:59")], decider)
    return decider


def leave(moment: str) -> list[Any]:
    """All sources are said to have ended at a moment of the third day."""
    stop = at(f"2 {moment}").isoformat()
    return [
        setting("2 10:40", "source", one.source, {"source": one.source, "to": stop})
        for one in WIRES
    ]


MUTE = setting("2 10:00", "mute", TERM, LONG)
EXPECT = setting("2 11:00", "expect", TERM, LONG)


@pytest.mark.parametrize(
    ("moment", "more", "state"),
    [
        ("2 11:00", [], "quiet"),
        ("2 12:30", [], "ringing"),
        ("2 12:30", [EXPECT], "expected"),
        ("2 11:00", [MUTE], "muted"),
        ("0 20:00", [], "no_history"),
        ("2 11:00", leave("09:00"), "cannot_assess"),
        ("2 11:00", [*leave("09:00"), MUTE], "cannot_assess"),
    ],
)
def test_the_first_answer_that_holds(moment: str, more: list[Any], state: str) -> None:
    decider = until(moment, *more)
    found = stand(decider.sight(), TERM, decider.options)
    assert found is not None
    assert found.state == state


def test_the_share_is_that_of_the_last_hour() -> None:
    """Two of five wires with the same pace are gone for half an hour: four fifths were seen."""
    decider = until("2 11:00", *leave("10:30")[:2])
    found = stand(decider.sight(), TERM, Options())
    assert found is not None
    assert found.coverage == pytest.approx(0.8, abs=0.02)
    assert found.as_of == at("2 11:00:10"), "the tick that the clock of 11:00 is in"


def test_a_term_that_nobody_watches_stands_nowhere() -> None:
    assert stand(until("2 11:00").sight(), "новое", Options()) is None


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def run_list() -> tuple[list[dict[str, Any]], str]:
        done = CliRunner().invoke(app, ["terms", "list"])
        assert done.exit_code == 0
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return run_list


def keep(rows: list[Row]) -> None:
    store = Store(Path("nabat.db"))
    store.append(map(encode, rows))
    loop = Loop(store, Tools(enrich=Local(STEPS)))
    while loop.step():
        pass
    loop.commit()
    light, whole = read_light_cells(store), read_cells(store)
    assert (
        whole.keys() - light.keys()
        == {key for key in whole if key.startswith(("block/", "original/"))}
        != set()
    )
    store.close()


def test_the_list_shows_how_each_term_stands(listed: Any) -> None:
    wave = make_wave()
    end = START + 48 * 3600 + 60
    late = Setting(
        seen_at=from_seconds(end + 5), id="1", what="term", key="мост", value={"name": "мост"}
    )
    keep([*wave, late])
    lines, said = listed()
    assert [(line["name"], line["state"]) for line in lines] == [
        ("ОДКБ", "ringing"),
        ("мост", None),
    ]
    assert lines[0]["coverage"] == 1.0
    assert "2 terms as of 2025-10-11" in said
    assert "1 ringing; 100% of the usual documents seen" in said


def test_empty_states_are_told(listed: Any) -> None:
    Store(Path("nabat.db")).close()
    assert listed() == ([], "nothing is watched: `nabat terms add`\n")
    store = Store(Path("nabat.db"))
    store.append([encode(make_wave()[4])])
    store.close()
    lines, said = listed()
    assert [line["state"] for line in lines] == [None]
    assert "has not decided anything yet" in said
