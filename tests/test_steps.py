from __future__ import annotations

import asyncio

import pytest

from streams.shell.steps import begin


async def test_what_need_not_wait_is_done_at_once() -> None:
    seen = []

    async def work() -> None:
        seen.append(1)

    assert begin(work()) is None
    assert seen == [1]


async def test_what_waits_goes_on_in_a_task() -> None:
    gate = asyncio.get_running_loop().create_future()

    async def work() -> list[int]:
        found = [await gate]
        await asyncio.sleep(0.001)
        async with asyncio.Lock():
            found.append(2)
        return found

    rest = begin(work())
    assert rest is not None
    task = asyncio.ensure_future(rest)
    await asyncio.sleep(0)
    gate.set_result(1)
    assert await task == [1, 2]


async def test_errors_and_cancellation_reach_the_work() -> None:
    ended = []

    async def work(*, fails: bool) -> None:
        try:
            await asyncio.sleep(0 if fails else 60)
            raise KeyError("it")
        finally:
            ended.append(fails)

    failing, waiting = begin(work(fails=True)), begin(work(fails=False))
    assert failing is not None
    assert waiting is not None
    with pytest.raises(KeyError):
        await failing
    task = asyncio.ensure_future(waiting)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True, False]


async def test_an_error_before_the_first_wait_is_raised_at_once() -> None:
    async def work() -> None:
        raise KeyError("it")

    with pytest.raises(KeyError):
        begin(work())
