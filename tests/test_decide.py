from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.alarms.gates import Options
from streams.alarms.sight import Sight
from streams.decide import Decider, Outcome
from streams.events import Burst
from streams.families.signatures import LEAST
from streams.journal import seed
from streams.models import VERSIONS, Enriched, Revision, encode
from tests.rows import at, beat, clock, doc, setting, source, term

WIRES = [source(f"rss/{name}", owner=name.upper(), group="wires") for name in "abcde"]
WORDS = ["утром", "днём", "город", "совет", "завод", "школа", "дорога", "поезд", "рынок"]


def sentence(random: Random, head: str) -> str:
    return f"{head} {' '.join(random.sample(WORDS, 6))} {random.randrange(10**6)}"


def quiet(random: Random, hours: range) -> list[Any]:
    """Each wire publishes once an hour; the term turns up about twice a day."""
    rows: list[Any] = []
    for hour in hours:
        for wire in WIRES:
            head = "[ОДКБ] обсуждает" if random.random() < 0.02 else "Без новостей"
            moment = f"{hour // 24} {hour % 24:02}:{random.randrange(60):02}"
            rows.append(doc(moment, wire.source, sentence(random, head)))
    return sorted(rows, key=lambda row: row.seen_at)


def burst(random: Random, day: int, hour: int, count: int = 12) -> list[Any]:
    """Independent reports by all wires, two minutes apart."""
    return [
        doc(
            f"{day} {hour:02}:{2 * one:02}",
            WIRES[one % len(WIRES)].source,
            sentence(random, "[ОДКБ] вводит войска"),
        )
        for one in range(count)
    ]


