"""Watched terms through a search engine: Elasticsearch's `russian` analyzer, and Snowball stems.

Run: NABAT_DATA=… python -m pytest tests/benchmarks/test_terms_elastic_bench.py -s
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch as Client
from elasticsearch.helpers import bulk

from infra.watching import check
from tests.benchmarks.test_terms_bench import DATA, SETS
from tests.integration.conftest import elasticsearch
from tests.integration.engines.servers import Elasticsearch

__all__ = ["elasticsearch"]  # a fixture, not a test
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not DATA.is_dir(), reason="NABAT_DATA names no folder with term sets"),
]
INDEX = "nabat-terms-bench"
# `russian` drops stop words and keeps ё; stems alone do neither.
ANALYSIS = {
    "char_filter": {"yo": {"type": "mapping", "mappings": ["ё => е", "Ё => Е"]}},
    "filter": {"stems": {"type": "snowball", "language": "Russian"}},
    "analyzer": {
        "stems": {
            "char_filter": ["yo"],
            "tokenizer": "standard",
            "filter": ["lowercase", "stems"],
        }
    },
}
FIELDS = ("russian", "stems")


def index_texts(client: Client, texts: Sequence[str]) -> None:
    """Each text as one document, its number as its id."""
    whole = {"type": "text", "fields": {"stems": {"type": "text", "analyzer": "stems"}}}
    properties = {"russian": {**whole, "analyzer": "russian"}}
    client.options(ignore_status=404).indices.delete(index=INDEX)
    client.indices.create(
        index=INDEX, settings={"analysis": ANALYSIS}, mappings={"properties": properties}
    )
    bulk(client, ({"_index": INDEX, "_id": n, "russian": one} for n, one in enumerate(texts)))
    client.indices.refresh(index=INDEX)


def find_phrases(client: Client, field: str, terms: Sequence[str]) -> list[bool]:
    """Whether text number n holds term number n as a phrase."""
    name = "russian" if field == "russian" else f"russian.{field}"
    answer = client.msearch(index=INDEX, searches=list(_ask(name, terms)))
    return [one["hits"]["total"]["value"] == 1 for one in answer["responses"]]


def _ask(name: str, terms: Sequence[str]) -> Iterator[dict[str, Any]]:
    for number, term in enumerate(terms):
        yield {}
        ids, phrase = {"ids": {"values": [str(number)]}}, {"match_phrase": {name: term}}
        yield {"size": 0, "query": {"bool": {"filter": [ids, phrase]}}}


def score(wanted: Sequence[bool], found: Sequence[bool]) -> tuple[float, float, float]:
    """Precision, recall, F1."""
    right = sum(a and b for a, b in zip(wanted, found, strict=True))
    precision, recall = right / sum(found), right / sum(wanted)
    return precision, recall, 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.name)
def test_against_a_search_engine(elasticsearch: Elasticsearch, path: Path) -> None:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    wanted, terms = [row["match"] for row in rows], [row["term"] for row in rows]
    best = 0.0
    with closing(Client(elasticsearch.url)) as client:
        index_texts(client, [row["text"] for row in rows])
        for field in FIELDS:
            figures = score(wanted, find_phrases(client, field, terms))
            best = max(best, figures[2])
            sys.stdout.write(f"{path.name:24} {field:8} P/R/F1 {figures[0]:.3f} ")
            sys.stdout.write(f"{figures[1]:.3f} {figures[2]:.3f}\n")
    ours = check(path)
    sys.stdout.write(f"{path.name:24} nabat    P/R/F1 {ours.precision:.3f} ")
    sys.stdout.write(f"{ours.recall:.3f} {ours.f1:.3f}\n")
    assert ours.f1 > best
