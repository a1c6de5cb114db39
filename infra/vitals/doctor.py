"""`nabat doctor`: looks at everything that is needed, says what is wrong and what to do."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain
from typing import TextIO
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.markup import escape

from connectors.store import StoreError
from connectors.webhook import check_secret
from infra.corpora.journals import in_force, read_changes
from infra.settings import Settings
from infra.stage.bell import to_amount
from infra.vitals.checkup import (
    TIMEOUT_SECONDS,
    Finding,
    check_elasticsearch,
    check_grafana,
    check_kafka,
    check_kibana,
    measure_skew,
)
from streams.enrich import Steps, enrich_batch
from streams.models import EPOCH, Document, Enriched, Term
from streams.terms import compile_watch

Check = Callable[[Settings], Iterable[Finding]]
OLDEST = (3, 11)
ROOM_BYTES = 1 << 30  # a day of a busy newsroom is 100 to 300 MB with its indices
SAMPLE = "Саммит ОДКБ прошёл в Астане."
MARKS = {
    "ok": "[green]✓[/]",
    "warning": "[yellow]![/]",
    "failed": "[red]✗[/]",
    "skipped": "[dim]–[/]",
}
ENGINES: dict[str, Check] = {
    "kafka": check_kafka,
    "elasticsearch": check_elasticsearch,
    "grafana": check_grafana,
    "kibana": check_kibana,
}


def run_doctor(settings: Settings, *, as_json: bool | None = None) -> bool:
    """Look at everything and report: JSON lines on stdout, or words on stderr; whether all is well.

    `as_json` None: JSON if stdout is not a terminal.
    """
    is_json = not sys.stdout.isatty() if as_json is None else as_json
    return report(diagnose(settings), sys.stdout if is_json else None, sys.stderr) == 0


def diagnose(settings: Settings) -> list[Finding]:
    """Run every check; engines are looked at only where the settings name them."""
    checks: list[Check] = [check_python, check_models, check_store, check_watch, check_routes]
    checks += [_choose(name, check) for name, check in ENGINES.items()]
    checks.append(check_clock)
    with ThreadPoolExecutor(len(checks)) as pool:
        found = pool.map(lambda check: list(check(settings)), checks)
        return list(chain.from_iterable(found))


def report(findings: Iterable[Finding], results: TextIO | None, people: TextIO) -> int:
    """Write findings: JSON lines to `results` if given, else words to `people`; the exit code."""
    listed = list(findings)
    console = Console(file=people, highlight=False, soft_wrap=True)
    for finding in listed:
        if results:
            results.write(msgspec.json.encode(finding).decode() + "\n")
            continue
        console.print(f"{MARKS[finding.status]} {finding.check:<14} {escape(finding.message)}")
        if finding.remedy:
            console.print(f"  {'':<14} → {escape(finding.remedy)}")
    broken = sorted({finding.check for finding in listed if finding.status == "failed"})
    console.print(f"[bold red]broken: {', '.join(broken)}[/]" if broken else "[bold]all is well[/]")
    return 1 if broken else 0


def check_python(settings: Settings) -> Iterator[Finding]:
    """Python is new enough."""
    del settings
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST:
        yield Finding("python", "ok", version)
    else:
        yield Finding("python", "failed", f"{version} is too old", "install Python 3.11 or newer")


def check_models(settings: Settings) -> Iterator[Finding]:
    """The steps that are switched on understand a sentence."""
    steps = Steps(**settings.steps.model_dump())
    sample = Document(source="doctor/sample", published_at=EPOCH, seen_at=EPOCH, text=SAMPLE)
    try:
        (result,) = enrich_batch([sample], compile_watch([Term(name="ОДКБ")]), steps)
    except (ImportError, OSError, ValueError) as error:
        yield Finding("models", "failed", f"they do not load: {error}", "run `make install` again")
        return
    missing = list(_find_misses(result, steps)) if isinstance(result, Enriched) else ["everything"]
    if missing:
        message = f"a plain sentence is not understood: {', '.join(missing)}"
        yield Finding("models", "failed", message, "run `make install` again")
    else:
        on = [name for name, value in settings.steps.model_dump().items() if value]
        yield Finding("models", "ok", ", ".join(["terms", *on]))


def _find_misses(result: Enriched, steps: Steps) -> Iterator[str]:
    if [mention.text for mention in result.terms] != ["ОДКБ"]:
        yield "terms"
    if steps.language and result.language.code != "ru":
        yield "language"
    if steps.entities and not result.entities:
        yield "entities"


def check_store(settings: Settings) -> Iterator[Finding]:
    """The file of the embedded shell can be written, and there is room."""
    path = settings.store.path
    if is_configured(settings, "kafka") and "store" not in settings.model_fields_set:
        yield Finding("store", "skipped", "Kafka and Elasticsearch keep everything")
        return
    folder = path.absolute().parent
    remedy = "set [store] path (NABAT_STORE__PATH) to a folder that may be written"
    if not os.access(path if path.exists() else folder, os.W_OK):
        yield Finding("store", "failed", f"{path} cannot be written", remedy)
        return
    try:
        read_changes(settings)
    except StoreError as error:
        yield Finding("store", "failed", str(error), "mend it, or name another with [store] path")
        return
    free = shutil.disk_usage(folder).free
    if free < ROOM_BYTES:
        message = f"{free >> 20} MiB are free beside {path}"
        yield Finding("store", "failed", message, "make room: 1 GiB is the least")
    else:
        yield Finding("store", "ok", f"{path}: {free >> 30} GiB free")


def check_watch(settings: Settings) -> Iterator[Finding]:
    """There is something to read and something to watch for, as it is in force."""
    try:
        changes = read_changes(settings)
    except StoreError:  # `check_store` says why
        yield Finding("watch", "skipped", "the store cannot be read")
        return
    sources, terms = (in_force(changes, what) for what in ("source", "term"))
    numbers = f"{to_amount(len(sources), 'source')}, {to_amount(len(terms), 'term')}"
    if sources and terms:
        yield Finding("watch", "ok", numbers)
    else:
        remedy = "`nabat sources add` and `nabat terms add`, or [[sources]] and [[terms]]"
        yield Finding("watch", "warning", numbers, remedy)


def check_routes(settings: Settings) -> Iterator[Finding]:
    """Webhooks are configured, signed and answer on their port; nothing is sent."""
    if not settings.routes:
        yield Finding(
            "webhooks",
            "skipped",
            "none is configured: alarms show on the terminal and on dashboards alone",
        )
    for route in settings.routes:
        variable = f"NABAT_SECRET_WEBHOOK_{route.name.upper()}"
        secret = settings.secret(f"webhook_{route.name}")
        trouble = _knock(route.url)
        if trouble:
            remedy = "correct its url; until it answers, alerts wait and are tried again for a day"
            yield Finding("webhooks", "failed", f"{route.name}: {trouble}", remedy)
        elif not secret:
            remedy = f"set {variable} to a secret (whsec_…)"
            yield Finding("webhooks", "warning", f"{route.name} is not signed", remedy)
        elif why := check_secret(secret):
            yield Finding("webhooks", "failed", f"{variable} is {why}", "make another one")
        else:
            yield Finding("webhooks", "ok", f"{route.name}: signed, and its host answers")


def _knock(url: str) -> str:
    """Why nobody opens at an address; empty if somebody does."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with closing(socket.create_connection((parts.hostname, port), TIMEOUT_SECONDS)):
            return ""
    except OSError as error:
        return f"{parts.hostname}:{port} does not answer: {error}"


def check_clock(settings: Settings) -> Iterator[Finding]:
    """Our clock agrees with those of the engines."""
    for engine in ("elasticsearch", "grafana"):
        if is_configured(settings, engine) and (found := measure_skew(settings, engine)):
            yield found


def is_configured(settings: Settings, engine: str) -> bool:
    """Whether a file or the environment names this engine."""
    return "engines" in settings.model_fields_set and engine in settings.engines.model_fields_set


def _choose(engine: str, check: Check) -> Check:
    def look(settings: Settings) -> Iterable[Finding]:
        if is_configured(settings, engine):
            return check(settings)
        return [Finding(engine, "skipped", "not in the settings")]

    return look
