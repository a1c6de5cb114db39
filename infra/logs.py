"""Logs: JSON lines on stderr, readable ones on a terminal, libraries kept from shouting.

Everything goes through one renderer, what libraries log too, so that a line is a line.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

# Below WARNING these tell their own story, not ours.
LIBRARIES = (
    "aiohttp.access",  # each request
    "aiokafka",  # each join, sync and metadata refresh
    "asyncio",
    "elastic_transport",  # each request
    "elasticsearch",
    "faust",  # tables of assignments at each rebalance
    "kafka",  # each connection and its versions
    "mode",  # each part that starts or stops
    "numba",
    "pymorphy3",  # where its dictionaries lie
    "urllib3",
)
LIMIT, WINDOW_SECONDS = 5, 30.0  # a broker that is down costs five lines in half a minute
KINDS = 1000  # messages built by hand never repeat: forget them all at this number
SECRET = re.compile(r"pass(word|wd)|secret|token|authorization|api_?key|cookie", re.IGNORECASE)
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)|(?<=/bot)\d+:[\w-]+")
DIGITS = re.compile(r"\d+")
HIDDEN = "***"


class Limit(logging.Filter):
    """Lets through `limit` lines of a kind (logger, level, message) in a window of seconds.

    The first line of the next window says in `suppressed` how many were held back. Lines of the
    project itself always pass.
    """

    def __init__(
        self,
        limit: int = LIMIT,
        window: float = WINDOW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._limit, self._window, self._clock = limit, window, clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line may pass."""
        if isinstance(record.msg, dict):
            return True
        kind = (record.name, record.levelno, DIGITS.sub("#", str(record.msg)))
        now = self._clock()
        start, count = self._seen.get(kind, (now, 0))
        if now - start >= self._window:
            if count > self._limit:
                record.suppressed = count - self._limit
            start, count = now, 0
        if len(self._seen) >= KINDS:
            self._seen.clear()
        self._seen[kind] = (start, count + 1)
        return count < self._limit


def open_logs(
    level: str = "info", stream: TextIO | None = None, *, human: bool | None = None
) -> None:
    """Send all logs of this process, from `level` up, to `stream` (default stderr).

    `human` None: readable lines if the stream is a terminal, JSON otherwise. Raises `KeyError`
    for a level that does not exist.
    """
    out = stream or sys.stderr
    threshold = logging.getLevelNamesMapping()[level.upper()]
    chain = _list_processors()
    structlog.configure(
        processors=[*chain, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _take_over(logging.StreamHandler(out), threshold)
    render = _list_renderers(out.isatty() if human is None else human, colours=out.isatty())
    formatter = ProcessorFormatter(foreign_pre_chain=chain, processors=render)
    logging.getLogger().handlers[0].setFormatter(formatter)


def _take_over(handler: logging.Handler, threshold: int) -> None:
    """Make `handler` the only one, whatever libraries set up before."""
    handler.addFilter(Limit())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.setLevel(max(threshold, logging.WARNING))
        library.handlers.clear()
        library.propagate = True


def _list_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(["suppressed"]),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        hide_secrets,
    ]


def _list_renderers(human: bool, *, colours: bool) -> list[Processor]:
    clean = ProcessorFormatter.remove_processors_meta
    if human:
        return [clean, structlog.dev.ConsoleRenderer(colors=colours, timestamp_key="time")]
    return [clean, structlog.processors.format_exc_info, hide_secrets, _to_json]


def hide_secrets(logger: Any, method: str, fields: EventDict) -> EventDict:
    """Mask values whose names speak of secrets, and credentials inside addresses."""
    del logger, method
    for key, value in fields.items():
        if SECRET.search(key):
            fields[key] = HIDDEN
        elif isinstance(value, str):
            fields[key] = CREDENTIALS.sub(HIDDEN, value)
    return fields


def _to_json(logger: Any, method: str, fields: EventDict) -> str:
    """One object: time, level, logger, message, then the fields of the line."""
    del logger, method
    head = {key: fields.pop(key, None) for key in ("time", "level", "logger")}
    line = {**head, "message": fields.pop("event", ""), **fields}
    return json.dumps(line, ensure_ascii=False, default=str)
