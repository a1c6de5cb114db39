"""The delivery queue at work: each route at its own pace, the messages of a burst in their order.

A message is tried until it arrives, is refused for good or is a day old; the last two become dead
letters. The queue is a table (`connectors.outbox`), so a restart goes on where it was.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Collection, Sequence

import aiohttp
import structlog

from connectors.outbox import Delivery, postpone, read_deliveries, settle, wake
from connectors.store import Store, StoreError
from connectors.webhook import Endpoint, Outcome, deliver
from streams.journal import bury
from streams.models import DeadLetter, Place

LOG = structlog.get_logger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0  # seconds, doubling: an alarm is worth a try every 5 min
LIFE = 24 * 3600.0  # seconds until a message that never arrived is given up
AT_ONCE = 4  # attempts under way at one receiver
WINDOW = 500  # messages looked at: those behind a stuck one still find their way
PAUSE = 0.2  # seconds between looks at the queue
STAGE = "deliver"


class Queue:
    """The worker of one route; `count` is called as the metrics demand, `reach` dies in tests."""

    def __init__(
        self,
        store: Store,
        route: str,
        endpoint: Endpoint,
        count: Callable[..., None] = lambda *_, **__: None,
        reach: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store, self._route, self._endpoint = store, route, endpoint
        self._count, self._reach = count, reach
        self._busy: set[int] = set()
        self._is_failing = False

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                for delivery in await self._choose():
                    self._busy.add(delivery.number)
                    group.create_task(self._attempt(delivery, session))
                await asyncio.sleep(PAUSE)

    async def _choose(self) -> Sequence[Delivery]:
        try:
            waiting = await asyncio.to_thread(read_deliveries, self._store, self._route, WINDOW)
        except StoreError as error:
            LOG.warning("the queue cannot be read", route=self._route, error=str(error))
            return ()
        return choose(waiting, self._busy, time.time())[: AT_ONCE - len(self._busy)]

    async def _attempt(self, delivery: Delivery, session: aiohttp.ClientSession) -> None:
        try:
            outcome = await deliver(self._endpoint, delivery, session)
            self._reach("up.after_delivery")
            await asyncio.to_thread(self._settle, delivery, outcome)
        except StoreError as error:
            LOG.warning("an attempt cannot be noted", route=self._route, error=str(error))
            await asyncio.sleep(FIRST_WAIT + delivery.attempts)
        finally:
            self._busy.discard(delivery.number)

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        now = time.time()
        is_old = outcome.fate == "retry" and now - delivery.queued_at >= LIFE
        fate = "expired" if is_old else outcome.fate
        self._count("nabat_deliveries_total", 1, outcome=fate)
        if fate == "retry":
            postpone(self._store, delivery, now + choose_wait(delivery, outcome))
        else:
            settle(self._store, delivery, make_letter(delivery, fate, outcome))
        self._notice(delivery, outcome, now)

    def _notice(self, delivery: Delivery, outcome: Outcome, now: float) -> None:
        if outcome.fate == "delivered":
            if self._is_failing:
                wake(self._store, self._route, now)
            self._is_failing = False
            return
        self._is_failing = True
        LOG.warning(
            "a message was not delivered",
            route=self._route,
            delivery=delivery.message,
            attempt=delivery.attempts + 1,
            fate=outcome.fate,
            detail=outcome.detail,
        )


def choose(waiting: Sequence[Delivery], busy: Collection[int], now: float) -> list[Delivery]:
    """The messages that may go now: due, and after none that speaks of a burst of theirs."""
    chosen, blocked = [], set[str]()
    for delivery in waiting:
        is_free = blocked.isdisjoint(delivery.bursts) and delivery.number not in busy
        if is_free and delivery.due_at <= now:
            chosen.append(delivery)
        blocked.update(delivery.bursts)
    return chosen


def choose_wait(delivery: Delivery, outcome: Outcome) -> float:
    """Seconds until the next attempt: doubling, and not before the receiver asks for it."""
    doubled = math.ldexp(FIRST_WAIT, min(delivery.attempts, 30))
    return max(min(doubled, LONGEST_WAIT), outcome.wait)


def make_letter(delivery: Delivery, fate: str, outcome: Outcome) -> DeadLetter | None:
    """What is kept of a message given up; its detail begins with the message's id."""
    if fate == "delivered":
        return None
    reason = "undelivered" if fate == "expired" else "refused"
    detail = f"{delivery.message} {outcome.detail}"
    return bury(delivery.body, reason, STAGE, Place(file=f"routes/{delivery.route}"), detail)
