"""What others wrote is shown as letters: it neither styles, nor breaks, nor steers a terminal."""

from __future__ import annotations

import io

import pytest
from rich.table import Table
from rich.text import Text

from infra.stage.bell import render
from infra.stage.terminal import Terminal, clean
from streams.alerts import to_messages
from streams.events import First
from tests.alarms import MOMENT, burst


def show(told: object) -> str:
    page = io.StringIO()
    Terminal(file=page, width=80).print(told)
    return page.getvalue()


def test_an_alarm_whose_id_looks_like_markup_is_shown() -> None:
    first = First("rss/a/[/b] [red] :fire:", "rss/a", MOMENT)
    (message,) = to_messages([burst(first=first, reason="«[/i]» чаще обычного")])
    shown = show(render(message))
    assert "rss/a/[/b] [red] :fire:" in shown
    assert "«[/i]» чаще обычного" in shown


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x1b]0;title\x07", "\x9b2J", "\r", "\x08", "\x00"])
def test_control_characters_do_not_reach_the_terminal(sign: str) -> None:
    table = Table("a", "b", box=None)
    table.add_row(f"x{sign}y", Text(f"x{sign}y"))
    shown = show(table)
    assert not set(shown) & set(map(chr, [*range(10), *range(11, 32), *range(127, 160)]))
    assert len(set(map(len, map(str.rstrip, shown.splitlines()[1:])))) == 1


def test_its_own_styles_stay() -> None:
    page = io.StringIO()
    Terminal(file=page, width=80, force_terminal=True, color_system="standard").print(
        Text("red\x1b[0m", "red")
    )
    assert page.getvalue() == "\x1b[31mred[0m\x1b[0m\n"


def test_lines_and_tabs_are_no_control_characters() -> None:
    assert clean("a\tb\nc\x1b[31md") == "a\tb\nc[31md"
