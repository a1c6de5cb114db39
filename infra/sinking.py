"""`nabat sink NAME`: one process that carries results out of Kafka."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from threading import Event

from connectors.elastic import Search
from connectors.sinks import Flow, Wire, fill_search, ring_webhook
from connectors.webhook import Endpoint, check_secret
from infra.provision import make_access, read_templates
from infra.settings import Route, Settings, SettingsError
from infra.working import make_reach
from streams.events import Burst
from streams.shell.topics import Topics

SINKS = ("elasticsearch", "webhook")


def run_sink(name: str, settings: Settings, count: Callable[..., None] | None = None) -> None:
    """Run a sink until a signal stops it.

    Raises ValueError for a name that is no sink, `SettingsError` if it lacks what it needs, and
    `DeniedError` if Elasticsearch will not let it in.
    """
    if name not in SINKS:
        raise ValueError(f"there is no sink {name!r}; there are {', '.join(SINKS)}")
    runners = {"elasticsearch": _run_search, "webhook": _run_webhooks}
    runners[name](settings, _make_flow(settings, count))


def make_wires(settings: Settings) -> list[Wire]:
    """A wire for each route; raises `SettingsError` without one, or with a secret that cannot sign.

    The secret of a route is in `NABAT_SECRET_WEBHOOK_<NAME>`.
    """
    problems = [] if settings.routes else ["routes: there is no webhook to ring"]
    wires = []
    for route in settings.routes:
        secret = settings.secret(f"webhook_{route.name}")
        if secret and (why := check_secret(secret)):
            problems.append(f"NABAT_SECRET_WEBHOOK_{route.name.upper()}: {why}")
        endpoint = Endpoint(url=route.url, secret=secret, timeout=route.timeout_seconds)
        wants = partial(_is_wanted, route, _list_routes(settings))
        wires.append(Wire(name=route.name, endpoint=endpoint, wants=wants))
    if problems:
        raise SettingsError("the sink", problems)
    return wires


def _run_search(settings: Settings, flow: Flow) -> None:
    search = Search(make_access(settings), read_templates(), flow.count, flow.stop)
    with closing(search):
        fill_search(flow, search)


def _run_webhooks(settings: Settings, flow: Flow) -> None:
    """One thread and one consumer group each, so that no receiver holds up another."""
    wires = make_wires(settings)
    with ThreadPoolExecutor(len(wires)) as pool:
        running = [pool.submit(ring_webhook, flow, wire) for wire in wires]
        done, _ = wait(running, return_when=FIRST_EXCEPTION)
        flow.stop.set()
        for one in done:
            one.result()


def _make_flow(settings: Settings, count: Callable[..., None] | None) -> Flow:
    engines, stop = settings.engines, Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return Flow(
        engines.kafka,
        Topics(engines.prefix, engines.partitions),
        stop,
        count or (lambda *_, **__: None),
        make_reach(os.environ.get("NABAT_FAIL_AT", "")),
    )


def _list_routes(settings: Settings) -> dict[str, str]:
    return {term.name: term.route for term in settings.terms if term.route}


def _is_wanted(route: Route, routes: dict[str, str], burst: Burst) -> bool:
    """Whether a burst goes this way: its term says so, or says nothing."""
    chosen = routes.get(burst.term)
    return chosen == route.name if chosen else route.default
