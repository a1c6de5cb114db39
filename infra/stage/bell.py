"""Alarms on a terminal: a panel when one opens, a line for each later step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streams.alerts import Message
from streams.events import Burst, Evidence

LINKS = 3  # pieces of evidence in a panel
NAMES = 4  # names in a panel
HEADLINE = 120  # characters of a headline
HOUR = 60  # minutes
STYLES = {"opened": "bold red", "growing": "yellow", "closed": "green", "retracted": "magenta"}


def render(message: Message) -> RenderableType:
    """One delivery: a panel if a burst opened in it, else one line for each state."""
    opened = [burst for burst in message.bursts if burst.state == "opened"]
    return _draw(opened) if opened else Group(*(_tell(one) for one in _part(message.bursts)))


def to_moment(moment: datetime) -> str:
    """A time as people read it: `Wed 5 Mar 05:45`, in UTC."""
    return f"{moment:%a} {moment.day} {moment:%b %H:%M}"


def to_terms(bursts: Sequence[Burst]) -> str:
    """The terms of bursts that belong together, the loudest first."""
    ranked = sorted(bursts, key=lambda burst: (-burst.evidence_nats, burst.term))
    return ", ".join(burst.term for burst in ranked)


def to_amount(number: int, noun: str) -> str:
    """A number with its noun: `1 owner`, `3 owners`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _part(bursts: Sequence[Burst]) -> list[list[Burst]]:
    """Bursts by their state."""
    states = dict.fromkeys(burst.state for burst in bursts)
    return [[one for one in bursts if one.state == state] for state in states]


def _tell(bursts: Sequence[Burst]) -> Text:
    """One line: when, what became of which terms, how large it is."""
    most = max(bursts, key=lambda burst: burst.documents)
    sizes = f"  {most.documents} docs, {most.origins} origins, {most.owners} owners"
    return Text.assemble(
        (f"{to_moment(most.detected_at)}  ", "dim"),
        (f"{most.state:<9} ", STYLES[most.state]),
        (to_terms(bursts), "bold"),
        sizes,
    )


def _draw(bursts: Sequence[Burst]) -> Panel:
    """The alarm of bursts that opened together, with the evidence of the loudest."""
    loudest = max(bursts, key=lambda burst: burst.evidence_nats)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", width=5)
    grid.add_column(overflow="fold")
    for name, text in _describe(loudest):
        grid.add_row(name, text)
    for number, evidence in enumerate(loudest.evidence[:LINKS], 1):
        grid.add_row(f"[{number}]", _cite(evidence))
    return Panel(
        grid,
        title=Text(f"ALARM  {to_terms(bursts)}", "bold red"),
        title_align="left",
        subtitle=Text(f"{to_moment(loudest.detected_at)} UTC  {loudest.id}", "dim"),
        subtitle_align="right",
        border_style="red",
    )


def _describe(burst: Burst) -> list[tuple[str, str]]:
    sizes = ", ".join(
        (
            to_amount(burst.documents, "document"),
            to_amount(burst.origins, "origin"),
            to_amount(burst.sources, "source"),
            to_amount(burst.owners, "owner"),
            f"{burst.reprint_ratio:.0%} reprints",
        )
    )
    known = (
        f"{burst.evidence_nats:.1f} nats of evidence; {burst.baseline_hours} h learnt, "
        f"{burst.coverage:.0%} of the sources seen"
    )
    return [
        ("began", f"{to_moment(burst.onset_at)}, rang {_to_span(burst)} later"),
        ("by", sizes),
        ("why", burst.reason),
        ("sure", known),
        ("first", f"{burst.first.published_at:%H:%M} {burst.first.id}"),
        *(("who", text) for text in [_name(burst)] if text),
    ]


def _to_span(burst: Burst) -> str:
    """From the onset to the alarm: `4 min 20 s`, `3 h 56 min`."""
    minutes, seconds = divmod(int((burst.detected_at - burst.onset_at).total_seconds()), 60)
    return (
        f"{minutes} min {seconds} s"
        if minutes < HOUR
        else f"{minutes // HOUR} h {minutes % HOUR} min"
    )


def _name(burst: Burst) -> str:
    """The names that rose with a burst, and in how many of its documents."""
    return ", ".join(f"{one.name} ({one.documents})" for one in burst.entities[:NAMES])


def _cite(evidence: Evidence) -> Text:
    headline = Text((evidence.title or evidence.snippet).strip())
    headline.truncate(HEADLINE, overflow="ellipsis")
    return Text.assemble(headline, "\n", (evidence.url or evidence.id, "blue"))
