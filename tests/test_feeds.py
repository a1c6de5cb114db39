import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.feeds import read_feed
from connectors.reading.entries import Entries, NotAPageError
from streams.models import Document, Source

NOW = datetime(2024, 11, 28, 8, tzinfo=UTC)
PUBLISHED = datetime(2024, 11, 28, 7, 28, 16, tzinfo=UTC)
HOME = "https://vestnik.example/rss.xml"
SOURCE = Source(source="rss/vestnik.example", url=HOME)

HEAD = (
    '<?xml version="1.0" encoding="{encoding}"?>\n<rss version="2.0"'
    ' xmlns:yandex="http://news.yandex.ru" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Вестник Астахани'
    "</title><link>https://vestnik.example/</link>"
)
TAIL = "</channel></rss>"
ENTRY = (
    "<item><title>Пожар в порту Астахани</title><link>/news/101?utm_source=rss</link>"
    '<guid isPermaLink="false">v-101</guid><pubDate>Thu, 28 Nov 2024 10:28:16 +0300</pubDate>'
    "<description>Горит склад; пожарные тушат огонь с воды.</description>"
    "<author>Анна Ветрова</author></item>"
)


def rss(*entries: str, encoding: str = "utf-8", channel: str = "") -> str:
    return HEAD.format(encoding=encoding) + channel + "".join(entries) + TAIL


def wrap(inside: str) -> str:
    return f"<item>{inside}</item>"


def read(page: str | bytes, charset: str | None = None, **source: Any) -> Entries:
    body = page.encode() if isinstance(page, str) else page
    return read_feed(body, charset, Source(source="rss/v", **source), HOME, NOW)


def read_one(inside: str, channel: str = "", **source: Any) -> Document:
    (document,) = read(rss(wrap(inside), channel=channel), **source).documents
    return document


