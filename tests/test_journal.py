from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.addresses import canonical
from streams.journal import (
    KEPT_RAW,
    LINE_LIMIT,
    TEXT_LIMIT,
    Order,
    accept,
    accept_row,
    admit,
    bury,
    seed,
)
from streams.models import (
    Clock,
    DeadLetter,
    Document,
    Heartbeat,
    Place,
    Setting,
    decode_row,
    encode,
    to_seconds,
)
from tests.rows import at, source, term

PLACE = Place(file="news.jsonl", line=7)
GOOD = {"source": "rss/a", "published_at": "2026-03-02T12:00:00Z", "text": "Сирена"}
NOON = at("12:00")


def line(**fields: object) -> bytes:
    merged = {**GOOD, **fields}
    return json.dumps({key: value for key, value in merged.items() if value != "drop"}).encode()


def accepted(raw: bytes, as_of: float | None = None) -> Document:
    document = accept(raw, PLACE, as_of, {})
    assert isinstance(document, Document), document
    return document


def refused(raw: bytes, as_of: float | None = None) -> DeadLetter:
    letter = accept(raw, PLACE, as_of, {})
    assert isinstance(letter, DeadLetter), letter
    return letter


def test_a_line_becomes_a_document() -> None:
    document = accepted(line(title="Тревога", url="https://a.example/1", author="К. П."))
    assert (document.source, document.title, document.text) == ("rss/a", "Тревога", "Сирена")
    assert document.content == "Тревога\n\nСирена"
    assert document.published_at == document.seen_at == NOON
    assert not document.undated


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"source": "rss/a", "text": NaN}', "not_json"),
        (b"\xff\xfe{}", "not_utf8"),
        (b"[]", "bad_field"),
        (line(source=5), "bad_field"),
        (line(source=""), "bad_field"),
        (line(source="drop"), "bad_field"),
        (line(published_at="drop"), "bad_field"),
        (line(published_at="yesterday"), "bad_field"),
        (line(published_at="1969-12-31T23:59:59Z"), "bad_field"),
        (line(published_at="9999-12-31T23:59:59-12:00"), "bad_field"),
        (line(version=0), "bad_field"),
        (line(text="drop"), "no_text"),
        (line(text=" \n", title=""), "no_text"),
        (line(text="я" * (TEXT_LIMIT + 1)), "too_large"),
        (line(seen_at="2026-03-02T10:59:59Z"), "future"),
        (line(deleted=True), "bad_field"),
    ],
)
def test_bad_lines_are_buried_by_name(raw: bytes, reason: str) -> None:
    letter = refused(raw)
    assert (letter.reason, letter.stage, letter.origin) == (reason, "journal", PLACE)
    assert letter.sha256 == hashlib.sha256(raw).hexdigest()
    assert letter.length == len(raw)


def test_a_line_over_a_mebibyte_is_too_large() -> None:
    raw = b" " * (LINE_LIMIT + 1)
    letter = refused(raw)
    assert letter.reason == "too_large"
    assert letter.raw == raw[:KEPT_RAW]


def test_dead_letters_keep_the_original_in_base64() -> None:
    raw = b"\x00\xff half a line"
    written = json.loads(encode(bury(raw, "not_json", "journal", PLACE)))
    assert base64.b64decode(written["raw"]) == raw
    assert written["origin"] == {"file": "news.jsonl", "line": 7}


def test_the_last_year_of_the_calendar_is_no_trouble() -> None:
    last = "9999-12-31T23:59:59Z"
    assert accepted(line(published_at=last, seen_at=last)).seen_at.year == 9999
    assert refused(line(published_at=last, seen_at=last), to_seconds(NOON)).reason == "future"


def test_one_hour_ahead_is_tolerated_and_more_is_not() -> None:
    assert accepted(line(seen_at="2026-03-02T11:00:00Z")).published_at == NOON
    assert refused(line(seen_at="2026-03-02T10:59:59.999Z")).reason == "future"


def test_nothing_is_seen_after_now() -> None:
    assert accepted(line(), to_seconds(NOON)).seen_at == NOON
    assert refused(line(), to_seconds(NOON) - 1).reason == "future"


def test_missing_times_stand_in_for_each_other() -> None:
    undated = accepted(line(published_at="drop", seen_at="2026-03-02T12:00:00Z"))
    assert (undated.published_at, undated.undated) == (NOON, True)


def test_ids_come_from_the_source_then_the_address_then_time_and_text() -> None:
    assert accepted(line(id="rss/a/1")).id == "rss/a/1"
    by_url = accepted(line(url="HTTPS://A.example:443/x?b=2&utm_source=tg&a=1#top"))
    assert by_url.id == "rss/a https://a.example/x?a=1&b=2"
    assert accepted(line(text="я" * 100)).id == "rss/a 2026-03-02T12:00:00Z " + "я" * 64


@given(st.text())
def test_canonical_addresses_are_fixed_points(url: str) -> None:
    once = canonical(f"https://a.example/{url}")
    assert canonical(once) == once


