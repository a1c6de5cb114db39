"""`nabat up`: pollers, the loop and the delivery queues of one process over one store."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import aiohttp
import structlog

from connectors.delivery import Queue
from connectors.outbox import bury_all
from connectors.polling import Pace, run
from connectors.reading.looks import Cursor, decode_cursor, is_polled
from connectors.store import Store, StoreError, StoreFullError, StoreLockedError
from connectors.web import Manners, Web
from connectors.webhook import Endpoint
from infra.corpora.journals import find_unheeded, fold_sources, in_force, pick_settings, seed_rows
from infra.corpora.stream import Local
from infra.loop import RETRY_SECONDS, Loop, Tools
from infra.readiness import get_ready, is_compiled
from infra.settings import Settings
from infra.sinking import make_wires
from infra.stage.bell import render
from infra.stage.terminal import Terminal
from infra.working import make_reach
from streams.alerts import to_messages
from streams.enrich import Steps
from streams.events import Burst
from streams.journal import admit, bury
from streams.models import DeadLetter, Document, Place, Row, Source, Term, encode
from streams.surrogates import mend_document

LOG = structlog.get_logger(__name__)
LEAD = 300.0  # seconds that `seen_at` may be ahead of our clock
PAUSE = 0.2  # seconds between looks at an idle journal: commands write to it, too
Count = Callable[..., None]


def run_up(settings: Settings, count: Count) -> None:
    """Watch until SIGTERM or SIGINT; raises `StoreError` if the store is taken or broken."""
    with hold(settings.store.path):
        steps = Steps(**settings.steps.model_dump())
        if not is_compiled(steps):
            LOG.info("compiling, as only the first start does: some twenty seconds")
            get_ready(steps)
        store = Store(settings.store.path)
        try:
            if store.seed(map(encode, seed_rows(settings))):
                LOG.info("a new journal begins", path=str(settings.store.path))
            asyncio.run(Embedded(settings, store, count).run())
        finally:
            store.close()


class Embedded:
    """One process: what it polls, decides and delivers."""

    def __init__(self, settings: Settings, store: Store, count: Count) -> None:
        self._settings, self._store, self._count = settings, store, count
        self._reach = make_reach(os.environ.get("NABAT_FAIL_AT", ""))
        self._stop, self._wake = Event(), Event()
        self._endpoints = make_endpoints(settings)
        tools = Tools(
            enrich=Local(Steps(**settings.steps.model_dump())),
            options=settings.detector.to_options(),
            choose=self._choose,
            ring=ring,
            count=count,
            reach=self._reach,
        )
        self._loop = Loop(store, tools, self._stop)

    async def run(self) -> None:
        """Poll, decide and deliver until a signal comes; what was read is kept before the end."""
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        self._greet()
        deciding = asyncio.create_task(asyncio.to_thread(self._decide))
        async with aiohttp.ClientSession() as session, make_web(self._settings) as web:
            tasks = [deciding, asyncio.create_task(self._poll(web)), *self._deliver_all(session)]
            tasks.append(asyncio.create_task(ended.wait()))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._end(tasks, deciding)
        LOG.info("stopped")

    def _greet(self) -> None:
        settings = pick_settings(self._store.read_settings())
        watched = in_force(settings, "term")
        sources = [one for one in fold_sources({}, settings).values() if is_polled(one)]
        LOG.info("watching", sources=len(sources), terms=len(watched), routes=[*self._endpoints])
        if unheeded := find_unheeded(self._settings, settings):
            LOG.warning(
                "the journal says otherwise than [[terms]] and [[sources]], and is in force:"
                " change it with `nabat terms` and `nabat sources`",
                names=unheeded,
            )
        if not sources:
            LOG.warning("there is nothing to read: `nabat sources add` or [[sources]]")
        if not watched:
            LOG.warning("there is nothing to watch for: `nabat terms add` or [[terms]]")

    async def _end(
        self, tasks: Sequence[asyncio.Task[object]], deciding: asyncio.Task[None]
    ) -> None:
        """Stop everything; raise what ended it, if it was not a signal."""
        self._stop.set()
        self._wake.set()
        for task in tasks:
            if task is not deciding:
                task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def _decide(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            if not self._loop.step():
                self._wake.wait(PAUSE)
        self._loop.commit()

    async def _poll(self, web: Web) -> None:
        pace = Pace(count=self._count, spacing_seconds=self._settings.web.spacing_seconds)
        await run(self._list_sources, self._keep, self._load, web.fetch, pace)

    def _list_sources(self) -> list[Source]:
        return list(self._loop.sources.values())

    def _deliver_all(self, session: aiohttp.ClientSession) -> Iterator[asyncio.Task[object]]:
        for name, endpoint in self._endpoints.items():
            queue = Queue(self._store, name, endpoint, self._count, self._reach)
            yield asyncio.create_task(queue.run(session))

    async def _load(self, source: str) -> Cursor | None:
        raw = await asyncio.to_thread(self._store.read_cursor, source)
        return decode_cursor(raw) if raw else None

    async def _keep(self, rows: Sequence[Row | DeadLetter], cursor: Cursor | None) -> None:
        """Append rows and cursor together; while that is impossible, the source waits."""
        kept, letters = sift(rows, time.time() + LEAD)
        self._reach("up.before_append")
        while not self._stop.is_set():
            try:
                await asyncio.to_thread(self._append, kept, letters, cursor)
                break
            except (StoreFullError, StoreLockedError) as error:
                LOG.warning("rows cannot be kept yet", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
        self._reach("up.after_append")
        self._wake.set()

    def _append(
        self, rows: Sequence[Row], letters: Sequence[DeadLetter], cursor: Cursor | None
    ) -> None:
        place = (cursor.source, encode(cursor)) if cursor else None
        with self._store.write() as base:
            bury_all(base, letters)
            self._store.append(map(encode, rows), place)

    def _choose(self, burst: Burst, term: Term | None) -> Iterable[str]:
        """The route that the term names, else all that are open to everything."""
        del burst
        if term is not None and term.route in self._endpoints:
            return [term.route]
        return [route.name for route in self._settings.routes if route.default]


def sift(rows: Iterable[Row | DeadLetter], as_of: float) -> tuple[list[Row], list[DeadLetter]]:
    """Part what may enter the journal from what may not."""
    kept: list[Row] = []
    letters: list[DeadLetter] = []
    for row in rows:
        admitted = admit(row, as_of) if isinstance(row, Document) else row
        if isinstance(row, Document) and isinstance(admitted, str):
            raw = encode(mend_document(row))
            letters.append(bury(raw, admitted, "connect", Place(file=row.url)))
        elif isinstance(admitted, DeadLetter):
            letters.append(admitted)
        elif not isinstance(admitted, str):
            kept.append(admitted)
    return kept, letters


def make_web(settings: Settings) -> Web:
    """How sources are asked, as the settings say."""
    return Web(Manners(**settings.web.model_dump()))


def make_endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Where each route leads; raises `SettingsError` for a secret that cannot sign."""
    if not settings.routes:
        return {}
    return {wire.name: wire.endpoint for wire in make_wires(settings)}


def ring(bursts: Sequence[Burst]) -> None:
    """Say what rings, and what was expected to burst; on a terminal with the evidence."""
    console = Terminal(stderr=True)
    if console.is_terminal:
        for message in to_messages(bursts):
            console.print(render(message))
    for burst in bursts:
        if burst.foreseen or not console.is_terminal:
            LOG.info(
                "an expected burst" if burst.foreseen else "alarm",
                type=burst.type,
                term=burst.term,
                id=burst.id,
                observed=burst.observed,
                expected=burst.expected,
                owners=burst.owners,
                reason=burst.reason,
            )


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Be the only one that decides over a store, for as long as the process lives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{path}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(f"{path}: another `nabat up` is working on this store") from None
        yield