def test_an_entry_becomes_a_document() -> None:
    entries = read_feed(rss(ENTRY, channel="<ttl>5</ttl>").encode(), None, SOURCE, HOME, NOW)
    assert entries.documents == (
        Document(
            id="rss/vestnik.example v-101",
            source="rss/vestnik.example",
            published_at=PUBLISHED,
            seen_at=NOW,
            title="Пожар в порту Астахани",
            text="Горит склад; пожарные тушат огонь с воды.",
            url="https://vestnik.example/news/101?utm_source=rss",
            author="Анна Ветрова",
        ),
    )
    assert (entries.title, entries.encoding, entries.ttl_seconds) == (
        "Вестник Астахани", "utf-8", 300.0,
    )  # fmt: skip


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-8", "utf-16", "cp866"])
@pytest.mark.parametrize("declared", ["windows-1251", "koi8-r", "utf-8", "utf-16", "huh"])
@pytest.mark.parametrize("header", [None, "utf-8", "windows-1251"])
def test_every_encoding_gives_the_same_documents(
    encoding: str, declared: str, header: str | None
) -> None:
    expected = read(rss(ENTRY * 3)).documents
    assert read(rss(ENTRY * 3, encoding=declared).encode(encoding), header).documents == expected


ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ru">
<title>Лента</title><id>urn:lenta</id><entry><id>urn:uuid:7</id>
<title type="html">&lt;b&gt;ОДКБ&lt;/b&gt; &amp;mdash; саммит</title>
<link rel="related" href="https://other.example/"/><link href="https://lenta.example/7#top"/>
<published>2024-11-28T10:28:16+03:00</published><updated>2024-11-28T07:40:00Z</updated>
<author><name>Пётр</name></author><summary>Коротко</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Первый.</p><p>Второй.</p></div>
</content><source><title>Горн</title><id>urn:gorn</id></source></entry></feed>"""


def test_atom_becomes_a_document() -> None:
    (document,) = read(ATOM).documents
    assert document == Document(
        id="rss/v urn:uuid:7",
        source="rss/v",
        published_at=PUBLISHED,
        seen_at=NOW,
        title="ОДКБ — саммит",
        text="Первый.\n\nВторой.",
        url="https://lenta.example/7#top",
        author="Пётр",
        origin="Горн",
        edited_at=datetime(2024, 11, 28, 7, 40, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("&lt;b&gt;Взрыв&lt;/b&gt; в порту", "Взрыв в порту"),
        ("<![CDATA[<i>Взрыв</i> &laquo;там&raquo;]]>", "Взрыв «там»"),
        ("Взрыв &amp;amp; пожар", "Взрыв & пожар"),
        ("Ставка &lt; 20 %", "Ставка < 20 %"),
        ("  много\n   места ", "много места"),
    ],
)
def test_titles_lose_their_markup(title: str, expected: str) -> None:
    assert read_one(f"<title>{title}</title>").title == expected


def test_the_longest_text_is_taken() -> None:
    inside = (
        "<title>Заголовок</title><description>Кратко.</description>"
        "<yandex:full-text>Полный текст, который длиннее.</yandex:full-text>"
        "<content:encoded><![CDATA[<p>Текст &amp; хвост</p>]]></content:encoded>"
    )
    assert read_one(inside).text == "Полный текст, который длиннее."


def test_a_text_that_repeats_the_title_is_left_out() -> None:
    document = read_one("<title>Взрыв</title><description>Взрыв</description>")
    assert (document.title, document.text) == ("Взрыв", "")


@pytest.mark.parametrize(
    ("date", "channel", "language", "expected"),
    [
        ("28.11.2024 10:28:16", "", None, PUBLISHED),
        ("28.11.2024 10:28:16", "<language>ru-RU</language>", None, PUBLISHED),
        ("28.11.2024 10:28:16", "<language>en</language>", None, PUBLISHED + timedelta(hours=3)),
        ("28.11.2024 10:28:16", "<language>en</language>", "ru", PUBLISHED),
        ("28 ноября 2024, 10:28:16", "", None, PUBLISHED),
        ("2024-11-28 07:28:16 GMT", "", None, PUBLISHED),
    ],
)
def test_a_date_without_zone_is_moscows_in_a_russian_feed(
    date: str, channel: str, language: str | None, expected: datetime
) -> None:
    inside = f"<title>Т</title><pubDate>{date}</pubDate>"
    assert read_one(inside, channel, language=language).published_at == expected


def test_the_zone_of_a_source_is_its_own_word() -> None:
    inside = "<title>Т</title><pubDate>28.11.2024 13:28:16</pubDate>"
    assert read_one(inside, zone="Asia/Omsk").published_at == PUBLISHED


@pytest.mark.parametrize("zone", ["Omsk", "../etc/passwd", "/etc", "\x00", "Asia"])
def test_a_zone_that_does_not_exist_is_said(zone: str) -> None:
    with pytest.raises(NotAPageError, match="bad_zone"):
        read(rss(ENTRY), zone=zone)


def test_dates_without_zone_are_counted() -> None:
    bare = wrap("<title>Т</title><pubDate>28.11.2024 10:28</pubDate>")
    assert read(rss(ENTRY, bare, wrap("<title>Без даты</title>"))).zoneless == 1


@pytest.mark.parametrize(
    "date",
    [
        "", "<pubDate></pubDate>", "<pubDate>скоро</pubDate>", "<pubDate>NaN</pubDate>",
        "<pubDate>Thu, 01 Jan 1970 00:00:00 +0000</pubDate>",
        "<pubDate>Mon, 30 Nov -0001 00:00:00 +0000</pubDate>",
        "<pubDate>9999-12-31T23:59:59-12:00</pubDate>",
    ],
)  # fmt: skip
def test_an_entry_without_a_usable_date_counts_when_it_was_seen(date: str) -> None:
    document = read_one(f"<title>Т</title>{date}")
    assert (document.published_at, document.undated) == (NOW, True)


def test_a_date_ahead_is_kept_for_the_journal_to_judge() -> None:
    document = read_one("<title>Т</title><pubDate>2024-11-29T00:00:00Z</pubDate>")
    assert (document.published_at, document.undated) == (datetime(2024, 11, 29, tzinfo=UTC), False)


def test_dc_date_counts_where_nothing_else_does() -> None:
    assert (
        read_one("<title>Т</title><dc:date>2024-11-28T07:28:16Z</dc:date>").published_at
        == PUBLISHED
    )


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        ("<guid>v-1</guid><link>/a</link>", "v-1"),
        ("<guid>https://V.example/a?utm_medium=x&amp;b=1#c</guid>", "https://v.example/a?b=1"),
        ("<link>/a?utm_source=rss</link>", "https://vestnik.example/a"),
        ("<pubDate>2024-11-28T07:28:16Z</pubDate>", "2024-11-28T07:28:16+00:00 Т текст"),
        ("", "Т текст"),
    ],
)
def test_an_id_is_the_guid_else_the_address_else_the_text(inside: str, name: str) -> None:
    document = read_one(f"<title>Т</title><description>текст</description>{inside}")
    assert document.id == f"rss/v {name}"


def test_a_guid_or_address_that_entries_share_names_none() -> None:
    shared = [
        wrap(f"<title>{n}</title><guid>same</guid><link>/{link}</link>")
        for n, link in (("Раз", "a"), ("Два", "b"), ("Три", "b"))
    ]
    ids = [document.id for document in read(rss(*shared)).documents]
    assert ids == ["rss/v https://vestnik.example/a", "rss/v Два", "rss/v Три"]


def test_where_a_reprint_comes_from_is_its_origin() -> None:
    inside = '<title>Т</title><source url="https://gorn.example/rss">Агентство Горн</source>'
    assert read_one(inside).origin == "Агентство Горн"


BROKEN = {
    "an unclosed item": lambda page: page.replace("</item>", "", 3),
    "a bare ampersand": lambda page: page.replace("склад;", "склад & цех;"),
    "a bare less-than": lambda page: page.replace("склад;", "склад < цеха;"),
    "an unknown entity": lambda page: page.replace("склад;", "склад&nbsp;и&hellip;"),
    "impossible references": lambda page: page.replace(
        "склад;", f"&#xD800;склад&#0;&#{'9' * 5000};&#x{'f' * 40};", 2
    ),
    "a control sign": lambda page: page.replace("склад;", "скл\x0bад\x00;"),
    "no end": lambda page: page[: -len(TAIL) - 3],
    "text before the declaration": lambda page: "\n\n  " + page,
    "junk behind": lambda page: page + "<script>x</script>",
    "an unclosed tag in a description": lambda page: page.replace("склад;", "<b>склад;"),
    "a document type": lambda page: page.replace("?>", "?><!DOCTYPE rss [<!ENTITY a 'b'>]>", 1),
    "two declarations": lambda page: '<?xml version="1.0"?>' + page,
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_feed_keeps_all_its_entries(kind: str) -> None:
    entries = [ENTRY.replace("101", str(n)) for n in range(200, 220)]
    documents = read(BROKEN[kind](rss(*entries))).documents
    assert [d.id for d in documents] == [f"rss/v v-{n}" for n in range(200, 220)]
    assert all(d.title == "Пожар в порту Астахани" for d in documents)
    assert all(d.published_at == PUBLISHED for d in documents)


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss()).documents == ()


@pytest.mark.parametrize(
    "page",
    ["", " ", "{}", "<html><body><h1>Ой</h1></body></html>", "нет", "\x00" * 100, "\x89PNG\r\n"],
)
def test_what_is_no_feed_is_said_to_be_none(page: str) -> None:
    with pytest.raises(NotAPageError, match="not_a_feed"):
        read(page)


def test_external_entities_are_not_read() -> None:
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE rss [<!ENTITY a0 "ха"><!ENTITY f SYSTEM "file:///etc/hostname">{bomb}]>'
    page = rss(wrap("<title>Т &f; &a11;</title>")).replace("?>\n", f"?>{doctype}", 1)
    start = time.process_time()
    (document,) = read(page).documents
    assert time.process_time() - start < 5
    assert len(document.title or "") < 100


@pytest.mark.parametrize("nasty", ["<!DOCTYPE [", "<!ENTITY ", "<item>", "<a ", "<![CDATA[", "]]>"])
def test_a_hostile_feed_costs_no_more_than_a_large_one(nasty: str) -> None:
    start = time.process_time()
    read(rss(ENTRY, nasty * 20_000))
    assert time.process_time() - start < 5


def test_a_feed_of_a_million_letters_passes_whole() -> None:
    document = read_one(f"<title>Т</title><description>{'слово ' * 166_667}</description>")
    assert len(document.text) == 1_000_001


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 900))
def test_no_bytes_break_the_reader(noise: bytes, place: int) -> None:
    page = rss(ENTRY, ENTRY).encode()
    try:
        read(page[:place] + noise + page[place:])
        read(noise)
    except NotAPageError:
        pass
