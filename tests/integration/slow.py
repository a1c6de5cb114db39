"""A broker that takes its time: every request to write waits, as on a slow disk."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

from tests.integration.engines.servers import Kafka, find_port

PRODUCE = b"\0\0"  # the API key that opens a request to write
LIMIT = 64 << 20
BROKEN = (asyncio.IncompleteReadError, OSError)


class SlowBroker:
    """A proxy in front of a broker; `delayed` counts the requests that it held back."""

    def __init__(self, port: int, target: int, seconds: float) -> None:
        self._port, self._target, self._seconds = port, target, seconds
        self.delayed = 0
        self._loop = asyncio.new_event_loop()
        self._ready = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        serve = asyncio.start_server(self._meet, "127.0.0.1", self._port, limit=LIMIT)
        server = self._loop.run_until_complete(serve)
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()

    async def _meet(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(*BROKEN):
            back, forth = await asyncio.open_connection("127.0.0.1", self._target, limit=LIMIT)
            await asyncio.gather(self._hold(reader, forth), self._pass(back, writer))

    async def _hold(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(*BROKEN):
            while head := await reader.readexactly(4):
                request = await reader.readexactly(int.from_bytes(head, "big"))
                if request.startswith(PRODUCE):
                    self.delayed += 1
                    await asyncio.sleep(self._seconds)
                writer.write(head + request)
                await writer.drain()
        writer.close()

    async def _pass(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(*BROKEN):
            while answer := await reader.read(1 << 16):
                writer.write(answer)
                await writer.drain()
        writer.close()


class ProxiedKafka(Kafka):
    """A broker that tells its clients to come to another port."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.front = find_port()

    def _settings(self) -> str:
        told = f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.front}"
        lines = super()._settings().splitlines()
        return "\n".join(told if line.startswith("advertised") else line for line in lines) + "\n"
