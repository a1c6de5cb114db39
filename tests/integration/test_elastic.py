"""No trouble of Elasticsearch loses or doubles what is written."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event

import pytest
from elasticsearch import Elasticsearch as Client

from connectors.elastic import Access, DeniedError, Search, StoppedError, UnreadyError
from connectors.search import Message, to_actions
from infra.provision import read_templates
from streams.models import Enriched, Place, Revision, Setting, Source, encode
from tests.integration.engines.servers import Elasticsearch, find_port
from tests.integration.proxy import run_proxy
from tests.integration.shelf import look, note, to_write, write
from tests.rows import at

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(elasticsearch: Elasticsearch) -> Iterator[Elasticsearch]:
    elasticsearch.wipe()
    yield elasticsearch
    elasticsearch.wipe()


def deep(levels: int) -> dict[str, object]:
    nested: dict[str, object] = {"a": "b"}
    for _ in range(levels):
        nested = {"a": nested}
    return nested


def test_the_newest_version_wins_in_any_order(engine: Elasticsearch) -> None:
    revised = Revision(revision=2, document=note("a", "вторая", version=2, origin_id="b"))
    stages: list[list[Enriched | Revision]] = [
        [note("a", "первая")],
        [revised],
        [revised],
        [note("a", "вторая", version=2)],
        [note("a", "первая")],
    ]
    for stage in stages:
        assert write(engine.url, to_write(*stage)) == []
    found = look(engine)
    assert (found["a"]["text"], found["a"]["origin_id"]) == ("вторая", "b")


def test_a_deleted_document_is_empty_in_every_month_and_hidden(engine: Elasticsearch) -> None:
    write(engine.url, to_write(note("a", "тайное"), note("b", "явное")))
    gone = note("a", "", version=2, deleted=True, published_at=at("31 12:00"))
    write(engine.url, to_write(gone))
    with closing(Client(engine.url)) as client:
        client.indices.refresh(index="nabat-documents-*")
        copies = client.search(index="nabat-documents-*", query={"ids": {"values": ["a"]}})
        shown = client.search(index="nabat-documents")
    hits = copies["hits"]["hits"]
    indices = {"nabat-documents-2026.03", "nabat-documents-2026.04"}
    assert {hit["_index"] for hit in hits} == indices
    assert all(hit["_source"]["deleted"] and "text" not in hit["_source"] for hit in hits)
    assert [hit["_id"] for hit in shown["hits"]["hits"]] == ["b"]


def test_an_edit_that_moves_to_another_month_is_shown_once(engine: Elasticsearch) -> None:
    write(engine.url, to_write(note("a", "до")))
    write(engine.url, to_write(note("a", "после", version=2, published_at=at("31 12:00"))))
    shown = look(engine, index="nabat-documents")
    assert {name: body["text"] for name, body in shown.items()} == {"a": "после"}


def test_only_the_document_that_the_mapping_refuses_comes_back(engine: Elasticsearch) -> None:
    good = [note(str(number)) for number in range(20)]
    bad = note("bad", extra=deep(30))
    (refusal,) = write(engine.url, to_write(*good[:10], bad, *good[10:]))
    assert refusal.action.id == "bad"
    assert refusal.action.raw == encode(bad)
    assert "depth" in refusal.detail
    assert set(look(engine)) == {one.id for one in good}


@dataclass
class Tally:
    counts: dict[str, float] = field(default_factory=dict)

    def __call__(self, name: str, value: float = 1, **labels: str) -> None:
        assert name == "nabat_bulk_total"
        self.counts[labels["outcome"]] = self.counts.get(labels["outcome"], 0) + value


def test_a_busy_engine_is_waited_for(engine: Elasticsearch) -> None:
    tally = Tally()
    with run_proxy(engine.port, refusals=[429, 503, 502, 429]) as proxy:
        search = Search(Access(url=proxy.url), read_templates(), tally)
        with closing(search):
            assert search.write(to_write(note("a"), note("b"))) == []
        assert proxy.refused == [429, 503, 502, 429]
    assert set(look(engine)) == {"a", "b"}
    assert tally.counts == {"written": 2}


def test_a_request_that_is_too_large_is_halved_down_to_the_culprit(engine: Elasticsearch) -> None:
    notes = [note(str(number), "я" * 500) for number in range(40)]
    huge = note("huge", "я" * 20_000)
    with run_proxy(engine.port, largest=20_000) as proxy:
        (refusal,) = write(proxy.url, to_write(*notes[:7], huge, *notes[7:]))
    assert (refusal.action.id, refusal.detail[:8]) == ("huge", "HTTP 413")
    assert set(look(engine)) == {one.id for one in notes}


@pytest.mark.parametrize("status", [401, 403])
def test_an_engine_that_denies_us_ends_the_sink(engine: Elasticsearch, status: int) -> None:
    with run_proxy(engine.port, refusals=[status]) as proxy, pytest.raises(DeniedError):
        write(proxy.url, to_write(note("a")))


def test_what_was_acknowledged_survives_a_kill_and_the_rest_follows(engine: Elasticsearch) -> None:
    names = [str(number) for number in range(600)]
    written: list[str] = []

    def work() -> None:
        with closing(Search(Access(url=engine.url), read_templates())) as search:
            for start in range(0, len(names), 20):
                batch = names[start : start + 20]
                assert search.write(to_write(*map(note, batch))) == []
                written.extend(batch)

    worker = threading.Thread(target=work)
    worker.start()
    while len(written) < 100:
        time.sleep(0.01)
    engine.kill()
    before = len(written)
    engine.restart()
    worker.join(60)
    assert before < len(names)
    assert written == names
    assert set(look(engine)) == set(names)


def test_an_engine_that_lost_everything_gets_its_templates_again(engine: Elasticsearch) -> None:
    with run_proxy(engine.port) as proxy:
        search = Search(Access(url=proxy.url), read_templates())
        with closing(search):
            search.write(to_write(note("a")))
            engine.wipe()
            proxy.refusals.append(503)  # the outage in which it was lost
            search.write(to_write(note("b", "взрывы")))
    query = {"match": {"text": "взрыв"}}
    assert set(look(engine, query, "nabat-documents")) == {"b"}


def test_templates_are_written_once_and_again_after_a_change(engine: Elasticsearch) -> None:
    templates = read_templates()
    with closing(Search(Access(url=engine.url), templates)) as search:
        assert search.put_templates() == list(templates)
        assert search.put_templates() == []
    changed = {**templates["nabat-sources"], "priority": 501}
    with closing(Search(Access(url=engine.url), templates | {"nabat-sources": changed})) as search:
        assert search.put_templates() == ["nabat-sources"]


def test_a_refused_template_is_named(engine: Elasticsearch) -> None:
    wrong = {"nabat-wrong": {"index_patterns": ["nabat-wrong"], "template": {"mappings": {"x": 1}}}}
    search = Search(Access(url=engine.url), wrong)
    with closing(search), pytest.raises(DeniedError, match="nabat-wrong"):
        search.put_templates()


def test_sources_are_read_back(engine: Elasticsearch) -> None:
    source = Source(source="rss/a", group="wires", from_=at("12:00"))
    setting = Setting(
        seen_at=at("12:00"),
        id="1",
        what="source",
        key="rss/a",
        value={"source": "rss/a", "group": "wires", "from": "2026-03-02T12:00:00Z"},
    )
    message = Message(
        part="enriched", key=b"3", value=encode(setting), place=Place(), now=at("12:00")
    )
    with closing(Search(Access(url=engine.url), read_templates())) as search:
        assert search.read_sources() == {}
        search.write(to_actions(message, {}))
    with closing(Client(engine.url)) as client:
        client.indices.refresh(index="nabat-sources")
    with closing(Search(Access(url=engine.url), read_templates())) as search:
        assert search.read_sources() == {"rss/a": source}


def test_nobody_there_is_waited_for_until_stopped() -> None:
    stop = Event()
    url = f"http://127.0.0.1:{find_port()}"
    search = Search(Access(url=url), read_templates(), stop=stop)
    threading.Timer(0.5, stop.set).start()
    with closing(search), pytest.raises(StoppedError):
        search.write(to_write(note("a")))
    with closing(Search(Access(url=url), read_templates())) as other, pytest.raises(UnreadyError):
        other.put_templates()
