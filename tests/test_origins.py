from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.families.features import mark, pack
from streams.families.window import Window
from streams.origins import Index, text_hash
from streams.text import tokenize
from tests.corpora import read_corpus
from tests.test_copies import FIRE, LONG, OTHER
from tests.test_counts import NOON, entry

VOCABULARY = sorted(
    {word.strip(".,").lower() for word in LONG.split() if word.strip(".,").isalpha()}
)


def read(text: str) -> bytes:
    marked = mark(tokenize(text))
    return pack(marked, len(marked.keys))


TEXTS = st.lists(st.sampled_from("абвгде"), min_size=2, max_size=9).map(" ".join).map(read)


@given(st.lists(TEXTS, max_size=60), st.integers(0, 59), TEXTS)
def test_an_index_filled_anew_answers_as_the_one_that_lived_on(
    texts: list[bytes], first: int, text: bytes
) -> None:
    lived, anew = Index(64), Index(64)
    for number, one in enumerate(texts):
        lived.add(one, number + 1)
        if number >= first:
            anew.add(one, number + 1 - first)
    assert lived.find(text, first + 1) == [number + first for number in anew.find(text, 1)]


def test_five_common_words_in_a_row_are_found() -> None:
    index = Index(1 << 12)
    index.add(read(LONG), 1)
    assert index.find(read("Утром первыми приехали расчёты соседнего района, видно всё"), 1) == [1]
    assert index.find(read("Совсем иные слова стоят здесь рядком"), 1) == []
    assert index.find(read(LONG), 2) == []


def test_one_word_is_nobodys_text() -> None:
    index = Index(64)
    index.add(read("Тревога"), 1)
    assert index.find(read("Тревога"), 1) == []


def test_an_equal_text_comes_first() -> None:
    index = Index(1 << 12)
    for number, text in enumerate([FIRE, LONG, f"{LONG} и ещё"]):
        index.add(read(text), number + 1)
    assert index.find(read(FIRE), 1)[0] == 1


def test_the_hash_tells_an_edit() -> None:
    assert text_hash("а") != text_hash("а ")
    assert text_hash("\ud800") == text_hash("\ud800")


def flood(random: Random, text: str, share: float) -> str:
    return " ".join(
        random.choice(VOCABULARY) if random.random() < share else word for word in text.split()
    )


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_a_flood_of_altered_words_has_few_origins(share: float) -> None:
    random, window = Random(1), Window()
    texts = [read(flood(random, LONG.replace("две тысячи", "много"), share)) for _ in range(300)]
    assert len(set(assign(window, [(text, 5.0 * at) for at, text in enumerate(texts)]))) <= 3


def replace_exactly(random: Random, text: str, share: float) -> str:
    words = text.split()
    for at in random.sample(range(len(words)), round(share * len(words))):
        words[at] = random.choice(OTHER)
    return " ".join(words)


@pytest.mark.parametrize("text", [FIRE, LONG], ids=["short", "long"])
def test_a_flood_with_three_words_in_ten_replaced_in_each_copy_has_few_origins(text: str) -> None:
    random, window = Random(1), Window()
    texts = [read(replace_exactly(random, text, 0.3)) for _ in range(300)]
    assert len(set(assign(window, [(text, 5.0 * at) for at, text in enumerate(texts)]))) <= 3


SHORT = (
    "Спасатели всю ночь искали рыбаков на льду залива, вертолёт поднимут утром, если стихнет ветер"
)


@pytest.mark.parametrize("seed", range(6))
def test_a_flood_of_a_short_text_has_few_origins(seed: int) -> None:
    random, window = Random(seed), Window()
    texts = [read(replace_exactly(random, SHORT, 0.3)) for _ in range(1000)]
    assert len(set(assign(window, [(text, 5.0 * at) for at, text in enumerate(texts)]))) <= 3


def test_a_flood_whose_number_is_misspelt_has_few_origins() -> None:
    random, window = Random(1), Window()
    text, told = SHORT.replace("рыбаков", "1096 рыбаков"), ["1096", "1о96", "196", "0196", "10096"]
    texts = [
        read(replace_exactly(random, text.replace("1096", random.choice(told)), 0.1))
        for _ in range(1000)
    ]
    assert len(set(assign(window, [(text, 5.0 * at) for at, text in enumerate(texts)]))) <= 3


def test_a_live_series_stays_apart() -> None:
    window = Window()
    series = [
        read(f"Доллар на бирже поднялся выше {number} рублей, растёт и евро, передаёт агентство")
        for number in range(90, 130)
    ]
    found = assign(window, [(text, 600.0 * at) for at, text in enumerate(series)])
    assert len(set(found)) == len(series)


def assign(window: Window, texts: list[tuple[bytes, float]]) -> list[str]:
    origins = []
    for number, (features, at) in enumerate(texts):
        origin = window.origin_of(features, NOON + at) or str(number)
        window.apply(
            NOON, replace(entry(str(number)), features=features, at=NOON + at, origin_id=origin)
        )
        origins.append(origin)
    return origins


@pytest.mark.parametrize(
    ("name", "least"), [("origins", 160), ("origins-second", 100), ("origins-third", 150)]
)
def test_labelled_pairs_exist_in_the_corpus(name: str, least: int) -> None:
    lines = (Path(__file__).parent / f"cases/{name}.jsonl").read_text("utf-8").splitlines()
    pairs = [json.loads(line) for line in lines]
    known = {row["id"] for row in read_corpus("telegram-2024.jsonl.gz")}
    assert len({frozenset((pair["a"], pair["b"])) for pair in pairs}) == len(pairs) >= least
    assert {pair[side] for pair in pairs for side in "ab"} <= known
