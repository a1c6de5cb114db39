from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.reading.looks import Cursor, Polled, decode_cursor, is_polled, poll_source, probe
from connectors.web import Page, Validators
from streams.models import Document, Heartbeat, Row, Source, encode

ASKED = datetime(2024, 11, 28, 8, 0, 0, tzinfo=UTC)
SEEN = ASKED + timedelta(seconds=1)
FEED = Source(source="rss/v", url="https://v.example/rss")
CHANNEL = Source(source="telegram/gorn")


def feed(*entries: str) -> bytes:
    body = f"<channel><title>В</title>{''.join(entries)}</channel>"
    return f"<rss version='2.0'>{body}</rss>".encode()


def entry(number: int, text: str = "Пожар", date: str = "2024-11-28T07:00:00Z") -> str:
    return (
        f"<item><guid>{number}</guid><title>Сводка {number}</title>"
        f"<description>{text}</description><pubDate>{date}</pubDate></item>"
    )


def channel(*numbers: int, text: str = "Пожар") -> bytes:
    posts = "".join(
        f'<div class="tgme_widget_message" data-post="gorn/{n}">'
        f'<div class="tgme_widget_message_text js-message_text">{text} {n}</div>'
        f'<a class="tgme_widget_message_date">'
        f'<time datetime="2024-11-28T07:00:00+00:00"></time></a></div>'
        for n in numbers
    )
    return f'<html><div class="tgme_channel_info"></div>{posts}</html>'.encode()


class Server:
    """Answers from a table of addresses, and remembers what it was asked."""

    def __init__(self, pages: dict[str, bytes | str], **fields: Any) -> None:
        self.pages = pages
        self.fields = fields
        self.asked: list[tuple[str, Validators]] = []
        self.is_slow = False

    async def fetch(self, url: str, validators: Validators) -> Page:
        self.asked.append((url, validators))
        answer = self.pages.get(url, "http_404")
        late = timedelta(seconds=10 if self.is_slow and "before" in url else 0)
        page = Page(url=url, asked_at=ASKED, seen_at=SEEN + late, status="ok", **self.fields)
        if isinstance(answer, str):
            return replace(page, status=answer, validators=Validators())
        return replace(page, body=answer)


async def look(server: Server, source: Source = FEED, cursor: Cursor | None = None) -> Polled:
    return await poll_source(source, cursor, server.fetch)


def documents(rows: tuple[Row, ...]) -> list[tuple[str, int]]:
    return [(row.id, row.version) for row in rows if isinstance(row, Document)]


def beat(polled: Polled) -> Heartbeat:
    row = polled.rows[-1]
    assert isinstance(row, Heartbeat)
    return row


async def test_a_first_look_gives_everything_oldest_first_then_the_heartbeat() -> None:
    late = entry(1, date="2024-11-28T07:30:00Z")
    polled = await look(Server({"https://v.example/rss": feed(late, entry(2))}))
    assert documents(polled.rows) == [("rss/v 2", 1), ("rss/v 1", 1)]
    assert beat(polled) == Heartbeat(
        source="rss/v", seen_at=SEEN, complete_to=ASKED, interval_seconds=60.0, status="ok"
    )
    assert polled.must_store


async def test_a_second_look_gives_what_changed() -> None:
    server = Server({"https://v.example/rss": feed(entry(1), entry(2))})
    first = await look(server)
    server.pages["https://v.example/rss"] = feed(entry(3), entry(2, "Потушен"), entry(1))
    second = await look(server, cursor=first.cursor)
    assert documents(second.rows) == [("rss/v 3", 1), ("rss/v 2", 2)]


async def test_a_page_in_a_cache_is_complete_to_when_it_was_put_there() -> None:
    polled = await look(Server({"https://v.example/rss": feed(entry(1))}, age_seconds=40.0))
    assert beat(polled).complete_to == ASKED - timedelta(seconds=40)


async def test_the_same_bytes_are_not_read_again() -> None:
    server = Server({"https://v.example/rss": feed(entry(1))})
    first = await look(server)
    forgetful = replace(first.cursor, known={})
    second = await look(server, cursor=forgetful)
    assert (documents(second.rows), second.must_store) == ([], False)
    assert beat(second).complete_to == ASKED
    assert second.cursor == forgetful


