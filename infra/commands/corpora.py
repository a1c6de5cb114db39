"""Files through the pipeline: `replay`, `enrich`, `detect`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.commands.ground import (
    FAILED,
    judge,
    progress,
    read_moment,
    read_settings_of,
    read_term_file,
    refuse,
    say,
)

Existing = typer.Argument(exists=True, dir_okay=False, readable=True)
Listed = Annotated[
    Path | None,
    typer.Option("--terms", exists=True, dir_okay=False, help="Terms: .jsonl, .csv or one a line."),
]
Registry = Annotated[
    Path | None,
    typer.Option("--sources", exists=True, dir_okay=False, help="Sources file (CSV)."),
]
Letters = Annotated[
    str | None, typer.Option("--deadletters", help="Where what could not be used is written.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help="Processes that enrich.")]


def mount(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        epilog="Example: nabat replay corpus.jsonl.gz --terms terms.txt --sources sources.csv"
        " --alerts alerts.jsonl"
    )(replay)
    app.command(epilog="Example: nabat enrich corpus.jsonl --terms terms.txt -o enriched.jsonl")(
        enrich
    )
    app.command(epilog="Example: nabat detect counts.csv --bin 300 > scores.csv")(detect)


@judge
def replay(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    files: Annotated[list[Path], Existing],
    terms: Listed = None,
    sources: Registry = None,
    alerts: Annotated[str | None, typer.Option(help="Where alerts go (default: stdout).")] = None,
    documents: Annotated[str | None, typer.Option(help="Where enriched documents go.")] = None,
    deadletters: Letters = None,
    state: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder to go on from; outputs are continued, too."),
    ] = None,
    workers: Workers = 1,
    as_of: Annotated[
        str | None, typer.Option(help="Rows seen later than this are refused (default: now).")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="kafka: append the rows to its journal, and no more.")
    ] = None,
) -> None:
    """Send documents, or an exported journal, through the whole pipeline as fast as it goes.

    The end of the files leaves the last ten seconds open; --state keeps them for the next replay.
    """
    from infra.corpora.replay import Corpus

    if to not in {None, "kafka"}:
        raise refuse(f"--to {to}: there is only kafka")
    corpus = Corpus(
        files=tuple(files),
        terms=tuple(read_term_file(terms)) if terms else (),
        sources=tuple(read_registry(sources)),
        as_of=_read_moment(as_of),
    )
    if to == "kafka":
        if state or alerts or documents:
            raise refuse("--to kafka: the alerts come from there, nothing else is written")
        _check_places(files, [deadletters] if deadletters else [])
        finish(_send(context, corpus, deadletters))
    paths = {"alerts": alerts or "-", "documents": documents, "deadletters": deadletters}
    chosen = {name: path for name, path in paths.items() if path}
    _check_places(files, chosen.values())
    summary = _replay(context, corpus, chosen, (state, workers))
    if not (corpus.terms or summary.bursts):
        say("without --terms nothing is watched, but what an exported journal itself watches")
    finish(summary, rings=True)


@judge
def enrich(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    file: Annotated[Path, Existing],
    terms: Listed = None,
    output: Annotated[str, typer.Option("-o", "--output", help="Where to write.")] = "-",
    deadletters: Letters = None,
    workers: Workers = 1,
) -> None:
    """Enrich documents only: language, entities, tone, terms; one a line, in their order."""
    from infra.corpora.enriching import enrich_file
    from infra.corpora.replay import Corpus

    corpus = Corpus(files=(file,), terms=tuple(read_term_file(terms)) if terms else ())
    steps = _read_steps(context)
    paths = {"documents": output} | ({"deadletters": deadletters} if deadletters else {})
    _check_places([file], paths.values())
    with progress("enrich") as report, _open_enrich(steps, workers) as run:
        summary = enrich_file(corpus, paths, run, lambda done: report(f"{done.valid} documents"))
    finish(summary)


@judge
def detect(
    file: Annotated[Path, Existing],
    seconds: Annotated[
        float, typer.Option("--bin", min=1, max=86_400, help="Width of a bin in seconds.")
    ] = 300,
) -> None:
    """Run the detector alone on a series (CSV timestamp,value); scores go to stdout as CSV."""
    from infra.corpora.detecting import detect_file

    for line in detect_file(file, seconds):
        typer.echo(line)


def _replay(
    context: typer.Context,
    corpus: Any,
    paths: dict[str, str],
    options: tuple[Path | None, int],
) -> Any:
    from infra.corpora.checkpoint import Checkpoint, make_fingerprint
    from infra.corpora.replay import Replay
    from infra.readiness import get_ready

    (folder, workers), steps = options, _read_steps(context)
    detector = read_settings_of(context).detector.to_options()
    fingerprint = make_fingerprint(corpus.terms, corpus.sources, steps, detector)
    checkpoint = Checkpoint(folder, fingerprint, detector)
    with progress("replay") as report, _open_enrich(steps, workers) as run:
        get_ready(steps, workers)
        told = Replay(corpus, paths, lambda done: report(f"{done.rows} rows, {done.bursts} events"))
        return told.run(run, checkpoint)


def _send(context: typer.Context, corpus: Any, deadletters: str | None) -> Any:
    from infra.corpora.sending import send_corpus

    settings = read_settings_of(context)
    paths = {"deadletters": deadletters} if deadletters else {}
    with progress("replay to kafka") as report:
        return send_corpus(corpus, settings, paths, lambda done: report(f"{done.rows} rows"))


def finish(summary: Any, *, rings: bool = False) -> None:
    """Say what was done; without a valid row, or with a file cut short, it has failed."""
    from infra.stage.bell import to_amount

    rate = summary.valid / max(summary.seconds, 1e-9)
    amounts = [
        to_amount(summary.documents, "document"),
        *([to_amount(summary.bursts, "alert event")] if rings else []),
        to_amount(summary.deadletters, "dead letter"),
    ]
    read = f"{to_amount(summary.valid, 'row')} read in {summary.seconds:.1f} s"
    say(f"{read} ({rate:.0f} a second): {', '.join(amounts)}")
    if summary.is_cut:
        raise refuse("a file ends before its end; what could be read was used", FAILED)
    if not summary.valid:
        raise refuse("not one valid row", FAILED)
    raise typer.Exit(0)


def _check_places(files: Iterable[Path], outputs: Iterable[str]) -> None:
    """Refuse to write over what is read, or two things to one place."""
    taken = {str(file.resolve()) for file in files}
    for place in outputs:
        name = place if place == "-" else str(Path(place).resolve())
        if name in taken:
            shown = "stdout (-)" if place == "-" else place
            raise refuse(f"{shown} is read or written to already: name another place")
        taken.add(name)


def _open_enrich(steps: Any, workers: int) -> Any:
    from infra.corpora.stream import open_enrich

    return open_enrich(steps, workers)


def read_registry(path: Path | None) -> Any:
    """The sources of a file; a mistake in it ends the command."""
    from connectors.files import read_sources

    try:
        return read_sources(path) if path else ()
    except ValueError as error:
        raise refuse(str(error)) from None


def _read_steps(context: typer.Context) -> Any:
    from streams.enrich import Steps

    return Steps(**read_settings_of(context).steps.model_dump())


def _read_moment(text: str | None) -> float:
    from streams.models import to_seconds

    return to_seconds(datetime.now(UTC) if text is None else read_moment("--as-of", text))
