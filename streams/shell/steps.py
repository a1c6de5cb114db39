"""Coroutines that mostly have nothing to wait for: their first step without a task of their own."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


def begin(work: Coroutine[Any, Any, Any]) -> Coroutine[Any, Any, Any] | None:
    """Run a coroutine up to its first wait: None if it ended before, else what is left to do."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return _end(work, awaited)


async def _end(work: Coroutine[Any, Any, Any], awaited: Any) -> Any:
    return await _drive(work, awaited)


@coroutine
def _drive(work: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    """What `await work` would do from its first wait on."""
    while True:
        try:
            answer = yield awaited
        except BaseException as error:  # noqa: BLE001 - cancellation belongs to `work`
            step = _throw(work, error)
        else:
            step = _send(work, answer)
        if step[0]:
            return step[1]
        awaited = step[1]


def _send(work: Coroutine[Any, Any, Any], answer: Any) -> tuple[bool, Any]:
    try:
        return False, work.send(answer)
    except StopIteration as end:
        return True, end.value


def _throw(work: Coroutine[Any, Any, Any], error: BaseException) -> tuple[bool, Any]:
    try:
        return False, work.throw(error)
    except StopIteration as end:
        return True, end.value
