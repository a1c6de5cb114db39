import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace
from pytest_httpserver import HTTPServer

from connectors.polling import Cursor, Pace, run
from connectors.web import Manners, Page, Validators, Web
from streams.models import Clock, DeadLetter, Document, Heartbeat, Row, Source

Delivered = list[tuple[tuple[Row | DeadLetter, ...], Cursor | None]]
FEED = "<rss version='2.0'><channel>{}</channel></rss>"
ENTRY = (
    "<item><guid>{0}</guid><title>Сводка {0}</title><pubDate>2024-11-28T07:00:00Z</pubDate></item>"
)
BRISK = Pace(clock_seconds=0.05, check_seconds=0.02, spacing_seconds=0)


def feed(*numbers: int) -> bytes:
    return FEED.format("".join(ENTRY.format(number) for number in numbers)).encode()


class Shell:
    """Keeps what is delivered and the cursors, as a shell does."""

    def __init__(self) -> None:
        self.delivered: Delivered = []
        self.cursors: dict[str, Cursor] = {}

    async def deliver(self, rows: Sequence[Row | DeadLetter], cursor: Cursor | None) -> None:
        self.delivered.append((tuple(rows), cursor))
        if cursor is not None:
            self.cursors[cursor.source] = cursor

    async def load(self, source: str) -> Cursor | None:
        return self.cursors.get(source)

    def rows(self, kind: type) -> list[Any]:
        return [row for rows, _ in self.delivered for row in rows if isinstance(row, kind)]


