from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text import clean, disguise, fold, normal_words, tokenize

SIGNS = st.text(st.sampled_from("аЯёe1 -.\n*_~<>/&;:#@[]()bqwmpn\u0301\u00ad\u200b\ufe0fи\u0306"))
TEXTS = st.one_of(
    st.text(),
    SIGNS,
    st.lists(
        st.sampled_from(
            [
                "&amp;",
                "&shy;",
                "nbsp;",
                "<b>",
                "**",
                "https://",
                "www.",
                "t.me/",
                "@",
                "Мо",
                "c",
                "\u0301",
                " ",
                "](",
                ")",
            ]
        )
    ).map("".join),
)


@given(TEXTS)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text).text
    assert clean(once).text == once


@given(TEXTS)
def test_words_stand_in_the_original_one_after_the_other(text: str) -> None:
    tokens = tokenize(text)
    at = 0
    for start, stop in zip(tokens.starts, tokens.stops, strict=True):
        assert at <= start < stop <= len(text)
        at = stop
    assert len(tokens.gaps) == len(tokens.words) + 1


def test_folding_keeps_the_length_of_every_character() -> None:
    assert all(len(fold(chr(code))) == 1 for code in range(0x110000))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Токае́в, Пу&shy;тин", "токаев путин"),
        ("**Ново**сибирск и **МИД **России", "новосибирск и мид россии"),
        ("<b>МИД</b>а<br>рядом", "мида рядом"),
        ("Moсква и Сhat", "москва и chat"),
        ("Лëха купил Citroën", "леха купил citroën"),
        ("[👉 Топор](https://t.me/topor) t.me/mash www.ria.ru x@mail.ru @akorda", "топор"),
        ("#Токаев_Путин Ещё", "токаев путин еще"),
        ("Мои\u0306 ё\u0308ж е\u0308лка", "мой еж елка"),
        ("AT&amp;T&nbsp;и", "at t и"),
    ],
)
def test_words_of_a_dirty_text(text: str, words: str) -> None:
    assert normal_words(text) == words.split()


@pytest.mark.parametrize(("word", "other"), [("нато", "hato"), ("c", "с"), ("мид", ""), ("7", "")])
def test_a_word_in_disguise(word: str, other: str) -> None:
    assert disguise(word) == other
