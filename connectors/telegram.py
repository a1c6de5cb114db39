"""Telegram's public preview of a channel, `t.me/s/<channel>`: HTML to documents.

The preview needs no account and has no feed of edits: a look shows about 20 posts, and edits and
deletions show as differences between looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.dates import read_date
from connectors.encodings import to_text
from connectors.reading.entries import Entries, NotAPageError
from connectors.reading.markup import to_line, to_plain
from streams.models import Document, Source

PREVIEW = "https://t.me/s/"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,63}")

_POST = re.compile(r"[A-Za-z0-9_]{1,64}/(\d{1,18})")
_MEMBER = re.compile(r"/(\d{1,18})\?(?:[^#]*&)?single\b")  # the parts of an album
_ORIGIN = re.compile(r"https?://t(?:elegram)?\.me/(?:s/)?([A-Za-z0-9_]+(?:/\d+)?)")
_TEXTS = (
    ".js-message_text",  # a quoted post has js-message_reply_text instead
    ".tgme_widget_message_text:not(.js-message_reply_text)",
    ".tgme_widget_message_poll_question",
)


def to_address(source: Source) -> str:
    """Give the preview's address of `telegram/<channel>`, or of the channel that its url names.

    Raises ValueError if neither can be the name of a public channel.
    """
    address = (source.url or "").rstrip("/")
    name = (address.rpartition("/") if address else source.source.partition("/"))[2].lstrip("@")
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a public channel")
    # another host may stand in for t.me if its address has the form of a preview
    return address if address.endswith(f"/s/{name}") else PREVIEW + name


def read_channel(
    body: bytes, charset: str | None, source: Source, url: str, seen_at: datetime
) -> Entries:
    """Read a preview page; raises NotAPageError if it shows no channel.

    Posts without words (a photo, a service message) are no documents, but the page accounts for
    their numbers. `url` is where the page came from: a channel without a preview leads elsewhere.
    """
    decoded = to_text(body, charset)
    tree = LexborHTMLParser(decoded.text)
    if "/s/" not in url or not tree.css_first(".tgme_channel_info, .tgme_channel_history"):
        raise NotAPageError("no_preview")
    documents, numbers = [], set()
    for post in tree.css(".tgme_widget_message[data-post]"):
        members = set(_read_numbers(post))
        numbers |= members
        if members and (document := _to_document(post, min(members), source, seen_at)):
            documents.append(document)
    title = tree.css_first(".tgme_channel_info_header_title")
    return Entries(
        documents=tuple(documents),
        title=to_line(title.html or "") or None if title else None,
        encoding=decoded.encoding,
        numbers=frozenset(numbers),
    )


def _to_document(
    post: LexborNode, number: int, source: Source, seen_at: datetime
) -> Document | None:
    text = _read_text(post)
    if not text or "service_message" in (post.attributes.get("class") or "").split():
        return None
    published = _read_time(post)
    return Document(
        id=f"{source.source}/{number}",
        source=source.source,
        published_at=published or seen_at,
        seen_at=seen_at,
        text=text,
        url=f"https://t.me/{(post.attributes['data-post'] or '').partition('/')[0]}/{number}",
        author=_read_line(post, ".tgme_widget_message_from_author"),
        origin=_read_origin(post),
        undated=published is None,
    )


def _read_numbers(post: LexborNode) -> Iterator[int]:
    """The post's number and, of an album, those of its parts, which stand nowhere else."""
    found = _POST.fullmatch(post.attributes.get("data-post") or "")
    if found is None:
        return
    yield int(found[1])
    for part in post.css(".js-message_grouped_wrap a[href]"):
        if member := _MEMBER.search(part.attributes.get("href") or ""):
            yield int(member[1])


def _read_text(post: LexborNode) -> str:
    for selector in _TEXTS:
        node = post.css_first(selector)
        if node is not None and (text := to_plain(node.inner_html or "")):
            return text
    return ""


def _read_time(post: LexborNode) -> datetime | None:
    """The link to the post holds its time; other `time` elements are lengths of videos."""
    node = post.css_first(".tgme_widget_message_date time[datetime]")
    return read_date(node.attributes.get("datetime") or "") if node else None


def _read_origin(post: LexborNode) -> str | None:
    """Where the post was forwarded from: `telegram/<channel>/<n>` if it says so, else a name."""
    node = post.css_first(".tgme_widget_message_forwarded_from_name")
    if node is None:
        return None
    linked = _ORIGIN.match(node.attributes.get("href") or "")
    return f"telegram/{linked[1]}" if linked else to_line(node.html or "")[:512] or None


def _read_line(post: LexborNode, selector: str) -> str | None:
    node = post.css_first(selector)
    return to_line(node.html or "")[:512] or None if node else None