def test_a_tombstone_loses_its_text() -> None:
    gone = accepted(line(id="rss/a/1", deleted=True, title="Имя"))
    assert (gone.deleted, gone.title, gone.text) == (True, None, "")


def test_unknown_fields_are_kept_only_where_the_source_allows() -> None:
    raw = line(views=12)
    assert accepted(raw).extra is None
    allowed = accept(raw, PLACE, None, {"rss/a": source("rss/a", extra=True)})
    assert isinstance(allowed, Document)
    assert allowed.extra == {"views": 12}
    big = accept(line(views="x" * 5000), PLACE, None, {"rss/a": source("rss/a", extra=True)})
    assert isinstance(big, DeadLetter)
    assert big.reason == "too_large"


def test_enrichment_needs_only_text() -> None:
    document = accept(b'{"text": "a"}', PLACE, None, {}, "enrich")
    assert isinstance(document, Document)
    letter = accept(b'{"title": ""}', PLACE, None, {}, "enrich")
    assert isinstance(letter, DeadLetter)
    assert (letter.reason, letter.stage) == ("no_text", "enrich")


def test_other_zones_are_turned_to_utc() -> None:
    moment = accepted(line(published_at="2026-03-02T15:00:00+03:00")).published_at
    assert (moment, moment.tzinfo) == (NOON, UTC)


def test_connectors_are_held_to_the_same_rules() -> None:
    document = Document(source="rss/a", published_at=NOON, seen_at=NOON, text="Сирена")
    admitted = admit(document, None)
    assert isinstance(admitted, Document)
    assert admitted.id == "rss/a 2026-03-02T12:00:00Z Сирена"
    assert admit(document, to_seconds(NOON) - 1) == "future"
    early = Document(source="rss/a", published_at=NOON, seen_at=NOON - timedelta(hours=2), text="x")
    assert admit(early, None) == "future"


def test_rows_of_an_exported_journal_are_read_back() -> None:
    rows = [
        Heartbeat(source="rss/a", seen_at=NOON),
        Clock(seen_at=NOON),
        *seed([term("ОДКБ")], [source("rss/a", owner="А")]),
    ]
    assert [accept_row(encode(row), PLACE, None, {}) for row in rows] == rows
    late = accept_row(encode(rows[1]), PLACE, to_seconds(NOON) - 1, {})
    assert isinstance(late, DeadLetter)
    assert late.reason == "future"


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("term", '{"name":"("}'),
        ("owner", '{"x":1}'),
        ("owner", '{"owner":""}'),
        ("mute", '{"until":"friday"}'),
        ("mute", "{}"),
        ("expect", '{"until":1e300}'),
    ],
)
def test_a_setting_that_cannot_be_read_is_buried(what: str, value: str) -> None:
    raw = (
        '{"kind":"setting","seen_at":"2026-03-02T12:00:00Z","id":"1","key":"x",'
        f'"what":"{what}","value":{value}}}'
    )
    letter = accept_row(raw.encode(), PLACE, None, {})
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "bad_field"


def test_a_setting_that_names_a_bad_term_is_buried() -> None:
    raw = b'{"kind":"setting","seen_at":"2026-03-02T12:00:00Z","id":"1","what":"term","key":"x",'
    letter = accept_row(raw + b'"value":{"name":""}}', PLACE, None, {})
    assert isinstance(letter, DeadLetter)
    assert letter.reason == "bad_field"


def test_seeds_stand_before_everything_else() -> None:
    rows = seed([term("ОДКБ", case="exact")], [source("rss/a", from_=NOON)])
    assert [(row.what, row.key) for row in rows] == [("source", "rss/a"), ("term", "ОДКБ")]
    assert {row.seen_at for row in rows} == {datetime(1970, 1, 1, tzinfo=UTC)}
    again = [decode_row(encode(row)) for row in rows]
    assert again == rows
    assert isinstance(again[0], Setting)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_dead_letter(raw: bytes) -> None:
    assert isinstance(accept_row(raw, PLACE, None, {}), DeadLetter | Document)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "source": st.one_of(st.text(), st.none(), st.integers()),
            "published_at": st.one_of(st.datetimes().map(lambda one: f"{one}Z"), st.text()),
            "seen_at": st.datetimes().map(lambda one: one.isoformat() + "Z"),
            "text": st.text(),
            "title": st.one_of(st.none(), st.text()),
            "version": st.integers(),
            "deleted": st.booleans(),
        },
    )
)
def test_what_is_accepted_once_is_accepted_again_unchanged(fields: dict[str, object]) -> None:
    document = accept(json.dumps(fields).encode(), PLACE, None, {})
    if isinstance(document, Document):
        assert accept(encode(document), PLACE, None, {}) == document


@given(st.permutations(range(12)), st.integers(0, 5))
def test_order_gives_each_number_once_and_in_order(numbers: list[int], start: int) -> None:
    order: Order[int] = Order(start)
    repeated = [*numbers, *numbers[:4]]
    Random(start).shuffle(repeated)
    due = [pair for number in repeated for pair in order.push(number, number)]
    assert due == [(number, number) for number in range(start, 12)]
    assert not order.held
