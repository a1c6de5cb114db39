"""Short ways to put documents into a real Elasticsearch and to look at what it then holds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from elasticsearch import Elasticsearch as Client

from connectors.elastic import Access, Refusal, Search
from connectors.search import Action, Message, to_actions
from infra.provision import read_templates
from streams.models import Enriched, Place, Revision, encode
from tests.integration.engines.servers import Elasticsearch
from tests.rows import at, doc

PATTERN = "nabat-documents-*"
EVERYTHING: dict[str, Any] = {"match_all": {}}


def note(name: str, text: str = "текст", **fields: object) -> Enriched:
    """A document by its id."""
    return doc("12:00", "rss/a", text, id=name, **fields)


def to_write(*documents: Enriched | Revision) -> list[Action]:
    """What the sink would write of these."""
    parts = [("revisions" if isinstance(one, Revision) else "enriched", one) for one in documents]
    messages = [
        Message(part=part, key=b"1", value=encode(one), place=Place(offset=number), now=at("12:00"))
        for number, (part, one) in enumerate(parts)
    ]
    return [action for message in messages for action in to_actions(message, {})]


def write(url: str, actions: Sequence[Action]) -> list[Refusal]:
    """Write as the sink does."""
    with closing(Search(Access(url=url), read_templates())) as search:
        return search.write(actions)


def look(
    server: Elasticsearch, query: dict[str, Any] = EVERYTHING, index: str = PATTERN
) -> dict[str, Any]:
    """The bodies that a query finds, by id."""
    with closing(Client(server.url)) as client:
        client.indices.refresh(index=index)
        found = client.search(index=index, query=query, size=10_000)
    return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}
