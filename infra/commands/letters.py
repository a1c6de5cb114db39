"""`nabat export`, and `nabat deadletters`: what came out, and what could not be used."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.commands.ground import FAILED, Where, emit, judge, read_settings_of, refuse, say

app = typer.Typer(help="What could not be used: why, where it came from, and once more.")
PARTS = ("documents", "alerts", "journal")
Number = Annotated[int, typer.Argument(min=1, help="Its number, as `list` shows it.")]


def mount(root: typer.Typer) -> None:
    """Add these commands."""
    root.command(epilog="Example: nabat export journal -o journal.jsonl")(export)


@judge
def export(
    context: typer.Context,
    part: Annotated[str, typer.Argument(help="documents, alerts or journal.")],
    output: Annotated[str, typer.Option("-o", "--output", help="Where to write.")] = "-",
    shell: Where = "store",
) -> None:
    """Write documents, alerts or the journal, one JSON object a line."""
    from infra.corpora.exporting import export_lines
    from infra.stage.bell import to_amount

    if part not in PARTS:
        raise refuse(f"there is no {part!r}; there are {', '.join(PARTS)}")
    lines = export_lines(read_settings_of(context), part, shell)
    first = list(islice(lines, 1))  # what fails at once leaves no file, and an old one as it was
    count = 0
    with ExitStack() as stack:
        is_file = output != "-"
        stream = stack.enter_context(Path(output).open("wb")) if is_file else sys.stdout.buffer
        for count, line in enumerate(chain(first, lines), 1):  # noqa: B007 - it is told
            stream.write(line + b"\n")
    say(to_amount(count, "line"))


@app.command("list", epilog="Example: nabat deadletters list --reason not_json")
@judge
def list_letters(
    context: typer.Context,
    reason: Annotated[str | None, typer.Option(help="Only those of this reason.")] = None,
) -> None:
    """Print dead letters without their bytes, oldest first."""
    from infra.stage.bell import to_amount

    wanted = [one for one in _read(context) if reason in {None, one[1].reason}]
    for number, letter in wanted:
        emit(_describe(number, letter))
    say(to_amount(len(wanted), "dead letter"))


@app.command(epilog="Example: nabat deadletters show 3")
@judge
def show(context: typer.Context, number: Number) -> None:
    """Print one dead letter, its bytes as text."""
    letter = dict(_read(context)).get(number)
    if letter is None:
        raise refuse(f"there is no dead letter {number}", FAILED)
    emit({**_describe(number, letter), "raw": letter.raw.decode("utf-8", "backslashreplace")})


@app.command(epilog="Example: nabat deadletters replay 3 4")
@judge
def replay(
    context: typer.Context,
    numbers: Annotated[list[int] | None, typer.Argument(help="Which ones (default: all).")] = None,
) -> None:
    """Send dead letters their way again, now that what stopped them is mended."""
    from infra.deadletters import replay_letter

    settings = read_settings_of(context)
    registry = {table.source: table.to_source() for table in settings.sources}
    gone, kept = 0, 0
    with _opened(settings) as store:
        from connectors.outbox import read_deadletters

        for number, letter in read_deadletters(store):
            if numbers and number not in numbers:
                continue
            why = replay_letter(store, number, letter, registry)
            gone, kept = gone + (not why), kept + bool(why)
            emit({"number": number, "outcome": why or "sent again"})
    say(f"{gone} sent again, {kept} still dead")
    if numbers and gone + kept < len(set(numbers)):
        raise refuse("some of these numbers are no dead letters", FAILED)


def _read(context: typer.Context) -> list[tuple[int, Any]]:
    from connectors.outbox import read_deadletters

    with _opened(read_settings_of(context)) as store:
        return read_deadletters(store)


def _describe(number: int, letter: Any) -> dict[str, Any]:
    return {
        "number": number,
        "reason": letter.reason,
        "stage": letter.stage,
        "origin": letter.origin,
        "length": letter.length,
        "sha256": letter.sha256,
        "detail": letter.detail,
    }


def _opened(settings: Any) -> Any:
    from connectors.store import Store

    return closing(Store(settings.store.path, create=False))
