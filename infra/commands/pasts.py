"""What `nabat terms preview` looks at: files and journals, and how forms are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from infra.commands.ground import read_settings_of, refuse

SHELLS = ("store", "kafka")


def find_file(name: str) -> Path:
    """The file that --on names; refused where there is none."""
    path = Path(name)
    if not path.is_file():
        raise refuse(f"--on {name}: there is no such file")
    return path


def read_texts(context: typer.Context, on: str) -> Iterable[str]:
    """The texts of a file, or of a shell's journal."""
    from infra.watching import read_texts as read

    return _read_journal(context, on) if on in SHELLS else read(find_file(on))


def _read_journal(context: typer.Context, shell: str) -> Iterator[str]:
    from infra.corpora.journals import open_journal
    from infra.watching import to_text

    with open_journal(read_settings_of(context), shell) as journal:
        yield from map(to_text, journal.read())


def show_forms(forms: Sequence[Any]) -> None:
    """A table: the form, the letters that it asks for, the cases that it stands for."""
    rows = [("form", "letters", "cases"), *((one.text, one.letters, one.cases) for one in forms)]
    first, second = (max(len(row[at]) for row in rows) for at in (0, 1))
    for form, letters, cases in rows:
        typer.echo(f"{form:{first}}  {letters:{second}}  {cases}")