def reprints(random: Random, rows: Sequence[Any], minutes: int) -> list[Any]:
    """A fifth of the documents once more: as they are, signed, cut, or with a word altered."""
    changes: list[Callable[[str], str]] = [
        str,
        lambda text: f"{text}\n\nПодписаться на канал",
        lambda text: " ".join(text.split()[:-2]),
        lambda text: text.replace("обсуждает", "обсудит").replace("вводит", "ввела"),
    ]
    copies = []
    for row in random.sample(rows, len(rows) // 5):
        later = row.seen_at + timedelta(minutes=random.randrange(minutes))
        text = random.choice(changes)(row.text)
        wire = random.choice(WIRES).source
        terms = tuple(one for one in row.terms if one.text in text)
        copies.append(
            replace(row, id=f"{wire}/{row.id}", source=wire, text=text, terms=terms,
                    published_at=later, seen_at=later)
        )  # fmt: skip
    return copies


def story(seed_: int = 1) -> list[Any]:
    """Two quiet days, a burst at noon of the third, and the quiet after it."""
    random = Random(seed_)
    rows: list[Any] = [*seed([term("ОДКБ"), term("теракт")], WIRES)]
    rows += quiet(random, range(60))
    rows += burst(random, 2, 12)
    return [*rows, *quiet(random, range(61, 70))]


def retold(seed_: int = 1) -> list[Any]:
    """The story, a fifth of it told twice."""
    rows = story(seed_)
    head, told = rows[:7], rows[7:]
    copies = reprints(Random(seed_), told, 3)
    return [*head, *sorted([*told, *copies], key=lambda row: row.seen_at)]


def run(rows: Sequence[Any], decider: Decider | None = None, start: int = 0) -> list[Outcome]:
    decider = decider or Decider()
    outcomes = (decider.push(start + number, row) for number, row in enumerate(rows))
    return [outcome for outcome in outcomes if outcome]


def place_of(rows: Sequence[Any], moment: str) -> int:
    return next(place for place, row in enumerate(rows) if row.seen_at >= at(moment))


def bursts(outcomes: Sequence[Outcome]) -> list[Burst]:
    return [one for outcome in outcomes for one in outcome.bursts]


def revisions(outcomes: Sequence[Outcome]) -> list[Revision]:
    return [one for outcome in outcomes for one in outcome.revisions]


def written(outcomes: Sequence[Outcome]) -> bytes:
    return b"\n".join(
        encode(one)
        for outcome in outcomes
        for one in [*outcome.documents, *outcome.revisions, *outcome.bursts]
    )


def restarted(rows: Sequence[Any], cuts: Iterable[int], options: Options | None = None) -> bytes:
    """What is written where the decider starts anew from its cells at each cut."""
    cells: dict[str, bytes] = {}
    parts: list[bytes] = []
    for cut in [*sorted(cuts), len(rows)]:
        decider = Decider(options, cells)
        assert decider.position <= cut
        parts.append(written(run(rows[decider.position : cut], decider, decider.position)))
        changed = {**cells, **decider.take_changed()}
        cells = {key: value for key, value in changed.items() if value is not None}
    return b"\n".join(part for part in parts if part)


def kinds(outcomes: Sequence[Outcome]) -> list[str]:
    return [one.type.removeprefix("burst.") for one in bursts(outcomes)]


def test_a_burst_rings_once_and_closes() -> None:
    outcomes = run(story())
    assert kinds(outcomes)[0] == "opened"
    assert kinds(outcomes)[-1] == "closed"
    assert kinds(outcomes).count("opened") == 1
    opened, closed = bursts(outcomes)[0], bursts(outcomes)[-1]
    assert opened.id == closed.id
    assert at("2 12:00") <= opened.onset_at <= opened.detected_at <= at("2 12:12")
    assert closed.closed_at is not None
    assert at("2 12:22") < closed.closed_at < at("2 14:00")
    assert [one.revision for one in bursts(outcomes)] == list(range(1, len(bursts(outcomes)) + 1))


def test_an_alert_carries_its_evidence() -> None:
    opened = bursts(run(story()))[0]
    assert opened.term == "ОДКБ"
    assert opened.origins == opened.documents >= 4
    assert opened.owners >= 3
    assert len({one.id for one in opened.evidence}) >= 3
    assert opened.first.published_at == min(one.published_at for one in opened.evidence)
    assert opened.observed > opened.expected > 0
    assert "ОДКБ" in opened.evidence[0].snippet


def test_reprints_of_one_text_are_one_origin_and_do_not_ring() -> None:
    random = Random(2)
    rows: list[Any] = [*seed([term("ОДКБ")], WIRES), *quiet(random, range(60))]
    copies = [
        doc(f"2 12:{one:02}", WIRES[one % 5].source, "[ОДКБ] проведёт учения в горах осенью")
        for one in range(40)
    ]
    outcomes = run([*rows, *copies, *quiet(random, range(61, 63))])
    assert not bursts(outcomes)
    marked = [one.document for one in revisions(outcomes) if one.document.duplicate_of]
    assert [one.duplicates for one in marked] == list(range(1, 40))
    assert {one.duplicate_of for one in marked} == {copies[0].id}
    assert {one.origin_id for one in marked} == {copies[0].id}


def test_an_original_is_told_again_when_its_copies_are_1_2_4_and_so_on() -> None:
    text = "[ОДКБ] проведёт учения в горах осенью, сообщили в штабе"
    copies = [doc(f"12:{minute:02}", WIRES[minute % 5].source, text) for minute in range(1, 8)]
    first, edit = doc("12:00", "rss/a", text), doc("13:00", "rss/a", f"{text} вечером")
    edit = replace(edit, id=first.id, version=2, published_at=first.published_at)
    late = doc("14:59", "rss/b", text), doc("15:01", "rss/c", text)
    outcomes = run([first, *copies, edit, *late, clock("16:00")])
    told = [
        (one.document.version, one.revision, one.document.duplicates)
        for one in revisions(outcomes)
        if one.document.id == first.id
    ]
    # the edit carries what was known; it is held for two hours again
    assert told == [(1, 2, 1), (1, 3, 2), (1, 4, 4), (2, 1, 4), (2, 5, 8)]
    lines = [one for outcome in outcomes for one in outcome.told]
    assert len(lines) == len(copies) + len(late) + 6
    assert [one.duplicates for one in lines if one.duplicate_of] == list(range(1, 10))


def test_an_original_of_long_ago_and_a_deleted_one_are_not_told_again() -> None:
    text = "[ОДКБ] проведёт учения в горах осенью, сообщили в штабе вечером в пятницу после обеда"
    old, copy = doc("12:00", "rss/a", text), doc("14:01", "rss/b", text)
    rows = [old, clock("14:00:30"), copy, clock("16:00")]
    assert [one.document.id for one in revisions(run(rows))] == [copy.id]
    new = doc("13:00", "rss/a", text)
    gone = replace(new, version=2, deleted=True, text="", terms=(), seen_at=at("13:30"))
    rows = [new, doc("13:10", "rss/c", text), gone, copy, clock("16:00")]
    told = [(one.document.id, one.document.duplicates) for one in revisions(run(rows))]
    assert [told[0][1], *told[1:]] == [1, (new.id, 1), (copy.id, 2)]


def test_a_flood_by_one_owner_does_not_ring() -> None:
    random = Random(3)
    rows: list[Any] = [*seed([term("ОДКБ")], WIRES), *quiet(random, range(60))]
    flood = [
        doc(f"2 12:{one // 2:02}", "rss/a", sentence(random, "[ОДКБ] грозит")) for one in range(100)
    ]
    assert not bursts(run([*rows, *flood, *quiet(random, range(61, 63))]))


def test_a_term_without_a_day_of_history_does_not_ring() -> None:
    random = Random(4)
    rows: list[Any] = [*seed([term("ОДКБ")], WIRES), *quiet(random, range(12))]
    assert not bursts(run([*rows, *burst(random, 0, 13), *quiet(random, range(14, 16))]))


def test_a_back_fill_does_not_ring() -> None:
    random = Random(5)
    rows: list[Any] = [*seed([term("ОДКБ")], WIRES), *quiet(random, range(60))]
    late = [
        doc("2 12:00", row.source, f"{row.text}", terms=row.terms, published_at=row.published_at,
            seen_at=at("2 14:00"), id=row.id)
        for row in burst(random, 2, 12)
    ]  # fmt: skip
    outcomes = run([*rows, *late, *quiet(random, range(63, 66))])
    assert not bursts(outcomes)


def test_an_outage_and_its_return_do_not_ring() -> None:
    random = Random(6)
    rows: list[Any] = [*seed([term("ОДКБ")], WIRES)]
    for minute in range(0, 66 * 60, 10):
        hour, rest = divmod(minute, 60)
        moment = f"{hour // 24} {hour % 24:02}:{rest:02}"
        is_out = 50 <= hour < 55
        for wire in WIRES:
            down = is_out and wire.source != "rss/a"
            rows.append(beat(moment, wire.source, "timeout" if down else "ok", 600.0))
            if not down and random.random() < 0.3:
                head = "[ОДКБ]" if random.random() < 0.5 else "Тихо"
                rows.append(doc(moment, wire.source, sentence(random, head)))
    assert not bursts(run(rows))


@pytest.mark.parametrize(
    ("undated", "away", "rings"),
    [(True, range(50, 55), False), (False, range(50, 55), True), (True, range(0), True)],
    ids=["a return without dates", "a return with dates", "no silence"],
)
def test_what_a_feed_without_dates_brings_when_it_returns_does_not_ring(
    undated: bool, away: range, rings: bool
) -> None:
    random = Random(7)
    rows: list[Any] = [*seed([term("ОДКБ")], WIRES)]
    for hour in range(58):
        for minute in range(0, 60, 10):
            moment = f"{hour // 24} {hour % 24:02}:{minute:02}"
            status = "timeout" if hour in away else "ok"
            if (hour, minute) == (55, 0):  # five reports on the page of each feed
                texts = [sentence(random, "[ОДКБ] вводит войска") for _ in range(25)]
                rows += [
                    doc(moment, WIRES[one % 5].source, text, undated=undated)
                    for one, text in enumerate(texts)
                ]
            rows += [beat(moment, wire.source, status, 600.0) for wire in WIRES]
        if hour not in away:
            rows += quiet(random, range(hour, hour + 1))
    assert bool(bursts(run(sorted(rows, key=lambda row: row.seen_at)))) == rings


def test_a_muted_term_does_not_ring() -> None:
    rows = story()
    mute = setting("0 01:00", "mute", "ОДКБ", {"until": "2026-03-09T00:00:00Z"})
    assert not bursts(run([mute, *rows]))


def test_a_removed_term_rings_no_more() -> None:
    rows = story()
    gone = setting("2 11:59", "term", "ОДКБ", None)
    place = place_of(rows, "2 12:00")
    assert not bursts(run([*rows[:place], gone, *rows[place:]]))


def test_an_alarm_whose_term_is_removed_closes() -> None:
    rows = story()
    place = place_of(rows, "2 13:00")
    gone = setting("2 12:30", "term", "ОДКБ", None)
    told = bursts(run([*rows[:place], gone, clock("2 12:31"), clock("2 12:32")]))
    assert told[-1].state == "closed"
    assert told[-1].closed_at == told[-1].detected_at <= at("2 12:32")
    after = bursts(run([*rows[:place], gone, *rows[place:]]))
    assert [one.id for one in after] == [one.id for one in told]


@cache
def day_shift() -> Decider:
    """Five weekdays in which the wires publish from 8 to 20 o'clock only, and the next morning."""
    random, decider = Random(9), Decider()
    busy = [row for row in quiet(random, range(120)) if row.seen_at.hour in range(8, 20)]
    run([*seed([term("ОДКБ")], WIRES), *busy, clock("5 08:00"), clock("5 09:00")], decider)
    return decider


def test_history_counts_the_hours_in_which_sources_were_seen() -> None:
    """However little they publish by night: all but the eight before the first document."""
    assert day_shift().state.baselines.hours("ОДКБ") == pytest.approx(5 * 24 - 0.5, abs=0.6)


def test_the_rhythm_of_a_group_shapes_the_expectation_of_a_term_without_one() -> None:
    """Of a new term no hour is known; by night its sources hardly publish."""
    state = day_shift().state
    slots = state.rhythms["wires"].slots()
    assert slots[12] / slots[3] > 3
    state.baselines.add("новое")
    noon, night = (
        Sight(state, int(at(f"3 {hour}:00").timestamp()))
        .weigh(["новое"], np.zeros((1, 5)))
        .expected[0, 2]
        for hour in (13, 4)
    )
    assert noon / night > 2.5


def test_behind_the_last_version_there_is_none() -> None:
    first = doc(
        "12:00", "rss/a", "Совет [ОДКБ] соберётся в пятницу", id="rss/a/1", version=VERSIONS
    )
    edited = doc("12:00:20", "rss/a", "На вокзале новые часы", id="rss/a/1", version=VERSIONS)
    told = [one for outcome in run([first, edited, clock("12:01")]) for one in outcome.documents]
    assert [(one.version, one.text) for one in told] == [(VERSIONS, first.text)]


def test_a_repeat_changes_nothing_and_another_text_is_the_next_version() -> None:
    first = doc("12:00", "rss/a", "Совет [ОДКБ] соберётся в пятницу", id="rss/a/1")
    edited = doc("12:00:20", "rss/a", "Совет [ОДКБ] соберётся в субботу", id="rss/a/1")
    rows = [*seed([term("ОДКБ")], WIRES), first, first, edited, edited, clock("12:01")]
    outcomes = run(rows)
    told = [one for outcome in outcomes for one in outcome.documents]
    assert [(one.version, one.text) for one in told] == [(1, first.text), (2, edited.text)]


def test_tombstones_retract_an_open_burst() -> None:
    rows = story()
    reports = [row for row in rows if getattr(row, "terms", ()) and row.seen_at >= at("2 12:00")]
    gone = [
        doc("2 12:40", row.source, "", id=row.id, version=2, deleted=True) for row in reports[:10]
    ]
    place = place_of(rows, "2 13:00")
    outcomes = run([*rows[:place], *gone, *rows[place:]])
    assert kinds(outcomes)[-1] == "retracted"
    assert "closed" not in kinds(outcomes)


def test_what_a_burst_has_lost_it_need_not_double() -> None:
    rows, decider = story(), Decider()
    stop = place_of(rows, "2 12:23")
    told = [row for row in rows[:stop] if isinstance(row, Enriched)][-6:]
    gone = [
        replace(row, version=2, text="", terms=(), deleted=True, seen_at=at("2 12:24"))
        for row in told
    ]
    run(rows[:stop], decider)
    (alarm,) = decider.alarms
    assert alarm.peak_origins > 6
    run([*gone, clock("2 12:26")], decider, stop)
    (alarm,) = decider.alarms
    assert (alarm.is_open, alarm.peak_origins) == (True, 6)


def test_related_terms_share_an_event() -> None:
    random = Random(7)
    rows: list[Any] = [*seed([term("ОДКБ"), term("теракт")], WIRES), *quiet(random, range(60))]
    both = [
        doc(f"2 12:{2 * one:02}", WIRES[one % 5].source,
            sentence(random, "[теракт] в здании [ОДКБ]"))
        for one in range(12)
    ]  # fmt: skip
    opened = [one for one in bursts(run([*rows, *both, clock("2 12:40")])) if one.revision == 1]
    assert {one.term for one in opened} == {"ОДКБ", "теракт"}
    assert len({one.event for one in opened}) == 1


def test_the_end_of_a_stream_closes_nothing() -> None:
    rows = story()
    place = place_of(rows, "2 13:00")
    assert "closed" not in kinds(run(rows[:place]))


@pytest.mark.parametrize("cut", [3, 180, 359, 368, 379])
def test_a_restart_from_cells_gives_the_same_bytes(cut: int) -> None:
    rows = retold()
    whole = written(run(rows))
    assert whole.count(b'"duplicate_of":"') > 40
    assert restarted(rows, [cut]) == whole


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 440), max_size=4))
def test_any_number_of_snapshots_and_restarts_gives_the_same_bytes(
    seed_: int, cuts: list[int]
) -> None:
    rows = retold(seed_)
    whole = written(run(rows))
    assert restarted(rows, cuts) == whole


