"""Language: alphabets first, then two detectors; the same answer every time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.language import detect_language
from streams.models import Language
from tests.corpora import read_corpus


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Президент подписал указ, объявили вечером", "ru"),
        ("Қасым-Жомарт Тоқаев жарлыққа қол қойды", "kk"),
        ("Президент підписав указ, його оприлюднили ввечері", "uk"),
        ("Прэзідэнт падпісаў указ увечары", "be"),
        ("Председателят на парламента подаде оставка вчера", "bg"),
        ("Претседателот на собранието вчера поднесе оставка од функцијата", "mk"),
        ("Председник скупштине је јуче поднео оставку на ту функцију", "sr"),
        ("Монгол Улсын ерөнхийлөгч зарлиг гаргав", "mn"),
        ("Бүгүн Бишкекте жаңы мектеп ачылды", "ky"),
        ("Ҳукумати Тоҷикистон қарор қабул кард", "tg"),
        ("Бүген Казанда яңа мәктәп ачылды", "tt"),
        ("The president signed the law in the evening", "en"),
        ("Der Präsident hat das Gesetz am Abend unterschrieben", "de"),
        ("总统签署了法律", "zh"),
        ("大統領は法律に署名した", "ja"),
        ("대통령이 법에 서명했다", "ko"),
        ("პრეზიდენტმა კანონს ხელი მოაწერა", "ka"),
        ("Նախագահը ստորագրեց օրենքը", "hy"),
    ],
)
def test_language(text: str, code: str) -> None:
    assert detect_language(text).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Москва", "ru"),
        ("Пожар на складе", "ru"),
        ("ПУТИН ПРИБЫЛ В АСТАНУ", "ru"),
        ("Дякую за увагу", "uk"),
        ("Гарного дня всім", "uk"),
        ("Жыве Беларусь", "be"),
        ("Сәлем, қалайсың?", "kk"),
        ("Салем, калайсын?", "kk"),  # typed without Kazakh letters
        ("Мемлекет басшысы", "kk"),
        ("Благодаря ви много", "bg"),
        ("Данас је леп дан", "sr"),
        ("Ўзбекистон Президенти фармон имзолади", "uz"),
        ("Oʻzbekiston Prezidenti farmon imzoladi", "uz"),
        ("Монгол улсын засгийн газар", "mn"),
    ],
)
def test_short_texts(text: str, code: str) -> None:
    assert detect_language(text).code == code


@pytest.mark.parametrize(
    "text", ["Qazaqstan prezıdenti jarlyqqa qol qoıdy", "Segodnya v Moskve proizoshel vzryv"]
)
def test_of_what_no_detector_knows_nothing_is_sure(text: str) -> None:
    assert detect_language(text).confidence <= 0.6


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (
            "Президент Тоқаев бүгін жарлыққа қол қойды. Об этом сообщила пресс-служба республики.",
            "ru",
            "kk",
        ),
        ("Сегодня в Киеве прогремел взрыв. Про це повідомив мер міста Віталій.", "uk", "ru"),
        ("Сегодня президент подписал закон. The president signed the law today.", "en", "ru"),
    ],
)
def test_a_mixed_text_keeps_its_second_language(text: str, first: str, second: str) -> None:
    found = detect_language(text)
    assert {found.code, found.second} == {first, second}
    assert 0.3 < found.second_share <= 0.5


def test_one_language_has_no_second() -> None:
    texts = [
        "Президент подписал указ. Об этом сообщили в Google и Apple, пишет The Wall Street Journal",
        "Қазақстан Президенті жарлыққа қол қойды. Бұл туралы баспасөз қызметі хабарлады.",
    ]
    assert [detect_language(text).second for text in texts] == [None, None]


@pytest.mark.parametrize(
    "text", ["", "12 34", "да", "😀😀😀", "https://example.org/novosti", "@user"]
)
def test_what_says_nothing_is_undetermined(text: str) -> None:
    assert detect_language(text) == Language("und", 0.0)


def test_links_mentions_and_hashtags_are_not_read() -> None:
    links = "https://www.theguardian.com/world/news #breaking @someone_else "
    assert detect_language(links + "Это объявили вечером").code == "ru"


def test_agreement_makes_sure() -> None:
    sure = detect_language("The president of the country signed the new law in the evening")
    unsure = detect_language("yonge street")
    assert sure.confidence > unsure.confidence


@given(st.text())
def test_any_string_has_one_answer(text: str) -> None:
    assert detect_language(text) == detect_language(text)


def test_a_million_letters_take_no_time() -> None:
    assert detect_language("объявили " * 100_000).code == "ru"


@pytest.fixture(scope="module")
def shares() -> dict[str, float]:
    """The share of right answers of each kind of text in the development set."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in read_corpus("language-dev.jsonl.gz"):
        kind = row["kind"].split(" ")[0]
        total[kind] += 1
        right[kind] += detect_language(row["text"]).code == row["lang"]
    return {kind: right[kind] / count for kind, count in total.items()}


@pytest.mark.parametrize(
    ("kind", "least"),
    [("articles", 0.999), ("headlines", 0.99), ("short", 0.965), ("sent50-80", 0.98)],
)
def test_the_development_set(shares: dict[str, float], kind: str, least: float) -> None:
    assert shares[kind] >= least


def test_twenty_runs_give_one_answer() -> None:
    texts = [row["text"] for row in read_corpus("language-dev.jsonl.gz")][::50]
    first = [detect_language(text) for text in texts]
    assert all([detect_language(text) for text in texts] == first for _ in range(19))
