"""The real month as entries of the window: each document with its features, then its origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec.structs import replace

from streams.families.attributions import find_origin, name_voice
from streams.families.entries import Entry
from streams.families.features import mark, pack
from streams.families.signatures import learn, measure_signature
from streams.families.window import Window
from streams.models import to_seconds
from streams.text import tokenize
from tests.corpora import read_corpus
from tests.test_counts import entry

MONTH = "telegram-2024.jsonl.gz"


def read_month() -> Iterator[Entry]:
    """Entries of the month in its order, with their features."""
    seen: dict[str, bytes] = {}
    for row in read_corpus(MONTH):
        title = f"{row['title']}\n\n" if row.get("title") else ""
        marked = mark(tokenize(title + row["text"]))
        source = row["source"]
        seen[source] = learn(seen.get(source, b""), marked.keys)
        signature, length = measure_signature(seen[source]), len(marked.keys)
        features = pack(marked, length - signature if signature < length else length)
        at = to_seconds(datetime.fromisoformat(row["published_at"]))
        named = find_origin(title + row["text"], source)
        voice = name_voice(named, source)
        one = entry(row["id"])
        yield replace(one, source=source, owner=source, at=at, features=features, voice=voice)


def assign(entries: Iterable[Entry], window: Window | None = None) -> dict[str, Entry]:
    """Each document with the origin that it gets when they stream by."""
    window, told = window or Window(), {}
    for one in entries:
        if one.id in told:
            continue
        named = one.voice if one.voice != name_voice(None, one.source) else ""
        origin = window.origin_of(one.features, one.at, named, (one.source, one.author)) or one.id
        copied = None if origin == one.id else origin
        told[one.id] = replace(one, origin_id=origin, duplicate_of=copied)
        tick = int(one.at) // 10 * 10 + 10  # its end
        window.apply(tick, told[one.id])
        for stray in window.find_strays(told[one.id]):
            for copy in window.find_family(stray):
                told[copy.id] = replace(copy, origin_id=origin, duplicate_of=origin)
                window.apply(tick, told[copy.id])
        window.expire(int(one.at))
    return told
