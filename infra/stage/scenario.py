"""The shipped scenario: three days of journal rows, their sources and terms, and the truth.

The first 36 hours are ordinary, so that a detector that knows nothing can learn what is normal.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from errno import EEXIST
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from infra.stage.newsroom import HOURS, Outlet, Post, read_outlets, read_texts, write_posts
from streams.models import Clock, Document, Heartbeat, Source, Time, encode, from_seconds

START = 1_740_960_000  # Monday 3 March 2025, 00:00 UTC, in Unix seconds
CLOCK_STEP = 60  # seconds between two rows of the clock
OPENING = 0.25  # hours before an event in which its alarm cannot lie wrong
AFTER = 1.0  # hours after its last text in which its alarm may still begin


class Expected(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A true burst: it must ring in this time (`required`) or may, as part of another's event."""

    term: str
    from_: Time
    to: Time
    required: bool


class Quiet(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """What looks like a burst and is none: no alarm of these terms may begin in this time."""

    hazard: str
    terms: tuple[str, ...]
    from_: Time
    to: Time
    documents: int


class Truth(Struct, frozen=True):
    """What must ring and what must not."""

    bursts: tuple[Expected, ...]
    quiet: tuple[Quiet, ...]


class Scenario(Struct, frozen=True, kw_only=True):
    """Journal lines in order of arrival, the sources, the terms file, the truth."""

    lines: tuple[bytes, ...]
    sources: tuple[Source, ...]
    terms: str
    truth: Truth
    ends_at: Time

    def write(self, folder: Path) -> None:
        """Put it into files that `nabat replay` reads; raises OSError before it harms others."""
        files = {
            "scenario.jsonl": b"\n".join(self.lines) + b"\n",
            "sources.csv": _write_sources(self.sources).encode(),
            "terms.jsonl": self.terms.encode(),
            "truth.json": msgspec.json.encode(self.truth) + b"\n",
        }
        for name, content in files.items():
            path = folder / name
            if path.exists() and path.read_bytes() != content:
                raise FileExistsError(
                    EEXIST, "something else is there; name another folder", str(path)
                )
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)


def build_scenario(seed: int = 2022) -> Scenario:
    """Generate the scenario; the same seed gives the same bytes."""
    written = list(_number(write_posts(seed)))
    documents = [document for _, document in written]
    false = [document for post, document in written if post.story == "false_quake"]
    documents += [*_edit(documents), *_withdraw(false)]
    rows = [*((one.seen_at, encode(one)) for one in documents), *_beat(), *_tick(), *_break()]
    rows = sorted((row for row in rows if row[0] < _at(HOURS)), key=lambda row: row[0])
    return Scenario(
        lines=tuple(line for _, line in rows),
        sources=tuple(map(_register, read_outlets().values())),
        terms=(files("infra") / "data/scenario/terms.jsonl").read_text("utf-8"),
        truth=_judge(written),
        ends_at=_at(HOURS),
    )


def _at(hours: float) -> datetime:
    return from_seconds(START + round(hours * 3600))


def _number(posts: Sequence[Post]) -> Iterator[tuple[Post, Document]]:
    """Posts as documents, numbered by their source."""
    counts: dict[str, int] = {}
    for post in posts:
        name = post.outlet.source
        counts[name] = counts.get(name, 0) + 1
        yield post, _to_document(post, f"{name}/{counts[name]}")


def _to_document(post: Post, name: str) -> Document:
    """Wires have headlines; channels write one text."""
    title, _, text = post.text.partition(" | ")
    is_wire = name.startswith("rss/") and bool(text)
    published = _at(post.hours)
    seen = _find_poll(post.outlet, published if post.seen_hours is None else _at(post.seen_hours))
    address = name.replace("telegram/", "t.example/").removeprefix("rss/")
    return Document(
        id=name,
        source=post.outlet.source,
        published_at=seen if post.undated else published,
        seen_at=seen,
        title=title if is_wire else None,
        text=text if is_wire else f"{title}. {text}" if text else title,
        url=f"https://{address}",
        origin=post.origin,
        undated=post.undated,
    )


def _polls(outlet: Outlet) -> Iterator[tuple[datetime, bool]]:
    """When a source is asked, and whether it answers."""
    outage = read_texts("hazards")["outage"]
    silent = (_at(outage["from"]), _at(outage["to"]))
    first = sum(outlet.source.encode()) % outlet.interval
    for seconds in range(first, HOURS * 3600 + outlet.interval, outlet.interval):
        moment = from_seconds(START + seconds)
        is_silent = outlet.source == outage["source"] and silent[0] <= moment < silent[1]
        yield moment, not is_silent


@cache
def _answered(outlet: Outlet) -> list[datetime]:
    return [poll for poll, answers in _polls(outlet) if answers]


