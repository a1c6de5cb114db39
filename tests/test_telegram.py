import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.reading.entries import Entries, NotAPageError
from connectors.telegram import read_channel, to_address
from streams.models import Document, Source

NOW = datetime(2024, 11, 28, 9, tzinfo=UTC)
AT = "2024-11-28T07:28:16+00:00"
SOURCE = Source(source="telegram/astahan_gorn")
URL = "https://t.me/s/astahan_gorn"


def text(words: str) -> str:
    return f'<div class="tgme_widget_message_text js-message_text" dir="auto">{words}</div>'


def post(number: int, inside: str, *, at: str = AT, kind: str = "", meta: str = "") -> str:
    return f"""
<div class="tgme_widget_message_wrap js-widget_message_wrap">
 <div class="tgme_widget_message text_not_supported_wrap {kind} js-widget_message"
      data-post="astahan_gorn/{number}" data-view="eyJjIjotMX0">
  <div class="tgme_widget_message_user"><a href="https://t.me/astahan_gorn"><i></i></a></div>
  <div class="tgme_widget_message_bubble">
   <div class="tgme_widget_message_author"><a class="tgme_widget_message_owner_name"
     href="https://t.me/astahan_gorn"><span dir="auto">Горн Астахани</span></a></div>
   {inside}
   <div class="tgme_widget_message_footer js-message_footer">
    <span class="tgme_widget_message_views">4.02K</span>
    <span class="tgme_widget_message_meta">{meta}<a class="tgme_widget_message_date"
      href="https://t.me/astahan_gorn/{number}"><time datetime="{at}" class="time">07:28</time></a>
    </span></div></div></div></div>"""


def page(*posts: str) -> bytes:
    return f"""<!DOCTYPE html><html><head><meta property="og:title" content="Горн"></head>
<body class="widget_frame_base"><div class="tgme_channel_info">
<div class="tgme_channel_info_header_title"><span dir="auto">Горн Астахани 📯</span></div></div>
<main class="tgme_main"><section class="tgme_channel_history js-message_history">
{"".join(posts)}</section></main></body></html>""".encode()


def read(*posts: str) -> Entries:
    return read_channel(page(*posts), "utf-8", SOURCE, URL, NOW)


def read_one(inside: str) -> Document:
    (document,) = read(post(7, inside)).documents
    return document


def test_a_post_becomes_a_document() -> None:
    entries = read(post(101, text("Пожар в порту.<br/><br/>Горит <b>склад</b> &amp; цех")))
    assert entries.documents == (
        Document(
            id="telegram/astahan_gorn/101",
            source="telegram/astahan_gorn",
            published_at=datetime(2024, 11, 28, 7, 28, 16, tzinfo=UTC),
            seen_at=NOW,
            text="Пожар в порту.\n\nГорит склад & цех",
            url="https://t.me/astahan_gorn/101",
        ),
    )
    assert (entries.title, *entries.numbers) == ("Горн Астахани 📯", 101)


def test_a_forward_names_its_origin() -> None:
    inside = (
        '<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from '
        '<a class="tgme_widget_message_forwarded_from_name" href="https://t.me/port_dispatch/55">'
        '<span dir="auto">Порт</span></a></div>' + text("Пожар")
    )
    assert read_one(inside).origin == "telegram/port_dispatch/55"


def test_a_forward_from_a_hidden_place_keeps_the_name() -> None:
    name = '<span class="tgme_widget_message_forwarded_from_name">Очевидец &amp; Ко</span>'
    assert read_one(name + text("Пожар")).origin == "Очевидец & Ко"


def test_the_quote_of_a_reply_is_not_the_post() -> None:
    reply = (
        '<a class="tgme_widget_message_reply" href="https://t.me/astahan_gorn/6">'
        '<div class="tgme_widget_message_text js-message_reply_text">ЦИТАТА</div></a>'
    )
    assert read_one(reply + text("Ответ")).text == "Ответ"
    assert read(post(8, reply)).documents == ()


def test_emoji_keep_their_signs() -> None:
    emoji = (
        '<tg-emoji emoji-id="1"><i class="emoji" style="background-image:url(x)">'
        "<b>🔥</b></i></tg-emoji>"
    )
    assert read_one(text(f"{emoji} Пожар")).text == "🔥 Пожар"


def test_the_length_of_a_video_is_not_the_time_of_the_post() -> None:
    video = '<time datetime="2001-01-01T00:00:00Z" class="message_video_duration">0:29</time>'
    assert read_one(video + text("Видео")).published_at.year == 2024


def test_a_link_preview_is_not_the_post() -> None:
    preview = (
        '<a class="tgme_widget_message_link_preview" href="https://x.example/">'
        '<div class="link_preview_title">Чужое</div></a>'
    )
    assert read_one(text("Своё") + preview).text == "Своё"


