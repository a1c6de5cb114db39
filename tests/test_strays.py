from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from streams.decide import Decider, Outcome
from streams.events import Burst
from streams.families import originals
from streams.families.entries import Count, Entry
from streams.families.stories import FOLDED, make_copy
from streams.families.window import CROWD, Window
from streams.journal import seed
from streams.models import Clock, Enriched
from streams.state import State
from tests.rows import at, clock, doc, source, term
from tests.test_copies import OTHER
from tests.test_counts import NOON, entry
from tests.test_decide import WIRES, bursts, quiet, restarted, revisions, run, sentence, written
from tests.test_origins import SHORT, replace_exactly
from tests.test_window import read

ROBOTS = [source(f"telegram/robot{number}", owner=f"O{number}") for number in range(20)]
TEXT = (
    "[ОДКБ] всю ночь искала {} рыбаков на льду залива, вертолёт поднимут утром, если стихнет ветер"
)
COPIES = 120


@cache
def flood(share: float, numbers: tuple[str, ...] = ("27",), seed_: int = 5) -> list[Any]:
    """One text a second apart by robots in turn, each time with so many words replaced."""
    random, rows = Random(seed_), list[Any](seed([term("ОДКБ")], ROBOTS))
    for number in range(COPIES):
        words = TEXT.format(random.choice(numbers)).split()
        for place in random.sample(range(5, len(words)), round(share * len(words))):
            words[place] = random.choice(OTHER)
        moment = f"12:{number // 60:02}:{number % 60:02}"
        rows.append(doc(moment, ROBOTS[number % len(ROBOTS)].source, " ".join(words)))
    return [*rows, clock("12:30")]


OTHER_NUMBERS = ("27", "27", "27", "27", "35", "8", "114")
FLOODS = [(0.1, OTHER_NUMBERS), (0.2, OTHER_NUMBERS), (0.2, ("27",)), (0.3, ("27",))]


def latest(outcomes: list[Outcome]) -> dict[str, Enriched]:
    """Each document as it was told last."""
    return {one.id: one for outcome in outcomes for one in outcome.told}


def origins(documents: dict[str, Enriched]) -> set[str]:
    return {one.origin_id for one in documents.values()}


@pytest.mark.parametrize(("share", "numbers"), FLOODS)
def test_what_was_told_before_its_flood_was_one_is_told_again_as_a_copy(
    share: float, numbers: tuple[str, ...]
) -> None:
    outcomes = run(flood(share, numbers))
    first = {one.id: one for outcome in outcomes for one in outcome.documents}
    documents, places = latest(outcomes), list(first)
    assert origins(documents) < origins(first)
    assert len(origins(documents)) <= 3
    folded = [one for one in revisions(outcomes) if one.revision > FOLDED]
    assert folded
    told_as = defaultdict(list)
    for one in revisions(outcomes):
        assert one.document.duplicate_of is None or one.revision == 1 or one.revision > FOLDED
        told_as[one.document.id].append(one.revision)
    assert all(told == sorted(set(told)) for told in told_as.values())
    for document in [one.document for one in folded]:
        now = documents[document.id]
        assert now.duplicate_of == now.origin_id
        assert documents[now.origin_id].duplicate_of is None
        assert places.index(now.origin_id) < places.index(now.id)
        assert now == replace(
            first[now.id],
            origin_id=now.origin_id,
            duplicate_of=now.duplicate_of,
            duplicates=now.duplicates,
        )


@pytest.mark.parametrize(("share", "numbers"), FLOODS)
def test_a_flood_counts_as_its_origins_however_it_began(
    share: float, numbers: tuple[str, ...]
) -> None:
    decider = Decider()
    documents = latest(run(flood(share, numbers), decider))
    counted = decider.state.tally("ОДКБ").sum(
        int(at("12:00").timestamp()), int(at("12:30").timestamp())
    )
    assert counted <= 2 * len(origins(documents))  # each counts for at most two


@pytest.mark.parametrize("cut", range(30, COPIES + 20, 15))
def test_a_restart_in_a_flood_gives_the_same_bytes(cut: int) -> None:
    rows = flood(0.2, OTHER_NUMBERS)
    assert restarted(rows, [cut]) == written(run(rows))


def test_an_edit_of_what_proved_a_copy_leaves_it_one() -> None:
    rows = flood(0.2, OTHER_NUMBERS)
    outcomes = run(rows)
    folded = next(one.document for one in revisions(outcomes) if one.revision > FOLDED)
    before = latest(outcomes)[folded.id]
    edit = replace(before, text="Рыбаков нашли", terms=(), version=2, seen_at=at("12:40"))
    told = revisions(run([*rows, edit, clock("13:00")]))[-1]
    assert (told.revision, told.document.version) == (1, 2)
    assert told.document.origin_id == before.origin_id


@pytest.mark.parametrize(("pause", "is_held"), [(3600, True), (3 * 3600, False)])
def test_what_is_no_longer_held_stays_what_it_was_told(pause: int, is_held: bool) -> None:
    rows = flood(0.3)
    stray, place = find_stray(rows)
    later = [delay(row, timedelta(seconds=pause)) for row in rows[place + 1 :]]
    documents = latest(
        run([*rows[: place + 1], delay(clock("11:58"), timedelta(seconds=pause)), *later])
    )
    assert (documents[stray].duplicate_of is not None) == is_held


