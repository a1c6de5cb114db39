"""What an agent has sent and the broker has not acknowledged yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


class Mailbag:
    """Sends in order, each message once, for as long as it takes; `settle` waits for the broker.

    `connect` gives a producer that keeps order and never gives up; `unreachable` are the errors
    after which a message has not been taken and is handed over again.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], unreachable: tuple[type[Exception], ...]
    ) -> None:
        self._connect, self._unreachable = connect, unreachable
        self._producer: Any = None
        self._pending: list[Any] = []

    async def start(self) -> None:
        """Connect, the first time."""
        if self._producer is None:
            self._producer = await self._connect()

    async def send(
        self, topic: str, key: bytes, value: bytes | None, place: int | None, **headers: int
    ) -> None:
        """Hand over one message, to the partition `place` or the one of its key."""
        written = [(name, str(number).encode()) for name, number in headers.items()]
        sent = None
        while sent is None:
            try:
                sent = await self._producer.send(
                    topic, key=key, value=value, partition=place, headers=written
                )
            except self._unreachable:
                continue  # the producer has waited long enough itself, and has logged why
        self._pending.append(sent)

    async def settle(self) -> list[Any]:
        """Wait until the broker has acknowledged everything; give where it stands, in order.

        Raises what the broker refused.
        """
        pending, self._pending = self._pending, []
        return [await sent for sent in pending]

    async def close(self) -> None:
        """Settle and disconnect."""
        if self._producer is not None:
            await self.settle()
            await self._producer.stop()
