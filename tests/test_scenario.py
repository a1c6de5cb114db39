"""The shipped scenario: the same seed gives the same bytes, and every hazard is in it."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from msgspec import Struct

from infra.stage.newsroom import read_outlets, read_texts, write_posts
from infra.stage.scenario import Quiet, Scenario, build_scenario
from streams.journal import accept_row
from streams.models import Clock, DeadLetter, Document, Heartbeat, Place, to_seconds

# The stems of the watched terms, by hand: what a plain search finds (and sometimes should not).
STEMS = {
    "ОДКБ": "одкб",
    "теракт": r"\bтеракт",
    "аэропорт": "аэропорт",
    "эвакуация": "эвакуаци",
    "Верхнереченск": "верхнереченск",
    "Карамышев": "карамышев",
    "Министерство обороны": r"министерств\w* обороны",
    "топливо": r"\bтоплив",
    "паводок": r"\bпавод(ок|к)",
    "выборы": r"\bвыбор",
    "санкции": "санкци",
    "землетрясение": "землетрясен",
    "протест": r"\bпротест(\b|а\b|у\b|ом\b|ы\b|ах\b)",
}


@cache
def scenario() -> Scenario:
    return build_scenario()


@cache
def rows() -> list[Struct]:
    as_of = to_seconds(scenario().ends_at)
    return [accept_row(line, Place(), as_of, {}) for line in scenario().lines]


def documents() -> list[Document]:
    return [row for row in rows() if isinstance(row, Document)]


def letters() -> list[DeadLetter]:
    return [row for row in rows() if isinstance(row, DeadLetter)]


def quiet(hazard: str) -> Quiet:
    return next(one for one in scenario().truth.quiet if one.hazard == hazard)


def mentioning(term: str) -> list[Document]:
    return [one for one in documents() if re.search(STEMS[term], one.content.lower())]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert build_scenario(7) == build_scenario(7)


def test_another_seed_gives_other_documents_in_the_same_number() -> None:
    first, other = write_posts(1), write_posts(2)
    assert first != other
    assert Counter(post.story for post in first) == Counter(post.story for post in other)


def test_the_size_is_as_promised() -> None:
    assert 1300 <= len(documents()) <= 1700
    assert sum(map(len, scenario().lines)) < 10 << 20


def test_rows_stand_in_order_of_arrival_and_end_with_the_scenario() -> None:
    times = [row.seen_at for row in rows() if isinstance(row, Document | Heartbeat | Clock)]
    assert times == sorted(times)
    assert times[-1] < scenario().ends_at
    assert times[-1] - times[0] > timedelta(hours=71)


def test_every_broken_line_is_buried_under_its_reason() -> None:
    assert Counter(letter.reason for letter in letters()) == {
        "not_utf8": 1,  # bytes of a picture
        "not_json": 3,  # cut in the middle, NaN, a page of HTML
        "bad_field": 3,  # a number for a text, a version below 1, a date in words
        "no_text": 1,
        "too_large": 2,  # a text, a line
        "future": 5,  # the year 9999, and four dates hours or years ahead
    }


def test_a_date_a_little_ahead_is_let_in_and_a_missing_one_is_flagged() -> None:
    assert [one for one in documents() if one.published_at > one.seen_at]
    assert len([one for one in documents() if one.undated]) == len(
        read_texts("hazards")["undated"]["at"]
    )


def test_edits_and_tombstones_repeat_a_known_id_with_a_higher_version() -> None:
    later = [one for one in documents() if one.version > 1]
    first = {one.id: one for one in documents() if one.version == 1}
    assert len([one for one in later if not one.deleted]) == len(
        read_texts("hazards")["edits"]["at"]
    )
    assert len([one for one in later if one.deleted]) == quiet("retracted_claim").documents
    assert all(first[one.id].seen_at < one.seen_at for one in later)


def test_ids_are_unique_but_for_later_versions() -> None:
    assert not [key for key, n in Counter((d.id, d.version) for d in documents()).items() if n > 1]


def test_the_first_day_and_a_half_hold_no_event() -> None:
    assert min(event["at"] for event in read_texts("events")["events"] if "expected" in event) >= 36


@pytest.mark.parametrize("term", STEMS)
def test_every_term_is_heard_at_a_low_rate_on_ordinary_days(term: str) -> None:
    stop = scenario().ends_at - timedelta(hours=72 - 31)
    early = [
        one
        for one in mentioning(term)
        if one.seen_at < stop and one.published_at > one.seen_at - timedelta(hours=2)
    ]
    assert 3 <= len(early) <= 31


def test_the_watched_terms_are_the_ones_of_the_background() -> None:
    names = [json.loads(line)["name"] for line in scenario().terms.splitlines()]
    assert names == list(STEMS) == list(read_texts("background")["terms"])


def test_ordinary_texts_hold_no_watched_term() -> None:
    plain = "\n".join(read_texts("background")["plain"]).lower()
    assert not [term for term, stem in STEMS.items() if re.search(stem, plain)]


def test_bursts_have_many_owners_and_their_term() -> None:
    for burst in scenario().truth.bursts:
        if burst.required:
            inside = [
                one for one in mentioning(burst.term) if burst.from_ <= one.published_at <= burst.to
            ]
            outlets = read_outlets()
            owners = {outlets[one.source].owner or one.source for one in inside}
            assert len(inside) >= 30
            assert len(owners) >= 8


def test_the_flood_has_hundreds_of_wordings_and_one_owner() -> None:
    span = quiet("flood")
    flood = [
        one
        for one in mentioning("Карамышев")
        if span.from_ <= one.published_at <= span.to and one.source.startswith("telegram/gromko")
    ]
    assert len(flood) == span.documents == 320
    assert len({one.text for one in flood}) > 250
    assert {read_outlets()[one.source].owner for one in flood} == {"Сеть «Громко»"}


def test_the_outage_ends_with_a_backlog() -> None:
    outage = read_texts("hazards")["outage"]
    beats = [row for row in rows() if isinstance(row, Heartbeat) and row.source == outage["source"]]
    assert {beat.status for beat in beats} == {"ok", "timeout"}
    late = [
        one
        for one in documents()
        if one.version == 1
        and one.source == outage["source"]
        and one.seen_at - one.published_at > timedelta(minutes=30)
    ]
    assert len(late) >= quiet("outage").documents
    assert len({one.seen_at for one in late}) == 1


def test_the_back_fill_is_old_and_arrives_at_once() -> None:
    old = [d for d in documents() if d.seen_at - d.published_at > timedelta(days=1)]
    assert len(old) >= 50
    assert len({one.seen_at for one in old}) == 1


def test_reprints_change_little() -> None:
    copies = [one for one in documents() if "зерновых трейдеров" in one.content.lower()]
    assert len(copies) == quiet("reprints").documents
    assert 4 <= len({one.content for one in copies}) <= 16


def test_the_look_alikes_never_hold_the_term() -> None:
    event = next(e for e in read_texts("events")["events"] if e["name"] == "museum")
    texts = "\n".join(event["texts"]).lower()
    assert "теракт" in texts
    assert not re.search(STEMS["теракт"], texts)


def test_the_sources_file_names_owners_and_groups(tmp_path: Path) -> None:
    scenario().write(tmp_path)
    with (tmp_path / "sources.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert {one["group"] for one in table} == {"wires", "telegram", "regional"}
    owners = Counter(one["owner"] for one in table if one["owner"])
    assert owners == {"Холдинг «Север»": 2, "Медиагруппа «Континент»": 2, "Сеть «Громко»": 8}


def test_it_is_written_as_files_that_replay_reads(tmp_path: Path) -> None:
    scenario().write(tmp_path / "new")
    lines = (tmp_path / "new/scenario.jsonl").read_bytes().split(b"\n")
    assert tuple(lines[:-1]) == scenario().lines
    assert json.loads((tmp_path / "new/truth.json").read_text("utf-8"))["bursts"]


def test_files_of_somebody_else_are_not_written_over(tmp_path: Path) -> None:
    scenario().write(tmp_path)
    scenario().write(tmp_path)  # its own are
    (tmp_path / "terms.jsonl").write_text('{"name":"мой"}\n', "utf-8")
    (tmp_path / "scenario.jsonl").unlink()
    with pytest.raises(FileExistsError, match="something else"):
        scenario().write(tmp_path)
    assert (tmp_path / "terms.jsonl").read_text("utf-8") == '{"name":"мой"}\n'
    assert not (tmp_path / "scenario.jsonl").exists()
