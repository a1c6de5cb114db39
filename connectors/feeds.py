"""RSS and Atom: bytes to documents."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import feedparser

from connectors.dates import read_date, read_stamp
from connectors.encodings import to_text
from connectors.reading.entries import Entries, NotAPageError
from connectors.reading.markup import to_line, to_plain
from streams.addresses import canonical
from streams.models import Document, Source

MOSCOW = ZoneInfo("Europe/Moscow")
WEB_BEGAN = datetime(1991, 8, 6, tzinfo=UTC)  # an earlier date is a placeholder: 1970, year 0
LIMIT = 5000  # entries of one page

_DOCTYPE = re.compile(r"\A(\s*(?:<\?[^>]*>\s*)?)<!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_DEFINITION = re.compile(r"<!(?=DOCTYPE|ENTITY)", re.IGNORECASE)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&#([0-9]+|[xX][0-9a-fA-F]+);")
_DATES = ("published", "created", "updated")
_TEXTS = ("yandex_full-text", "summary")
_FORCED = {"content-type": "application/xml; charset=utf-8"}


def read_feed(
    body: bytes, charset: str | None, source: Source, url: str, seen_at: datetime
) -> Entries:
    """Read a feed, however broken; raises NotAPageError if it is none.

    `charset` is what the HTTP header declares, `url` where the feed came from. A date without zone
    is of the source's zone, else Moscow's in a Russian feed, else UTC; an entry without a date
    counts at `seen_at`.
    """
    decoded = to_text(body, charset)
    feed = _parse(decoded.text)
    entries = [dict(entry) for entry in feed["entries"][:LIMIT]]
    if not feed.get("version") and not entries:
        raise NotAPageError("not_a_feed")
    channel = feed.get("feed", {})
    zone = _find_zone(source, channel)
    names = _name_entries(entries, url)
    return Entries(
        documents=tuple(
            _to_document(entry, name, (source.source, url, zone, seen_at))
            for entry, name in zip(entries, names, strict=True)
        ),
        title=to_line(channel.get("title", "")) or None,
        encoding=decoded.encoding,
        ttl_seconds=_read_ttl(channel.get("ttl")),
        zoneless=sum(_is_zoneless(entry) for entry in entries),
    )


def _parse(text: str) -> Mapping[str, Any]:
    """Parse decoded text without what XML forbids (it would break a feed) and what defines."""
    legal = _REFERENCE.sub(_check_reference, _FORBIDDEN.sub("", text))
    legal = _DEFINITION.sub("<", _DOCTYPE.sub(r"\1", legal))
    try:
        parsed: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(legal.strip().encode()),
            response_headers=_FORCED,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # noqa: BLE001 - the loose parser fails in its own ways on hostile bytes
        raise NotAPageError("not_a_feed") from None
    return parsed


def _check_reference(reference: re.Match[str]) -> str:
    digits = reference[1].lower()
    if len(digits) > 9:  # noqa: PLR2004 - more than any sign needs
        return ""
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    is_legal = code <= sys.maxunicode and not _FORBIDDEN.match(chr(code))
    return reference[0] if is_legal else ""


def _to_document(
    entry: Mapping[str, Any], name: str, where: tuple[str, str, tzinfo, datetime]
) -> Document:
    source, url, zone, seen_at = where
    dates = _read_dates(entry, zone)
    published = next(iter(dates.values()), None)
    updated = dates.get("updated")
    title, text = to_line(entry.get("title", "")), _read_text(entry)
    moment = published.isoformat() if published else ""
    return Document(
        id=f"{source} {name or f'{moment} {title} {text}'[:96].strip()}"[:2048],
        source=source,
        published_at=published or seen_at,
        seen_at=seen_at,
        title=title or None,
        text="" if text == title else text,
        url=_read_link(entry, url),
        author=to_line(entry.get("author", ""))[:512] or None,
        origin=_read_origin(entry),
        edited_at=updated if updated and published and updated > published else None,
        undated=published is None,
    )


def _name_entries(entries: Sequence[Mapping[str, Any]], url: str) -> list[str]:
    """A name for each entry: its guid, else its address; one that several share names none."""
    guids = [_read_guid(entry) for entry in entries]
    links = [canonical(link) if (link := _read_link(e, url)) else "" for e in entries]
    counts = Counter(guids), Counter(links)
    return [
        next((n for n, count in zip(pair, counts, strict=True) if n and count[n] == 1), "")
        for pair in zip(guids, links, strict=True)
    ]


def _read_guid(entry: Mapping[str, Any]) -> str:
    guid = str(entry.get("id", "")).strip()
    return canonical(guid) if guid.startswith(("http://", "https://")) else guid


def _read_link(entry: Mapping[str, Any], url: str) -> str | None:
    link = str(entry.get("link", "")).strip()
    try:
        joined = urljoin(url, link) if link else ""
    except ValueError:
        return None
    return joined[:2048] if joined.startswith(("http://", "https://")) else None


def _read_text(entry: Mapping[str, Any]) -> str:
    """The longest of what the entry offers: full text, content or summary."""
    values = [entry.get(name, "") for name in _TEXTS]
    values += [part.get("value", "") for part in entry.get("content", ())]
    return max((to_plain(value) for value in values if isinstance(value, str)), key=len, default="")


def _read_dates(entry: Mapping[str, Any], zone: tzinfo) -> dict[str, datetime]:
    read = {name: read_date(entry[name], zone) for name in _DATES if entry.get(name)}
    return {name: moment for name, moment in read.items() if moment and moment >= WEB_BEGAN}


def _is_zoneless(entry: Mapping[str, Any]) -> bool:
    stamps = (read_stamp(entry[name]) for name in _DATES if entry.get(name))
    first = next((stamp for stamp in stamps if stamp), None)
    return first is not None and first.tzinfo is None


def _find_zone(source: Source, channel: Mapping[str, Any]) -> tzinfo:
    """The zone of dates that name none: the source's, else by its language."""
    if source.zone:
        try:
            return ZoneInfo(source.zone)
        except (KeyError, ValueError, OSError):
            raise NotAPageError("bad_zone") from None
    language = source.language or channel.get("language") or "ru"
    return MOSCOW if language.lower().startswith("ru") else UTC


def _read_origin(entry: Mapping[str, Any]) -> str | None:
    origin = entry.get("source") or {}
    return to_line(origin.get("title") or origin.get("href") or "")[:512] or None


def _read_ttl(minutes: object) -> float | None:
    text = str(minutes or "").strip()
    return 60.0 * int(text) if text.isdecimal() and len(text) < 6 else None  # noqa: PLR2004
