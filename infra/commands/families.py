"""Who copies whom in a file: `origins`, and `sources owners`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from infra.commands.corpora import finish
from infra.commands.ground import emit, judge, progress, read_settings_of

Existing = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def mount(app: typer.Typer) -> None:
    """Add the command that lists families."""
    app.command(epilog="Example: nabat origins corpus.jsonl.gz --least 3")(origins)


@judge
def origins(
    context: typer.Context,
    file: Existing,
    least: Annotated[int, typer.Option(min=1, help="Documents of a family to show.")] = 2,
) -> None:
    """List the families of a file, texts with all their copies: the largest first.

    Texts are remembered as long as `[detector]` says.
    """
    families, summary = _read(context, file)
    for family in families:
        if family.size < least:
            break
        emit(family)
    finish(summary)


@judge
def owners(
    context: typer.Context,
    file: Existing,
    share: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Of each one's texts, that the other has too.")
    ] = 0.5,
) -> None:
    """Suggest which sources may have one owner: each has most texts of the other; none is merged.

    `nabat sources add NAME --owner OWNER` makes it so.
    """
    from infra.corpora.families import find_kin

    families, summary = _read(context, file)
    for kin in find_kin(families, share):
        emit(kin)
    finish(summary)


def _read(context: typer.Context, file: Path) -> Any:
    from infra.corpora.families import read_families
    from infra.corpora.replay import Corpus
    from infra.corpora.stream import open_enrich
    from streams.enrich import Steps

    steps = Steps(language=False, entities=False, sentiment=False)
    options = read_settings_of(context).detector.to_options()
    with progress("origins") as report, open_enrich(steps, 1) as run:
        corpus = Corpus(files=(file,))
        return read_families(
            corpus, run, options, lambda done: report(f"{done.documents} documents")
        )
