"""The nominative of a reading: what pymorphy3 inflects it to, without all of its other forms."""

from __future__ import annotations

import pytest

from streams.words.nominatives import to_nominative
from streams.words.paradigms import read

WORDS = (
    "путина токаеву казахстане южной корее ростова-на-дону сергеевичем дариге министерству "
    "известиям штатах вооружённых трём двумя избранного детей людей домой газпромом интерфаксу "
    "росгвардии тридцатью оренбургской эмиратах микрорайоне бутырке полумарафону нейросетями"
)


def test_what_pymorphy_inflects_to() -> None:
    compared = 0
    for word in WORDS.split():
        for reading in read(word):
            if reading.tag.case not in {None, "nomn"}:
                form = reading.inflect({"nomn"})
                assert to_nominative(reading) == (form.word if form else ""), reading
                compared += 1
    assert compared > len(WORDS.split())


@pytest.mark.parametrize(
    ("word", "expected"), [("высшей", "высшая"), ("высочайшей", "высочайшая"), ("москва", "москва")]
)
def test_of_several_the_one_that_begins_alike(word: str, expected: str) -> None:
    assert to_nominative(read(word)[0]) == expected
