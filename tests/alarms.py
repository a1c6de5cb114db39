"""A short way to write burst events: `burst(id="b_1", revision=2)`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from streams.events import Burst, EntityCount, First

MOMENT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def burst(**fields: Any) -> Burst:
    given_fields: dict[str, Any] = {
        **dict.fromkeys(("onset_at", "detected_at", "peak_at"), MOMENT),
        **dict.fromkeys(("observed", "expected", "ratio", "evidence_nats", "coverage"), 1.0),
        **dict.fromkeys(("documents", "origins", "sources", "owners", "baseline_hours"), 2),
        "type": "burst.opened",
        "id": "b_1",
        "event": "e_1",
        "revision": 1,
        "term": "ОДКБ",
        "state": "opened",
        "closed_at": None,
        "window_seconds": 3600,
        "kind": "spike",
        "score": 1.0,
        "threshold": 0.5,
        "reason": "чаще обычного",
        "reprint_ratio": 0.0,
        "sentiment": {"neutral": 2},
        "sentiment_before": {},
        "languages": {"ru": 2},
        "entities": (EntityCount("Казахстан", "LOC", 2),),
        "terms": (),
        "first": First("rss/a/1", "rss/a", MOMENT),
        "evidence": (),
        "detector": "d",
        "config": "c",
        **fields,
    }
    return Burst(**given_fields)