@pytest.mark.parametrize("limit", [{"window_documents": 50}, {"window_seconds": 600}])
def test_a_small_window_restarts_with_the_same_bytes(limit: dict[str, Any]) -> None:
    rows = retold(3)
    options = Options(**limit, origins=2, owners=2, warm_hours=0.0)
    whole = written(run(rows, Decider(options)))
    assert whole != written(run(rows))
    assert restarted(rows, range(25, len(rows), 25), options) == whole


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_rows_shuffled_inside_a_tick_give_the_same_bytes(seed_: int) -> None:
    rows = retold(1)
    random = Random(seed_)
    shuffled = sorted(
        enumerate(rows),
        key=lambda pair: (
            (int(pair[1].seen_at.timestamp()) // 10, random.random())
            if pair[0] > 7
            else (-1, pair[0])
        ),
    )
    assert written(run([row for _, row in shuffled])) == written(run(rows))


def test_one_version_told_twice_in_a_tick_is_the_same_in_either_order() -> None:
    first = doc("12:00:01", "rss/a", "[ОДКБ] соберётся в пятницу")
    again = [replace(first, seen_at=at(f"12:00:0{second}")) for second in (3, 5)]
    gone = replace(first, deleted=True)
    for one, other in ((again[0], again[1]), (first, gone)):
        told = [written(run([*rows, clock("12:01")])) for rows in ([one, other], [other, one])]
        assert told[0] == told[1]


def test_other_options_are_another_config() -> None:
    assert Decider(Options(chance_per_day=1.0)).config != Decider().config
    assert Decider().config == Decider().config


def test_mentions_in_a_learnt_signature_are_dropped_by_a_revision() -> None:
    random = Random(1)
    rows: list[Any] = [*seed([term("ОДКБ"), term("Москва")], WIRES)]
    for post in range(12):
        text = sentence(random, "[ОДКБ] обсуждает") + "\n\nПодписаться на [Москву|Москва]"
        rows.append(doc(f"00:{post:02}", WIRES[0].source, text))
    told = revisions(run([*rows, clock("01:00")]))
    found = {one.document.id: [m.term for m in one.document.terms] for one in told}
    signed = [row.id for row in rows if isinstance(row, Enriched)]
    assert found == {name: ["ОДКБ"] for name in signed[LEAST - 1 :]}
