"""What is written is true: commands exist and run, links lead somewhere, examples are read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main

from infra.settings import read_settings
from streams.events import Burst
from streams.models import DeadLetter, Document, Enriched, Source, Term
from streams.terms import compile_watch

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", ".github/CONTRIBUTING.md")),
        *(ROOT / "docs").glob("*.md"),
    ]
)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
COMMAND = re.compile(r"`nabat ([a-z][^`]*)`")


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(name: str, kind: str) -> str:
    return "\n".join(re.findall(rf"^```{kind}\n(.*?)^```", read(name), re.MULTILINE | re.DOTALL))


@cache
def command_line() -> Any:
    from infra.cli import app

    return typer.main.get_command(app)


def leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    if not hasattr(command, "commands"):
        yield path.strip(), command
    for name, one in getattr(command, "commands", {}).items():
        yield from leaves(one, f"{path} {name}")


def resolve(line: str) -> tuple[Any, list[str]]:
    """The command that a written line means, and what is left of the line."""
    command, words = command_line(), line.split()
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    return command, words


def written() -> list[str]:
    """Every `nabat …` of the pages, in code spans and in shell blocks."""
    spans = [span for page in PAGES for span in COMMAND.findall(page.read_text("utf-8"))]
    lines = [
        line.removeprefix("nabat ")
        for page in PAGES
        for line in blocks(str(page.relative_to(ROOT)), "sh").splitlines()
        if line.startswith("nabat ")
    ]
    return [one for one in dict.fromkeys(spans + lines) if not one.startswith("-")]


def options(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def test_every_written_command_exists_with_its_options() -> None:
    wrong = []
    for line in written():
        command, words = resolve(line)
        flags = {word for word in words if word.startswith("--")}
        if hasattr(command, "commands") or not flags <= options(command) | {"--help"}:
            wrong.append(line)
    assert wrong == []


def test_every_command_is_in_the_operating_guide() -> None:
    guide = read("docs/operating.md")
    assert [path for path, _ in leaves(command_line()) if f"`nabat {path}" not in guide] == []


def test_every_command_has_help_with_an_example() -> None:
    helps = {path: f"{one.help} {one.epilog}" for path, one in leaves(command_line())}
    assert [path for path, text in helps.items() if "nabat " not in text] == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    used = {
        target
        for page in PAGES
        for target in re.findall(r"(?:`|^)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert used <= targets
    assert {"demo", "test", "check", "up"} <= used


def test_the_readme_commands_run(tmp_path: Path) -> None:
    """Those that end by themselves: the demo, and the replay of what it keeps."""
    lines = [line for line in blocks("README.md", "sh").splitlines() if line.startswith("nabat ")]
    assert {line.split()[1] for line in lines} == {"demo", "replay", "up"}
    shown = b""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for line in lines:
        if line == "nabat up":
            continue
        done = subprocess.run(
            line.split(),
            cwd=tmp_path,
            env={**os.environ, "PATH": path, "TERM": "dumb"},
            capture_output=True,
            check=False,
            timeout=240,
        )
        assert (done.returncode, done.stderr[-2000:] if done.returncode else b"") == (0, b"")
        assert b"\x1b" not in done.stdout
        shown += done.stdout
    alerts = [msgspec.json.decode(one, type=Burst) for one in open_lines(tmp_path / "alerts.jsonl")]
    opened = [burst for burst in alerts if burst.state == "opened"]
    assert {"теракт", "аэропорт", "ОДКБ", "топливо"} <= {burst.term for burst in opened}
    told = set(re.findall(r"b_[0-9a-f]+", shown.decode()))
    assert told <= {burst.id for burst in opened}
    assert len(told) == shown.count(b"ALARM") == len({burst.event for burst in opened})


def open_lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(page.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


def test_the_example_settings_are_read_and_their_terms_understood() -> None:
    settings = read_settings(ROOT / "nabat.example.toml")
    assert len(settings.sources) == 2
    compile_watch(one.to_term() for one in settings.terms)


def test_the_example_settings_show_every_key() -> None:
    example = tomllib.loads(read("nabat.example.toml"))
    settings = read_settings(ROOT / "nabat.example.toml")
    shown = {
        table: set().union(*value) if isinstance(value, list) else set(value)
        for table, value in example.items()
    }
    known = {}
    for table in example:
        value = getattr(settings, table)
        model = value[0] if isinstance(value, tuple) else value
        known[table] = set(type(model).model_fields)
    assert shown == known
    assert set(shown) == set(type(settings).model_fields) - {"secrets"}


def test_the_settings_of_the_readme_are_read(tmp_path: Path) -> None:
    (tmp_path / "nabat.toml").write_text(blocks("README.md", "toml"), "utf-8")
    settings = read_settings(tmp_path / "nabat.toml")
    assert (len(settings.sources), len(settings.terms), len(settings.routes)) == (1, 1, 1)


def test_versions_agree() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    released = re.findall(r"^## \[(\d[^\]]*)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert released[0] == project["version"]
    python = project["requires-python"].removeprefix(">=")
    for page in ("README.md", "docs/operating.md"):
        assert set(re.findall(r"Python (\d\.\d+)", read(page))) == {python}
    assert f"({python.replace('.', ', ')})" in read("Makefile")


@pytest.mark.parametrize("message", [Document, Enriched, Burst, DeadLetter, Term, Source])
def test_every_field_of_a_public_format_is_described(message: type[msgspec.Struct]) -> None:
    page = read("docs/formats.md")
    names = [field.encode_name for field in msgspec.structs.fields(message)]
    assert [
        name for name in names if not re.search(rf"`[^`]*\b{name}\b|{{[^}}]*\b{name}\b", page)
    ] == []


def test_every_reason_of_a_dead_letter_is_described() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "streams").rglob("*.py"))
    reasons = (
        set(re.findall(r"_RefusedError\(\s*\"(\w+)\"", code))
        | {"poison", "truncated"}
        | {"refused", "undelivered"}
    )
    page = read("docs/formats.md")
    assert {reason for reason in reasons if f"`{reason}`" not in page} == set()
    assert {"not_utf8", "too_large", "future", "no_text", "bad_field"} <= reasons


def test_the_licence_is_whole() -> None:
    text = read("LICENSE")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "Apache-2.0"


def test_pages_name_no_machine_and_fit_a_screen() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        assert not re.search(r"/(?:home|root|work|tmp)/", text)
    first = read("README.md").split("```sh")[0]
    assert len(first.splitlines()) <= 10
