"""Each question of the dashboard, as Grafana puts it, to an Elasticsearch that holds a story."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest
from msgspec import Struct

from connectors.elastic import Access, Search
from connectors.files import read_sources
from connectors.search import Message, to_actions
from dashboards.now import build_now
from infra.stage.scenario import START, build_scenario
from streams.decide import Decider, Outcome
from streams.enrich import Steps, enrich_batch
from streams.journal import accept_row, seed
from streams.models import (
    DeadLetter,
    Document,
    Enriched,
    Mark,
    Passed,
    Place,
    Row,
    Setting,
    Source,
    Term,
    encode,
    to_seconds,
)
from streams.terms import compile_watch, read_terms
from tests.integration.engines.servers import Elasticsearch
from tests.msearch import Span, interpolate, to_lines

pytestmark = pytest.mark.engine

NOW: dict[str, Any] = json.loads(build_now())
INDICES = {"nabat-es": "nabat-documents", "nabat-es-bursts": "nabat-bursts"}
STORED = [
    pytest.param(target, id=panel["title"])
    for panel in NOW["panels"]
    for target in panel["targets"]
    if "metrics" in target
]
PLACE = Place(topic="nabat.enriched", partition=0, offset=0)
ALL_INDICES = "nabat-documents-*,nabat-bursts,nabat-burst-history"


STOP = START + 3 * 86_400  # Unix seconds


class Store(NamedTuple):
    """The server, and how many documents (undeleted, in time) and bursts it should show."""

    url: str
    span: tuple[int, int]
    documents: int
    bursts: int


@pytest.fixture(scope="module")
def store(
    elasticsearch: Elasticsearch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    settings, outcomes = tell(tmp_path_factory.mktemp("story"))
    post(elasticsearch.url, f"/{ALL_INDICES}?ignore_unavailable=true", method="DELETE")
    search = Search(Access(url=elasticsearch.url), read_templates())
    registry: dict[str, Source] = {}
    messages = [*to_messages({"enriched": settings})]
    for outcome in outcomes:
        messages += to_messages(
            {
                "enriched": outcome.documents,
                "revisions": outcome.revisions,
                "bursts": outcome.bursts,
            }
        )
    actions = [one for message in messages for one in to_actions(message, registry)]
    assert search.write(actions) == []
    search.close()
    post(elasticsearch.url, f"/{ALL_INDICES}/_refresh")
    latest = {document.id: document for outcome in outcomes for document in outcome.documents}
    shown = [one for one in latest.values() if not one.deleted and is_inside(one)]
    bursts = {burst.id for outcome in outcomes for burst in outcome.bursts}
    span = (START * 1000, STOP * 1000)
    yield Store(elasticsearch.url, span, len(shown), len(bursts))
    post(elasticsearch.url, f"/{ALL_INDICES}?ignore_unavailable=true", method="DELETE")


def is_inside(document: Document) -> bool:
    return START <= to_seconds(document.published_at) <= STOP


def tell(folder: Path) -> tuple[list[Setting], list[Outcome]]:
    """The scenario through the pure pipeline, without the steps that need models."""
    scenario = build_scenario()
    scenario.write(folder)
    sources = read_sources(folder / "sources.csv")
    terms = read_terms(scenario.terms, ".jsonl")
    registry = {source.source: source for source in sources}
    end = to_seconds(scenario.ends_at)
    read = (accept_row(line, PLACE, end, registry) for line in scenario.lines)
    settings = seed(terms, sources)
    rows = [*settings, *(row for row in read if not isinstance(row, DeadLetter))]
    decider = Decider()
    told = (decider.push(number, row) for number, row in enumerate(enrich(rows, terms)))
    return settings, [outcome for outcome in told if outcome]


def enrich(rows: list[Row], terms: list[Term]) -> Iterator[Passed]:
    watch, steps = compile_watch(terms), Steps(language=False, entities=False, sentiment=False)
    documents = [row for row in rows if isinstance(row, Document)]
    enriched = iter(enrich_batch(documents, watch, steps))
    for row in rows:
        if isinstance(row, Document):
            result = next(enriched)
            yield result if isinstance(result, Enriched) else Mark(reason="failed")
        else:
            yield row


def to_messages(parts: Mapping[str, Sequence[Struct]]) -> Iterator[Message]:
    now = datetime.now(UTC)
    for part, values in parts.items():
        for number, value in enumerate(values):
            key = str(number).encode()
            yield Message(part=part, key=key, value=encode(value), place=PLACE, now=now)


def read_templates() -> dict[str, Mapping[str, Any]]:
    folder = files("infra") / "templates"
    found = [one for one in folder.iterdir() if one.name.endswith(".json")]
    return {one.name.removesuffix(".json"): json.loads(one.read_text("utf-8")) for one in found}


def post(url: str, path: str, body: str | None = None, method: str = "POST") -> dict[str, Any]:
    kind = {"Content-Type": "application/x-ndjson"}
    asked = Request(url + path, body.encode() if body else None, kind, method=method)  # noqa: S310
    with urlopen(asked, timeout=30) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found


def ask(store: Store, target: dict[str, Any]) -> dict[str, Any]:
    """The answer to one target of a panel, all groups chosen."""
    asked = {**target, "query": interpolate(target["query"], {"group": "*"})}
    span = Span(*store.span, target["timeField"], 3_600_000)
    lines = to_lines(asked, span, INDICES[target["datasource"]["uid"]])
    body = "".join(json.dumps(line) + "\n" for line in lines)
    path = "/_msearch?max_concurrent_shard_requests=5"
    (answer,) = post(store.url, path, body)["responses"]
    return dict(answer)


def find_target(title: str) -> dict[str, Any]:
    (panel,) = (panel for panel in NOW["panels"] if panel["title"] == title)
    return dict(panel["targets"][0])


def list_buckets(answer: dict[str, Any]) -> list[dict[str, Any]]:
    (outermost,) = answer["aggregations"].values()
    return list(outermost["buckets"])


@pytest.mark.parametrize("target", STORED)
def test_no_panel_fails_and_none_is_empty(store: Store, target: dict[str, Any]) -> None:
    answer = ask(store, target)
    assert "error" not in answer
    assert answer["status"] == 200
    assert answer["_shards"]["failed"] == 0
    shown = list_buckets(answer) if "aggregations" in answer else answer["hits"]["hits"]
    assert shown


def test_the_volume_counts_every_document_once(store: Store) -> None:
    groups = list_buckets(ask(store, find_target("Documents by source group")))
    assert {group["key"] for group in groups} > {"wires", "telegram"}
    assert sum(group["doc_count"] for group in groups) == store.documents
    for group in groups:
        assert sum(one["doc_count"] for one in group["2"]["buckets"]) == group["doc_count"]


def test_the_table_of_terms_has_observed_above_expected(store: Store) -> None:
    terms = list_buckets(ask(store, find_target("Terms that rang")))
    assert sum(term["doc_count"] for term in terms) == store.bursts
    observed = [term["2"]["value"] for term in terms]
    assert observed == sorted(observed, reverse=True)
    for term in terms:
        assert term["2"]["value"] > term["3"]["value"], term["key"]
        assert term["4"]["value"] > 1


def test_documents_come_newest_first_with_their_links(store: Store) -> None:
    hits = ask(store, find_target("Newest documents"))["hits"]["hits"]
    times = [hit["fields"]["@timestamp"][0] for hit in hits]
    assert times == sorted(times, reverse=True)
    assert len(times) == 100
    assert any(hit["_source"].get("url", "").startswith("http") for hit in hits)
    assert all("group" in hit["_source"] for hit in hits)


def test_alarms_are_listed_with_their_reasons(store: Store) -> None:
    hits = ask(store, find_target("Alarms"))["hits"]["hits"]
    assert 0 < len(hits) == min(store.bursts, 50)
    for hit in hits:
        assert hit["_source"]["reason"]
        assert hit["_source"]["term"]


def test_annotations_mark_alarms_on_every_panel(store: Store) -> None:
    (mark,) = NOW["annotations"]["list"]
    started = {"range": {mark["timeField"]: {"gte": store.span[0], "lte": store.span[1]}}}
    ended = {"range": {mark["timeEndField"]: {"gte": store.span[0], "lte": store.span[1]}}}
    asked = {"query_string": {"query": mark["target"]["query"]}}
    inside = {"bool": {"should": [started, ended], "minimum_should_match": 1}}
    body = {"query": {"bool": {"filter": [inside, asked]}}, "size": 10_000}
    lines = [{"index": INDICES[mark["datasource"]["uid"]]}, body]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    hits = post(store.url, "/_msearch", text)["responses"][0]["hits"]["hits"]
    assert hits
    for hit in hits:
        for name in ("timeField", "textField", "tagsField"):
            assert hit["_source"][mark[name]]


def test_the_group_chooser_finds_the_groups(store: Store) -> None:
    (variable,) = (one for one in NOW["templating"]["list"] if one["name"] == "group")
    query = json.loads(variable["query"])
    aggs = {"1": {"terms": {"field": query["field"], "size": query["size"]}}}
    lines = [{"index": "nabat-documents"}, {"size": 0, "aggs": aggs}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (answer,) = post(store.url, "/_msearch", text)["responses"]
    assert len(list_buckets(answer)) > 1


@pytest.mark.parametrize("value", ["wires", '("wires" OR "telegram")'])
def test_a_chosen_group_narrows_the_panels(store: Store, value: str) -> None:
    target = find_target("Documents by source group")
    target = {**target, "query": interpolate(target["query"], {"group": value})}
    groups = {group["key"] for group in list_buckets(ask(store, target))}
    assert groups == set(value.replace('"', "").strip("()").split(" OR "))