async def test_validators_are_sent_back_and_unchanged_is_good() -> None:
    server = Server({"https://v.example/rss": feed(entry(1))}, validators=Validators('"1"', "x"))
    first = await look(server)
    server.pages["https://v.example/rss"] = "unchanged"
    second = await look(server, cursor=first.cursor)
    assert server.asked[1] == ("https://v.example/rss", Validators('"1"', "x"))
    assert (beat(second).status, beat(second).complete_to) == ("ok", ASKED)
    assert second.cursor == first.cursor


async def test_validators_are_not_sent_to_another_address() -> None:
    server = Server({"https://v.example/rss": feed(entry(1))}, validators=Validators('"1"'))
    cursor = (await look(server)).cursor
    server.pages["https://new.example/rss"] = feed(entry(1), entry(2))
    moved = await look(server, replace(FEED, url="https://new.example/rss"), cursor)
    assert server.asked[1] == ("https://new.example/rss", Validators())
    assert documents(moved.rows) == [("rss/v 2", 1)]


async def test_validators_that_lie_are_not_sent_again() -> None:
    server = Server({"https://v.example/rss": feed(entry(1))}, validators=Validators('"1"'))
    cursor = (await look(server)).cursor
    server.pages["https://v.example/rss"] = feed(entry(1), entry(2))
    full = await poll_source(FEED, cursor, server.fetch, is_full=True)
    assert server.asked[1][1] == Validators()
    assert documents(full.rows) == [("rss/v 2", 1)]
    assert full.cursor.is_doubted
    await look(server, cursor=full.cursor)
    assert server.asked[2][1] == Validators()


@pytest.mark.parametrize("status", ["timeout", "http_500", "dns", "blocked", "private_address"])
async def test_a_failure_is_a_heartbeat_that_says_so(status: str) -> None:
    server = Server({"https://v.example/rss": feed(entry(1))})
    cursor = (await look(server)).cursor
    server.pages["https://v.example/rss"] = status
    polled = await look(server, cursor=cursor)
    assert polled.rows == (
        Heartbeat(source="rss/v", seen_at=SEEN, complete_to=None, status=status),
    )
    assert (polled.cursor, polled.must_store, polled.status) == (cursor, False, status)


async def test_a_page_that_is_no_feed_is_a_failure_that_keeps_no_validators() -> None:
    server = Server({"https://v.example/rss": b"<html>Oops</html>"}, validators=Validators('"9"'))
    polled = await look(server)
    assert (polled.status, polled.cursor.validators) == ("not_a_feed", Validators())
    assert polled.cursor.body == ""


async def test_an_empty_feed_is_no_failure() -> None:
    polled = await look(Server({"https://v.example/rss": feed()}))
    assert (polled.status, beat(polled).complete_to) == ("ok", ASKED)


async def test_a_page_without_anything_known_means_that_some_were_missed() -> None:
    server = Server({"https://v.example/rss": feed(*map(entry, range(5)))})
    first = await look(server)
    server.pages["https://v.example/rss"] = feed(*map(entry, range(100, 105)))
    second = await look(server, cursor=first.cursor)
    assert (first.has_gap, second.has_gap) == (False, True)
    assert (beat(second).status, beat(second).complete_to) == ("ok", None)


async def test_bad_entries_are_dead_letters_and_the_rest_flows() -> None:
    ahead = entry(1, date="2034-01-01T00:00:00Z")
    page = feed(ahead, entry(2, "x" * 200_001), entry(3), "<item><guid>4</guid></item>")
    polled = await look(Server({"https://v.example/rss": page}))
    assert documents(polled.rows) == [("rss/v 3", 1)]
    assert [letter.reason for letter in polled.letters] == ["future", "too_large", "no_text"]
    assert {letter.origin.file for letter in polled.letters} == {"https://v.example/rss"}


@pytest.mark.parametrize("source", ["telegram/Горн", "telegram/", "rss/x"])
async def test_a_source_without_an_address_fails_as_such(source: str) -> None:
    server = Server({"": "bad_url"})
    assert (await look(server, Source(source=source))).status == "bad_url"


GORN = "https://t.me/s/gorn"


async def test_a_channel_is_read_from_its_preview() -> None:
    polled = await look(Server({GORN: channel(1, 2)}), CHANNEL)
    assert documents(polled.rows) == [("telegram/gorn/1", 1), ("telegram/gorn/2", 1)]
    assert polled.cursor.reached == 2


