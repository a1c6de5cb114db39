"""The tokeniser of the entity model against razdel, which the model was trained with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from razdel import tokenize as cut_by_razdel

from streams.tagger.tokens import tokenize
from tests.corpora import read_texts

ODD = st.sampled_from(
    [*"абЁёzſK 12٣ .,/\\_-–—−‑:;=)((*!?…«»\"'{}[]\n\t\xa0é\u0301\u200b😀σᲀ\ud800", "yahoo", "YAHOO"]
)


def spans(text: str) -> list[tuple[int, int]]:
    tokens = tokenize(text)
    return list(zip(tokens.starts.tolist(), tokens.stops.tolist(), strict=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Кто-то пришёл.", ["Кто-то", "пришёл", "."]),
        ("1,5 млн и 1/2", ["1,5", "млн", "и", "1/2"]),
        ("snake_case", ["snake_case"]),
        ("Ну?! Да...", ["Ну", "?!", "Да", "..."]),
        ("Ура :)))", ["Ура", ":)))"]),
        ("yahoo! и ура!", ["yahoo!", "и", "ура", "!"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [text[start:stop] for start, stop in spans(text)] == words


@given(st.lists(ODD | st.characters(), max_size=30).map("".join))
def test_any_string_is_cut_as_razdel_cuts_it(text: str) -> None:
    assert spans(text) == [(token.start, token.stop) for token in cut_by_razdel(text)]


def test_real_texts_are_cut_as_razdel_cuts_them() -> None:
    for text in read_texts("telegram-2024.jsonl.gz", 300):
        assert spans(text) == [(token.start, token.stop) for token in cut_by_razdel(text)]


def test_a_million_letters_are_one_token() -> None:
    assert spans("а" * 1_000_000) == [(0, 1_000_000)]
