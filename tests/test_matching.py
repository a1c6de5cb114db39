from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.matching import find_mentions
from streams.models import Entity, Term
from streams.terms import compile_watch

# term, text with its mentions in square brackets
MARKED = [
    ("Токаев", "встреча с [Токаевым] и вино токай"),
    ("Токаев", "#[Токаев] и #[Токаеве]"),
    ("Министерство обороны", "о [Министерстве\n«обороны]», а не Министерство\n\nобороны"),
    ("аэропорт Алматы", "перед [аэропортом «Алматы]», аэропорт города Алматы"),
    ("ОДКБ", "учения [ОДКБ]-2022 и одкбшный"),
    ("МИД", "у [МИДа] мидовские привычки"),
    ("Касым-Жомарт Токаев", "с [Касым‑Жомартом Токаевым], [К.-Ж. Токаевым] и с Касым"),
    ("Дональд Туск", "с [Д.Туском], [Д. Туском] и с Туском"),
    ("ребёнок", "[дети] и [рЕБЕНОК]"),
    ("Мир", "за мир во всём мире"),
    ("Telegram", "[Telegram]-канал и [Теlegram] t.me/telegram"),
    ("Токаев", "[Тока́ев] и [То\u00adкаева]"),
]


def unmark(marked: str) -> tuple[str, list[str]]:
    """The plain text, and each mention with its place."""
    plain, spans = "", []
    for number, piece in enumerate(marked.replace("]", "[").split("[")):
        if number % 2:
            spans.append((len(plain), len(plain) + len(piece)))
        plain += piece
    return plain, [f"{start}-{stop} {plain[start:stop]}" for start, stop in spans]


@pytest.mark.parametrize(("term", "marked"), MARKED)
def test_finds_what_is_marked_and_nothing_else(term: str, marked: str) -> None:
    content, expected = unmark(marked)
    found = find_mentions(content, compile_watch([Term(name=term)]))
    assert [f"{one.start}-{one.stop} {one.text}" for one in found] == expected


def find(term: Term | str, text: str) -> list[str]:
    watch = compile_watch([Term(name=term) if isinstance(term, str) else term])
    return [one.text for one in find_mentions(text, watch)]


def test_operators() -> None:
    assert find("Мир & Visa", "карты «Мир» и Visa") == ["Мир", "Visa"]
    assert find("Мир & Visa", "карты «Мир»") == []
    assert find("банк -река", "у банка") == ["банка"]
    assert find("банк -река", "банк у реки") == []
    assert find("террор*", "антитеррор и террористы") == ["террористы"]
    assert find('"Новая газета"', "«Новая газета», «Новой газеты»") == ["Новая газета"]


def test_case_policies() -> None:
    assert find(Term(name="мир", case="capital"), "мир и Мир") == ["мир", "Мир"]
    assert find(Term(name="Казахстан", case="exact"), "казахстан в Казахстане") == ["Казахстане"]
    assert find(Term(name="ОДКБ", case="exact"), "одкб, Одкб и ОДКБ") == ["ОДКБ"]


def test_the_longest_of_overlapping_mentions_of_one_term_counts() -> None:
    assert find("Крокус Сити", "Крокус Сити Крокус Сити") == ["Крокус Сити"] * 2


def test_labels_do_not_count() -> None:
    text = "Террорист (внесён в перечень террористов и экстремистов) задержан"
    assert find("террорист", text) == ["Террорист"]


def test_an_entity_settles_what_opens_a_sentence() -> None:
    watch = compile_watch([Term(name="Роман"), Term(name="роман")])
    text = "Роман вышел"
    person = Entity(type="PER", text="Роман", start=0, stop=5, name="Роман")
    assert [one.term for one in find_mentions(text, watch)] == ["роман"]
    assert [one.term for one in find_mentions(text, watch, entities=[person])] == ["Роман"]


@pytest.mark.parametrize(("name", "number"), [("дрон", 1), ("Дронов", 1)])
def test_a_person_is_no_mention_of_a_common_word(name: str, number: int) -> None:
    text = "Депутат Дронов о налёте дронов"
    person = Entity(type="PER", text="Дронов", start=8, stop=14, name="Дронов")
    assert len(find_mentions(text, compile_watch([Term(name=name)]), entities=[person])) == number


def test_an_entity_of_another_type_is_no_mention() -> None:
    text = "станция Владимир"
    city = Entity(type="LOC", text="Владимир", start=8, stop=16, name="Владимир")
    for kind, number in (("PER", 0), ("LOC", 1), (None, 1)):
        watch = compile_watch([Term(name="Владимир", entity=kind)])  # type: ignore[arg-type]
        assert len(find_mentions(text, watch, entities=[city])) == number


PIECES = """Токаев Токаева токаев Мир мира в стали Министерство обороны «Мир» К. ОДКБ-2022 &amp;
Мо́сква Moсква террор террористы банка Нью-Йорк (признан иноагентом) **МИД**а"""
WORDS = st.sampled_from([*PIECES.split(), "\n", "\n\n"])
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
NAMES = [
    *("Токаев", "Мир", "сталь", "Министерство обороны", "ОДКБ", "Москва", "террор*", "банк"),
    *("Касым-Жомарт Токаев", "Йорк", "МИД", "иноагент", "Мир & банк", "Мир -банк"),
]


@given(TEXTS)
def test_offsets_point_at_what_is_reported(text: str) -> None:
    watch = compile_watch([Term(name=name) for name in NAMES])
    for one in find_mentions(text, watch):
        assert text[one.start : one.stop] == one.text
        assert one.text == one.text.strip() != ""


@given(TEXTS, st.permutations(NAMES), st.integers(1, len(NAMES)))
def test_other_terms_never_change_a_match(text: str, names: list[str], count: int) -> None:
    def found(terms: list[str]) -> set[tuple[str, int, int]]:
        watch = compile_watch([Term(name=name) for name in terms])
        return {(one.term, one.start, one.stop) for one in find_mentions(text, watch)}

    alone = set().union(*(found([name]) for name in names[:count]))
    assert found(names[:count]) == alone


HOSTILE = {
    "one word": "а" * 10**6,
    "markers": "**а" * 300_000,
    "references": "&" + "amp;" * 250_000,
    "open tags": "<a " * 300_000,
    "marks alone": "\u0301" * 10**6,
    "marked letters": "а\u0301" * 500_000,
    "two alphabets": "аa" * 500_000,
    "addresses": "a@" * 500_000,
    "slashes": "a/" * 500_000,
    "half links": "](" * 500_000,
    "brackets": "(признан " * 100_000,
    "footnotes": "\n*признан " * 100_000,
    "homonyms": "стали " * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(60)
def test_hostile_texts_take_bounded_time(name: str) -> None:
    watch = compile_watch([Term(name=one) for one in ("Токаев", "сталь", "террор*", "а")])
    find_mentions(HOSTILE[name], watch)
