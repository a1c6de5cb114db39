"""Normal forms keep the capitals and the ё of the text."""

from __future__ import annotations

import pytest

from streams.words.letters import write_like


@pytest.mark.parametrize(
    ("word", "written", "expected"),
    [
        ("вкусвилл", "ВкусВилле", "ВкусВилл"),
        ("путин", "ПУТИНА", "ПУТИН"),
        ("ростов-на-дону", "Ростове-на-Дону", "Ростов-на-Дону"),
        ("коробков-землянский", "Коробкову-Землянскому", "Коробков-Землянский"),
        ("елка", "Ёлку", "Ёлка"),
        ("чёрное", "Черного", "Чёрное"),
        ("лев", "Льва", "Лев"),
        ("мандарин", "мандарина", "мандарин"),
        ("путин", "Пу\u0301тина", "Путин"),
    ],
)
def test_like_the_text(word: str, written: str, expected: str) -> None:
    assert write_like(word, written) == expected
