"""Rows in, events out: the one place where order matters. A fold over the journal, by ticks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from streams.alarms.exposure import Rhythm, learn_rate, learning_delay
from streams.alarms.gates import Options
from streams.alarms.life import ring
from streams.alarms.scores import slot_of
from streams.alarms.sight import Sight
from streams.alerts import Alarm
from streams.bursts import DETECTOR, STEP
from streams.counts import BUCKET
from streams.events import Burst
from streams.families.stories import remember
from streams.models import Enriched, Heartbeat, Passed, Revision, Setting, encode
from streams.registry import fold_setting
from streams.state import HOUR, Progress, State, load
from streams.ticks import Ticks, hear

NOT_ASSESSED = 0.3  # coverage below which a stretch of time is not learnt from
GAP = 96  # buckets without any row after which the time between is not learnt


class Outcome(Struct, frozen=True, kw_only=True):
    """What one applied tick brought; `tick` is its end in Unix seconds."""

    tick: int
    documents: tuple[Enriched, ...] = ()
    revisions: tuple[Revision, ...] = ()
    bursts: tuple[Burst, ...] = ()

    @property
    def told(self) -> list[Enriched]:
        """The documents, then what is told again because it was copied or proved a copy.

        Of one id the newest version is last.
        """
        newest = {one.id: one.version for one in self.documents}
        again = (one.document for one in self.revisions if one.revision > 1)
        told = (one for one in again if one.version >= newest.get(one.id, 0))
        return [*self.documents, *told]


class Decider:
    """Applies rows in journal order; its state is a flat mapping of cells.

    Rows from `position` on must be given again after a restart; smaller ones are in the cells.
    """

    def __init__(
        self, options: Options | None = None, cells: Mapping[str, bytes] | None = None
    ) -> None:
        self.options = options or Options()
        self.state: State = load(cells or {}, self.options.limits)
        self._ticks = Ticks(float(self.state.progress.tick))
        digest = blake2b(msgspec.json.encode([DETECTOR, self.options]), digest_size=6)
        self.config = digest.hexdigest()

    @property
    def position(self) -> int:
        """The first row that the cells do not cover."""
        return self.state.progress.position

    @property
    def alarms(self) -> list[Alarm]:
        """The alarms that still matter, by id."""
        return sorted(self.state.alarms.values(), key=lambda alarm: alarm.id)

    def push(self, number: int, row: Passed) -> Outcome | None:
        """Take the next row; give what the tick brought that it ended, if it ended one."""
        ended = self._ticks.push(number, row)
        if ended is None:
            return None
        end, rows = ended
        return self._apply(end, [one for _, one in rows], number)

    def take_changed(self) -> dict[str, bytes | None]:
        """The cells that changed since the last call (None: delete), as of `position`."""
        return self.state.take_changed()

    def open_rows(self) -> list[tuple[int, bytes]]:
        """The rows of the open tick, not yet applied."""
        return [(number, encode(row)) for number, row in self._ticks.rows]

    def sight(self) -> Sight:
        """What can be seen as of the last tick: for explanations."""
        return Sight(self.state, self.state.progress.tick)

    def _apply(self, end: int, rows: Sequence[Passed], position: int) -> Outcome:
        state = self.state
        _apply_settings(state, rows)
        _apply_heartbeats(state, rows)
        delay = learning_delay(state.health, end)
        stories = remember(state, rows, end, delay)
        _learn(state, end, delay)
        state.expire(end)
        bursts: Sequence[Burst] = ()
        if stories.touched or stories.cut or state.alarms:
            sight = Sight(state, end)
            bursts = ring(sight, stories.touched, stories.cut, self.options, self.config)
        _note_rings(state, bursts, end)
        state.progress = replace(state.progress, tick=end, position=position)
        return Outcome(
            tick=end,
            documents=tuple(stories.documents),
            revisions=tuple(stories.revisions),
            bursts=tuple(bursts),
        )


def _apply_settings(state: State, rows: Sequence[Passed]) -> None:
    changes = [row for row in rows if isinstance(row, Setting)]
    for setting in sorted(changes, key=lambda one: one.seen_at):
        fold_setting(state, setting)


def _apply_heartbeats(state: State, rows: Sequence[Passed]) -> None:
    beats = [row for row in rows if isinstance(row, Heartbeat)]
    for beat in sorted(beats, key=lambda one: (one.seen_at, one.source, one.status)):
        state.learn_health(beat.source, hear(state.health.get(beat.source), beat))


def _note_rings(state: State, bursts: Sequence[Burst], end: int) -> None:
    """Remember what rang, for budgets: each burst once, with its first event that was rung."""
    for burst in bursts:
        alarm, before = state.alarms[burst.id], state.rung.get(burst.term, ())
        is_known = any(at >= alarm.opened for at, _ in before)
        if alarm.is_open and not alarm.foreseen and not is_known:
            state.note_ring(burst.term, end, alarm.top)


def _learn(state: State, end: int, delay: int) -> None:
    """Learn every step of the buckets whose end the clock has passed by the delay."""
    due = (end - delay) // BUCKET * BUCKET
    if due <= state.progress.learnt:
        return
    ringing = {alarm.term for alarm in state.alarms.values()}
    for start in range(max(state.progress.learnt, due - GAP * BUCKET), due, STEP):
        _learn_step(state, start, end, ringing)
    state.progress = Progress(state.progress.tick, due, state.progress.position)
    state.touch("world", "")


def _learn_step(state: State, start: int, now: int, ringing: set[str]) -> None:
    stop = start + STEP
    if stop % HOUR == 0:
        _learn_rates(state, stop - HOUR, stop, now)
    exposure = state.exposure(now)
    counted = state.counted.pop(start // STEP, set()) & state.baselines.rows.keys()
    documents, share = exposure.see(start, stop)
    if share < NOT_ASSESSED:
        counted, documents = set(), 0.0
    counts = {term: state.tally(term).sum(start, stop) for term in sorted(counted)}
    seen = documents, exposure.wanted, share
    for term in state.baselines.learn(counts, start, seen, ringing):
        state.touch("baseline", term)


def _learn_rates(state: State, start: int, stop: int, now: int) -> None:
    """Fold the documents that each source published in an hour into its rate, and its group's."""
    published = state.take_published(stop)
    _learn_rhythms(state, published, start, now)
    for source, health in list(state.health.items()):
        after = learn_rate(health, published[source], start, stop, now)
        if after is not health:
            state.learn_health(source, after)


def _learn_rhythms(state: State, published: Mapping[str, int], start: int, now: int) -> None:
    """Compare what the sources of each group published in an hour with an even pace."""
    even = state.exposure(now).even(start, start + HOUR)
    sums: dict[str, tuple[float, float]] = {}
    for name, expected in even.items():
        group = state.source(name).exposed_in
        documents, total = sums.get(group, (0.0, 0.0))
        sums[group] = documents + published.get(name, 0), total + expected
    for group, (documents, total) in sums.items():
        rhythm = state.rhythms.get(group, Rhythm())
        state.learn_rhythm(group, rhythm.learn(slot_of(start), documents, total))
