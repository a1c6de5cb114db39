from __future__ import annotations

import json

from msgspec.structs import replace

from streams.alerts import (
    Alarm,
    Finding,
    Surroundings,
    describe,
    name_burst,
    pick_evidence,
    shares_event,
    to_messages,
)
from streams.events import Burst, First
from streams.families.entries import Entry
from streams.models import encode, from_seconds
from tests.test_counts import NOON, entry

FOUND = Finding(window=3600, observed=9.0, expected=0.5, nats=15.0, coverage=0.9, hours=400.2)
FOUND = replace(FOUND, kind="rise", score=1.234, threshold=0.6)


def told(number: int, origin: int | None = None, title: str | None = None) -> Entry:
    name = str(number)
    return replace(
        entry(name),
        at=NOON + number * 60,
        origin_id=name if origin is None else str(origin),
        owner=f"owner {number % 3}",
        title=title or f"Заголовок {number}",
        entities=(("LOC", "Казахстан"),) if number % 2 else (),
        language="ru",
    )


def alarm(term: str = "ОДКБ", **fields: object) -> Alarm:
    values: dict[str, object] = {
        "id": name_burst(term, NOON),
        "event": "e_1",
        "term": term,
        "state": "opened",
        "revision": 1,
        "onset": NOON,
        "opened": NOON + 600,
        "changed": NOON + 600,
        "finding": FOUND,
        "first": First("0", "rss/a", from_seconds(NOON)),
        "top": (1.2, 1.0),
        "peak_origins": 6,
        **fields,
    }
    return Alarm(**values)  # type: ignore[arg-type]


AROUND = Surroundings(terms=(), names={}, before={}, peak=NOON, config="c")


def burst(**fields: object) -> Burst:
    return describe(alarm(**fields), [told(n) for n in range(6)], AROUND)[0]  # type: ignore[arg-type]


def test_evidence_is_the_first_and_the_newest_of_distinct_origins() -> None:
    entries = [told(0), told(1), told(2, origin=1), told(3), told(4, origin=0), *map(told, (5, 6))]
    assert [one.id for one in pick_evidence(entries, ())] == ["0", "6", "5", "3", "2"]


def test_no_headline_comes_twice_in_the_life_of_a_burst() -> None:
    entries = [told(n) for n in range(8)]
    first, after = describe(alarm(), entries, AROUND)
    again = replace(after, state="growing", revision=2)
    second, _ = describe(again, [*entries, told(8), told(9, title="ЗАГОЛОВОК 0")], AROUND)
    shown = [one.id for one in [*first.evidence, *second.evidence]]
    assert len(shown) == len(set(shown))
    assert "8" in shown
    assert "9" not in shown


def test_the_numbers_are_those_of_the_documents() -> None:
    entries = [told(0), told(1), told(2, origin=1), told(3)]
    around = replace(
        AROUND, terms=("Казахстан",), names={("LOC", "Казахстан"): 2}, before={"neutral": 5}
    )
    written, _ = describe(alarm(), entries, around)
    assert (written.documents, written.origins, written.owners) == (4, 3, 3)
    assert written.reprint_ratio == 0.25
    assert [(one.name, one.documents) for one in written.entities] == [("Казахстан", 2)]
    assert written.terms == ("Казахстан",)
    assert (written.sentiment, written.sentiment_before) == ({"unknown": 4}, {"neutral": 5})
    assert (written.kind, written.score, written.threshold) == ("rise", 1.23, 0.6)
    assert written.languages == {"ru": 4}
    assert written.ratio == 18.0
    assert written.baseline_hours == 400


def test_the_reason_is_said_in_russian_and_in_english() -> None:
    reason = burst().reason
    assert reason.startswith("«ОДКБ»: 9 сообщений за час при обычных ")
    assert "9 in 1 h" in reason


def test_keys_stand_in_the_order_of_the_format() -> None:
    keys = list(json.loads(encode(burst())))
    assert keys[:6] == ["type", "id", "event", "revision", "term", "state"]
    assert keys[-3:] == ["foreseen", "detector", "config"]


def test_half_of_the_smaller_ones_origins_make_one_event() -> None:
    assert shares_event({"1", "2"}, {"2", "3", "4", "5"})
    assert not shares_event({"1", "2", "3"}, {"3", "4", "5", "6"})
    assert not shares_event(set(), {"1"})


def test_bursts_of_one_event_and_tick_are_one_message() -> None:
    one, two = burst(), burst(term="теракт")
    later = burst(changed=NOON + 610, revision=2, state="growing")
    other = burst(term="аэропорт", event="e_2")
    messages = to_messages([later, two, other, one])
    assert [(m.event, len(m.bursts)) for m in messages] == [("e_1", 2), ("e_2", 1), ("e_1", 1)]
    assert len({message.id for message in messages}) == 3
    assert messages == to_messages([one, other, two, later])
    body = json.loads(messages[0].body)
    assert body["event"] == "e_1"
    assert {part["term"] for part in body["bursts"]} == {"ОДКБ", "теракт"}


def test_a_burst_is_named_by_term_and_onset() -> None:
    assert name_burst("ОДКБ", NOON) == name_burst("ОДКБ", NOON)
    assert name_burst("ОДКБ", NOON) != name_burst("ОДКБ", NOON + 60)
    assert name_burst("ОДКБ", NOON) != name_burst("НАТО", NOON)
