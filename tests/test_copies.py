from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from streams.families.copies import ALTERED, COPY, LIKE, NONE, Keys, is_retold, relate
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
OTHER = ["".join(letters) + "рат" for letters in product("бвгджзклмнпрстфх", repeat=2)]


def read(text: str) -> Keys:
    marked = mark(tokenize(text))
    return np.frombuffer(pack(marked, len(marked.keys)), np.int32)


def is_copy(one: Keys, other: Keys, gap: float) -> bool:
    return bool(relate(one, other, gap) == COPY)


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


def replace_words(text: str, every: int) -> str:
    """Every second (third …) word replaced by one of its own."""
    words = text.split()
    words[::every] = OTHER[: len(words[::every])]
    return " ".join(words)


def test_many_altered_words_may_be_one_of_a_flood_and_an_altered_number_alone_is_not() -> None:
    assert relate(read(LONG), read(replace_words(LONG, 2)), MINUTE) == ALTERED
    assert relate(read(LONG), read(replace_words(LONG, 2)), DAY) == NONE
    assert relate(read(FIRE), read(FIRE.replace("две", "три")), MINUTE) == NONE
    assert relate(read("В лесу"), read("В лесу"), MINUTE) == COPY


def test_fewer_words_in_the_same_order_are_alike() -> None:
    twice = replace_words(replace_words(LONG, 2), 5)
    assert relate(read(LONG), read(twice), MINUTE) == LIKE
    assert relate(read(LONG), read(" ".join(reversed(LONG.split()))), MINUTE) == NONE


def test_another_number_in_the_same_slot_excludes_a_flood_and_a_lost_one_does_not() -> None:
    text = "Сбито ещё семь беспилотников над округами, летевших на столицу, службы на месте падения"
    reworded = "Сбили {} беспилотников, летевших на столицу, над тремя округами, службы на месте"
    assert relate(read(text), read(reworded.format("ещё пять")), MINUTE) == NONE
    assert relate(read(text), read(reworded.format("рой")), MINUTE) != NONE


def test_other_numbers_elsewhere_exclude_no_flood() -> None:
    text = "Сбито ещё семь беспилотников над округами, летевших на столицу, службы на месте падения"
    other = "Сбиты все дроны над округами, летевшие на столицу, службы на месте в три часа ночи"
    assert relate(read(text), read(other), MINUTE) != NONE


def test_a_lead_alone_is_a_copy_however_long_the_rest() -> None:
    lead = FIRE.partition(",")[0]
    rest = " ".join(OTHER[:120])
    assert is_copy(read(lead), read(f"{lead}. {rest}"), MINUTE)
    assert not is_copy(read(lead), read(f"{rest}. {lead}"), MINUTE)


def test_a_cut_of_a_long_text_is_a_copy_and_a_common_end_is_none() -> None:
    call = "До конца недели с ребятами из компании можно пообщаться в чате и задать любые вопросы"
    first, second = (f"{' '.join(OTHER[at : at + 30])}. {call}" for at in (0, 30))
    assert is_copy(read(LONG), read(f"{LONG}. {' '.join(OTHER[:150])}"), MINUTE)
    assert not is_copy(read(first), read(second), MINUTE)


def test_the_same_in_other_words_is_retold_unless_a_number_differs() -> None:
    told = (
        "Утром потушили пожар на складе бытовой химии в Приозёрске: две тысячи метров огонь охватил"
    )
    assert is_retold(read(FIRE), read(told), MINUTE)
    assert not is_retold(read(FIRE), read(told), DAY)
    assert not is_retold(read(FIRE), read(told.replace("две", "три")), MINUTE)
    assert not is_retold(read(FIRE), read("На складе в Приозёрске всю ночь тушили пламя"), MINUTE)


def test_two_names_of_one_country_are_one_word() -> None:
    first = "МИД РФ рекомендовал воздержаться от поездок в Абхазию"
    assert is_copy(read(first), read(first.replace("РФ", "России")), MINUTE)


def test_a_call_for_readers_is_no_part_of_the_text() -> None:
    siren = "Сирены в городе"
    for call in ("👉 [Подписаться](https://t.example)", "❗️ Подписывайся на канал", "Подпишись"):
        assert is_copy(read(siren), read(f"{siren}\n\n{call}"), MINUTE)
    assert not is_copy(read(siren), read(f"{siren}\n\nМэр подписал указ"), MINUTE)
