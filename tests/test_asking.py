"""`explain`, `why-not` and `ack` as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.store import Store
from infra.corpora.stream import Local
from infra.loop import Loop, Tools
from infra.stage.scenario import build_scenario
from streams.models import Setting, decode_row, encode, from_seconds
from tests.test_cli import nabat
from tests.test_explaining import START, STEPS, make_rows

AT = from_seconds(START + 48 * 3600 + 60).isoformat()


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NABAT_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    for step in ("LANGUAGE", "ENTITIES", "SENTIMENT"):
        monkeypatch.setenv(f"NABAT_STEPS__{step}", "false")


@pytest.fixture
def alarm() -> str:
    """The id of the alarm of an embedded shell that has rung in this folder."""
    store = Store(Path("nabat.db"))
    store.append(map(encode, make_rows()))
    loop = Loop(store, Tools(enrich=Local(STEPS)))
    while loop.step():
        pass
    loop.commit()
    store.close()
    lines = nabat("export", "alerts")[1]
    return str(lines[0]["id"])


def test_an_alarm_is_explained_in_json_and_in_tables(alarm: str) -> None:
    code, (told,), said = nabat("explain", alarm)
    assert (code, told["id"], told["term"]) == (0, alarm, "ОДКБ")
    assert "1 opened" in said
    assert "baseline_hours" in said
    assert "by owner: rss/a" in said
    assert nabat("explain", alarm)[1] == [told]


def test_the_exported_journal_explains_the_same(alarm: str) -> None:
    nabat("export", "journal", "-o", "journal.jsonl")
    Path("nabat.db").unlink()
    from_file = nabat("explain", alarm, "--journal", "journal.jsonl")
    assert from_file[0] == 0
    assert from_file[1][0]["id"] == alarm


def test_the_shell_and_its_exported_journal_give_the_same_bytes(alarm: str) -> None:
    nabat("export", "journal", "-o", "journal.jsonl")
    assert nabat("explain", alarm)[1] == nabat("explain", alarm, "--journal", "journal.jsonl")[1]


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize(
    ("name", "moment", "verdict", "said"),
    [
        ("ОДКБ", AT, "ringing", "it did ring"),
        ("ОДКБ", from_seconds(START + 7200).isoformat(), "no_history", "too little is learnt"),
        ("мост", AT, "not_watched", "was not watched"),
        ("ОДКБ", "2001-01-01T00:00:00Z", "nothing_seen", "no source had shown"),
    ],
)
def test_why_not_has_an_answer(name: str, moment: str, verdict: str, said: str) -> None:
    code, (answer,), told = nabat("why-not", name, "--at", moment)
    assert (code, answer["verdict"]) == (0, verdict)
    assert said in told


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["explain", "b_x"], 1, "no alarm 'b_x'"),
        (["ack", "b_x"], 1, "no alarm 'b_x'"),
        (["ack", "--false"], 2, "which alarm?"),
        (["why-not", "ОДКБ", "--at", "yesterday"], 2, "not a date"),
        (["why-not", "ОДКБ"], 2, "--at"),
        (["explain", "b_x", "--terms", "terms.txt"], 2, "go with --journal"),
        (["explain", "b_x", "--journal", "journal.jsonl"], 1, "no alarm 'b_x'"),
    ],
)
def test_what_cannot_be_answered_is_refused(words: list[str], code: int, said: str) -> None:
    Path("terms.txt").write_text("ОДКБ\n", "utf-8")
    Path("journal.jsonl").write_bytes(encode(make_rows()[0]) + b"\n")
    done, lines, told = nabat(*words)
    assert (done, lines) == (code, [])
    assert said in told


def test_without_a_store_it_says_so() -> None:
    for words in (["explain", "b_x"], ["ack", "b_x"], ["ack"], ["why-not", "ОДКБ", "--at", AT]):
        code, _, said = nabat(*words)
        assert (code, "no store here" in said) == (1, True)
    assert not Path("nabat.db").exists()


def test_the_last_word_on_an_alarm_is_journalled_and_counted(alarm: str) -> None:
    code, lines, said = nabat("ack", alarm, "--false", "--note", "учебная тревога")
    assert (code, lines[0]["what"], lines[0]["key"]) == (0, "ack", alarm)
    assert "1 of 1 alarm judged, 1 false; 0% were right" in said
    assert "0 false; 100% were right" in nabat("ack", alarm)[2]
    code, lines, _ = nabat("ack")
    expected = {"term": "ОДКБ", "alarms": 1, "judged": 1, "false": 0, "precision": 1.0}
    assert (code, lines) == (0, [expected])
    store = Store(Path("nabat.db"))
    rows = [decode_row(raw) for raw in store.read_settings()]
    said_of = [row.value for row in rows if isinstance(row, Setting) and row.what == "ack"]
    assert said_of == [
        {"false": True, "term": "ОДКБ", "note": "учебная тревога"},
        {"false": False, "term": "ОДКБ", "note": None},
    ]
    loop = Loop(store, Tools(enrich=Local(STEPS)))
    while loop.step():
        pass
    store.close()


def test_an_explanation_tells_what_was_said_of_its_alarm(alarm: str) -> None:
    assert nabat("explain", alarm)[1][0]["ack"] is None
    nabat("ack", alarm)
    nabat("ack", alarm, "--false", "--note", "учебная тревога")
    code, (told,), said = nabat("explain", alarm)
    ack = told["ack"]
    assert isinstance(ack, dict)
    assert (code, ack["false"], ack["note"]) == (0, True, "учебная тревога")
    assert "judged false alarm" in said
    assert "учебная тревога" in said
    nabat("export", "journal", "-o", "journal.jsonl")
    assert nabat("explain", alarm, "--journal", "journal.jsonl")[1] == [told]
    nabat("ack", alarm)
    code, (told,), said = nabat("explain", alarm)
    assert "judged right" in said
    assert "учебная" not in said, "the last word counts"


def test_files_are_explained_with_their_terms_and_sources(tmp_path: Path) -> None:
    build_scenario().write(tmp_path)
    files = ("--terms", "terms.jsonl", "--sources", "sources.csv")
    question = ("why-not", "санкции", "--at", "2025-03-05T11:00:00Z")
    code, (answer,), said = nabat(*question, "--journal", "scenario.jsonl", *files)
    assert (code, answer["verdict"]) == (0, "held_back")
    assert "evidence_nats" in said
    assert "the last 12 of" in said
