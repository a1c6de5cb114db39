"""Explanations as people read them: tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.corpora.previewing import Preview, Rung, Trial
from infra.stage.bell import to_amount, to_moment
from streams.alarms.backdrop import GroupSeen, Learnt
from streams.alarms.measures import Check, Counted, Weighed
from streams.alarms.reasons import Absence, Ack, Explanation, Step
from streams.models import from_seconds
from streams.ticks import TICK

SHORT = 26  # characters of a headline in a crowded table
LISTED = 12  # documents that a table shows
WIDTHS = (19, 6, 13, 20)  # columns of the table of documents; the headline takes the rest
GAP = Text()  # between tables
EMPTY = {"not_watched", "nothing_seen"}  # there is nothing to show beside the verdict
VERDICTS = {
    "not_watched": "it was not watched then",
    "nothing_seen": "no source had shown a sign of life yet",
    "expected": "it was on, but expected: recorded, not rung",
    "ringing": "it did ring, and was still on",
    "cannot_assess": "cannot be assessed: too little of what sources publish could be seen",
    "muted": "it was muted",
    "no_history": "too little is learnt of it to know what is usual",
    "refractory": "it rang within a day, and this is not enough more",
    "nothing_found": "no document mentioned it",
    "held_back": "the gates held it back",
    "untouched": "every gate held: it would have rung with the next document",
}


def tell_explanation(explanation: Explanation) -> RenderableType:
    """Why it rang: its steps, the windows, the documents, what was usual, what could be seen."""
    opening = explanation.steps[0].burst
    title = f"{explanation.term}  {explanation.id}  {_to_date(explanation.as_of)}"
    return Group(
        Text(title, "bold"),
        Text(opening.reason),
        *([Text("it was expected: recorded, not rung", "yellow")] if opening.foreseen else []),
        *([_tell_ack(explanation.ack)] if explanation.ack else []),
        GAP,
        _list_steps(explanation.steps),
        GAP,
        _list_windows(explanation.windows, explanation.window_seconds),
        GAP,
        _list_checks(explanation.steps[0].checks),
        GAP,
        _list_documents(explanation.documents),
        Text(f"by owner: {_join_owners(explanation.owners)}"),
        GAP,
        _tell_learnt(explanation.baseline),
        _list_groups(explanation.exposure),
    )


def tell_absence(absence: Absence) -> RenderableType:
    """Why nothing rang: the verdict, the gates of the closest window, what stands behind them."""
    date = f"{_to_date(absence.as_of)}  " if is_dated(absence) else ""
    head = Text.assemble((absence.term, "bold"), f"  {date}")
    head.append(VERDICTS[absence.verdict], "bold yellow")
    parts: list[RenderableType] = [head]
    if absence.verdict in EMPTY:
        return head
    if absence.alarms:
        parts.append(Text(f"alarms of the last day: {', '.join(absence.alarms)}"))
    if absence.blind:
        parts.append(Text(f"cannot be assessed: windows of {_join_minutes(absence.blind)} min"))
    closest = absence.closest
    parts += [GAP, _list_windows(absence.windows, closest.window_seconds if closest else 0)]
    parts += [GAP, _list_checks(closest.checks)] if closest else []
    parts += [GAP, _list_documents(absence.documents)] if absence.documents else []
    return Group(*parts, GAP, _tell_learnt(absence.baseline), _list_groups(absence.exposure))


def is_dated(absence: Absence) -> bool:
    """Whether anything was read but the settings that open a journal, which are of 1970."""
    return absence.as_of > from_seconds(TICK)


def tell_preview(preview: Preview) -> RenderableType:
    """What a budget would have left of the alarms of the past, and what it comes to."""
    within, without = preview.trials
    days = f"{preview.days:g} days of documents, {without.days} on which it could ring"
    head = Text(f"{preview.term}: {days}", "bold")
    return Group(head, _list_rung(preview), _list_trials((within, without)))


def _list_rung(preview: Preview) -> RenderableType:
    """Every alarm once; where it would have rung in both trials, as it did without a budget."""
    if not preview.rung:
        return Text("nothing would have rung")
    table = Table("rang (UTC)", "with budget", "without", "counted", "usual", box=None)
    for name in ("score", "needed", "origins", "owners"):
        table.add_column(name)
    table.add_column("first")
    within = {one.id for one in preview.rung if one.budget is not None}
    without = {one.id for one in preview.rung if one.budget is None}
    for one in preview.rung:
        if one.budget is None or one.id not in without:
            marks = ["rings" if one.id in rung else "-" for rung in (within, without)]
            table.add_row(to_moment(one.at), *marks, *_list_sizes(one), _shorten(one.headline))
    return table


def _shorten(headline: str) -> Text:
    text = Text(" ".join(headline.split()))
    text.truncate(SHORT, overflow="ellipsis")
    return text


def _list_sizes(one: Rung) -> list[str]:
    numbers = [f"{one.observed:g}", f"{one.expected:.2g}", f"{one.score:.2f}", f"{one.needed:.2f}"]
    return [*numbers, str(one.origins), str(one.owners)]


def _list_trials(trials: Sequence[Trial]) -> Table:
    table = Table(
        "budget", "alarms", "a week", "most in two weeks", "needed now: spike or rise", box=None
    )
    for one in trials:
        name = "none" if one.budget is None else f"{one.budget:g} a week"
        needed = " or ".join(f"{value:.2f}" for value in one.thresholds) or "-"
        table.add_row(
            name, str(one.alarms), f"{one.per_week:g}", str(one.most_in_two_weeks), needed
        )
    return table


def _list_steps(steps: Sequence[Step]) -> Table:
    table = Table("revision", "when (UTC)", "documents", "origins", "owners", "because", box=None)
    for step in steps:
        burst = step.burst
        sizes = (str(one) for one in (burst.documents, burst.origins, burst.owners))
        because = _tell_reason(step) if burst.revision > 1 else "see below"
        name = f"{burst.revision} {burst.state}"
        table.add_row(name, _to_second(burst.detected_at), *sizes, because)
    return table


def _tell_reason(step: Step) -> str:
    """The conditions that brought a revision about: those that held, of a retraction the others."""
    holds = step.burst.state != "retracted"
    return ", ".join(_tell_check(check) for check in step.checks if check.passed == holds)


def _tell_ack(ack: Ack) -> Text:
    """What an analyst said of it."""
    verdict = ("false alarm", "bold red") if ack.false else ("right", "green")
    told = Text.assemble("judged ", verdict, f" {_to_second(ack.at)} UTC")
    return told.append(f": {ack.note}") if ack.note else told


def _list_windows(windows: Sequence[Weighed], chosen: int) -> Table:
    table = Table("window", "counted", "balanced", "expected", "dispersion", box=None)
    for name in ("nats", "coverage", "failed"):
        table.add_column(name)
    for one in windows:
        mark = " *" if one.window_seconds == chosen else ""
        table.add_row(
            f"{one.window_seconds // 60} min{mark}",
            *(f"{value:g}" for value in (one.observed, one.balanced)),
            f"{one.expected:.3g}",
            f"{one.dispersion:.2g}",
            f"{one.evidence_nats:.1f}",
            f"{one.coverage:.0%}",
            ", ".join(check.name for check in one.failed) or "-",
        )
    return table


def _list_checks(checks: Sequence[Check]) -> Table:
    """The gates of the window that is marked."""
    table = Table("gate *", "measured", "needed", "", box=None)
    for check in checks:
        table.add_row(check.name, *_measure(check), _tell_outcome(check))
    return table


def _tell_outcome(check: Check) -> Text:
    if check.passed:
        return Text("holds", "green")
    return Text("fails" if check.name == "unmuted" else f"{check.missing:.3g} too little", "red")


def _measure(check: Check) -> tuple[str, str]:
    """What was measured and needed; of a mute, times."""
    if check.name == "unmuted":
        if check.needed is None:
            return "-", "-"
        return _to_second(from_seconds(check.value)), _to_second(from_seconds(check.needed))
    return f"{check.value:.4g}", f"{check.needed or 0:.4g}"


def _tell_check(check: Check) -> str:
    measured, needed = _measure(check)
    return f"{check.name} {measured} of {needed}"


def _list_documents(documents: Sequence[Counted]) -> Group:
    """The latest documents, a line each: a page that is too narrow cuts the headline alone."""
    lines = [_align("counted (UTC)", "weight", "as", "source (owner)", "document")]
    lines[0].stylize("bold")
    for one in documents[-LISTED:]:
        moment, weight = _to_second(one.counted_at), f"{one.weight:g}"
        headline = " ".join((one.title or one.snippet).split())
        lines.append(_align(moment, weight, one.counts_as, _tell_source(one), headline))
    if len(documents) > LISTED:
        lines.append(Text(f" the last {LISTED} of {len(documents)}", "dim"))
    return Group(*lines)


def _align(*cells: str) -> Text:
    line = Text(" ", no_wrap=True, overflow="ellipsis")
    for cell, width in zip_longest(cells, WIDTHS):
        text = Text(cell)
        if width:
            text.truncate(width, overflow="ellipsis", pad=True)
        line = line.append_text(text).append("  ")
    line.rstrip()
    return line


def _tell_source(one: Counted) -> str:
    """A source, and its owner where that is another."""
    return one.source if one.owner == one.source else f"{one.source} ({one.owner})"


def _tell_learnt(learnt: Learnt | None) -> Text:
    if learnt is None:
        return Text("nothing is learnt of it yet")
    days = "weekend" if learnt.is_weekend else "weekday"
    return Text(
        f"usual: {learnt.hourly:.3g} an hour at {learnt.hour:02}h on a {days},"
        f" {learnt.week_hourly:.3g} over the week, at least {learnt.least_hourly:g};"
        f" learnt from {learnt.hours:.0f} h"
    )


def _list_groups(groups: Sequence[GroupSeen]) -> Table:
    table = Table("group", "sources live", "documents expected", "usual", "coverage", box=None)
    for group in groups:
        live = sum(one.is_live for one in group.sources)
        table.add_row(
            group.group,
            f"{live} of {to_amount(len(group.sources), 'source')}",
            f"{group.documents:.3g}",
            f"{group.usual:.3g}",
            f"{group.coverage:.0%}",
        )
    return table


def _join_owners(owners: dict[str, float]) -> str:
    return ", ".join(f"{name} {weight:g}" for name, weight in owners.items())


def _join_minutes(windows: Sequence[int]) -> str:
    return ", ".join(str(window // 60) for window in windows)


def _to_date(moment: datetime) -> str:
    """A time with its year: the past that is asked about may be long ago."""
    return f"{moment:%a} {moment.day} {moment:%b %Y %H:%M:%S} UTC"


def _to_second(moment: datetime) -> str:
    return f"{to_moment(moment)}:{moment:%S}"
