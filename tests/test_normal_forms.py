"""Sentences with the normal form of each name: [as written|type|name], written before any run.

The first run had 124 of the first 130 names right (two of the other six are what `names.csv`
abbreviates) and 38 of the 42 that were added after the first were mended.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from streams.entities import name_spans
from streams.tagger.spans import Span
from streams.tagger.tokens import tokenize

MARKED = re.compile(r"\[([^|\]]+)\|(PER|LOC|ORG)\|([^\]]+)\]")
CASES = Path(__file__).parent / "cases" / "normal_forms.jsonl"
LEAST = 0.98


def read(marked: str) -> tuple[str, list[Span], list[str]]:
    text, spans, names, at = "", [], [], 0
    for match in MARKED.finditer(marked):
        text += marked[at : match.start()]
        spans.append(Span(len(text), len(text) + len(match[1]), match[2]))  # type: ignore[arg-type]
        names.append(match[3])
        text, at = text + match[1], match.end()
    return text + marked[at:], spans, names


def test_normal_forms_of_sentences() -> None:
    lines = CASES.read_text("utf-8").splitlines()
    cases = [read(json.loads(line)["marked"]) for line in lines]
    found = name_spans([tokenize(text) for text, _, _ in cases], [spans for _, spans, _ in cases])
    pairs = [
        (ours, name)
        for (_, _, names), some in zip(cases, found, strict=True)
        for ours, name in zip(some, names, strict=True)
    ]
    assert len(pairs) == 172
    assert sum(ours == name for ours, name in pairs) / len(pairs) >= LEAST