def test_a_body_inside_a_body_is_read_once() -> None:
    assert read_one(text(text("Подпись<br>под снимком"))).text == "Подпись\nпод снимком"


def test_a_poll_is_its_question() -> None:
    poll = '<div class="tgme_widget_message_poll_question">Кто тушит?</div>'
    assert read_one(poll).text == "Кто тушит?"


def test_the_signature_is_the_author() -> None:
    inside = text("Пожар") + '<span class="tgme_widget_message_from_author">А. Ветрова</span>'
    assert read_one(inside).author == "А. Ветрова"


def test_posts_without_words_are_accounted_for() -> None:
    photo = '<a class="tgme_widget_message_photo_wrap" href="https://t.me/astahan_gorn/2"></a>'
    service = post(3, text("Channel photo updated"), kind="service_message")
    entries = read(post(1, text("Раз")), post(2, photo), service, post(4, text("Два")))
    assert [document.text for document in entries.documents] == ["Раз", "Два"]
    assert entries.numbers == {1, 2, 3, 4}


def test_an_album_is_one_document_and_several_numbers() -> None:
    parts = "".join(
        f'<a class="tgme_widget_message_photo_wrap" href="https://t.me/astahan_gorn/{n}?single"></a>'
        for n in (11, 12, 13)
    )
    album = f'<div class="tgme_widget_message_grouped_wrap js-message_grouped_wrap">{parts}</div>'
    entries = read(post(11, album + text("Три снимка")))
    assert [document.id for document in entries.documents] == ["telegram/astahan_gorn/11"]
    assert entries.numbers == {11, 12, 13}


def test_the_mark_of_an_edit_changes_nothing_that_is_kept() -> None:
    plain, edited = (read(post(1, text("Пожар"), meta=m)) for m in ("", "edited &nbsp;"))
    assert plain.documents == edited.documents


def test_a_post_without_a_time_counts_when_it_was_seen() -> None:
    (document,) = read(post(1, text("Пожар"), at="?")).documents
    assert (document.published_at, document.undated) == (NOW, True)


@pytest.mark.parametrize("noise", ["astahan_gorn", "x/y", "/", "a/1/2", "a/" + "9" * 400, "а/1"])
def test_a_post_without_a_number_is_passed_over(noise: str) -> None:
    odd = post(1, text("Странно")).replace("astahan_gorn/1", noise, 1)
    assert [d.text for d in read(odd, post(2, text("Раз"))).documents] == ["Раз"]


@pytest.mark.parametrize(
    ("body", "url"),
    [
        (page(post(1, text("Раз"))), "https://t.me/astahan_gorn"),
        (b"<html><title>Telegram: Contact @astahan_gorn</title></html>", URL),
        (b"", URL),
        (b"\x89PNG\r\n\x1a\n\x00\xff", URL),
        (b'{"ok": false}', URL),
    ],
)
def test_a_channel_without_a_preview_is_said_to_have_none(body: bytes, url: str) -> None:
    with pytest.raises(NotAPageError, match="no_preview"):
        read_channel(body, None, SOURCE, url, NOW)


def test_a_channel_without_posts_is_a_channel() -> None:
    assert read().documents == ()


@pytest.mark.parametrize(
    ("source", "url", "address"),
    [
        ("telegram/astahan_gorn", None, "https://t.me/s/astahan_gorn"),
        ("telegram/@astahan_gorn", None, "https://t.me/s/astahan_gorn"),
        ("telegram/Горн", "https://t.me/astahan_gorn", "https://t.me/s/astahan_gorn"),
        ("telegram/Горн", "https://t.me/s/astahan_gorn/", "https://t.me/s/astahan_gorn"),
        ("telegram/Горн", "http://127.0.0.1:9/s/gorn", "http://127.0.0.1:9/s/gorn"),
    ],
)
def test_the_address_is_that_of_the_preview(source: str, url: str | None, address: str) -> None:
    assert to_address(Source(source=source, url=url)) == address


@pytest.mark.parametrize(
    "channel", ["Горн", "a", "1abc", "", "a?b=c#d", "../etc", "astahan_gorn/7", "x" * 99]
)
def test_what_cannot_be_a_channel_is_refused(channel: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a public channel"):
        to_address(Source(source=f"telegram/{channel}"))


@settings(deadline=None)
@given(st.binary(max_size=120), st.integers(0, 2500))
def test_no_bytes_break_the_reader(noise: bytes, place: int) -> None:
    whole = page(post(1, text("Раз")), post(2, text("Два")))
    with contextlib.suppress(NotAPageError):
        read_channel(whole[:place] + noise + whole[place:], None, SOURCE, URL, NOW)
