"""Words are found in every form, whichever way they were typed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.engines.servers import Elasticsearch
from tests.integration.shelf import look, note, to_write, write

pytestmark = pytest.mark.engine
TEXTS = {
    "boom": "В порту прогремели взрывы",
    "tree": "На площади зажгли ёлку",
    "plain-tree": "Новогодняя елка упала",
    "failed": "Закон не прошёл второе чтение",
    "passed": "Закон прошел второе чтение",
    "marked": "Старый за\u0301мок, е\u0308лка и и\u0306од, пере\u00adнос",
    "english": "Missiles were launched",
}
ALL = {*TEXTS, "titled"}


@pytest.fixture(scope="module")
def library(elasticsearch: Elasticsearch) -> Elasticsearch:
    elasticsearch.wipe()
    notes = [note(name, text) for name, text in TEXTS.items()]
    assert write(elasticsearch.url, to_write(*notes, note("titled", "", title="Пуск ракет"))) == []
    return elasticsearch


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"match": {"text": "взрыв"}}, {"boom"}),
        ({"match": {"text": "взрывами"}}, {"boom"}),
        ({"match": {"text": "елка"}}, {"tree", "plain-tree", "marked"}),
        ({"match": {"text": "ЁЛКИ"}}, {"tree", "plain-tree", "marked"}),
        ({"match": {"text": "замок"}}, {"marked"}),
        ({"match": {"text": "йода"}}, {"marked"}),
        ({"match": {"text": "переносы"}}, {"marked"}),
        ({"match": {"text": "missile"}}, {"english"}),
        ({"match_phrase": {"text.exact": "не прошел"}}, {"failed"}),
        ({"match": {"text.exact": "взрыв"}}, set()),
        ({"match": {"text.exact": "елку"}}, {"tree"}),
        ({"match": {"title": "ракета"}}, {"titled"}),
        ({"term": {"group": "rss"}}, ALL),
        ({"range": {"@timestamp": {"gte": "2026-03-02", "lt": "2026-03-03"}}}, ALL),
    ],
)
def test_a_query_finds(library: Elasticsearch, query: dict[str, Any], found: set[str]) -> None:
    assert set(look(library, query, "nabat-documents")) == found
