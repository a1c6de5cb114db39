from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.search import BURSTS, DEADLETTERS, DOCUMENTS, HISTORY, SOURCES
from infra.provision import read_templates
from streams.events import Burst
from streams.models import DeadLetter, Enriched, Source

TEMPLATES = read_templates()
COPIES = {"entity_names", "term_names", "group", "owner", "revision", "@timestamp", "indexed_at"}
UNSEARCHED = {"raw"}  # the bytes of dead letters are kept, not indexed


def fields(name: str) -> set[str]:
    return set(TEMPLATES[name]["template"]["mappings"]["properties"])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nabat-documents", Enriched),
        ("nabat-bursts", Burst),
        ("nabat-deadletters", DeadLetter),
        ("nabat-sources", Source),
    ],
)
def test_every_field_of_a_message_is_mapped_and_no_other(name: str, kind: Any) -> None:
    written = {{"from_": "from"}.get(one, one) for one in kind.__struct_fields__} - {"extra"}
    mapped = fields(name) - {"extra"}
    assert written - mapped <= UNSEARCHED
    assert mapped - written <= COPIES


def test_every_index_has_a_template() -> None:
    patterns = {pattern for one in TEMPLATES.values() for pattern in one["index_patterns"]}
    assert patterns == {f"{DOCUMENTS}-*", BURSTS, HISTORY, DEADLETTERS, SOURCES}


def analyzers(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[key] for key in ("analyzer",) if isinstance(node.get(key), str))
        for child in node.values():
            yield from analyzers(child)


@pytest.mark.parametrize("name", TEMPLATES)
def test_unknown_fields_are_kept_but_not_indexed(name: str) -> None:
    template = TEMPLATES[name]["template"]
    assert template["mappings"]["dynamic"] is False
    own = template["settings"].get("analysis", {}).get("analyzer", {})
    assert set(analyzers(template["mappings"])) <= set(own)
    assert "lifecycle" not in str(template)
