"""Where a replay stands, in a folder: position, cells, open tick, terms in force, output sizes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from connectors.ledger import Applied, apply, read_cells, read_note
from connectors.store import Store
from streams.alarms.gates import Options
from streams.decide import Decider
from streams.enrich import Steps, pipeline_name
from streams.models import Source, Term, decode_enriched

FILE = "state.db"


class MismatchError(Exception):
    """The state was made with other terms, sources or settings."""


class Standing(Struct, frozen=True, kw_only=True):
    """Where a replay goes on; all empty at the beginning."""

    decider: Decider
    number: int = 0
    terms: dict[str, Term] = {}
    sizes: dict[str, int] = {}


class Checkpoint:
    """A folder that holds a standing; `folder` None remembers nothing."""

    def __init__(
        self, folder: Path | None, fingerprint: str, options: Options | None = None
    ) -> None:
        self._options = options
        self._path = folder / FILE if folder else None
        self._fingerprint = fingerprint.encode()

    def load(self) -> Standing:
        """What is in the folder; raises `MismatchError` if it was made with another fingerprint."""
        if self._path is None or not self._path.exists():
            return Standing(decider=Decider(self._options))
        store = Store(self._path)
        try:
            return self._load(store)
        finally:
            store.close()

    def save(self, standing: Standing) -> None:
        """Replace what is in the folder, all of it or nothing."""
        if self._path is None:
            return
        store = Store(self._path)
        decider = standing.decider
        with store.write():
            apply(
                store,
                Applied(
                    position=decider.position,
                    cells=decider.take_changed(),
                    notes={
                        "fingerprint": self._fingerprint,
                        "number": b"%d" % standing.number,
                        "terms": msgspec.json.encode(standing.terms),
                        "sizes": msgspec.json.encode(standing.sizes),
                    },
                ),
            )
            store.keep_open(decider.open_rows())
        store.close()

    def _load(self, store: Store) -> Standing:
        if read_note(store, "fingerprint") != self._fingerprint:
            raise MismatchError(
                f"{self._path}: this state was made with other terms, sources or settings;"
                " give those again, or another folder"
            )
        decider = Decider(self._options, read_cells(store))
        for number, row in store.read_rows(0, 1 << 40):
            decider.push(number, decode_enriched(row))
        return Standing(
            decider=decider,
            number=int(read_note(store, "number") or 0),
            terms=msgspec.json.decode(read_note(store, "terms") or b"{}", type=dict[str, Term]),
            sizes=msgspec.json.decode(read_note(store, "sizes") or b"{}", type=dict[str, int]),
        )


def make_fingerprint(
    terms: Sequence[Term],
    sources: Sequence[Source],
    steps: Steps,
    options: Options | None = None,
) -> str:
    """A hash of all that a replay depends on beside its rows."""
    config = Decider(options).config
    listed = [list(terms), list(sources), pipeline_name(steps), config]
    return sha256(msgspec.json.encode(listed)).hexdigest()