def delay(row: Any, pause: timedelta) -> Any:
    seen = row.seen_at + pause
    return (
        replace(row, seen_at=seen)
        if isinstance(row, Clock)
        else replace(row, seen_at=seen, published_at=seen)
    )


@pytest.mark.parametrize(("room", "is_folded"), [(64, True), (0, False)])
def test_a_family_that_is_not_held_whole_is_not_told_again(
    monkeypatch: pytest.MonkeyPatch, room: int, is_folded: bool
) -> None:
    monkeypatch.setattr(originals, "FEW", room)
    rows = flood(0.3)
    stray, place = find_stray(rows)
    copy = replace(rows[place], id="z", source="rss/z")
    documents = latest(run([*rows[: place + 1], copy, *rows[place + 1 :]]))
    assert (documents[stray].duplicate_of is not None) == is_folded
    assert documents["z"].origin_id == (documents[stray].origin_id if is_folded else stray)


def test_a_deleted_copy_of_a_stray_follows_it_if_it_comes_again() -> None:
    rows = flood(0.3)
    stray, place = find_stray(rows)
    copy = replace(rows[place], id="z", source="rss/z")
    gone = replace(copy, version=2, text="", terms=(), deleted=True)
    back = replace(copy, version=3, seen_at=at("12:40"))
    outcomes = run([*rows[: place + 1], copy, gone, *rows[place + 1 :], back, clock("13:00")])
    documents = latest(outcomes)
    assert documents[stray].duplicate_of is not None
    told = revisions(outcomes)[-1].document
    assert (told.id, told.version, told.origin_id) == ("z", 3, documents[stray].origin_id)


def find_stray(rows: list[Any]) -> tuple[str, int]:
    """A document that is told again as a copy, and its place."""
    stray = next(one.document.id for one in revisions(run(rows)) if one.revision > FOLDED)
    return stray, next(n for n, row in enumerate(rows) if getattr(row, "id", "") == stray)


FLOOD = [replace_exactly(Random(seed_), SHORT, 0.1) for seed_ in range(7)]
STRAY = replace_exactly(Random(9), SHORT, 0.1)


def fill(window: Window, texts: list[str], origin: int = 0) -> list[Entry]:
    """Remember texts by as many sources as copies of one of them."""
    rows = []
    for number, text in enumerate(texts):
        one = f"{origin + number}"
        copied = None if number == 0 else f"{origin}"
        row = replace(
            entry(one),
            source=one,
            features=read(text),
            origin_id=copied or one,
            duplicate_of=copied,
        )
        window.apply(NOON + 10, row)
        rows.append(row)
    return rows


def fold(window: Window, stray: Entry, origin_id: str) -> None:
    for one in window.find_family(stray):
        window.apply(NOON + 20, replace(one, origin_id=origin_id, duplicate_of=origin_id))


@pytest.mark.parametrize("copies", range(4, 8))
def test_a_stray_is_one_beside_a_crowd(copies: int) -> None:
    window = Window()
    rows, others = fill(window, FLOOD[:copies]), fill(window, [STRAY], 100)
    assert window.find_strays(rows[-1]) == (others if copies > CROWD else [])
    assert window.find_strays(rows[0]) == []  # no copy
    assert window.find_strays(others[0]) == []
    window.apply(NOON + 20, replace(rows[0], features=b"", deleted=True))
    assert window.find_strays(rows[-1]) == []


def test_a_digest_and_what_was_told_earlier_are_no_strays() -> None:
    words = STRAY.split()
    digest = "\n".join(f"— {' '.join(words[at : at + 5])}" for at in (0, 5, 10))
    cases = [
        ("90", digest, NOON, False),
        ("90", STRAY, NOON - 10.0, False),
        ("!", STRAY, NOON, False),  # of the same second, but earlier by name
        ("90", STRAY, NOON, True),
    ]
    for name, text, moment, is_stray in cases:
        window = Window()
        window.apply(NOON + 10, replace(entry(name), features=read(text), at=moment))
        rows = fill(window, FLOOD[:6])
        assert bool(window.find_strays(rows[-1])) == is_stray


def test_a_robot_is_read_again_every_third_time() -> None:
    window = Window()
    texts = [one.replace("ночь", "ночь 27") for one in FLOOD[:6]]
    fill(window, texts)
    others = fill(window, [STRAY.replace("ночь", "ночь 35")], 100)
    found = []
    for number, text in enumerate(texts):
        row = replace(entry(f"robot{number}"), source="100", features=read(text))
        row = replace(row, origin_id="0", duplicate_of="0")
        window.apply(NOON + 10, row)
        found.append(window.find_strays(row))
    assert found == [[], [], others, [], [], others]


