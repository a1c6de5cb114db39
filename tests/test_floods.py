from __future__ import annotations

from random import Random

import numpy as np
import pytest

from streams.families.copies import Keys
from streams.families.floods import is_spun, is_woven
from tests.test_copies import FIRE, LONG, OTHER, read


def join(texts: list[str]) -> Keys:
    return np.frombuffer(b"".join(read(text).tobytes() for text in texts), np.int32)


def alter(random: Random, text: str, share: float) -> str:
    """Exactly this share of the words replaced by others."""
    words = text.split()
    for at in random.sample(range(len(words)), round(share * len(words))):
        words[at] = random.choice(OTHER)
    return " ".join(words)


def test_a_text_of_pieces_is_woven_and_one_of_other_words_is_not() -> None:
    words = FIRE.split()
    others = [
        read(" ".join([*words[:at], "да", *words[at + 5 :]])).tobytes() for at in range(0, 16, 4)
    ]
    together = np.frombuffer(b"".join(others), np.int32)
    assert is_woven(read(f"Срочно! {FIRE}"), together)
    assert not is_woven(read(LONG.partition(". ")[2]), together)
    assert not is_woven(read(FIRE.replace("две", "три")), together)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_a_text_spun_of_the_same_one_is_told_by_what_several_have_in_common(share: float) -> None:
    random = Random(1)
    flood = [alter(random, LONG, share) for _ in range(5)]
    assert is_spun(read(alter(random, LONG, share)), join(flood), len(flood))
    assert not is_spun(read(alter(random, LONG, 0.8)), join(flood), len(flood))


def test_another_number_is_another_message() -> None:
    series = [f"Доллар на бирже поднялся выше {number} рублей" for number in (101, 102, 103)]
    assert not is_spun(read("Доллар на бирже поднялся выше 104 рублей"), join(series), 3)
