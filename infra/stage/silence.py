"""Why nothing rang: what the pipeline itself counted and measured where a burst seemed likely."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from infra.stage.bell import to_amount
from infra.stage.scenario import Quiet
from streams.alarms.gates import Gate, assess, closeness
from streams.alarms.sight import Sight
from streams.decide import Decider, Outcome
from streams.models import to_seconds
from streams.ticks import is_live

HOUR = 3600
FAILED = {
    "coverage": "coverage ({value:.2f} of {needed:.2f})",
    "baseline_hours": "hours learnt ({value:.0f} of {needed:.0f})",
    "origins": "origins ({value:.0f} of {needed:.0f})",
    "owners": "owners ({value:.0f} of {needed:.0f})",
    "evidence_nats": "evidence ({value:.1f} of {needed:.1f} nats)",
    "score": "score ({value:.2f}, the term's own threshold is {needed:.2f})",
    "escalation": "escalation (score {value:.2f} of {needed:.2f})",
    "unmuted": "muted",
}


class Silence(Struct, kw_only=True):
    """One quiet stretch of a term: counts of all that arrived, gates when it came closest.

    `coverage` is the least share of the usual documents that could be seen in an hour.
    """

    hazard: str
    term: str
    documents: int = 0
    origins: dict[str, str] = {}  # of each document
    owners: set[str] = set()
    late: int = 0
    withdrawn: int = 0
    resembling: int = 0
    coverage: float = 1.0
    silent: set[str] = set()
    gates: Sequence[Gate] = ()
    rang: bool = False

    @property
    def failed(self) -> list[str]:
        """The gates that held it back at its closest, with what was measured and needed."""
        return [_describe(gate) for gate in self.gates if not gate.passed]

    @property
    def counted(self) -> list[str]:
        """What arrived, as the pipeline counted it; zeros are left out."""
        size = ", ".join(
            (
                to_amount(self.documents, "document"),
                to_amount(len(set(self.origins.values())), "origin"),
                to_amount(len(self.owners), "owner"),
            )
        )
        away = f"{to_amount(len(self.silent), 'source')} away, {self.coverage:.0%} exposed"
        told = [
            (self.documents, size),
            (self.resembling, f"{to_amount(self.resembling, 'document')} only with its letters"),
            (self.late, f"{self.late} came too late to open anything"),
            (self.withdrawn, f"{self.withdrawn} withdrawn"),
            (len(self.silent), away),
        ]
        return [text for number, text in told if number]


class Watcher:
    """Looks at every tick of the quiet stretches through the eyes of the decider."""

    def __init__(self, stretches: Sequence[Quiet]) -> None:
        self._watched = [
            (to_seconds(one.from_), to_seconds(one.to), Silence(hazard=one.hazard, term=term))
            for one in stretches
            for term in one.terms
        ]
        self._mentioned: dict[str, set[str]] = {}

    @property
    def silences(self) -> list[Silence]:
        """What was seen so far, in the order of the stretches."""
        return [silence for _, _, silence in self._watched]

    def look(self, decider: Decider, outcome: Outcome) -> None:
        """Note what one tick brought; call it before the next row is pushed."""
        due = [one for start, stop, one in self._watched if start <= outcome.tick <= stop]
        sight = decider.sight() if due else None
        for silence in due:
            silence.rang |= any(
                burst.term == silence.term and burst.state == "opened" for burst in outcome.bursts
            )
            if sight is not None:
                self._note(silence, sight, outcome)
                _measure(silence, sight, decider)

    def _note(self, silence: Silence, sight: Sight, outcome: Outcome) -> None:
        known = self._mentioned.setdefault(silence.term, set())
        for document in outcome.documents:
            entry = sight.state.window.find(document.id)
            count = entry.terms.get(silence.term) if entry else None
            if document.deleted and document.id in known:
                silence.withdrawn += 1
            elif entry is not None and count is not None:
                silence.documents += 1
                silence.origins[document.id] = entry.origin_id
                silence.owners.add(entry.owner)
                silence.late += count.late
                known.add(document.id)
            elif silence.term.casefold() in document.content.casefold():
                silence.resembling += 1
        for document in (one.document for one in outcome.revisions):
            if document.id in silence.origins:  # it may have proved a copy
                silence.origins[document.id] = document.origin_id


def _measure(silence: Silence, sight: Sight, decider: Decider) -> None:
    """Keep the gates of the moment that came closest, and the least exposure."""
    _, _, gates = assess(sight, silence.term, decider.options)
    if closeness(gates) > closeness(silence.gates):
        silence.gates = gates
    coverage = sight.exposure.coverage(sight.end - HOUR, sight.end)
    silence.coverage = min(silence.coverage, coverage)
    if silence.hazard == "outage":
        silence.silent |= {
            name for name, health in sight.state.health.items() if not is_live(health, sight.now)
        }


def _describe(gate: Gate) -> str:
    told = FAILED.get(gate.name, gate.name + " ({value:.1f} of {needed:.1f})")
    return told.format(value=gate.value, needed=gate.needed)
