"""`nabat`: every command, each in a module of its own under `infra.commands`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.commands import corpora, families, letters, reasons, shells, sources, terms

app = typer.Typer(
    name="nabat",
    help="Watches Russian-language news wires and posts, and rings when a watched term bursts.",
    epilog="Example: nabat demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 100},  # what a command does is then read to its end
)
for part in (shells, corpora, families, letters, reasons):
    part.mount(app)
app.add_typer(terms.app, name="terms")
app.add_typer(sources.app, name="sources")
app.add_typer(letters.app, name="deadletters")


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"nabat {version('nabat')}")
        raise typer.Exit


@app.callback()
def choose(
    config: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="The settings (default: $NABAT_CONFIG or nabat.toml)."),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which it is."),
    ] = False,
) -> None:
    """Read the settings from elsewhere."""
    del config, version  # commands find the settings in their context


def main() -> None:
    """Run a command; exit codes: 0 done, 1 failed, 2 used wrongly."""
    app()


if __name__ == "__main__":
    main()
