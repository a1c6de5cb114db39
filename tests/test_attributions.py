from __future__ import annotations

import re

import pytest

from streams.families.attributions import find_origin, name_voice
from streams.words.endings import read_table


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("Умер кот Мир, которого Путин подарил губернатору, — ТАСС.", "ТАСС"),
        ("Умер кот, пишет агентство Киодо.\n\nЕму было 13 лет.", "Киодо"),
        ("Дроны сбиты, сообщил РИА Новости источник в полиции", "РИА Новости"),
        ("Кабель порван — New York Times со ссылкой на источники", "The New York Times"),
        ("Суд вынес приговор. Об этом сообщает «Интерфакс».", "Интерфакс"),
        ("МОСКВА, 5 марта. /ТАСС/. Мост закрыт на ремонт.", "ТАСС"),
        ("МОСКВА, 5 мар - РИА Новости. Мост закрыт на ремонт.", "РИА Новости"),
        ("Мост закрыт (Интерфакс)", "Интерфакс"),
        ("Мост закрыт.\n\nИсточник: Коммерсантъ", "Коммерсантъ"),
        ("Парламент заблокирован — агентство Рёнхап\nРанее ввели военное положение", "Yonhap"),
    ],
)
def test_an_agency_that_reports_is_the_origin(text: str, origin: str) -> None:
    assert find_origin(text, "telegram/channel") == origin


@pytest.mark.parametrize(
    "text",
    [
        "Завтра ожидается снег, — синоптики",
        "Гендиректор ТАСС выступил на форуме",
        "РБК оштрафовали на миллион рублей, решение можно обжаловать",
        "Ставка выросла, заявила Набиуллина",
        "Аппарат НАТОСС сломался",
        "",
    ],
)
def test_an_agency_in_the_news_or_nobody_is_no_origin(text: str) -> None:
    assert find_origin(text, "telegram/channel") is None


def test_an_agency_is_not_the_origin_of_its_own_texts() -> None:
    text = "Дроны сбиты, сообщил РИА Новости источник в полиции"
    assert find_origin(text, "telegram/РИА Новости") is None
    assert find_origin(text, "rss/ria.ru") is None


@pytest.mark.parametrize(
    ("origin", "source", "voice"),
    [
        (None, "rss/tass.ru", "ТАСС"),
        ("ТАСС", "telegram/channel", "ТАСС"),
        ("telegram/rian_ru", "telegram/channel", "РИА Новости"),
        ("telegram/other", "telegram/channel", "telegram/other"),
        (None, "telegram/channel", "telegram/channel"),
        (None, "rss/bavaria.de", "rss/bavaria.de"),
    ],
)
def test_sources_and_names_of_an_agency_are_one_voice(
    origin: str | None, source: str, voice: str
) -> None:
    assert name_voice(origin, source) == voice


@pytest.mark.parametrize("row", read_table("agencies.txt"), ids=lambda row: row[0])
def test_every_agency_is_found_in_its_example(row: list[str]) -> None:
    name, _, own, example = row
    assert find_origin(f"Мост закрыт {example}.", "rss/example.org") == name
    assert re.fullmatch(own, name.lower())