async def wait_for(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a condition has no event
            await asyncio.sleep(0.01)


def has_beats(shell: Shell, number: int) -> bool:
    return len(shell.rows(Heartbeat)) == number


@asynccontextmanager
async def running(
    shell: Shell, sources: list[Source], fetch: Any, pace: Pace = BRISK
) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(run(lambda: sources, shell.deliver, shell.load, fetch, pace))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with Web(Manners(allow_loopback=True, spacing_seconds=0, timeout_seconds=5)) as opened:
        yield opened


async def test_entries_reach_the_shell_with_a_heartbeat_and_a_cursor(
    httpserver: HTTPServer, web: Web
) -> None:
    httpserver.expect_request("/rss").respond_with_data(feed(1, 2), headers={"ETag": '"1"'})
    shell = Shell()
    source = Source(source="rss/v", url=httpserver.url_for("/rss"))
    before = datetime.now(UTC)
    async with running(shell, [source], web.fetch):
        await wait_for(lambda: shell.cursors and len(shell.rows(Clock)) > 2)
    rows = next(rows for rows, cursor in shell.delivered if cursor)
    assert [type(row) for row in rows] == [Document, Document, Heartbeat]
    assert {row.seen_at >= before for row in rows if isinstance(row, Document)} == {True}
    assert shell.cursors["rss/v"].validators == Validators('"1"')
    clocks = [clock.seen_at for clock in shell.rows(Clock)]
    assert clocks == sorted(clocks)


async def test_a_restart_goes_on_at_the_cursor(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_ordered_request("/rss").respond_with_data(feed(1, 2))
    httpserver.expect_ordered_request("/rss").respond_with_data(feed(3, 2, 1))
    shell = Shell()
    source = Source(source="rss/v", url=httpserver.url_for("/rss"))
    for beats in (1, 2):
        async with running(shell, [source], web.fetch):
            await wait_for(partial(has_beats, shell, beats))
    assert [d.id for d in shell.rows(Document)] == ["rss/v 1", "rss/v 2", "rss/v 3"]


async def test_a_cursor_moves_only_when_its_rows_are_safe(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/rss").respond_with_data(feed(1))
    shell = Shell()
    source = Source(source="rss/v", url=httpserver.url_for("/rss"))

    class Full(Shell):
        async def deliver(self, rows: Sequence[Row | DeadLetter], cursor: Cursor | None) -> None:
            if cursor is not None:
                raise OSError("no space left")
            await super().deliver(rows, cursor)

    with pytest.raises(ExceptionGroup, match="unhandled errors") as caught:
        async with running(Full(), [source], web.fetch) as task, asyncio.timeout(10):
            await task
    assert [str(error) for error in caught.value.exceptions] == ["no space left"]
    async with running(shell, [source], web.fetch):
        await wait_for(lambda: shell.rows(Document))


async def test_a_slow_shell_slows_the_source(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/rss").respond_with_data(feed(1))
    opened = asyncio.Event()

    class Slow(Shell):
        async def deliver(self, rows: Sequence[Row | DeadLetter], cursor: Cursor | None) -> None:
            if any(isinstance(row, Heartbeat) for row in rows):
                await opened.wait()
            await super().deliver(rows, cursor)

    shell = Slow()
    source = Source(source="rss/v", url=httpserver.url_for("/rss"), interval_seconds=0.01)
    async with running(shell, [source], web.fetch):
        await wait_for(lambda: len(shell.rows(Clock)) > 3)
        assert len(httpserver.log) == 1
        opened.set()
        await wait_for(lambda: len(httpserver.log) > 2)


async def test_sources_come_and_go_while_it_runs(httpserver: HTTPServer, web: Web) -> None:
    for name in ("a", "b"):
        httpserver.expect_request(f"/{name}").respond_with_data(feed(1))
    first, second = (
        Source(source=f"rss/{name}", url=httpserver.url_for(f"/{name}"), interval_seconds=0.02)
        for name in ("a", "b")
    )
    shell, sources = Shell(), [first]
    async with running(shell, sources, web.fetch):
        await wait_for(lambda: shell.rows(Heartbeat))
        sources.append(second)
        await wait_for(lambda: "rss/b" in {beat.source for beat in shell.rows(Heartbeat)})
        sources.remove(first)
        await asyncio.sleep(0.1)
        shell.delivered.clear()
        await wait_for(lambda: len(shell.rows(Heartbeat)) > 3)
        assert {beat.source for beat in shell.rows(Heartbeat)} == {"rss/b"}


async def test_a_changed_source_is_taken_up_anew(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/old").respond_with_data(status=404)
    httpserver.expect_request("/new").respond_with_data(feed(1))
    source = Source(source="rss/v", url=httpserver.url_for("/old"), interval_seconds=0.05)
    shell, sources = Shell(), [source]
    async with running(shell, sources, web.fetch):
        await wait_for(lambda: shell.rows(Heartbeat))
        assert {beat.status for beat in shell.rows(Heartbeat)} == {"http_404"}
        sources[0] = replace(source, url=httpserver.url_for("/new"))
        await wait_for(lambda: shell.rows(Document))


class Time:
    """Time that moves by a second once everybody sleeps."""

    def __init__(self) -> None:
        self.start = self.seconds = 1_732_780_800.0
        self.sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        alarm = asyncio.Event()
        self.sleepers.append((self.seconds + seconds, alarm))
        await alarm.wait()

    async def pass_by(self, seconds: int) -> None:
        for _ in range(seconds):
            for _ in range(20):
                self.wake()
                await asyncio.sleep(0)
            self.seconds += 1.0

    def wake(self) -> None:
        due = [sleeper for sleeper in self.sleepers if sleeper[0] <= self.seconds]
        self.sleepers = [sleeper for sleeper in self.sleepers if sleeper not in due]
        for _, alarm in due:
            alarm.set()

    def page(self, url: str, status: str, **fields: Any) -> Page:
        moment = datetime.fromtimestamp(self.seconds, UTC)
        return Page(url=url, asked_at=moment, seen_at=moment, status=status, **fields)


async def poll_for(
    seconds: int, status: str, *sources: Source, **fields: Any
) -> tuple[Shell, Time, list[float]]:
    """Let a server that always answers the same run for a while; when was it asked?"""
    time, shell, asked = Time(), Shell(), []

    async def fetch(url: str, _: Validators) -> Page:
        asked.append(time.now() - time.start)
        return time.page(url, status, **fields)

    pace = Pace(now=time.now, sleep=time.sleep)
    async with running(shell, list(sources), fetch, pace):
        await time.pass_by(seconds)
    return shell, time, asked


FIXED = Source(source="rss/v", url="https://v.example/rss", interval_seconds=60)


async def test_a_good_source_is_asked_once_an_interval() -> None:
    shell, _, asked = await poll_for(599, "unchanged", FIXED)
    assert asked == [60.0 * n for n in range(10)]
    assert {beat.interval_seconds for beat in shell.rows(Heartbeat)} == {60.0}
    assert len(shell.rows(Clock)) == 120


async def test_a_failing_source_is_asked_less_and_less_and_says_so_each_time() -> None:
    shell, _, asked = await poll_for(1200, "http_500", FIXED)
    assert asked == [0.0, 90.0, 210.0, 360.0, 540.0, 750.0, 990.0]
    assert [beat.status for beat in shell.rows(Heartbeat)] == ["http_500"] * 7


async def test_the_heartbeat_promises_the_interval_that_follows() -> None:
    wish = replace(FIXED, interval_seconds=None)
    shell, _, asked = await poll_for(700, "unchanged", wish, fresh_seconds=300.0)
    assert asked == [0.0, 300.0, 600.0]
    assert {beat.interval_seconds for beat in shell.rows(Heartbeat)} == {300.0}


async def test_many_sources_of_one_host_share_its_pauses() -> None:
    channels = [Source(source=f"telegram/gorn_{n}") for n in range(100)]
    shell, _, asked = await poll_for(300, "unchanged", *channels)
    assert {beat.interval_seconds for beat in shell.rows(Heartbeat)} == {247.5}
    busiest = max(sum(at <= other < at + 60 for other in asked) for at in asked)
    assert busiest <= 45


async def test_everything_is_counted() -> None:
    counts: list[tuple[str, float, dict[str, str]]] = []
    time, shell = Time(), Shell()
    ahead = feed(1).replace(b"2024-11-28", b"2034-11-28")

    async def fetch(url: str, _: Validators) -> Page:
        return time.page(url, "ok", body=feed(1, 2) if "a" in url else ahead)

    pace = Pace(
        now=time.now,
        sleep=time.sleep,
        count=lambda name, value=1, **labels: counts.append((name, value, labels)),
    )
    sources = [Source(source=f"rss/{name}", url=f"https://{name}.test/") for name in "ab"]
    async with running(shell, sources, fetch, pace):
        await time.pass_by(5)
        await wait_for(lambda: len(counts) == 4)
    polls = ("nabat_polls_total", 1, {"source_type": "rss", "status": "ok"})
    assert counts.count(polls) == 2
    assert ("nabat_documents_total", 2, {"stage": "connect"}) in counts
    assert ("nabat_deadletters_total", 1, {"stage": "connect", "reason": "future"}) in counts
    assert [letter.reason for letter in shell.rows(DeadLetter)] == ["future"]