def test_a_copy_of_what_was_told_again_has_the_new_origin() -> None:
    window = Window()
    rows = fill(window, FLOOD)
    stray, copy = fill(window, [STRAY, f"{STRAY} спокойно и надолго"], 100)
    assert window.origin_of(copy.features, NOON) == stray.id
    fold(window, stray, rows[0].id)
    assert window.copies(stray.id) == 0
    assert window.copies(rows[0].id) == len(FLOOD) + 1
    assert window.origin_of(copy.features, NOON) == rows[0].id
    assert window.find_family(stray) == []


def ring(rows: list[Any]) -> list[Burst]:
    """What rings after two and a half quiet days."""
    wires = [*WIRES, *ROBOTS, *STRINGERS]
    past = [*seed([term("ОДКБ")], wires), *quiet(Random(0), range(60))]
    return bursts(run([*past, *rows, *quiet(Random(8), range(62, 66))]))


def rave(random: Random, pause: float = 5.0) -> list[Any]:
    """A flood with four words in ten replaced, at noon of the third day."""
    rows = []
    for number in range(100):
        words = replace_exactly(random, TEXT.format(27), 0.4)
        words = words if "[ОДКБ]" in words else f"[ОДКБ] {words}"
        row = doc("2 12:00", ROBOTS[number % len(ROBOTS)].source, words, id=f"robot/{number}")
        rows.append(delay(row, timedelta(seconds=pause * number)))
    return rows


def report(random: Random, start: float, pause: float) -> list[Any]:
    """Twenty independent reports, from `start` seconds after that noon on."""
    texts = (sentence(random, "[ОДКБ] вводит войска") for _ in STRINGERS)
    rows = [
        doc("2 12:00", one.source, text, id=one.source)
        for one, text in zip(STRINGERS, texts, strict=True)
    ]
    return [
        delay(row, timedelta(seconds=start + pause * number)) for number, row in enumerate(rows)
    ]


STRINGERS = [source(f"rss/stringer{number}", owner=f"S{number}") for number in range(20)]


def test_an_alarm_that_a_flood_set_off_is_retracted() -> None:
    rung = ring(rave(Random(3)))
    assert [one.state for one in rung] == ["opened", "retracted"]
    assert len({one.id for one in rung}) == 1


@pytest.mark.parametrize("start", [3600, 7000])
def test_a_burst_after_a_retracted_alarm_rings(start: int) -> None:
    rung = ring([*rave(Random(3)), *report(Random(5), start, 240)])
    assert [one.state for one in rung[:3]] == ["opened", "retracted", "opened"]
    assert rung[2].origins == 4
    assert rung[2].onset_at >= at("2 12:00") + timedelta(seconds=start - 60)


def test_a_burst_with_the_onset_of_a_retracted_one_goes_on_with_its_revisions() -> None:
    mixed = [*rave(Random(3), 1.0), *report(Random(5), 20, 1)]
    rung = ring(sorted(mixed, key=lambda row: row.seen_at))
    assert [one.state for one in rung] == ["opened", "retracted", "opened", "closed"]
    assert len({one.id for one in rung}) == 1
    assert [one.revision for one in rung] == [1, 2, 3, 4]


def test_of_what_is_told_again_the_newest_version_is_last() -> None:
    rows = flood(0.2, OTHER_NUMBERS)
    tick, folded = next(
        (outcome.tick, one.document)
        for outcome in run(rows)
        for one in outcome.revisions
        if one.revision > FOLDED
    )
    posts = [row for row in rows if isinstance(row, Enriched)]
    origin = next(row for row in posts if row.id == folded.origin_id)
    due = [row.seen_at.timestamp() for row in posts]
    late = [  # what showed the stray to be one was published before it, but came late
        replace(row, published_at=origin.published_at) if tick - 10 <= seen < tick else row
        for row, seen in zip(posts, due, strict=True)
    ]
    stop = sum(seen < tick for seen in due)
    gone = replace(
        folded, version=2, text="", terms=(), deleted=True, seen_at=posts[stop - 1].seen_at
    )
    outcomes = run(
        [*rows[: len(rows) - 1 - len(posts)], *late[:stop], gone, *late[stop:], rows[-1]]
    )
    told = [one for outcome in outcomes for one in outcome.told if one.id == folded.id]
    again = [one for one in revisions(outcomes) if one.document.id == folded.id]
    assert (1, FOLDED + 1) in [(one.document.version, one.revision) for one in again]
    assert told[-1].deleted


def test_the_owner_of_a_stray_adds_as_much_however_often_it_told_it() -> None:
    counts = []
    for copies in (0, 1):
        state, count = State(), {"ОДКБ": Count(NOON, 1.0)}
        fill(state.window, FLOOD)
        stray = replace(entry("100"), source="x", owner="X", features=read(STRAY), terms=count)
        copy = replace(stray, id="101", origin_id="100", duplicate_of="100")
        copy = replace(copy, terms={"ОДКБ": Count(NOON, 0.0)})
        for one in [stray, copy][: 1 + copies]:
            state.count(NOON + 10, one)
        for one in state.window.find_family(stray):
            state.count(NOON + 20, make_copy(state, one, "0"))
        counts.append(state.tally("ОДКБ").sum(NOON, NOON + 60))
    assert counts == [0.25, 0.25]
