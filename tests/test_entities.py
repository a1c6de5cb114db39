"""Entities: exactly natasha's spans before repairs, in any batch; then better ones."""

from __future__ import annotations

import random
from typing import Any

import pytest

from streams.entities import NAMES, WORDS, find_entities, find_weights, tag_entities
from streams.tagger.spans import Span
from streams.tagger.tokens import tokenize
from tests.corpora import read_corpus, read_texts

PIECES = [
    *"абВЁ  -–.,!?…:;()[]{}«»\"'/\\_*12٣\n\t\xa0é\u0301\u200b\u202e\ud800😀Δ",
    *("Токаев", "Москва", " Путин ", " МИД ", " ООН ", "Газпром", " Иван ", "yahoo!", "-- "),
]
NASTY = [
    "",
    " \n\t ",
    "😀" * 500,
    "\ud800\udfff" * 100,
    "а" * 200_000,
    "\x00\x01\x7f" * 100,
    "\u202eПутин\u202c",
    "П\u0301у\u0301т\u0336и\u0336н" * 50,
    "«" * 1000 + "(" * 1000,
]


def nasty_strings(count: int) -> list[str]:
    chance = random.Random(7)
    return ["".join(chance.choices(PIECES, k=chance.randint(1, 40))) for _ in range(count)]


def tag(texts: list[str], batch: int) -> list[list[Span]]:
    starts = range(0, len(texts), batch)
    batches = [[tokenize(text) for text in texts[at : at + batch]] for at in starts]
    return [spans for tokens in batches for spans in tag_entities(tokens)]


@pytest.fixture(scope="module")
def natasha() -> Any:
    """What natasha's NewsNERTagger calls."""
    from navec import Navec
    from slovnet import NER

    return NER.load(find_weights() / NAMES).navec(Navec.load(find_weights() / WORDS))


def expect(natasha: Any, texts: list[str]) -> list[list[Span]]:
    return [
        [Span(span.start, span.stop, span.type) for span in natasha(text).spans] for text in texts
    ]


def test_nasty_strings_give_natashas_spans_in_any_batch(natasha: Any) -> None:
    texts = [text for text in nasty_strings(500) if text.strip()]
    expected = expect(natasha, texts)
    assert [tag(texts, batch) == expected for batch in (1, 8, 64)] == [True] * 3


def test_real_documents_give_natashas_spans_in_any_batch(natasha: Any) -> None:
    texts = [row["text"] for row in read_corpus("factrueval-dev.jsonl")]
    texts += read_texts("telegram-2024.jsonl.gz", 1000)
    expected = expect(natasha, texts)
    assert [tag(texts, batch) == expected for batch in (1, 8, 64)] == [True] * 3
    assert sum(map(len, expected)) > len(texts)  # there was something to find


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_whatever_comes_offsets_fit(text: str) -> None:
    (entities,) = find_entities([text])
    assert all(entity.text == text[entity.start : entity.stop] for entity in entities)


def names(text: str) -> list[tuple[str, str]]:
    (entities,) = find_entities([text])
    return [(entity.text, entity.name) for entity in entities]


def test_names_in_their_sentence() -> None:
    assert names("Вчера Сергею Лаврову вручили письмо из Министерства обороны Нидерландов.") == [
        ("Сергею Лаврову", "Сергей Лавров"),
        ("Министерства обороны", "Министерство обороны"),
        ("Нидерландов", "Нидерланды"),
    ]


def test_variants_of_a_person_get_one_name() -> None:
    found = names("Президент Касым-Жомарт Токаев выступил. Токаева слушали долго.")
    assert {name for _, name in found} == {"Касым-Жомарт Токаев"}
    assert len(found) == 2


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_case_hides_nobody(change: Any) -> None:
    text = change("Путин и Зеленский встретились в Стамбуле")
    assert {name for _, name in names(text)} == {"Путин", "Зеленский", "Стамбул"}


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_case_makes_no_place_of_a_union(change: Any) -> None:
    (entities,) = find_entities([change("Саммит ЕС и Евросоюза прошёл в Брюсселе")])
    assert {entity.type for entity in entities if "б" not in entity.text.lower()} == {"ORG"}


def test_the_batch_changes_no_entity() -> None:
    texts = ["Токаев прибыл в Минск.", "", "МИД России", "ПУТИН И ЗЕЛЕНСКИЙ"] * 20
    assert find_entities(texts) == [find_entities([text])[0] for text in texts]


@pytest.mark.parametrize(("change", "least"), [(str, 0.9), (str.upper, 0.8), (str.lower, 0.79)])
def test_spans_of_the_development_set(change: Any, least: float) -> None:
    rows = list(read_corpus("factrueval-dev.jsonl"))
    found = find_entities([change(row["text"]) for row in rows])
    marked = {(i, *span) for i, row in enumerate(rows) for span in row["spans"]}
    ours = {(i, e.start, e.stop, e.type) for i, entities in enumerate(found) for e in entities}
    assert 2 * len(marked & ours) / (len(marked) + len(ours)) >= least
