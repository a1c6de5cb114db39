"""The one loop of the embedded shell: journal, enrich, decide, and all of it durable at once.

What ticks brought and how far the journal was read become durable in one transaction, so that a
killed process goes on as if nothing had happened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Event

import structlog
from msgspec import Struct

from connectors.ledger import Applied, apply, read_cells, read_position
from connectors.outbox import Delivery
from connectors.store import Store, StoreFullError, StoreLockedError
from infra.corpora.journals import fold_sources, pick_settings
from infra.corpora.stream import Enrich, Numbered, Stream, read_rows
from streams.alarms.gates import Options
from streams.alerts import to_messages
from streams.decide import Decider, Outcome
from streams.enrich import fold_term
from streams.events import Burst
from streams.models import DeadLetter, Document, Source, Term
from streams.ticks import is_live

LOG = structlog.get_logger(__name__)
BATCH = 128  # rows at a time: an alert waits for no more
COMMIT_SECONDS = 1.0  # between transactions while nothing rings
RETRY_SECONDS = 2.0  # between attempts while the disk is full or the file is locked


class Tools(Struct, frozen=True, kw_only=True):
    """What the loop is given: `choose` names the routes of a burst, `reach` dies in tests."""

    enrich: Enrich
    options: Options = Options()
    choose: Callable[[Burst, Term | None], Iterable[str]] = lambda *_: ()
    ring: Callable[[Sequence[Burst]], None] = lambda _: None
    count: Callable[..., None] = lambda *_, **__: None
    reach: Callable[[str], None] = lambda _: None


class Loop:
    """Goes on where the cells of a store end; one thread calls it."""

    def __init__(self, store: Store, tools: Tools, stop: Event | None = None) -> None:
        self._store, self._tools, self._stop = store, tools, stop or Event()
        self._next = read_position(store)
        settings = pick_settings(store.read_settings(self._next))
        terms: dict[str, Term] = {}
        for setting in settings:
            terms = fold_term(terms, setting)
        self.sources: dict[str, Source] = fold_sources({}, settings)
        self._stream = Stream(Decider(tools.options, read_cells(store)), tools.enrich, terms)
        self._due = time.monotonic() + COMMIT_SECONDS
        self._outcomes: list[Outcome] = []
        self._buried: list[DeadLetter] = []

    def step(self) -> bool:
        """Take the next rows of the journal, if there are any, and keep what is due."""
        rows = self._store.read_rows(self._next, BATCH)
        if rows:
            self._push(rows)
        rings = any(outcome.bursts for outcome in self._outcomes)
        if rings or (self._outcomes and time.monotonic() >= self._due):
            self.commit()
        return bool(rows)

    def commit(self) -> None:
        """Make durable where the decider stands, and all that came of it."""
        position = self._stream.decider.position
        applied = self._gather(position)
        self._tools.reach("up.before_commit")
        self._try_until_kept(applied)
        self._tools.reach("up.after_commit")
        self._report(applied)
        self._outcomes.clear()
        self._buried = [one for one in self._buried if _number(one) >= position]
        self._due = time.monotonic() + COMMIT_SECONDS

    def _push(self, rows: Sequence[tuple[int, bytes]]) -> None:
        started = time.monotonic()
        read = list(read_rows(rows, str(self._store.path)))
        step = self._stream.push(read)
        numbered = [one for one in read if isinstance(one, Numbered)]
        self.sources = fold_sources(self.sources, (one.row for one in numbered))
        self._buried += step.buried
        self._outcomes += step.outcomes
        self._next = rows[-1][0] + 1
        self._count(numbered, time.monotonic() - started)

    def _gather(self, position: int) -> Applied:
        outcomes = self._outcomes
        return Applied(
            position=position,
            cells=self._stream.decider.take_changed(),
            notes={"clock": b"%d" % outcomes[-1].tick} if outcomes else {},
            documents=[one for outcome in outcomes for one in outcome.documents],
            revisions=[one for outcome in outcomes for one in outcome.revisions],
            bursts=[(outcome.tick, one) for outcome in outcomes for one in outcome.bursts],
            deliveries=list(self._address(outcomes)),
            # those of the open tick come again after a restart
            deadletters=[one for one in self._buried if _number(one) < position],
        )

    def _address(self, outcomes: Iterable[Outcome]) -> Iterator[Delivery]:
        now = time.time()
        for message in to_messages([one for outcome in outcomes for one in outcome.bursts]):
            terms = self._stream.terms
            routes = {
                name
                for burst in message.bursts
                for name in self._tools.choose(burst, terms.get(burst.term))
            }
            for route in sorted(routes):
                yield Delivery(
                    message=message.id,
                    route=route,
                    bursts=tuple(burst.id for burst in message.bursts),
                    body=message.body,
                    queued_at=now,
                    due_at=now,
                )

    def _try_until_kept(self, applied: Applied) -> None:
        """A full disk or a held lock passes; nothing is dropped while it lasts."""
        while True:
            try:
                apply(self._store, applied)
            except (StoreFullError, StoreLockedError) as error:
                LOG.warning("a step cannot be kept yet", error=str(error))
                if self._stop.wait(RETRY_SECONDS):
                    raise
            else:
                return

    def _report(self, applied: Applied) -> None:
        count = self._tools.count
        for _, burst in applied.bursts:
            count("nabat_bursts_total", 1, type=burst.type)
        for letter in applied.deadletters:
            count("nabat_deadletters_total", 1, stage=letter.stage, reason=letter.reason)
        count("nabat_open_bursts", sum(one.is_open for one in self._stream.decider.alarms))
        count("nabat_terms", len(self._stream.terms))
        count("nabat_lag_rows", self._store.next_number() - self._next, stage="decide")
        if self._outcomes:
            tick = self._outcomes[-1].tick
            health = self._stream.decider.state.health.values()
            count("nabat_clock_lag_seconds", time.time() - tick)
            count("nabat_sources_live", sum(is_live(one, tick) for one in health))
            self._tools.ring([burst for _, burst in applied.bursts])

    def _count(self, rows: Sequence[Numbered], seconds: float) -> None:
        documents = sum(isinstance(one.row, Document) for one in rows)
        self._tools.count("nabat_rows_total", len(rows), stage="decide")
        self._tools.count("nabat_documents_total", documents, stage="decide")
        self._tools.count("nabat_batch_seconds", seconds, stage="decide")


def _number(letter: DeadLetter) -> int:
    return letter.origin.line or 0
