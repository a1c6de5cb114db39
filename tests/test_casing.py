"""Capitals are restored where a text has none or nothing else; offsets stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tagger.casing import restore_case


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("ПУТИН ПРИЕХАЛ В КАЗАХСТАН", "Путин приехал в Казахстан"),
        ("путин приехал в казахстан. мид рф молчит", "Путин приехал в Казахстан. МИД РФ молчит"),
        ("СРОЧНАЯ НОВОСТЬ\nПутин приехал", "Срочная новость\nПутин приехал"),
        ("МИД РФ", "МИД РФ"),
        ("жалоба на facebook и cnn", "Жалоба на Facebook и CNN"),
        ("смотри https://site.ru/path и t.me/news", "Смотри https://site.ru/path и t.me/news"),
        ("breaking news about россия", "breaking news about Россия"),
        ("да", "да"),
        ("Путин приехал", "Путин приехал"),
        ("ОДКБ", "ОДКБ"),
        ("12345", "12345"),
        ("", ""),
    ],
)
def test_restore(written: str, usual: str) -> None:
    assert restore_case(written) == usual


@given(st.text() | st.text(alphabet="абвАБВ .!?\nİß"))
def test_nothing_moves(text: str) -> None:
    restored = restore_case(text)
    assert len(restored) == len(text)
    assert restored.lower() == text.lower()
