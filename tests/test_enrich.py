"""Enrichment: order, isolation of a broken document, tombstones, settings."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import islice, product
from typing import Any

import pytest

from streams.enrich import ALL_STEPS, Failure, Steps, enrich_batch, fold_term, pipeline_name
from streams.models import Document, Enriched, Language, Sentiment, Setting, Term, encode
from streams.terms import compile_watch

NOON = datetime(2024, 10, 15, 12, tzinfo=UTC)
LONGEST = 200_000  # characters; longer texts are dead letters before
NASTY = [
    *(
        "\ud800\udfff",
        "а",
        "А",
        "aа",
        "абвгд",
        "😀",
        "👨‍👩‍👧‍👦",
        "\x00\x1b\x7f",
        "\u202eПутин\u202c ",
        "مرحبا ",
    ),
    *(
        "П\u0301\u0336\u0348\u0489\u0301\u0336 ",
        "Пу\u00adт\u200bин ",
        "\u0301",
        "İ",
        "𝐏𝐮 ",
        "\U0010ffff",
    ),
    *("«", "(", ")", ".", "-", "_", "*", "/", "\n", "\xa0", "<b>", "&amp;", "@а", "#а", "[а](b)"),
    *(
        "ПУТИН И ТОКАЕВ ",
        "путин и токаев ",
        "Иван Петров ",
        "Иван\n",
        "ООО «Ромашка ",
        "Иван-",
        "И.",
    ),
    *("А. Б. ", "1,5 ", "1234567890", "https://a.b/", "总统签署了法律", "Токаев, "),
]
SECONDS = 10  # of one core; two where nothing else runs, and anything quadratic takes minutes
NOTHING = Steps(language=False, entities=False, sentiment=False)


def document(text: str, name: str = "a/1", **fields: Any) -> Document:
    return Document(id=name, source="a", published_at=NOON, seen_at=NOON, text=text, **fields)


def watch_for(*names: str) -> Any:
    return compile_watch([Term(name=name) for name in names])


def enrich(*documents: Document, steps: Steps = ALL_STEPS) -> list[Enriched | Failure]:
    return enrich_batch(documents, watch_for("Токаев"), steps)


def setting(key: str, value: dict[str, Any] | None, what: Any = "term") -> Setting:
    return Setting(seen_at=NOON, id=f"s/{key}", what=what, key=key, value=value)


def test_a_document_keeps_its_fields_and_gains_what_was_understood() -> None:
    (result,) = enrich(
        document("Президент Токаев прибыл в Минск.", title="Визит", url="http://a/1")
    )
    assert isinstance(result, Enriched)
    assert (result.title, result.url, result.origin_id, result.duplicate_of) == (
        "Визит",
        "http://a/1",
        "a/1",
        None,
    )
    assert result.language.code == "ru"
    assert "Минск" in {entity.text for entity in result.entities}
    assert [result.content[m.start : m.stop] for m in result.terms] == ["Токаев"]


def test_a_tombstone_is_not_read() -> None:
    (result,) = enrich(document("Президент Токаев прибыл в Минск.", deleted=True))
    assert isinstance(result, Enriched)
    assert (result.language, result.entities, result.sentiment, result.terms) == (
        Language("und", 0.0),
        (),
        Sentiment(),
        (),
    )


def test_steps_switched_off_find_nothing() -> None:
    (result,) = enrich(document("Токаев прибыл в Минск."), steps=NOTHING)
    assert isinstance(result, Enriched)
    assert (result.language.code, result.entities, len(result.terms)) == ("und", (), 1)


@pytest.mark.parametrize(("kind", "count"), [("LOC", 1), ("PER", 0), (None, 1)])
def test_a_term_that_names_an_entity_type_is_found_in_entities_of_that_type(
    kind: Any, count: int
) -> None:
    watch = compile_watch([Term(name="Минск", entity=kind)])
    (result,) = enrich_batch([document("Президент Токаев прибыл в Минск.")], watch)
    assert isinstance(result, Enriched)
    assert len(result.terms) == count


def test_a_poison_document_fails_alone_and_the_rest_goes_on_in_order() -> None:
    broken: Any = b"\xff"  # what no decoder lets through
    poison = document(broken, name="a/2")
    results = enrich(document("Токаев в Минске", "a/1"), poison, document("Токаев", "a/3"))
    assert [type(result) for result in results] == [Enriched, Failure, Enriched]
    failure = results[1]
    assert isinstance(failure, Failure)
    assert (failure.document.id, failure.reason) == ("a/2", "poison")
    assert failure.detail


def test_the_batch_changes_no_byte() -> None:
    documents = [
        document(text, f"a/{n}")
        for n, text in enumerate(["Токаев прибыл в Минск.", "", "Hello world", "12345", "Ну да"])
    ]
    alone = [encode(one) for document in documents for one in enrich(document)]
    assert [encode(one) for one in enrich(*documents)] == alone


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_whatever_comes_is_enriched_in_seconds(text: str) -> None:
    started = time.process_time()
    (result,) = enrich(document(text * (LONGEST // len(text))))
    assert isinstance(result, Enriched)
    assert time.process_time() - started < SECONDS
    assert all(one.text == result.content[one.start : one.stop] for one in result.entities)


def test_forty_thousand_names_that_nobody_knows_take_seconds() -> None:
    letters = "абвгдежзиклмнопрстуф"
    words = map("".join, product(letters.upper(), letters, letters, letters))
    started = time.process_time()
    (result,) = enrich(document(" ".join(islice(words, LONGEST // 5))))
    assert isinstance(result, Enriched)
    assert time.process_time() - started < SECONDS


def test_no_documents_give_no_results() -> None:
    assert enrich() == []


def test_term_settings_add_replace_and_remove() -> None:
    terms = fold_term({}, setting("ОДКБ", {"pattern": "ОДКБ"}))
    assert terms == {"ОДКБ": Term(name="ОДКБ", pattern="ОДКБ")}
    terms = fold_term(terms, setting("ОДКБ", {"case": "exact"}))
    assert terms == {"ОДКБ": Term(name="ОДКБ", case="exact")}
    assert fold_term(terms, setting("ОДКБ", None)) == {}


def test_other_settings_and_broken_terms_change_nothing() -> None:
    terms = {"ОДКБ": Term(name="ОДКБ")}
    assert fold_term(terms, setting("ОДКБ", None, what="mute")) == terms
    assert fold_term(terms, setting("НАТО", {"case": "loud"})) == terms


def test_fold_leaves_the_given_terms_as_they_were() -> None:
    terms = {"ОДКБ": Term(name="ОДКБ")}
    fold_term(terms, setting("ОДКБ", None))
    assert list(terms) == ["ОДКБ"]


def test_the_pipeline_is_named_by_its_steps() -> None:
    assert pipeline_name(Steps()) == pipeline_name(Steps())
    assert pipeline_name(Steps()) != pipeline_name(NOTHING)
