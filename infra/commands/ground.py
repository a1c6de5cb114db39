"""What all commands stand on: settings, two streams out, exit codes, the same words for errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

import msgspec
import typer

FAILED, MISUSED = 1, 2
# by name, so that nothing heavy is imported for them
MISUSES = frozenset(("SettingsError", "MismatchError", "TermError", "PatternError"))
FAILURES = frozenset(
    (
        "StoreError",
        "UnreadyError",
        "DeniedError",
        "PublishError",
        "BadSeriesError",
        "ModelsError",
        "UnknownAlarmError",
        "ShortPastError",
        "NoRowsError",
    )
)
Where = Annotated[
    Literal["store", "kafka"],
    typer.Option("--shell", help="store: the embedded shell; kafka: the distributed one."),
]
P = ParamSpec("P")
R = TypeVar("R")


def say(text: str) -> None:
    """Tell a person something."""
    from infra.stage.terminal import clean

    typer.echo(clean(text), err=True)


def emit(message: Any) -> None:
    """Write one JSON line."""
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")


def show(told: Any) -> None:
    """Draw tables for people, on stderr."""
    from infra.stage.terminal import Terminal

    terminal = Terminal(stderr=True)
    if not terminal.is_terminal:
        terminal.width = 120
    terminal.print(told)


def refuse(text: str, code: int = MISUSED) -> typer.Exit:
    """Say why it cannot be done, and give what to raise."""
    say(f"nabat: {text}")
    return typer.Exit(code)


def judge(command: Callable[P, R]) -> Callable[P, R]:
    """End a command that fails for a known reason with one message and its exit code."""

    @wraps(command)
    def judged(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            _check_words(kwargs)
            result = command(*args, **kwargs)
            sys.stdout.flush()
        except BrokenPipeError:  # whoever reads has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except SystemError as error:
            if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C within a compiled loop
                raise KeyboardInterrupt from None
            raise
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            raise refuse(f"{name}{error.strerror or error}", FAILED) from None
        except Exception as error:
            code = _find_code(error)
            if code is None:
                raise
            raise refuse(str(error), code) from None
        return result

    return judged


def _check_words(given: Mapping[str, Any]) -> None:
    """Refuse an argument whose bytes are no text: it could not be written anywhere."""
    from streams.surrogates import is_whole, mend

    for name, value in given.items():
        for word in value if isinstance(value, list) else [value]:
            if isinstance(word, str) and not is_whole(word):
                raise refuse(f"{name.replace('_', '-')} {mend(word)}: not UTF-8")


def read_settings_of(context: typer.Context) -> Any:
    """The settings, from the file that `nabat --config` names or where they are looked for."""
    from infra.settings import read_settings

    return read_settings(context.find_root().params.get("config"))


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that long work goes on; call what it gives with how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(pulse_style="cyan"), TimeElapsedColumn())
    is_shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as bar:
        task = bar.add_task(what, total=None)
        yield lambda text: bar.update(task, description=f"{what}: {text}")


def read_moment(option: str, text: str) -> datetime:
    """The time, in UTC, that an option was given; one without a zone is hours off: refused."""
    from connectors.dates import read_date, read_stamp

    stamp, moment = read_stamp(text), read_date(text)
    if stamp is None or moment is None:
        raise refuse(f"{option} {text}: not a date; 2026-11-20T12:00:00Z is one")
    if stamp.tzinfo is None:
        given = f"{stamp:%Y-%m-%dT%H:%M:%S}"
        raise refuse(f"{option} {text}: in which zone? {given}Z is UTC, {given}+03:00 is Moscow")
    return moment


def read_term_file(path: Path) -> Any:
    """The terms of a file; raises `TermError` with every mistake."""
    from infra.watching import import_terms

    return import_terms(path)


def _find_code(error: Exception) -> int | None:
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & MISUSES:
        return MISUSED
    return FAILED if names & FAILURES else None
