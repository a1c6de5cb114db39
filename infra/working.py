"""`nabat worker NAME`: one process of the distributed shell."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.settings import Settings
from streams.shell.parts import Options
from streams.shell.topics import Topics

if TYPE_CHECKING:
    from infra.vitals.gauges import Gauged

WORKERS = ("dispatch", "enrich", "decide")
KILLED = 137  # the exit code of a process that was killed


def run_worker(name: str, settings: Settings, count: Callable[..., None] | None = None) -> None:
    """Run a worker until it is stopped; ends the process.

    Raises ValueError for a name that is no worker.
    """
    if name not in WORKERS:
        raise ValueError(f"there is no worker {name!r}; there are {', '.join(WORKERS)}")
    makers = {"dispatch": _make_dispatch, "enrich": _make_enrich, "decide": _make_decide}
    run_app(makers[name](settings, make_options(settings, count)))


def make_options(settings: Settings, count: Callable[..., None] | None = None) -> Options:
    """What every worker needs to know."""
    engines = settings.engines
    topics = Topics(engines.prefix, engines.partitions)
    reach = make_reach(os.environ.get("NABAT_FAIL_AT", ""))
    options = Options(engines.kafka, topics, reach=reach)
    return options if count is None else Options(engines.kafka, topics, count, reach)


def run_app(app: Any) -> None:
    """Run a Faust app until a signal; logs are left as they are set up."""
    worker = app.Worker(quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None  # it writes to stdout, which is for results
    worker.execute_from_commandline()


def make_reach(point: str) -> Callable[[str], None]:
    """For tests of failure: die as if killed at a named point, `name:3` the third time."""
    name, _, times = point.partition(":")
    left = int(times or 1)

    def reach(here: str) -> None:
        nonlocal left
        left -= here == name
        if here == name and left <= 0:
            os._exit(KILLED)

    return reach


def _make_dispatch(settings: Settings, options: Options) -> Any:
    from streams.agents import make_dispatch

    del settings
    return make_dispatch(options)


def _make_enrich(settings: Settings, options: Options) -> Any:
    from streams.agents import make_enrich
    from streams.enrich import Steps, enrich_batch
    from streams.terms import compile_watch

    steps = Steps(**settings.steps.model_dump())
    return make_enrich(options, partial(enrich_batch, steps=steps), compile_watch)


def make_decider(
    settings: Settings, count: Callable[..., None], cells: Mapping[str, bytes]
) -> Gauged:
    """The decider of `nabat worker decide`, from the cells of the last snapshot on."""
    from infra.vitals.gauges import Gauged
    from streams.decide import Decider
    from streams.rehearsal import rehearse

    rehearse()
    return Gauged(Decider(settings.detector.to_options(), cells), count)


def _make_decide(settings: Settings, options: Options) -> Any:
    from streams.agents import make_decide

    return make_decide(options, partial(make_decider, settings, options.count))
