"""Alarms on a terminal: what a person must find in them, in eighty columns."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from rich.console import Console

from infra.stage.bell import render, to_amount, to_moment, to_terms
from streams.alerts import to_messages
from streams.events import Burst, EntityCount, Evidence, First

NOON = datetime(2025, 3, 5, 12, 0, tzinfo=UTC)
BURST = Burst(
    type="burst.opened",
    id="b_1",
    event="e_1",
    revision=1,
    term="ОДКБ",
    state="opened",
    onset_at=NOON,
    detected_at=NOON.replace(minute=3, second=20),
    peak_at=NOON,
    closed_at=None,
    observed=9,
    expected=0.5,
    ratio=18,
    window_seconds=900,
    kind="spike",
    evidence_nats=21.5,
    score=1.4,
    threshold=0.6,
    reason="«ОДКБ»: 9 за 15 мин",
    documents=12,
    origins=9,
    sources=8,
    owners=7,
    reprint_ratio=0.25,
    baseline_hours=40,
    coverage=0.96,
    sentiment={},
    sentiment_before={},
    languages={},
    entities=(EntityCount("Казахстан", "LOC", 6), EntityCount("Токаев", "PER", 5)),
    terms=(),
    first=First("rss/x/1", "rss/x", NOON),
    evidence=tuple(
        Evidence(
            id=f"rss/x/{n}",
            source="rss/x",
            title="Длинный заголовок " * 12 if n == 1 else None,
            url=f"https://x.example/{n}" if n != 2 else None,
            published_at=NOON,
            snippet=f"отрывок {n}",
        )
        for n in range(1, 6)
    ),
    detector="d",
    config="c",
)


def show(*bursts: Burst) -> str:
    page = io.StringIO()
    console = Console(file=page, width=80, highlight=False)
    for message in to_messages(bursts):
        console.print(render(message))
    return page.getvalue()


def test_a_slow_rise_is_told_in_hours() -> None:
    slow = replace(BURST, onset_at=BURST.detected_at - timedelta(hours=3, minutes=56, seconds=9))
    assert "rang 3 h 56 min later" in show(slow)


def test_names_that_rose_are_told_and_none_leave_no_line() -> None:
    assert "who   Казахстан (6), Токаев (5)" in show(BURST)
    assert " who " not in show(replace(BURST, entities=()))


@pytest.mark.parametrize(
    "part",
    [
        "ALARM  ОДКБ",
        "Wed 5 Mar 12:00, rang 3 min 20 s later",
        "12 documents, 9 origins, 8 sources, 7 owners, 25% reprints",
        "«ОДКБ»: 9 за 15 мин",
        "21.5 nats of evidence; 40 h learnt, 96% of the sources seen",
        "rss/x/1",
        "https://x.example/1",
        "отрывок 2",
        "rss/x/2",
        "https://x.example/3",
    ],
)
def test_a_panel_shows(part: str) -> None:
    assert part in show(BURST)


def test_a_panel_shows_three_pieces_and_no_endless_headline() -> None:
    page = show(BURST)
    assert "отрывок 4" not in page
    assert 1 <= page.count("Длинный заголовок") < 12
    assert max(map(len, page.splitlines())) == 80


def test_bursts_that_open_together_ring_once_under_the_loudest() -> None:
    other = replace(BURST, id="b_2", term="миротворцы", evidence_nats=30.0)
    page = show(BURST, other)
    assert page.count("ALARM") == 1
    assert "ALARM  миротворцы, ОДКБ" in page


@pytest.mark.parametrize("state", ["growing", "closed", "retracted"])
def test_later_steps_take_one_line(state: str) -> None:
    later = replace(BURST, type=f"burst.{state}", state=state, revision=2)
    lines = show(later).splitlines()
    assert len(lines) == 1
    assert lines[0].split() == [
        *("Wed", "5", "Mar", "12:03", state, "ОДКБ"),
        *("12", "docs,", "9", "origins,", "7", "owners"),
    ]


def test_amounts_times_and_terms_read_as_people_say_them() -> None:
    assert [to_amount(n, "owner") for n in (0, 1, 2)] == ["0 owners", "1 owner", "2 owners"]
    assert to_moment(datetime(2025, 3, 31, 7, 5, tzinfo=UTC)) == "Mon 31 Mar 07:05"
    assert to_terms([BURST, replace(BURST, term="а")]) == "ОДКБ, а"
