"""How good alarms were, by what analysts said of them."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from infra.corpora.exporting import export_lines
from infra.corpora.journals import in_force, open_journal
from infra.settings import Settings
from streams.events import Burst


class Quality(Struct, kw_only=True):
    """Alarms of a term (null: all), how many were judged, how many of these were false.

    `precision` is the share of the judged ones that were right; null where none was judged.
    """

    term: str | None
    alarms: int = 0
    judged: int = 0
    false: int = 0
    precision: float | None = None


def measure_quality(settings: Settings, shell: str) -> tuple[list[Quality], Quality]:
    """By term, and in all."""
    total = Quality(term=None)
    by_term: dict[str, Quality] = {}
    verdicts = _read_verdicts(settings, shell)
    for alarm, term in sorted(_read_alarms(settings, shell).items()):
        mine = by_term.setdefault(term, Quality(term=term))
        for quality in (mine, total):
            _add(quality, verdicts.get(alarm))
    return [quality for _, quality in sorted(by_term.items())], total


def _add(quality: Quality, is_false: bool | None) -> None:
    quality.alarms += 1
    if is_false is not None:
        quality.judged += 1
        quality.false += is_false
        quality.precision = 1 - quality.false / quality.judged


def _read_alarms(settings: Settings, shell: str) -> dict[str, str]:
    """The term of each alarm; what was foreseen did not ring."""
    bursts = (
        msgspec.json.decode(raw, type=Burst) for raw in export_lines(settings, "alerts", shell)
    )
    return {burst.id: burst.term for burst in bursts if not burst.foreseen}


def _read_verdicts(settings: Settings, shell: str) -> dict[str, bool]:
    """Whether an alarm was called false; the last word counts."""
    with open_journal(settings, shell) as journal:
        acks = in_force(journal.read_settings(), "ack")
    return {alarm: bool(value.get("false")) for alarm, value in acks.items()}
