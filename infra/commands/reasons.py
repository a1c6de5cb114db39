"""Why it rang, why it did not, and what an analyst says of it: `explain`, `why-not`, `ack`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from infra.commands.corpora import Listed, Registry, read_registry
from infra.commands.ground import (
    Where,
    emit,
    judge,
    progress,
    read_moment,
    read_settings_of,
    read_term_file,
    refuse,
    say,
    show,
)

Alarm = Annotated[str, typer.Argument(metavar="ALERT_ID", help="Its id, as in the alert: b_….")]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--journal",
        exists=True,
        dir_okay=False,
        help="Files as `replay` reads them, instead of a shell's journal.",
    ),
]
SILENCE = 60.0  # seconds without a row before the moment that was asked about


def mount(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: nabat explain b_0123456789abcdef0123")(explain)
    app.command(epilog="Example: nabat why-not ОДКБ --at 2026-11-20T12:00:00Z")(why_not)
    app.command(epilog='Example: nabat ack b_0123456789abcdef0123 --false --note "a drill"')(ack)


@judge
def explain(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    alert_id: Alarm,
    journal: Files = None,
    terms: Listed = None,
    sources: Registry = None,
    shell: Where = "store",
) -> None:
    """Print every number behind an alarm: documents, weights, what was usual, each gate.

    The journal is gone through again up to the alarm; the same journal gives the same bytes.
    """
    from msgspec.structs import replace

    from infra.corpora.explaining import explain_alarm, find_ack, find_term
    from infra.corpora.telling import tell_explanation

    settings = read_settings_of(context)
    rows = _read_rows(settings, shell, (journal, terms, sources))
    if not journal:
        find_term(settings, shell, alert_id)  # to refuse a wrong id at once
    with progress("explain") as report:
        found = explain_alarm(
            rows,
            _read_steps(settings),
            alert_id,
            lambda number: report(f"{number} rows"),
            settings.detector.to_options(),
        )
    found = replace(found, ack=find_ack(settings, shell, journal or (), alert_id))
    show(tell_explanation(found))
    emit(found)


@judge
def why_not(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    term: Annotated[str, typer.Argument(help="The name of the term.")],
    at: Annotated[str, typer.Option("--at", help="When, such as 2026-11-20T12:00:00Z.")],
    journal: Files = None,
    terms: Listed = None,
    sources: Registry = None,
    shell: Where = "store",
) -> None:
    """Print why a term did not ring at a time: each gate, and by how much it failed."""
    from infra.corpora.explaining import explain_absence
    from infra.corpora.telling import is_dated, tell_absence
    from streams.models import to_seconds

    moment = to_seconds(read_moment("--at", at))
    settings = read_settings_of(context)
    rows = _read_rows(settings, shell, (journal, terms, sources))
    with progress("why-not") as report:
        absence = explain_absence(
            rows,
            _read_steps(settings),
            (term, moment),
            lambda number: report(f"{number} rows"),
            settings.detector.to_options(),
        )
    show(tell_absence(absence))
    if moment - to_seconds(absence.as_of) >= SILENCE and is_dated(absence):
        say(f"from {absence.as_of:%Y-%m-%d %H:%M:%S} UTC until then the journal holds no row")
    emit(absence)


@judge
def ack(
    context: typer.Context,
    alert_id: Annotated[
        str | None, typer.Argument(metavar="[ALERT_ID]", help="None: how good alarms were.")
    ] = None,
    is_false: Annotated[bool, typer.Option("--false", help="It should not have rung.")] = False,
    note: Annotated[str | None, typer.Option(help="What you want to remember of it.")] = None,
    shell: Where = "store",
) -> None:
    """Say that an alarm was right, or with --false that it was not; the last word counts.

    Without an id: for each term how many alarms rang, were judged, and were false.
    """
    from infra.corpora.explaining import find_term
    from infra.corpora.journals import make_setting, open_journal

    settings = read_settings_of(context)
    if alert_id is not None:
        value = {"false": is_false, "term": find_term(settings, shell, alert_id), "note": note}
        row = make_setting("ack", alert_id, value)
        with open_journal(settings, shell) as journal:
            journal.append([row])
        emit(row)
    elif is_false or note:
        raise refuse("which alarm? `nabat export alerts` shows them with their ids")
    _sum_up(settings, shell, is_listed=alert_id is None)


def _sum_up(settings: Any, shell: str, *, is_listed: bool) -> None:
    """Say how good alarms were: all of them, and where that was asked each term's."""
    from infra.stage.bell import to_amount
    from infra.vitals.quality import measure_quality

    by_term, total = measure_quality(settings, shell)
    for quality in by_term if is_listed else ():
        emit(quality)
    if total.precision is None:
        say(f"none of {to_amount(total.alarms, 'alarm')} is judged yet: `nabat ack ALERT_ID`")
        return
    say(
        f"{total.judged} of {to_amount(total.alarms, 'alarm')} judged, {total.false} false;"
        f" {total.precision:.0%} were right"
    )


def _read_rows(
    settings: Any, shell: str, files: tuple[list[Path] | None, Path | None, Path | None]
) -> Any:
    """The rows of files if there are any, else those of a shell's journal."""
    from infra.corpora.explaining import read_files, read_journal
    from infra.corpora.replay import Corpus

    journal, terms, sources = files
    if not journal:
        if terms or sources:
            raise refuse("--terms and --sources go with --journal; a shell's journal has its own")
        return read_journal(settings, shell)
    return read_files(
        Corpus(
            files=tuple(journal),
            terms=tuple(read_term_file(terms)) if terms else (),
            sources=tuple(read_registry(sources)),
        )
    )


def _read_steps(settings: Any) -> Any:
    from streams.enrich import Steps

    return Steps(**settings.steps.model_dump())
