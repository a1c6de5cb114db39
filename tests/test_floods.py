from __future__ import annotations

from random import Random

import numpy as np
import pytest

from streams.families.copies import Keys
from streams.families.floods import SPREAD, is_flooded
from tests.test_copies import FIRE, LONG, OTHER, read
from tests.test_origins import SHORT

PRICE = LONG.replace("две тысячи", "1906")


def join(texts: list[str]) -> Keys:
    return np.frombuffer(b"".join(read(text).tobytes() for text in texts), np.int32)


def alter(random: Random, text: str, share: float) -> str:
    """Exactly this share of the words replaced by others."""
    words = text.split()
    for at in random.sample(range(len(words)), round(share * len(words))):
        words[at] = random.choice(OTHER)
    return " ".join(words)


def is_one_more(text: str, others: list[str], *, is_robot: bool = False) -> bool:
    return bool(is_flooded(read(text), join(others), len(others), is_robot, SPREAD))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3])
def test_a_text_of_a_flood_is_told_by_what_several_have_in_common(share: float) -> None:
    random = Random(1)
    flood = [alter(random, LONG, share) for _ in range(5)]
    assert is_one_more(alter(random, LONG, share), flood)
    assert not is_one_more(alter(random, LONG, 0.8), flood)


def test_reprints_are_no_flood_of_a_text_with_many_words_altered() -> None:
    assert is_one_more(LONG, [LONG] * 5)
    assert not is_one_more(alter(Random(1), LONG, 0.2), [LONG] * 5)


def test_a_text_of_few_words_is_none_of_a_flood() -> None:
    assert not is_one_more("Крупный пожар на складе бытовой химии", [FIRE] * 5)


@pytest.mark.parametrize("number", ["19о6", "196", "9106", "19906", "много", "1906 и ещё 7"])
def test_a_number_misspelt_lost_or_added_is_no_other_number(number: str) -> None:
    flood = [alter(Random(seed), PRICE, 0.1) for seed in range(5)]
    assert is_one_more(PRICE.replace("1906", number), flood)


def test_another_number_is_another_message() -> None:
    flood = [alter(Random(seed), PRICE, 0.1) for seed in range(5)]
    for number in (1907, 2906, 5000, 12):
        assert not is_one_more(PRICE.replace("1906", str(number)), flood)
    series = [f"Доллар на бирже поднялся выше {number} рублей" for number in (101, 102, 103)]
    assert not is_one_more("Доллар на бирже поднялся выше 104 рублей", series)


def test_another_name_among_reprints_is_another_message() -> None:
    alarm = "Ракетная опасность объявлена в {} и прилегающих районах, оставайтесь в укрытиях"
    reprints = [alarm.format("Белгороде")] * 5
    assert is_one_more(alarm.format("Белгороде"), reprints)
    assert not is_one_more(alarm.format("Курске"), reprints)


def test_another_number_of_a_robot_is_one_more_word_altered() -> None:
    random, told = Random(2), SHORT.replace("рыбаков", "27 рыбаков")
    altered = (alter(random, told, 0.1) for _ in range(30))
    flood = [text for text in altered if "27" in text.split()][:6]
    other = told.replace("27", "35")
    assert [is_one_more(other, flood, is_robot=robot) for robot in (False, True)] == [False, True]
    assert not is_one_more(other, [told] * 6, is_robot=True)  # a channel that tells of each alarm
