"""A rehearsal of `decide`: what is compiled is loaded, or compiled, before the first real row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from streams.decide import Decider
from streams.families.copies import is_retold
from streams.families.features import mark, pack
from streams.families.floods import SPREAD, is_flooded
from streams.journal import seed
from streams.models import (
    Clock,
    Enriched,
    Language,
    Mention,
    Passed,
    Sentiment,
    Source,
    Term,
    from_seconds,
)
from streams.text import tokenize

_START = 1_000_000_000  # Unix seconds; any time will do
_LATER = 3 * 3600  # seconds until the hours and buckets of the texts are learnt
_TEXT = (
    "Пожар на складе в промышленной зоне потушили к утру сообщили спасатели на месте работали сорок"
    " человек и двенадцать машин никто не пострадал причину выясняет комиссия"
)
# Four equal texts, and one that shares no more than its beginning: all that copies are told by.
_TEXTS = (
    *[_TEXT] * 4,
    "Пожар на складе в промышленной зоне обсудили вечером депутаты " + "так " * 20,
)


def rehearse() -> None:
    """Decide a few rows of no consequence; the first time after an installation takes longer."""
    decider = Decider()
    for number, row in enumerate(_write_rows()):
        decider.push(number, row)
    rehearse_copies()


def rehearse_copies() -> None:
    """Compare a text with itself; a part of `rehearse` that stands alone."""
    marked = mark(tokenize(_TEXT))
    text = np.frombuffer(pack(marked, len(marked.keys)), np.int32)
    is_retold(text, text, 60.0)  # a text that names its origin, and a flood, would take more rows
    is_flooded(text, text, 1, is_robot=False, spread=SPREAD)


def _write_rows() -> Iterator[Passed]:
    yield from seed([Term(name="пожар")], [Source(source="a"), Source(source="b")])
    for at, text in enumerate(_TEXTS):
        yield _write(_START + 60 * at, "ab"[at % 2], text)
    for at in (_LATER, 2 * _LATER):
        yield Clock(seen_at=from_seconds(_START + at))


def _write(at: int, source: str, text: str) -> Enriched:
    return Enriched(
        id=f"{source}/{at}",
        source=source,
        published_at=from_seconds(at),
        seen_at=from_seconds(at),
        text=text,
        language=Language("ru", 1.0),
        entities=(),
        sentiment=Sentiment(),
        terms=(Mention(term="пожар", start=0, stop=5, text=text[:5]),),
        origin_id=f"{source}/{at}",
        duplicate_of=None,
        pipeline="",
    )
