import ast
import io
import json
import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import structlog

from infra.logs import LIBRARIES, Limit, open_logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    root.handlers[:], root.level = handlers, level
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)
    structlog.reset_defaults()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_with_its_fields() -> None:
    stream = io.StringIO()
    open_logs(stream=stream)
    structlog.get_logger("connectors.feeds").info("polled", source="rss/тасс", entries=3)
    (line,) = read(stream)
    assert list(line)[:4] == ["time", "level", "logger", "message"]
    assert line["time"].endswith("Z")
    del line["time"]
    assert line == {
        "level": "info",
        "logger": "connectors.feeds",
        "message": "polled",
        "source": "rss/тасс",
        "entries": 3,
    }
    assert "тасс" in stream.getvalue()


def test_no_field_takes_the_place_of_a_part_of_the_line() -> None:
    root = Path(__file__).parents[1]
    rooms = ("connectors", "dashboards", "infra", "streams")
    files = sorted(chain.from_iterable((root / room).rglob("*.py") for room in rooms))
    named = [
        (str(file.relative_to(root)), call.lineno, word.arg)
        for file in files
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("LOG.")
        for word in call.keywords
    ]
    assert len(named) > 20
    assert [one for one in named if one[2] in {"time", "level", "logger", "message"}] == []


def test_libraries_are_rendered_the_same_way() -> None:
    stream = io.StringIO()
    open_logs(stream=stream)
    logging.getLogger("aiokafka.conn").warning("no %s at %d", "broker", 9092)
    (line,) = read(stream)
    assert line["message"] == "no broker at 9092"
    assert line["logger"] == "aiokafka.conn"
    assert line["level"] == "warning"


def test_an_exception_stays_in_its_line() -> None:
    stream = io.StringIO()
    open_logs(stream=stream)
    try:
        int("broken\nin two http://u:p@host")
    except ValueError:
        structlog.get_logger("x").exception("failed")
        logging.getLogger("y").exception("failed too")
    ours, theirs = read(stream)
    for line in (ours, theirs):
        assert "ValueError: invalid literal" in line["exception"]
        assert "u:p" not in line["exception"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_speak_from_warning_on(library: str) -> None:
    stream = io.StringIO()
    open_logs("debug", stream)
    logger = logging.getLogger(f"{library}.part")
    logger.info("assigned")
    logger.warning("lost")
    assert [line["message"] for line in read(stream)] == ["lost"]


def test_what_a_library_set_up_itself_is_undone() -> None:
    foreign, stream = io.StringIO(), io.StringIO()
    logging.getLogger("faust").addHandler(logging.StreamHandler(foreign))
    open_logs(stream=stream)
    logging.getLogger("faust").warning("once")
    assert foreign.getvalue() == ""
    assert len(read(stream)) == 1


def test_the_level_holds_for_us_and_for_them() -> None:
    stream = io.StringIO()
    open_logs("error", stream)
    structlog.get_logger("x").warning("no")
    logging.getLogger("kafka").warning("no")
    structlog.get_logger("x").error("yes")
    assert [line["message"] for line in read(stream)] == ["yes"]


def test_a_wrong_level_is_refused() -> None:
    with pytest.raises(KeyError):
        open_logs("loud", io.StringIO())


def test_a_flood_of_a_library_is_held_back_and_counted() -> None:
    now = 0.0
    limit = Limit(limit=2, window=10, clock=lambda: now)
    lines = [f"node {number} is down" for number in range(7)]
    first = [make(line) for line in lines]
    assert [limit.filter(line) for line in first] == [True, True, *[False] * 5]
    assert limit.filter(make("another thing"))
    now = 10.0
    next_line = make("node 9 is down")
    assert limit.filter(next_line)
    assert next_line.__dict__["suppressed"] == 5
    quiet = make("another thing")
    assert limit.filter(quiet)
    assert "suppressed" not in quiet.__dict__


def test_a_flood_of_kinds_costs_no_memory() -> None:
    limit = Limit(clock=lambda: 0.0)
    for number in range(3000):
        assert limit.filter(make("".join(chr(97 + int(digit)) for digit in str(number))))
    assert len(limit._seen) <= 1000


def make(message: str) -> logging.LogRecord:
    return logging.LogRecord("kafka.conn", logging.ERROR, "", 0, message, (), None)


def test_the_flood_limit_is_in_place_for_libraries_alone() -> None:
    stream = io.StringIO()
    open_logs(stream=stream)
    for _ in range(20):
        logging.getLogger("kafka").warning("down")
        structlog.get_logger("x").info("ours")
    messages = [line["message"] for line in read(stream)]
    assert messages.count("down") == 5
    assert messages.count("ours") == 20


def test_secrets_are_masked() -> None:
    stream = io.StringIO()
    open_logs(stream=stream)
    structlog.get_logger("x").info(
        "sent",
        webhook_secret="whsec_1",  # noqa: S106 - invented
        url="https://elastic:hunter2@es:9200/_bulk",
        chat="https://api.telegram.example/bot123:AAF-x/sendMessage",
    )
    logging.getLogger("z").error("cannot reach %s", "http://u:p@host/")
    written = stream.getvalue()
    for secret in ("whsec_1", "hunter2", "123:AAF-x", "u:p"):
        assert secret not in written
    assert "es:9200/_bulk" in written


def test_a_value_that_is_no_json_is_written_as_text() -> None:
    stream = io.StringIO()
    open_logs(stream=stream)
    structlog.get_logger("x").info("odd", raw=b"\xff", kinds={1})
    assert read(stream)[0]["kinds"] == "{1}"


def test_a_terminal_gets_readable_lines() -> None:
    stream = Terminal()
    open_logs(stream=stream)
    structlog.get_logger("x").info("polled", source="rss/тасс")
    assert not stream.getvalue().startswith("{")
    assert "rss/тасс" in stream.getvalue()


def test_a_file_may_be_asked_for_readable_lines_without_colours() -> None:
    stream = io.StringIO()
    open_logs(stream=stream, human=True)
    structlog.get_logger("x").info("polled", source="rss/тасс")
    assert "\x1b" not in stream.getvalue()
    assert "source=rss/тасс" in stream.getvalue()
