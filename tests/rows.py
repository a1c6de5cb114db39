"""Short ways to write rows: `at("12:30")`, `doc("12:30", "rss/a", "[ОДКБ] собралась")`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from streams.models import (
    Clock,
    Enriched,
    Heartbeat,
    Language,
    Mention,
    Sentiment,
    Setting,
    Source,
    Term,
)

DAY = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
MARKED = re.compile(r"\[([^\]|]+)\|?([^\]]*)\]")


def at(moment: str) -> datetime:
    """`HH:MM[:SS]` of the first day, or `D HH:MM[:SS]` of day D (from 0)."""
    day, _, clock = moment.rpartition(" ")
    parts = [int(part) for part in clock.split(":")]
    hours, minutes, seconds = [*parts, 0][:3]
    return DAY + timedelta(days=int(day or 0), hours=hours, minutes=minutes, seconds=seconds)


def doc(moment: str, source: str, text: str, **fields: object) -> Enriched:
    """A document seen when published; `[ОДКБ]` or `[ОДКБ|ОДКБ]` in its text is a mention."""
    found, plain = [], ""
    last = 0
    for match in MARKED.finditer(text):
        plain += text[last : match.start()]
        word = match[1]
        found.append(
            Mention(term=match[2] or word, start=len(plain), stop=len(plain) + len(word), text=word)
        )
        plain += word
        last = match.end()
    plain += text[last:]
    published = at(moment)
    values: dict[str, object] = {
        "id": f"{source}/{moment}/{plain[:20]}",
        "source": source,
        "published_at": published,
        "seen_at": published,
        "text": plain,
        "language": Language("ru", 1.0),
        "entities": (),
        "sentiment": Sentiment(),
        "terms": tuple(found),
        "duplicate_of": None,
        "pipeline": "test",
        **fields,
    }
    values.setdefault("origin_id", values["id"])
    return Enriched(**values)  # type: ignore[arg-type]


def beat(moment: str, source: str, status: str = "ok", interval: float = 60.0) -> Heartbeat:
    """A poll that delivered all up to its moment."""
    now = at(moment)
    return Heartbeat(
        source=source,
        seen_at=now,
        complete_to=now if status == "ok" else None,
        interval_seconds=interval,
        status=status,
    )


def clock(moment: str) -> Clock:
    """A row that only moves the clock."""
    return Clock(seen_at=at(moment))


def term(name: str, **fields: object) -> Term:
    """A watched term."""
    return Term(name=name, **fields)  # type: ignore[arg-type]


def source(name: str, **fields: object) -> Source:
    """A registered source."""
    return Source(source=name, **fields)  # type: ignore[arg-type]


def setting(moment: str, what: str, key: str, value: dict[str, object] | None) -> Setting:
    """A change of settings."""
    return Setting(
        seen_at=at(moment),
        id=f"{what}/{key}/{moment}",
        what=what,  # type: ignore[arg-type]
        key=key,
        value=value,
    )
