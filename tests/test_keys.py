from __future__ import annotations

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.families.keys import flag, read_keys

NONE = flag([])
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1)


@given(st.lists(WORDS, min_size=1))
def test_keys_are_what_zlib_says_of_each_word(words: list[str]) -> None:
    keys, _ = read_keys(words, NONE)
    assert [key >> 12 for key in keys] == [crc32(word[:4].encode()) % (1 << 20) for word in words]
    fifths = [ord(word[4]) % (1 << 12) if len(word) > 4 else 0 for word in words]
    assert [key % (1 << 12) for key in keys] == fifths


@given(st.lists(WORDS, min_size=1), st.sets(WORDS))
def test_flagged_heads_and_digits_are_told(words: list[str], flagged: set[str]) -> None:
    _, places = read_keys(words, flag(flagged))
    heads = {word[:4] for word in flagged}
    wanted = {at for at, word in enumerate(words) if word[:4] in heads or word[0] in "0123456789"}
    assert wanted <= set(places)
    assert places == sorted(set(places))


@pytest.mark.parametrize("word", ["а", "Ⅷ", "𐐀𐐀𐐀𐐀𐐀", "zß٣ꙮ"])
def test_a_word_that_is_not_flagged_is_not_told(word: str) -> None:
    assert read_keys([word, word], NONE)[1] == []
