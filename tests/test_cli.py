"""The commands as people type them: help, exit codes, which stream, how errors read."""

import gzip
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from connectors.ledger import Applied, apply
from connectors.outbox import bury_all, read_deliveries
from connectors.store import Store
from infra.cli import app
from infra.corpora.stream import Local
from infra.loop import Loop, Tools
from streams.decide import Decider
from streams.enrich import Steps
from streams.journal import bury, seed
from streams.models import Clock, Place, Term, encode, from_seconds
from tests.rows import beat, clock

GOOD = b'{"source":"rss/a","published_at":"2025-10-09T10:00:0%dZ","text":"%s"}'
NAMES = re.findall(
    r"\w[\w -]*",
    "ack|connect|deadletters list|deadletters replay|deadletters show|demo|detect|doctor|enrich"
    "|explain|export|origins|provision|replay|sink|sources add|sources list|sources owners"
    "|sources remove|sources test"
    "|terms add|terms check|terms expect|terms export|terms import|terms list|terms mute"
    "|terms preview|terms remove|up|why-not|worker",
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NABAT_CONFIG", raising=False)
    for step in ("LANGUAGE", "ENTITIES", "SENTIMENT"):
        monkeypatch.setenv(f"NABAT_STEPS__{step}", "false")


def nabat(*words: str | Path) -> tuple[int, list[dict[str, object]], str]:
    """Exit code, JSON lines of stdout, stderr."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    lines = [json.loads(line) for line in done.stdout_bytes.splitlines()]
    return done.exit_code, lines, done.stderr


def walk(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield path.strip(), command
        return
    for name, part in command.commands.items():
        yield from walk(part, f"{path} {name}")


COMMANDS = dict(walk(typer.main.get_command(app)))


def test_these_are_the_commands() -> None:
    assert sorted(COMMANDS) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_help_ends_with_an_example_of_itself(name: str) -> None:
    done = CliRunner().invoke(app, [*name.split(), "--help"])
    assert done.exit_code == 0
    example = " ".join(done.stdout.rsplit("Example:", 1)[1].split())
    assert example.startswith(f"nabat {name}")
    assert COMMANDS[name].help, "and says what the command does"


def test_help_is_quick() -> None:
    """Nothing heavy is imported before it is needed."""
    code = "import sys, infra.cli; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"numpy", "pydantic", "aiohttp", "kafka", "faust", "pymorphy3", "elasticsearch"}
    assert not heavy & set(done.stdout.split())


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["replay"],
        ["replay", "absent.jsonl"],
        ["replay", "rows.jsonl", "--workers", "0"],
        ["replay", "rows.jsonl", "--as-of", "yesterday"],
        ["replay", "rows.jsonl", "--to", "redis"],
        ["replay", "rows.jsonl", "--terms", "bad.txt"],
        ["replay", "rows.jsonl", "--sources", "bad.csv"],
        ["worker", "sweep"],
        ["connect", "fax"],
        ["sink", "drain"],
        ["provision", "everything"],
        ["export", "secrets"],
        ["terms", "add", "A & "],
        ["terms", "add", "ОДКБ", "--route", "nowhere"],
        ["terms", "add", "ОДКБ", "--budget", "inf"],
        ["terms", "add", "ОДКБ", "--budget", "nan"],
        ["terms", "add", "ОДКБ", "--lang", "xx"],
        ["sources", "add", "nameless"],
        ["terms", "export", "--format", "pdf"],
        ["why-not", "ОДКБ", "--at", "9999-12-31T23:59:59-05:00"],
        ["why-not", "ОДКБ", "--at", "0001-01-01T00:00:00+05:00"],
        ["terms", "mute", "ОДКБ", "--hours", "inf"],
        ["terms", "mute", "ОДКБ", "--hours", "1e12"],
        ["terms", "add", "ОДКБ", "--shell", "stroe"],
        ["export", "alerts", "--shell", "stroe"],
    ],
)
def test_wrong_use_is_exit_code_2(words: list[str]) -> None:
    Path("rows.jsonl").write_bytes(GOOD % (1, b"x"))
    Path("bad.txt").write_text("ОДКБ\nA & \n", "utf-8")
    Path("bad.csv").write_text("colour\nred\n", "utf-8")
    code, lines, said = nabat(*words)
    assert (code, lines) == (2, [])
    assert said.strip()
    assert "Traceback" not in said


def test_wrong_settings_are_said_all_at_once() -> None:
    Path("nabat.toml").write_text("[engines]\npartitions = 0\n[stroe]\n", "utf-8")
    code, _, said = nabat("terms", "list")
    assert code == 2
    assert "engines.partitions" in said
    assert "stroe: there is no such key" in said


def test_settings_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[store]\npath = 'other.db'\n", "utf-8")
    assert nabat("--config", "other.toml", "terms", "add", "ОДКБ")[0] == 0
    assert (tmp_path / "other.db").exists()


def write_rows(path: Path, *texts: bytes) -> Path:
    lines = [GOOD % (second, text) for second, text in enumerate(texts)]
    end = b'{"kind":"clock","seen_at":"2025-10-09T10:01:00Z"}'
    path.write_bytes(b"\n".join([*lines, end]) + b"\n")
    return path


def test_replay_writes_what_was_asked_for(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one", b"two")
    code, lines, said = nabat(
        "replay", path, "--documents", "d.jsonl", "--deadletters", "x.jsonl", "--state", "s"
    )
    assert (code, lines) == (0, [])
    assert "3 rows read" in said
    assert len(Path("d.jsonl").read_bytes().splitlines()) == 2
    assert Path("x.jsonl").read_bytes() == b""
    assert (tmp_path / "s").is_dir()


def test_dead_letters_alone_are_no_failure(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one")
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    code, _, said = nabat("replay", path)
    assert (code, "1 dead letter" in said) == (0, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nonsense\n", "not one valid row"),
        (b"", "not one valid row"),
        (GOOD % (1, b"x") + b"\n" + (GOOD % (2, b"y"))[:-9], "ends before its end"),
        (gzip.compress(GOOD % (1, b"x") + b"\n")[:-6], "ends before its end"),
    ],
)
@pytest.mark.parametrize("command", ["replay", "enrich", "origins", "sources owners"])
def test_nothing_valid_or_cut_short_is_exit_code_1(command: str, content: bytes, said: str) -> None:
    Path("rows.jsonl").write_bytes(content)
    code, _, told = nabat(*command.split(), "rows.jsonl")
    assert (code, said in told) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "rows.jsonl", "--alerts", "a.jsonl", "--documents", "./a.jsonl"],
        ["replay", "rows.jsonl", "--documents", "-"],
        ["replay", "rows.jsonl", "--alerts", "rows.jsonl"],
        ["enrich", "rows.jsonl", "-o", "rows.jsonl"],
        ["enrich", "rows.jsonl", "--deadletters", "-"],
    ],
)
def test_no_place_is_written_to_twice_and_no_input_is_overwritten(
    words: list[str], tmp_path: Path
) -> None:
    before = write_rows(tmp_path / "rows.jsonl", b"one").read_bytes()
    code, lines, said = nabat(*words)
    assert (code, lines, "name another place" in said) == (2, [], True)
    assert (tmp_path / "rows.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "rows.jsonl", "--as-of", "2025-10-09T10:00:30"],
        ["why-not", "ОДКБ", "--at", "2025-10-09 10:00", "--journal", "rows.jsonl"],
    ],
)
def test_a_time_without_a_zone_is_refused(words: list[str], tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", b"one")
    code, _, said = nabat(*words)
    assert (code, "Z is UTC" in said) == (2, True)


def test_a_replay_without_terms_says_why_it_is_silent(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one")
    (tmp_path / "t.txt").write_text("ОДКБ\n", "utf-8")
    assert "without --terms nothing is watched" in nabat("replay", path)[2]
    assert "nothing is watched" not in nabat("replay", path, "--terms", "t.txt")[2]


def test_rows_that_carry_no_document_are_no_dead_letters_of_enrich(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one")
    path.write_bytes(path.read_bytes() + b'{"kind":"clock"}\n')
    code, lines, said = nabat("enrich", path)
    assert (code, len(lines), "1 dead letter" in said) == (0, 1, True)


def test_a_state_of_other_terms_is_exit_code_2(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one")
    (tmp_path / "t.txt").write_text("ОДКБ\n", "utf-8")
    assert nabat("replay", path, "--state", "s")[0] == 0
    code, _, said = nabat("replay", path, "--state", "s", "--terms", "t.txt")
    assert (code, "other terms" in said) == (2, True)


def test_rows_after_as_of_are_dead_letters(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one")
    code, _, said = nabat("replay", path, "--as-of", "2025-10-09T10:00:30Z")
    assert (code, "1 row read" in said, "1 dead letter" in said) == (0, True, True)


def test_enrich_keeps_the_order_and_needs_only_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text":"Саммит ОДКБ"}\n{"text":"Погода"}\n{"title":"x"}\n', "utf-8")
    (tmp_path / "t.txt").write_text("ОДКБ\n", "utf-8")
    code, lines, _ = nabat("enrich", path, "--terms", "t.txt")
    assert code == 0
    assert [line.get("text", line.get("title")) for line in lines] == ["Саммит ОДКБ", "Погода", "x"]
    assert [len(line["terms"]) for line in lines] == [1, 0, 0]  # type: ignore[arg-type]


def test_terms_come_change_and_go(tmp_path: Path) -> None:
    assert nabat("terms", "list")[0] == 1
    assert nabat("terms", "add", "Токаев", "--budget", "2", "--case", "capital")[0] == 0
    (tmp_path / "more.csv").write_text("name,pattern\nМир,«Мир»\nОДКБ,\n", "utf-8")
    assert nabat("terms", "import", "more.csv")[0] == 0
    assert nabat("terms", "mute", "ОДКБ", "--hours", "3")[0] == 0
    code, lines, said = nabat("terms", "expect", "ОДКБ", "--until", "2099-01-01T00:00:00+03:00")
    assert (code, lines[0]["what"]) == (0, "expect")
    assert lines[0]["value"] == {"until": "2098-12-31T21:00:00+00:00"}
    assert "expected until 2098-12-31 21:00 UTC" in said
    code, lines, said = nabat("terms", "expect", "ОДКБ", "--until", "2020-01-01T00:00:00Z")
    assert (code, lines[0]["value"], "rings again" in said) == (0, None, True)
    assert nabat("terms", "expect", "ОДКБ", "--until", "friday")[0] == 2
    assert nabat("terms", "remove", "Мир")[0] == 0
    code, lines, _ = nabat("terms", "list")
    assert code == 0
    assert lines == [
        {"name": "ОДКБ", "state": None},
        {"name": "Токаев", "case": "capital", "budget": 2.0, "state": None},
    ]
    code, _, said = nabat("terms", "remove", "Мир")
    assert (code, "not watched" in said) == (1, True)
    exported = CliRunner().invoke(app, ["terms", "export", "--format", "txt"]).stdout
    assert exported == "ОДКБ\nТокаев\n"


def test_an_export_says_what_plain_lines_do_not_keep() -> None:
    nabat("terms", "add", "мир")
    assert not CliRunner().invoke(app, ["terms", "export", "--format", "txt"]).stderr
    for name in ("#хэштег", "карта #мир", "a\nb"):
        nabat("terms", "add", name)
    nabat("terms", "add", "ОДКБ", "--budget", "2")
    done = CliRunner().invoke(app, ["terms", "export", "--format", "txt"])
    assert "4 terms are not kept whole" in done.stderr


def test_an_unreadable_term_file_names_every_line(tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("ОДКБ\nA & \n*\n", "utf-8")
    code, _, said = nabat("terms", "import", "bad.txt")
    assert code == 2
    assert "line 2" in said
    assert "line 3" in said


def test_a_preview_shows_every_form() -> None:
    code, lines, said = nabat("terms", "preview", "саммит", "--json")
    assert code == 0
    assert {"саммит", "саммита", "саммитами"} <= {line["text"] for line in lines}
    assert "forms" in said


def test_a_preview_is_a_table_for_people() -> None:
    done = CliRunner().invoke(app, ["terms", "preview", "Владимир Путин"])
    rows = [line.split("  ")[0].strip() for line in done.stdout.splitlines()]
    assert rows[0] == "form"
    assert {"Владимира Путина", "В. Путину", "Владимиром Путиным"} <= set(rows)


def test_a_preview_looks_into_the_journal() -> None:
    Path("posts.txt").write_text("саммита не будет\nсаммита не будет\n", "utf-8")
    said = nabat("terms", "preview", "саммит", "--on", "posts.txt", "--json")[2]
    assert said.count("found:") == 1
    nabat("terms", "add", "саммит")
    assert "found: nothing" in nabat("terms", "preview", "саммит", "--on", "store", "--json")[2]


def test_what_a_document_holds_does_not_steer_the_terminal() -> None:
    Path("posts.txt").write_text("саммит \x1b]0;чужой\x07\x9b2J [/red]\n", "utf-8")
    said = nabat("terms", "preview", "саммит", "--on", "posts.txt", "--json")[2]
    assert "found: [саммит] ]0;чужой2J [/red]" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["", "--json"], "a term needs a name"),
        (["взрыв AND метро"], "write А & Б"),
        (["А", "--case", "upper"], "case is any, exact or capital, not 'upper'"),
        (["А", "--lang", "ua"], "the language is 'uk'"),
        (["А", "--lang", "русский"], "a code of two letters"),
    ],
)
def test_a_preview_says_what_is_wrong(words: list[str], said: str) -> None:
    code, lines, told = nabat("terms", "preview", *words)
    assert (code, lines) == (2, [])
    assert said in told
    assert "line 1" not in told


def test_a_check_measures(tmp_path: Path) -> None:
    cases = [("ОДКБ", "саммит ОДКБ", True), ("ОДКБ", "погода", True), ("ОДКБ", "ветер", False)]
    (tmp_path / "cases.jsonl").write_text(
        "".join(
            json.dumps(dict(zip(("term", "text", "match"), case, strict=True))) + "\n"
            for case in cases
        )
    )
    code, lines, said = nabat("terms", "check", "cases.jsonl", "--json")
    assert (code, lines[0]["precision"], lines[0]["recall"]) == (0, 1.0, 0.5)
    code, lines, said = nabat("terms", "check", "cases.jsonl")
    assert (code, lines) == (0, [])
    assert "missed: ОДКБ in: погода" in said


def test_a_change_leaves_what_it_does_not_name() -> None:
    assert nabat("terms", "add", "A & ")[0] == 2
    assert not Path("nabat.db").exists()  # what is refused makes no store
    nabat("terms", "add", "Токаев", "--budget", "2", "--case", "capital")
    changed = {"name": "Токаев", "budget": 3.0, "case": "capital"}
    assert nabat("terms", "add", "Токаев", "--budget", "3")[1][0]["value"] == changed
    changed = {"name": "Токаев", "budget": 3.0}
    assert nabat("terms", "add", "Токаев", "--case", "any")[1][0]["value"] == changed
    nabat("sources", "add", "rss/a", "--url", "https://a.example/rss", "--owner", "A")
    code, lines, said = nabat("sources", "add", "rss/a", "--owner", "B", "--language", "kk")
    value = {"source": "rss/a", "url": "https://a.example/rss", "owner": "B", "language": "kk"}
    assert (code, lines[0]["value"], said) == (0, value, "")
    nabat("sources", "remove", "rss/a")
    assert nabat("sources", "add", "rss/a", "--region", "Омск")[1][0]["value"] == {
        "source": "rss/a",
        "region": "Омск",
    }


def test_the_version_is_told() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0
    assert re.fullmatch(r"nabat \d+\.\d+\.\d+\n", done.stdout)


def test_sources_come_and_go() -> None:
    assert (
        nabat("sources", "add", "rss/a", "--url", "https://a.example/rss", "--interval", "60")[0]
        == 0
    )
    code, lines, _ = nabat("sources", "list")
    assert (code, lines[0]["source"], lines[0]["health"]) == (0, "rss/a", None)
    assert nabat("sources", "remove", "rss/a")[0] == 0
    assert nabat("sources", "list")[1] == []
    assert nabat("sources", "remove", "rss/a")[0] == 1


def test_sources_that_do_not_answer_say_why() -> None:
    for name in ("rss/a", "rss/b", "rss/c"):
        nabat("sources", "add", name, "--url", f"https://{name[-1]}.example/rss")
    beats: list[Any] = [
        beat("12:00", "rss/a", "dns"),
        beat("12:00", "rss/b", "http_404"),
        beat("12:00", "rss/c"),
    ]
    decider = Decider()
    for number, row in enumerate([*beats, clock("12:01")]):
        decider.push(number, row)
    with closing(Store(Path("nabat.db"), create=False)) as store:
        apply(store, Applied(position=decider.position, cells=decider.take_changed()))
    health: list[Any] = [line["health"] for line in nabat("sources", "list")[1]]
    assert [one["trouble"] for one in health] == [
        "dns: its host is not known: check its address",
        "http_404: it answers HTTP 404: check its address",
        None,
    ]
    assert [one["last_good"] is None for one in health] == [True, True, False]


def test_a_source_that_nobody_answers_for_has_failed() -> None:
    code, lines, said = nabat("sources", "test", "rss/a", "--url", "http://127.0.0.1:9/")
    assert (code, lines[0]["source"], lines[0]["status"]) == (1, "rss/a", "private_address")
    assert said.startswith("nabat: rss/a: its address is not public; ")


@pytest.mark.parametrize(
    "words", [["explain", "b_1"], ["why-not", "ОДКБ", "--at", "2025-10-09T10:00:00Z"]]
)
def test_files_without_a_row_explain_nothing(words: list[str]) -> None:
    Path("t.txt").write_text("ОДКБ\n", "utf-8")
    for content, why in ((b"", ""), (b"\xff\xfe{\n", ": the first is not_utf8")):
        Path("rows.jsonl").write_bytes(content)
        code, lines, said = nabat(*words, "--journal", "rows.jsonl", "--terms", "t.txt")
        assert (code, lines) == (1, [])
        assert f"rows.jsonl: not one valid row{why}" in said


def test_a_source_that_was_added_can_be_tested() -> None:
    nabat("sources", "add", "rss/a", "--url", "http://127.0.0.1:9/")
    assert nabat("sources", "test", "rss/a")[1][0]["status"] == "private_address"
    Path("nabat.toml").write_text(
        '[[sources]]\nsource = "rss/a"\nurl = "https://a.invalid/"\n', "utf-8"
    )
    assert nabat("sources", "test", "rss/a")[1][0]["url"] == "http://127.0.0.1:9/"  # in force
    nabat("sources", "remove", "rss/a")
    assert nabat("sources", "test", "rss/a")[1][0]["status"] == "bad_url"


def test_a_channel_is_asked_at_its_preview_alone() -> None:
    said = nabat("sources", "test", "telegram/a", "--url", "https://example.org/")[2]
    assert "https://t.me/s/" in said


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text("kept\n")
    assert nabat("export", "journal", "-o", "new.jsonl")[0] == 1  # there is no store
    assert nabat("export", "journal", "-o", "old.jsonl")[0] == 1
    assert not (tmp_path / "new.jsonl").exists()
    assert (tmp_path / "old.jsonl").read_text() == "kept\n"


def test_a_source_without_an_address_is_said_not_to_be_asked() -> None:
    code, lines, said = nabat("sources", "test", "rss/a")
    assert (code, lines[0]["status"], "--url" in said) == (1, "bad_url", True)
    assert "it is not asked" in nabat("sources", "add", "rss/a")[2]
    assert not nabat("sources", "add", "rss/a", "--url", "https://a.example/rss")[2]
    assert not nabat("sources", "add", "telegram/a")[2]


def test_a_moment_after_the_end_of_a_journal_is_said_to_be(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one")
    (tmp_path / "t.txt").write_text("ОДКБ\n", "utf-8")
    words = ("why-not", "ОДКБ", "--journal", path, "--terms", "t.txt", "--at")
    assert "the journal holds no row" in nabat(*words, "2025-10-10T10:00:00Z")[2]
    assert "the journal holds no row" not in nabat(*words, "2025-10-09T10:00:30Z")[2]
    before = nabat(*words, "2025-10-08T10:00:00Z")[2]
    assert "1970" not in before
    assert "no source had shown a sign of life yet" in before
    unknown = nabat("why-not", "мир", *words[2:], "2025-10-08T10:00:00Z")[2]
    assert unknown == "мир  it was not watched then\n"


def test_a_shell_that_has_only_its_settings_has_decided_nothing() -> None:
    Path("nabat.toml").write_text('[[terms]]\nname = "ОДКБ"\n', "utf-8")
    store = Store(Path("nabat.db"))
    rows = seed([Term(name="ОДКБ")], [])
    store.append(map(encode, [*rows, Clock(seen_at=from_seconds(1_760_000_000))]))
    loop = Loop(store, Tools(enrich=Local(Steps(language=False, entities=False, sentiment=False))))
    while loop.step():
        pass
    loop.commit()
    store.close()
    _, lines, said = nabat("terms", "list")
    assert [line["state"] for line in lines] == [None]
    assert said == "1 term; `nabat up` has not decided anything yet\n"


def test_the_journal_goes_out_as_a_file_that_replay_reads() -> None:
    nabat("terms", "add", "ОДКБ")
    code, _, said = nabat("export", "journal", "-o", "journal.jsonl")
    assert (code, "1 line" in said) == (0, True)
    assert nabat("replay", "journal.jsonl")[0] == 0
    assert nabat("export", "alerts")[1] == []
    assert nabat("export", "documents")[1] == []


def test_dead_letters_are_listed_shown_and_sent_again(tmp_path: Path) -> None:
    body = b'{"event":"e_1","bursts":[]}'
    letters = [
        bury(GOOD % (1, "ёж".encode()), "bad_field", "journal", Place(file="a", line=3)),
        bury(b"still broken", "not_json", "journal", Place(file="a", line=4)),
        bury(body, "refused", "deliver", Place(file="routes/desk"), "m_1 HTTP 410"),
    ]
    store = Store(tmp_path / "nabat.db")
    with store.write() as base:
        bury_all(base, letters)
    assert nabat("deadletters", "list", "--reason", "poison")[1:] == ([], "0 dead letters\n")
    code, lines, _ = nabat("deadletters", "list", "--reason", "not_json")
    assert (code, [line["number"] for line in lines]) == (0, [2])
    code, lines, _ = nabat("deadletters", "show", "1")
    assert (code, "ёж" in str(lines[0]["raw"])) == (0, True)
    assert nabat("deadletters", "show", "9")[0] == 1
    code, lines, said = nabat("deadletters", "replay")
    assert [line["outcome"] for line in lines][::2] == ["sent again", "sent again"]
    assert "2 sent again, 1 still dead" in said
    assert [number for number, _ in store.read_rows(0, 9)] == [0]
    (delivery,) = read_deliveries(store, "desk", 9)
    assert (delivery.message, delivery.body) == ("m_1", body)
    store.close()


def test_a_reader_that_goes_away_is_no_failure(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", *[b"x" * 50] * 9)
    path.write_bytes(path.read_bytes() * 300)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "enrich", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 0
    assert b"Traceback" not in said


def test_a_file_that_cannot_be_written_is_exit_code_1(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", b"one")
    code, _, said = nabat("replay", path, "--alerts", "no/such/folder/a.jsonl")
    assert (code, "no/such/folder" in said) == (1, True)


def test_the_detector_gives_a_line_for_each_row(tmp_path: Path) -> None:
    rows = [f"2025-10-09 10:{minute:02}:00,{minute % 3}" for minute in range(0, 60, 5)]
    (tmp_path / "series.csv").write_text("timestamp,value\n" + "\n".join(rows) + "\n")
    done = CliRunner().invoke(app, ["detect", "series.csv", "--bin", "300"])
    lines = done.stdout.splitlines()
    assert lines[0] == "timestamp,value,expected,score,alert"
    assert [line.split(",")[0] for line in lines[1:]] == [row.split(",")[0] for row in rows]
    (tmp_path / "bad.csv").write_text("timestamp,value\nnow,1\n")
    assert CliRunner().invoke(app, ["detect", "bad.csv"]).exit_code == 1


def test_starting_is_quick() -> None:
    began = time.monotonic()
    CliRunner().invoke(app, ["--help"])
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "command",
    [
        "terms list --shell kafka",
        "sources add rss/a --url https://a.example/rss --shell kafka",
        "export journal --shell kafka",
        "export alerts --shell kafka",
        "explain b_0123456789abcdef0123 --shell kafka",
        "worker decide",
        "connect rss",
        "sink elasticsearch",
    ],
)
def test_without_kafka_a_command_says_so_and_what_to_do(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("NABAT_ENGINES__KAFKA", address)
        monkeypatch.setattr("infra.metrics.serve_metrics", lambda *_: nullcontext())
        monkeypatch.setattr("infra.logs.open_logs", lambda *_, **__: None)  # it outlives the test
        code, lines, said = nabat(*command.split())
    assert (code, lines) == (1, [])
    (told,) = [line for line in said.splitlines() if line.startswith("nabat: ")]
    assert address in told
    assert "[engines] kafka" in told


@pytest.mark.parametrize(("hours", "sizes"), [(72, [2, 1]), (26, [1, 1, 1])])
def test_families_reach_as_far_as_the_detector_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int, sizes: list[int]
) -> None:
    text = "Мост через реку откроют весной, сообщил глава города на встрече с жителями в пятницу"
    told = (("02T09", text), ("03T14", "Совет соберётся в пятницу"), ("03T15", text))
    rows = (
        {"source": f"rss/{number}", "published_at": f"2026-03-{hour}:00:00Z", "text": one}
        for number, (hour, one) in enumerate(told)
    )
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    monkeypatch.setenv("NABAT_DETECTOR__WINDOW_SECONDS", str(hours * 3600))
    code, families, _ = nabat("origins", corpus, "--least", "1")
    assert (code, [family["size"] for family in families]) == (0, sizes)
