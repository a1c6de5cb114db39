from __future__ import annotations

import numpy as np
import pytest

from streams.families.features import LONGEST, NAME, NUMBER, Marked, mark, pack
from streams.text import tokenize


def read(text: str) -> Marked:
    return mark(tokenize(text))


def numbers(text: str) -> list[int]:
    marked = read(text)
    return [key for key, kind in zip(marked.keys, marked.kinds, strict=True) if kind == NUMBER]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 млн", "5 000 000"),
        ("5 млн", "5 миллионов"),
        ("1096 рублей", "1о96 рублей"),
        ("23 ноября", "2З ноября"),
        ("1,5 тыс.", "1500"),
        ("3.000", "3000"),
        ("105,50", "105.5"),
        ("20 тысяч", "20000"),
        ("300млн", "300 миллионов"),
        ("во вторник", "вторник"),
    ],
)
def test_numbers_are_what_they_mean(one: str, other: str) -> None:
    assert numbers(one) == numbers(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [("105", "106"), ("1,5", "15"), ("18.30", "18.40"), ("понедельник", "вторник"), ("0", "00:10")],
)
def test_other_numbers_differ(one: str, other: str) -> None:
    assert numbers(one) != numbers(other)


def test_endings_do_not_matter_and_look_alikes_are_the_same() -> None:
    assert read("пожарные").keys == read("пожарных").keys
    assert read("Москва").keys == read("Mocквa").keys
    assert read("дом").keys != read("дым").keys


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Вчера в Киеве и Одессе прошёл дождь", 2),
        ("Вчера прошёл дождь, сообщил Гидрометцентр", 0),
        ("Вчера прошёл дождь — РИА Новости", 0),
        ("Дождь. Москва ждёт", 0),
    ],
)
def test_names_are_capitals_inside_sentences_outside_of_attributions(text: str, count: int) -> None:
    assert read(text).kinds.count(NAME) == count


def test_features_are_counts_then_keys() -> None:
    marked = read("Вчера в Киеве упали 3 дерева")
    features = np.frombuffer(pack(marked, 5), np.uint32)
    assert features[:3].tolist() == [5, 1, 1]
    assert features[3:8].tolist() == marked.keys[:5]
    assert features[8:].tolist() == [marked.keys[4], marked.keys[2] >> 12]


def test_letters_with_points_are_one_word() -> None:
    assert len(read("Вышла S.T.A.L.K.E.R. 2, в О.А.Э. ждут").keys) == 6
    assert read("О.А.Э").keys == read("ОАЭ").keys
    assert numbers("с 1.2 по 5.6") == numbers("с 1,2 по 5,6")


DIGEST = (
    "Главное за день, коротко\n\n— Мост через реку закрыли на {} дня\n— Суд вынес приговор\n"
    "— Дождь пройдёт к вечеру"
)


def test_the_lead_of_a_digest_stands_above_the_count_of_names() -> None:
    marked = read(DIGEST.format(2))
    features = np.frombuffer(pack(marked, len(marked.keys)), np.uint32)
    assert (marked.lead, features[2]) == (4, 5 << 16)
    marked = read(f"Прошло 1 000 000 минут. {DIGEST}")
    assert marked.lead == 7


def test_a_long_text_is_kept_by_its_beginning() -> None:
    marked = read("слово " * 1000)
    assert len(pack(marked, 1000)) == 4 * (3 + LONGEST)
    assert pack(read(""), 0) == bytes(12)
