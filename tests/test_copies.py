from __future__ import annotations

import numpy as np
import pytest

from streams.families.copies import Keys, is_altered, is_copy, is_woven
from streams.families.features import mark, pack
from streams.text import tokenize

MINUTE, DAY = 60.0, 86_400.0
FIRE = (
    "Крупный пожар на складе бытовой химии в Приозёрске потушили к утру, "
    "огонь охватил две тысячи квадратных метров, пострадавших нет"
)
LONG = (
    f"{FIRE}. По словам дежурного, первыми приехали расчёты соседнего района, воду брали из реки, "
    "дорогу вдоль набережной перекрыли до полудня. Владелец обещал возместить ущерб жильцам "
    "ближайших домов и открыть новый цех за городом, причину возгорания установит экспертиза"
)


def read(text: str) -> Keys:
    marked = mark(tokenize(text))
    return np.frombuffer(pack(marked, len(marked.keys)), np.int32)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FIRE, FIRE),
        (FIRE, f"Коротко. {FIRE}"),
        (FIRE, f"⚡️**{FIRE}** [Подписаться](https://t.example/x)"),
        (FIRE, FIRE.replace("потушили", "ликвидировали").replace("охватил", "уничтожил")),
        (FIRE, FIRE.replace("Крупный", "Kpyпный").replace("складе", "cкладe")),
        (LONG, FIRE),
        (LONG, LONG.replace("первыми", "сначала").replace("обещал", "намерен")),
        ("Ставка выросла до 5 млн рублей в год", "Ставка выросла до 5 000 000 рублей в год"),
        ("Ставка выросла до 5 млн рублей в год", "Ставка выросла до 5 миллионов рублей в год"),
        ("Кадры с места пожара.", "Кадры с места пожара"),
    ],
)
def test_a_copy_is_told_in_both_directions(first: str, second: str) -> None:
    assert is_copy(read(first), read(second), MINUTE)
    assert is_copy(read(second), read(first), MINUTE)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Доллар поднялся выше 105 рублей на бирже", "Доллар поднялся выше 106 рублей на бирже"),
        (FIRE, FIRE.replace("две тысячи", "три тысячи")),
        ("Взрывы слышны в Одессе, работает ПВО", "Взрывы слышны в Херсоне, работает ПВО"),
        (
            "Заседание совета директоров назначено на пятницу",
            "Заседание совета директоров назначено на субботу",
        ),
        (FIRE, "На складе в Приозёрске всю ночь тушили пламя, люди не пострадали"),
        ("Тревога", "Тревога в городе"),
    ],
)
def test_another_message_is_no_copy(first: str, second: str) -> None:
    assert not is_copy(read(first), read(second), MINUTE)
    assert not is_copy(read(second), read(first), MINUTE)


def test_the_same_few_words_of_another_day_are_another_message() -> None:
    siren = read("В городе объявлена воздушная тревога")
    assert is_copy(siren, siren, MINUTE)
    assert not is_copy(siren, siren, DAY)
    assert is_copy(read(FIRE), read(FIRE), DAY)


def test_many_altered_words_are_one_of_a_flood_and_an_altered_number_alone_is_not() -> None:
    words = FIRE.split()
    altered = [word if at % 3 else f"слово{at}б" for at, word in enumerate(words)]
    assert is_altered(read(FIRE), read(" ".join(altered)), MINUTE)
    assert not is_altered(read(FIRE), read(" ".join(altered)), DAY)
    assert not is_altered(read(FIRE), read(FIRE.replace("две", "три")), MINUTE)
    assert not is_altered(read("В лесу"), read("В лесу"), MINUTE)


def test_a_text_of_pieces_is_woven_and_one_of_other_words_is_not() -> None:
    words = FIRE.split()
    others = [
        read(" ".join([*words[:at], "да", *words[at + 5 :]])).tobytes() for at in range(0, 16, 4)
    ]
    together = np.frombuffer(b"".join(others), np.int32)
    assert is_woven(read(f"Срочно! {FIRE}"), together)
    assert not is_woven(read(LONG.partition(". ")[2]), together)
    assert not is_woven(read(FIRE.replace("две", "три")), together)
