"""Connectors die between their rows and their cursor: nothing that a source said is missed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pytest_httpserver import HTTPServer

from connectors.broker import Producer, read_latest, read_topic
from infra.connecting import Bookmark
from streams.models import (
    EPOCH,
    DeadLetter,
    Document,
    Heartbeat,
    Setting,
    decode_row,
    encode,
    from_seconds,
)
from streams.shell.topics import Topics
from tests.integration.engines.servers import Kafka, wait_until
from tests.integration.fleet import Fleet, run_fleet

pytestmark = pytest.mark.engine
LINES = 1_300
FEED = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>т</title>
{}</channel></rss>"""
ENTRY = """<item><guid>g{0}</guid><title>Новость {0}</title><link>http://a.example/{0}</link>
<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item>"""


@pytest.fixture
def fleet(kafka: Kafka, tmp_path: Path) -> Iterator[Fleet]:
    with run_fleet(kafka.bootstrap, Topics(f"t{secrets.token_hex(4)}", 1), tmp_path) as fleet:
        yield fleet


def read_documents(fleet: Fleet) -> list[Document]:
    rows = [decode_row(one.value or b"") for one in read(fleet, "journal")]
    return [row for row in rows if isinstance(row, Document)]


def read(fleet: Fleet, part: str) -> list[Any]:
    return list(read_topic(fleet.bootstrap, fleet.topics.name(part)))


def write_file(path: Path) -> None:
    documents = [
        Document(
            id=f"d{n}", source="a/b", published_at=EPOCH, seen_at=from_seconds(n), text=f"т{n}"
        )
        for n in range(LINES)
    ]
    lines = [encode(one) for one in documents]
    lines[700] = b"{half"
    path.write_bytes(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize("point", ["connect.after_rows:3", "connect.after_cursor:2"])
def test_a_file_is_carried_whole(fleet: Fleet, tmp_path: Path, point: str) -> None:
    path = tmp_path / "news.jsonl"
    write_file(path)
    carrier = fleet.add("connect", "files", str(path), fail_at=point)
    assert wait_until(carrier.is_done, 60)
    assert carrier.deaths == [137]
    seen = list(dict.fromkeys(one.id for one in read_documents(fleet)))
    assert seen == [f"d{n}" for n in range(LINES) if n != 700]
    letters = [
        msgspec.json.decode(one.value, type=DeadLetter) for one in read(fleet, "deadletters")
    ]
    assert {(one.reason, one.origin.line) for one in letters} == {("not_json", 701)}
    cursors = read_latest(fleet.bootstrap, fleet.topics.name("offsets"))
    stored = msgspec.json.decode(cursors[f"file/{path}".encode()], type=Bookmark)
    assert stored.lines == LINES


def test_a_feed_is_carried_whole_and_sources_come_while_it_runs(
    fleet: Fleet, httpserver: HTTPServer
) -> None:
    entries = "".join(ENTRY.format(n) for n in range(20))
    httpserver.expect_request("/feed").respond_with_data(
        FEED.format(entries), content_type="text/xml"
    )
    httpserver.expect_request("/late").respond_with_data(FEED.format(ENTRY.format(99)))
    fleet.environment |= {"NABAT_WEB__ALLOW_LOOPBACK": "true", "NABAT_WEB__SPACING_SECONDS": "0"}
    add_source(fleet, "rss/first", httpserver.url_for("/feed"))
    for name in ("dispatch", "enrich"):
        fleet.add(name)
    carrier = fleet.add("connect", "rss", fail_at="connect.after_rows:2")
    assert wait_until(lambda: len({one.id for one in read_documents(fleet)}) == 20, 60)
    add_source(fleet, "rss/late", httpserver.url_for("/late"))
    assert wait_until(lambda: "rss/late" in {one.source for one in read_documents(fleet)}, 60)
    assert carrier.deaths == [137]
    beats = [decode_row(one.value) for one in read(fleet, "journal")]
    assert {"rss/first", "rss/late"} <= {one.source for one in beats if isinstance(one, Heartbeat)}


def add_source(fleet: Fleet, name: str, url: str) -> None:
    value = {"source": name, "url": url, "interval_seconds": 5.0}
    row = Setting(seen_at=EPOCH, id=name, what="source", key=name, value=value)
    producer = Producer(fleet.bootstrap)
    producer.send(fleet.topics.name("journal"), name.encode(), encode(row))
    producer.close()
