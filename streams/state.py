"""Everything that `decide` remembers, and how it becomes cells: small keyed values in bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from streams.alarms.exposure import Exposure, Rhythm, measure
from streams.alerts import Alarm
from streams.bursts import STEP, Baselines
from streams.counts import BUCKET, Tally
from streams.families.entries import Entry, add_to
from streams.families.originals import Originals
from streams.families.window import Limits, Window
from streams.models import Enriched, EntityType, Source, Term
from streams.ticks import Health

Ring = tuple[int, tuple[float, ...]]  # when a burst rang, and its scores by channel
REMEMBERED = 128  # rings of a term: as many as a budget of 64 a week looks back on
HOUR = 3600  # seconds: rates of sources are learnt by whole hours
_pack = msgspec.msgpack.Encoder().encode


class Progress(Struct, frozen=True, array_like=True):
    """The end of the last tick, up to when was learnt (Unix seconds), the first row not applied."""

    tick: int = 0
    learnt: int = 0
    position: int = 0


class State:
    """The fold of the journal up to a tick. `touch` whatever changes: only that is saved."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.progress = Progress()
        self.terms: dict[str, Term] = {}
        self.sources: dict[str, Source] = {}
        self.owners: dict[str, str] = {}
        self.mutes: dict[str, float] = {}
        self.expectations: dict[str, float] = {}
        self.rung: dict[str, tuple[Ring, ...]] = {}
        self.acks: dict[str, dict[str, Any]] = {}
        self.health: dict[str, Health] = {}
        self.alarms: dict[str, Alarm] = {}
        self.signatures: dict[str, bytes] = {}
        self.rhythms: dict[str, Rhythm] = {}
        self.window = Window(limits)
        self.originals = Originals()
        self.baselines = Baselines()
        self.tallies: dict[str, Tally] = {}
        self.published: dict[int, dict[str, int]] = {}
        self.counted: dict[int, set[str]] = {}
        self.names: Counter[tuple[EntityType, str]] = Counter()
        self.mentioned = 0  # documents with a watched term; `names`: how many of them name whom
        self._groups: dict[str, str] = {}
        self._exposure: Exposure | None = None
        self._dirty: dict[str, None] = {}

    def touch(self, kind: str, key: str | int) -> None:
        """Note that a cell changed."""
        self._dirty[f"{kind}/{key}"] = None

    def tally(self, term: str) -> Tally:
        """The counts of a term, from its first mention on."""
        return self.tallies.setdefault(term, Tally())

    def exposure(self, now: float) -> Exposure:
        """How much the sources expose at `now`; measured anew only when something changed."""
        held = self._exposure
        if held is None or not held.measured_at <= now < held.valid_until:
            if len(self._groups) != len(self.health):
                self._groups = {name: self.source(name).exposed_in for name in self.health}
            held = self._exposure = measure(self.health, self._groups, now, self.rhythms)
        return held

    def learn_health(self, source: str, health: Health) -> None:
        """Put what is now known of a source's life."""
        self.health[source] = health
        self._exposure = None
        self.touch("health", source)

    def note_ring(self, term: str, at: int, top: tuple[float, ...]) -> None:
        """Note that a burst rang at `at` (Unix seconds), and its scores; the last 128 are kept."""
        self.rung[term] = (*self.rung.get(term, ()), (at, top))[-REMEMBERED:]
        self.touch("rung", term)

    def learn_signature(self, source: str, seen: bytes) -> None:
        """Put how the last posts of a source ended."""
        self.signatures[source] = seen
        self.touch("signature", source)

    def learn_rhythm(self, group: str, rhythm: Rhythm) -> None:
        """Put how the day of a group of sources goes."""
        self.rhythms[group] = rhythm
        self._exposure = None
        self.touch("rhythm", group)

    def regroup(self) -> None:
        """Forget what was derived of the registry: it changed."""
        self._groups, self._exposure = {}, None

    def source(self, name: str) -> Source:
        """What the registry says of a source, or what its name says."""
        return self.sources.get(name) or Source(source=name)

    def owner(self, source: str) -> str:
        """Who controls a source."""
        return self.owners.get(source) or self.source(source).owned_by

    def count(self, tick: int, entry: Entry) -> None:
        """Remember an entry and count it; take back what an earlier version counted."""
        replaced = self.window.apply(tick, entry)
        if replaced is not None:
            self._uncount(replaced)
        elif entry.at >= self.progress.learnt // HOUR * HOUR:
            bucket = int(entry.at // BUCKET)
            sources = self.published.setdefault(bucket, {})
            sources[entry.source] = sources.get(entry.source, 0) + 1
            self.touch("published", bucket)
        self._note_names(entry, 1)
        for term, count in entry.terms.items():
            self.tally(term).add(entry, count)
            if count.at >= self.progress.learnt:
                self.counted.setdefault(int(count.at // STEP), set()).add(term)

    def take_published(self, stop: float) -> Counter[str]:
        """How many documents each source published before `stop`, if they were not taken yet."""
        published: Counter[str] = Counter()
        for bucket in [one for one in self.published if one * BUCKET < stop]:
            published.update(self.published.pop(bucket))
            self.touch("published", bucket)
        return published

    def hold(self, tick: int, document: Enriched) -> None:
        """Hold a document as it was told, to tell it again when it is copied."""
        for changed in self.originals.keep(tick, document):
            self.touch("original", changed)

    def expire(self, now: int) -> None:
        """Forget what is older than the window."""
        for tick in self.originals.expire(now):
            self.touch("original", tick)
        ticks, ended = self.window.expire(now)
        for tick in ticks:
            self.touch("block", tick)
        for entry in ended:
            self._uncount(entry)

    def take_changed(self) -> dict[str, bytes | None]:
        """The cells that changed since the last call; None: gone."""
        changed = {key: self._cell(*_split(key)) for key in self._dirty}
        self._dirty.clear()
        return {**changed, "progress/": _pack(self.progress)}

    def _note_names(self, entry: Entry, change: int) -> None:
        if entry.terms:
            self.mentioned += change
        for name in entry.entities:
            add_to(self.names, name, change)

    def _uncount(self, entry: Entry) -> None:
        self._note_names(entry, -1)
        for term, count in entry.terms.items():
            self.tallies[term].remove(entry, count)

    def _cell(self, kind: str, key: str) -> bytes | None:
        if kind == "baseline":
            return self.baselines.dump(key) if key in self.baselines.rows else None
        if kind == "world":
            return self.baselines.world.dump()
        timed = _timed(self).get(kind)
        value = _tables(self)[kind].get(key) if timed is None else timed.get(int(key))
        return None if value is None else _pack(value)


def load(cells: Mapping[str, bytes], limits: Limits | None = None) -> State:
    """Rebuild the state from its cells, exactly."""
    state = State(limits)
    split = [(*_split(key), value) for key, value in sorted(cells.items())]
    for kind, key, value in split:
        if kind in _TYPES:
            _tables(state)[kind][key] = msgspec.msgpack.decode(value, type=_TYPES[kind])
    if "progress/" in cells:
        state.progress = msgspec.msgpack.decode(cells["progress/"], type=Progress)
    if "world/" in cells:
        state.baselines.world.load(cells["world/"])
    saved = {key: value for kind, key, value in split if kind == "baseline"}
    for term in state.terms:
        state.baselines.add(term, saved=saved.get(term))
    state.originals.load(_read_timed(split, "original", dict[str, bytes]))
    _recount(state, ((int(key), value) for kind, key, value in split if kind == "block"))
    published = _read_timed(split, "published", dict[str, int])
    if published:  # a window may be shorter than the time after which it is learnt
        state.published = published
        state.take_changed()
    return state


def _split(key: str) -> tuple[str, str]:
    kind, _, rest = key.partition("/")
    return kind, rest


def _read_timed(split: Sequence[tuple[str, str, bytes]], kind: str, what: Any) -> dict[int, Any]:
    """The cells of a kind that has one for each tick or bucket."""
    return {
        int(key): msgspec.msgpack.decode(value, type=what)
        for name, key, value in split
        if name == kind
    }


def _recount(state: State, blocks: Iterable[tuple[int, bytes]]) -> None:
    for tick, block in sorted(blocks):
        for entry in msgspec.msgpack.decode(block, type=list[Entry]):
            state.count(tick, entry)


_TYPES: dict[str, Any] = {
    "term": Term,
    "source": Source,
    "owner": str,
    "mute": float,
    "expect": float,
    "rung": tuple[Ring, ...],
    "ack": dict[str, Any],
    "health": Health,
    "alarm": Alarm,
    "signature": bytes,
    "rhythm": Rhythm,
}


def _tables(state: State) -> dict[str, dict[str, Any]]:
    return {
        "term": state.terms,
        "source": state.sources,
        "owner": state.owners,
        "mute": state.mutes,
        "expect": state.expectations,
        "rung": state.rung,
        "ack": state.acks,
        "health": state.health,
        "alarm": state.alarms,
        "signature": state.signatures,
        "rhythm": state.rhythms,
    }


def _timed(state: State) -> dict[str, dict[int, Any]]:
    """What has a cell for each tick or bucket."""
    return {
        "block": state.window.blocks,
        "original": state.originals.blocks,
        "published": state.published,
    }