def _find_poll(outlet: Outlet, moment: datetime) -> datetime:
    """The first answered poll from `moment` on, plus a second of reading."""
    polls = _answered(outlet)
    place = bisect_left(polls, moment)
    return (polls[place] if place < len(polls) else _at(HOURS)) + timedelta(seconds=1)


def _beat() -> Iterator[tuple[datetime, bytes]]:
    """A heartbeat after every poll, answered or not."""
    for outlet in read_outlets().values():
        for poll, answers in _polls(outlet):
            seen = poll + timedelta(seconds=2)
            beat = Heartbeat(
                source=outlet.source,
                seen_at=seen,
                complete_to=poll if answers else None,
                interval_seconds=outlet.interval,
                status="ok" if answers else "timeout",
            )
            yield seen, encode(beat)


def _tick() -> Iterator[tuple[datetime, bytes]]:
    for seconds in range(0, HOURS * 3600, CLOCK_STEP):
        moment = from_seconds(START + seconds)
        yield moment, encode(Clock(seen_at=moment))


def _edit(documents: Sequence[Document]) -> Iterator[Document]:
    """Corrections: the document last seen before each of the times, a little longer."""
    for hours in read_texts("hazards")["edits"]["at"]:
        last = max(
            (one for one in documents if one.seen_at < _at(hours)), key=lambda one: one.seen_at
        )
        text = f"{last.text} Уточнено по сообщению редакции."
        yield replace(last, text=text, version=2, edited_at=_at(hours), seen_at=_at(hours))


def _withdraw(documents: Sequence[Document]) -> Iterator[Document]:
    """Tombstones, twenty minutes after arrival."""
    for one in documents:
        gone = one.seen_at + timedelta(minutes=20)
        yield replace(one, title=None, text="", deleted=True, version=2, seen_at=gone)


def _break() -> Iterator[tuple[datetime, bytes]]:
    """Lines that are no document: one of each kind."""
    good = b'{"source":"rss/meridian.example","published_at":"2025-03-03T06:00:00Z",'
    lines = (
        b"\x89PNG\r\x1a\x00\xff\xfe\x00\x00",
        good + b'"text":"\xd0\x9e\xd0\xb1\xd0\xbe',
        good + b'"text":17}',
        good + b'"text":"   "}',
        good + b'"text":"nan","version":NaN}',
        good + b'"version":-3,"text":"minus three"}',
        b'{"source":"rss/meridian.example","published_at":"yesterday","text":"no date"}',
        b'{"source":"rss/meridian.example","published_at":"9999-12-31T23:59:59Z","text":"far"}',
        good + b'"text":"' + "Ж".encode() * 200_001 + b'"}',
        good + b'"text":"' + b"x" * (1 << 20) + b'"}',
        b"<html><body>502 Bad Gateway</body></html>",
    )
    hours = read_texts("hazards")["broken"]["at"]
    yield from zip(map(_at, hours), lines, strict=True)


def _register(outlet: Outlet) -> Source:
    return Source(
        source=outlet.source,
        owner=outlet.owner,
        group=outlet.group,
        title=outlet.title,
        language="ru",
        interval_seconds=outlet.interval,
    )


def _write_sources(sources: Sequence[Source]) -> str:
    """The sources file: CSV with a header."""
    names = ("source", "owner", "group", "title", "language", "interval_seconds")
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(names)
    table.writerows([getattr(one, name) for name in names] for one in sources)
    return out.getvalue()


def _judge(written: Sequence[tuple[Post, Document]]) -> Truth:
    """The truth: events that must ring, hazards that must not, with their size."""
    events = read_texts("events")["events"]
    counts: dict[str, int] = {}
    for post, _ in written:
        counts[post.story] = counts.get(post.story, 0) + 1
    bursts = [
        Expected(
            term=term,
            from_=_at(event["at"] - OPENING),
            to=_at(event["at"] + event["spread"] + AFTER),
            required=term in event.get("expected", ()),
        )
        for event in events
        for term in (*event.get("expected", ()), *event.get("related", ()))
    ]
    return Truth(tuple(bursts), tuple(_judge_hazards(counts)))


def _judge_hazards(counts: dict[str, int]) -> Iterator[Quiet]:
    hazards = read_texts("hazards")
    spans = [
        (event["hazard"], event["name"], event, event["at"], event["at"] + event["spread"])
        for event in read_texts("events")["events"]
        if "hazard" in event
    ]
    flood, outage, archive = hazards["flood"], hazards["outage"], hazards["backfill"]
    spans += [
        ("flood", "flood", flood, flood["at"], flood["at"] + flood["spread"]),
        ("outage", "outage", outage, outage["from"], outage["to"]),
        ("backfill", "backfill", archive, archive["at"], archive["at"]),
    ]
    for hazard, story, table, start, stop in spans:
        yield Quiet(
            hazard=hazard,
            terms=tuple(table["quiet"]),
            from_=_at(start - OPENING),
            to=_at(stop + AFTER),
            documents=counts[story],
        )
