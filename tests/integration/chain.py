"""A worker of the distributed shell with a decider that misses nothing.

`python -m tests.integration.chain NAME` runs one worker. Its decider chains a hash over every row
that it is given and rings at each tick of `TICK` rows: a row that is lost, doubled or out of order
changes every burst after it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from infra.logs import open_logs
from infra.settings import read_settings
from infra.working import make_options, run_app
from streams.agents import make_decide, make_dispatch, make_enrich
from streams.enrich import Failure
from streams.events import Burst
from streams.journal import bury
from streams.models import (
    Document,
    Enriched,
    Language,
    Mark,
    Mention,
    Passed,
    Place,
    Revision,
    Sentiment,
    Setting,
    Term,
    decode_row,
    encode,
    from_seconds,
)
from tests.alarms import burst

TICK = 25  # rows that make a tick here
DRAWERS = 50  # cells that the rows are spread over


class Outcome(msgspec.Struct, frozen=True):
    tick: int
    bursts: tuple[Burst, ...]
    revisions: tuple[Revision, ...] = ()


class Judge:
    """Its state: a hash over all rows, and the last row of each drawer."""

    def __init__(self, cells: Mapping[str, bytes]) -> None:
        self.cells = dict(cells)
        self.position = int(self.cells.get("position", b"0"))
        self.open: list[tuple[int, bytes]] = []
        self._changed: set[str] = set()

    def push(self, number: int, row: Passed) -> Outcome | None:
        expected = self.open[-1][0] + 1 if self.open else self.position
        if number != expected:
            raise RuntimeError(f"row {number} came where {expected} should")
        self.open.append((number, encode(row)))
        return self._close() if (number + 1) % TICK == 0 else None

    def take_changed(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, set()
        return {cell: self.cells.get(cell) for cell in changed}

    def _close(self) -> Outcome:
        chain = self.cells.get("chain", b"")
        for number, raw in self.open:
            chain = sha256(chain + raw).hexdigest().encode()
            self._set(f"drawer/{number % DRAWERS}", chain)
            if number % DRAWERS == 7:
                self._set(f"drawer/{number // DRAWERS % DRAWERS}", None)
        self.position = self.open[-1][0] + 1
        self.open = []
        drawers = "".join(f"{key}{self.cells[key]!r}" for key in sorted(self.cells) if "/" in key)
        digest = sha256(chain + drawers.encode()).hexdigest()
        self._set("chain", chain)
        self._set("position", str(self.position).encode())
        return Outcome(self.position, make_bursts(self.position, digest))

    def _set(self, cell: str, value: bytes | None) -> None:
        self._changed.add(cell)
        if value is None:
            self.cells.pop(cell, None)
        else:
            self.cells[cell] = value


def make_bursts(position: int, digest: str) -> tuple[Burst, ...]:
    """Two bursts of one event that tell everything about the rows before `position`."""
    return tuple(
        burst(
            id=f"b_{position}_{nth}",
            event=f"e_{position}",
            term="т",
            detected_at=from_seconds(position),
            reason=digest,
        )
        for nth in (1, 2)
    )


def enrich(documents: Sequence[Document], watch: Sequence[str]) -> list[Enriched | Failure]:
    """Says which terms were in force; «яд» poisons a document."""
    return [
        Failure(one, "poison", "яд") if "яд" in one.text else _enrich_one(one, watch)
        for one in documents
    ]


def _enrich_one(document: Document, watch: Sequence[str]) -> Enriched:
    fields: dict[str, Any] = {name: getattr(document, name) for name in Document.__struct_fields__}
    return Enriched(
        **fields,
        language=Language("ru", 1.0),
        entities=(),
        sentiment=Sentiment(),
        terms=tuple(Mention(term=name, start=0, stop=0, text="") for name in watch),
        origin_id=document.id,
        duplicate_of=None,
        pipeline="judge",
    )


def compile_watch(terms: Iterable[Term], _before: list[str] | None) -> list[str]:
    """The names of the terms in force."""
    return sorted(term.name for term in terms)


class Expected(NamedTuple):
    """What a journal must bring, by the names of the records."""

    enriched: dict[str, bytes]
    bursts: dict[str, bytes]
    buried: dict[str, bytes]


def make_expected(journal: Sequence[bytes], topic: str) -> Expected:
    """The same by a plain loop over the journal: no lanes, no topics, no snapshots."""
    expected, terms, judge = Expected({}, {}, {}), dict[str, Term](), Judge({})
    for number, raw in enumerate(journal):
        row = _understand(raw, terms)
        if isinstance(row, tuple):
            place = Place(topic=topic, partition=0, offset=number)
            letter = bury(row[0], row[1], "enrich", place, row[2])
            expected.buried[f"{letter.sha256}#"] = encode(letter)
            row = Mark(reason=letter.reason)
        expected.enriched[f"{number}#"] = encode(row)
        outcome = judge.push(number, row)
        for nth, told in enumerate(outcome.bursts if outcome else (), start=1):
            expected.bursts[f"{told.event}#{nth}"] = encode(told)
    return expected


def _understand(raw: bytes, terms: dict[str, Term]) -> Passed | tuple[bytes, str, str]:
    try:
        row = decode_row(raw)
    except msgspec.DecodeError as error:
        return raw, "not_json", str(error)
    if isinstance(row, Setting):
        terms.pop(row.key, None)
        if row.value is not None:
            terms[row.key] = Term(name=row.key, **row.value)
    if not isinstance(row, Document):
        return row
    result = enrich([row], sorted(terms))[0]
    return (raw, result.reason, result.detail) if isinstance(result, Failure) else result


def main(name: str) -> None:
    """Run one worker as the settings in the environment say."""
    open_logs("info")
    options = make_options(read_settings())
    apps = {
        "dispatch": lambda: make_dispatch(options),
        "enrich": lambda: make_enrich(options, enrich, compile_watch),
        "decide": lambda: make_decide(options, Judge),
    }
    run_app(apps[name]())


if __name__ == "__main__":
    main(sys.argv[1])
