"""Figures as lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.bursts.judging import Judged
from tests.benchmarks.bursts.month import Heard
from tests.benchmarks.bursts.scoring import Score


def tell_tweets(scores: Mapping[str, Score]) -> str:
    """One line a profile: the score, windows hit, false rows."""
    return "\n".join(
        f"nab {name:9} {one.value:6.2f}  {one.hit} of {one.windows} windows, {one.false} false rows"
        for name, one in scores.items()
    )


def tell_judged(judged: Judged, bin_seconds: int) -> str:
    """What was measured against exact truth."""
    figures = {
        "false alarms a term and week": f"{judged.false_rate:.3f}",
        "precision": f"{judged.precision:.2f}",
        "recall": f"{judged.recall():.2f} ({_join(judged.by_size, '.2f')} by size)",
        "recall from size 25": f"{judged.large:.2f}",
        "recall of slow rises": f"{judged.gradual:.2f}",
        "median delay": f"{judged.delay:.1f} min (an oracle: {judged.soonest:.1f})",
        "alerts set off": _join(judged.set_off, "d"),
    }
    lines = (f"truth {bin_seconds:3} s  {name:28}  {figure}" for name, figure in figures.items())
    return "\n".join(lines)


def tell_month(heard: Heard, escalations: float) -> str:
    """Events found and alerts; escalations a term and week beside them."""
    return (
        f"month  {heard.found} of {heard.events} events found, {heard.prompt} within 30 min of the"
        f" third source; a term and week {heard.alerts:.3f} alerts, {escalations:.3f} escalations"
    )


def tell_nulls(rates: Sequence[float]) -> str:
    """Alerts of months in which nothing is told together."""
    each = ", ".join(f"{rate:.3f}" for rate in rates)
    return f"null months  {sum(rates) / len(rates):.4f} alerts a term and week ({each})"


def _join(figures: Mapping[Any, float], style: str) -> str:
    return ", ".join(f"{name}: {figure:{style}}" for name, figure in figures.items())
