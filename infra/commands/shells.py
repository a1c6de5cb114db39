"""The shells: `demo`, `up`, and the processes of the distributed one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.commands.ground import emit, judge, progress, read_settings_of, refuse


def mount(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: nabat demo --keep scenario")(demo)
    app.command(epilog="Example: nabat up")(up)
    app.command(epilog="Example: nabat worker enrich")(worker)
    app.command(epilog="Example: nabat connect rss")(connect)
    app.command(epilog="Example: nabat sink elasticsearch")(sink)
    app.command(epilog="Example: nabat provision topics")(provision)
    app.command(epilog="Example: nabat doctor")(doctor)


@judge
def demo(
    context: typer.Context,
    keep: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder to leave the scenario in.")
    ] = None,
) -> None:
    """Run the shipped scenario; alarms show as they ring. It ends by itself."""
    from infra.stage.demo import run_demo
    from streams.enrich import Steps

    settings = read_settings_of(context)
    steps = Steps(**settings.steps.model_dump())
    run_demo(keep, steps, options=settings.detector.to_options())


@judge
def up(context: typer.Context) -> None:
    """Watch the configured sources in this one process, until stopped."""
    with _serving(context) as (settings, count):
        from infra.embedded import run_up

        run_up(settings, count)


@judge
def worker(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="dispatch, enrich or decide.")],
) -> None:
    """Run one process of the distributed shell."""
    from infra.working import WORKERS, run_worker

    _check(name, WORKERS)
    with _joining(context) as (settings, count):
        run_worker(name, settings, count)


@judge
def connect(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="rss, telegram or files.")],
    files: Annotated[list[Path] | None, typer.Argument(help="What `files` reads.")] = None,
) -> None:
    """Carry what sources publish to the journal of the distributed shell."""
    from infra.connecting import SOURCES, run_connect

    _check(source, SOURCES)
    with _joining(context) as (settings, count):
        run_connect(source, settings, count, tuple(files or ()))


@judge
def sink(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="elasticsearch or webhook.")],
) -> None:
    """Carry results out of the distributed shell."""
    from infra.sinking import SINKS, run_sink

    _check(name, SINKS)
    with _joining(context) as (settings, count):
        run_sink(name, settings, count)


@judge
def provision(
    context: typer.Context,
    part: Annotated[
        str | None, typer.Argument(help="topics, templates or dashboards (default: all).")
    ] = None,
) -> None:
    """Set up Kafka, Elasticsearch, Grafana and Kibana; as often as you like."""
    from infra import provision as steps
    from infra.logs import open_logs

    settings = read_settings_of(context)
    parts = {
        "topics": steps.provision_topics,
        "templates": steps.provision_templates,
        "dashboards": steps.provision_dashboards,
    }
    _check(part or "topics", tuple(parts))
    open_logs(settings.logs.level, human=settings.logs.human)  # they tell what is waited for
    with progress("provision") as report:
        for name in [part] if part else list(parts):
            report(name)
            for made in parts[name](settings):
                emit(made._asdict())


@judge
def doctor(context: typer.Context) -> None:
    """Check every dependency and say what to do."""
    from infra.vitals.doctor import diagnose, report

    results = None if sys.stdout.isatty() else sys.stdout
    raise typer.Exit(report(diagnose(read_settings_of(context)), results, sys.stderr))


def _check(name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise refuse(f"there is no {name!r}; there are {', '.join(known)}")


@contextmanager
def _serving(context: typer.Context) -> Iterator[tuple[Any, Any]]:
    """Logs and metrics of a process that stays."""
    from infra.logs import open_logs
    from infra.metrics import count, serve_metrics

    settings = read_settings_of(context)
    open_logs(settings.logs.level, human=settings.logs.human)
    with serve_metrics(settings.metrics.port, settings.metrics.host):
        yield settings, count


@contextmanager
def _joining(context: typer.Context) -> Iterator[tuple[Any, Any]]:
    """The same for a process of the distributed shell, which ends at once if Kafka is not there."""
    from infra.corpora.journals import reach_kafka

    with _serving(context) as (settings, count):
        reach_kafka(settings)
        yield settings, count