async def test_a_channel_that_ran_ahead_is_read_back_to_where_it_was_left() -> None:
    server = Server({GORN: channel(1, 2)})
    first = await look(server, CHANNEL)
    server.pages = {
        GORN: channel(9, 10),
        f"{GORN}?before=9": channel(6, 8),
        f"{GORN}?before=6": channel(2, 3, 5),
    }
    server.is_slow = True
    second = await look(server, CHANNEL, first.cursor)
    numbers = [int(name.rpartition("/")[2]) for name, _ in documents(second.rows)]
    assert numbers == [3, 5, 6, 8, 9, 10]
    assert {row.seen_at for row in second.rows if isinstance(row, Document)} == {SEEN}
    assert (second.has_gap, second.cursor.reached) == (False, 10)


async def test_a_channel_that_ran_too_far_has_a_gap() -> None:
    pages: dict[str, bytes | str] = {GORN: channel(1)}
    server = Server(pages)
    first = await look(server, CHANNEL)
    pages[GORN] = channel(1000)
    pages |= {f"{GORN}?before={n}": channel(n - 1) for n in range(900, 1001)}
    second = await look(server, CHANNEL, first.cursor)
    assert (second.has_gap, beat(second).complete_to) == (True, None)
    assert len(server.asked) == 12


async def test_a_channel_whose_older_pages_fail_has_a_gap() -> None:
    server = Server({GORN: channel(1)})
    first = await look(server, CHANNEL)
    server.pages[GORN] = channel(9)
    second = await look(server, CHANNEL, first.cursor)
    assert (documents(second.rows), second.has_gap) == ([("telegram/gorn/9", 1)], True)


async def test_a_deleted_post_becomes_a_tombstone_at_last() -> None:
    server = Server({GORN: channel(1, 2, 3, 4)})
    cursor = (await look(server, CHANNEL)).cursor
    server.pages[GORN] = channel(1, 3, 4)
    found = []
    for minutes in (0, 8, 16, 24):
        polled = await poll_source(CHANNEL, cursor, shift(server, timedelta(minutes=minutes)))
        cursor = polled.cursor
        found.append(documents(polled.rows))
    assert found == [[], [], [("telegram/gorn/2", 2)], []]


def shift(server: Server, by: timedelta) -> Callable[..., Any]:
    async def fetch(url: str, validators: Validators) -> Page:
        page = await server.fetch(url, validators)
        return replace(page, seen_at=page.seen_at + by, body=page.body + str(by).encode())

    return fetch


async def test_a_cursor_survives_being_stored() -> None:
    server = Server({GORN: channel(1, 2, 3, 4)})
    cursor = (await look(server, CHANNEL)).cursor
    server.pages[GORN] = channel(1, 2, 4)
    cursor = (await look(server, CHANNEL, cursor)).cursor
    assert cursor.missing
    assert decode_cursor(encode(cursor)) == cursor


async def test_a_probe_says_what_is_there() -> None:
    entries = [
        entry(1, date="28.11.2024 10:00"),
        entry(2, date="2024-11-28T08:30:00Z"),
        entry(3, date="2034-01-01T00:00:00Z"),
        "<item><title>Без даты</title></item>",
    ]
    page = feed(*entries).decode().encode("cp1251")
    found = await probe(FEED, Server({"https://v.example/rss": page}).fetch)
    assert (found.status, found.title, found.encoding) == ("ok", "В", "cp1251")
    assert (found.entries, found.undated, found.zoneless, found.future) == (4, 1, 1, 2)
    assert found.newest_at == datetime(2034, 1, 1, tzinfo=UTC)
    assert found.refused == {"future": 1}
    assert found.seconds == 1.0


@pytest.mark.parametrize(
    ("answer", "status"), [("http_403", "http_403"), (b"<html>", "not_a_feed")]
)
async def test_a_probe_says_why_not(answer: bytes | str, status: str) -> None:
    found = await probe(FEED, Server({"https://v.example/rss": answer}).fetch)
    assert (found.status, found.entries) == (status, 0)


def test_only_sources_with_an_address_are_polled() -> None:
    assert is_polled(FEED)
    assert is_polled(CHANNEL)
    assert not is_polled(Source(source="rss/archive"))
