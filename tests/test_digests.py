from __future__ import annotations

import pytest

from streams.families.copies import is_retold
from streams.families.digests import find_lead
from streams.families.window import Window
from streams.text import tokenize
from tests.test_copies import MINUTE, is_copy, read
from tests.test_origins import assign

NEWS = (
    "Мост через реку закрыли на ремонт до конца недели",
    "Суд отправил бывшего главу района под домашний арест",
    "Гидрометцентр обещает ливни и шквалистый ветер на побережье",
    "Завод остановил конвейер из-за нехватки деталей от поставщиков",
)
LEAD = "Вечерняя сводка редакции для тех, кто не успел прочитать ленту сегодня"


def find(text: str) -> int | None:
    tokens = tokenize(text)
    return find_lead(tokens, len(tokens.words))


def write(sign: str, lead: str = "") -> str:
    lines = [f"{sign.format(number)} {text}" for number, text in enumerate(NEWS, 1)]
    return "\n".join([lead, *lines] if lead else lines)


SIGNS = ["—", "•", "▪️", "🔹 **", "{}.", "{})", "{}️⃣"]


@pytest.mark.parametrize("sign", SIGNS)
def test_a_list_of_news_is_a_digest(sign: str) -> None:
    assert find(write(sign)) == 0
    assert find(write(sign, "Главное за день:")) == 3


@pytest.mark.parametrize("sign", ["•", "▪️", "{}.", "{})"])
def test_a_list_without_line_breaks_is_a_digest(sign: str) -> None:
    assert find(write(sign, "Главное за день:").replace("\n", " ")) == 3
    assert find(write(sign).replace("\n", "; ")) == 0


def test_lines_behind_a_title_are_a_digest() -> None:
    for title in ("**Главное за день:**", "Главное за день", "Новости к обеду", "Что случилось:"):
        assert find("\n".join([title, *NEWS])) in {2, 3}
    assert find("\n".join([f"{LEAD}:", *NEWS])) == 11


@pytest.mark.parametrize(
    "text",
    [
        "",
        "⚡️ Мост через реку закрыли на ремонт\n\nСуд отправил главу района под арест",
        "\n".join(NEWS),
        " ".join(f"— {text}." for text in NEWS),
        f"{NEWS[0]}. Серия идёт со счётом 1. 2. матч сыграют завтра, 3. — нет",
        f"Матч завершился со счётом 3. {NEWS[1]}. {NEWS[2]}",
        f"⚡️ {NEWS[0]}\n🔹 {NEWS[1]}\n{NEWS[2]}",
        "На складе нашли:\n— яйца\n— соду\n— муку\n— сахар",
        f"{NEWS[0]}\n1.5 млн рублей\n2.5 млн рублей\n3.5 млн рублей потратят на ремонт",
    ],
)
def test_paragraphs_and_short_lists_are_no_digest(text: str) -> None:
    assert find(text) is None


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("lead", ["", "Главное за день:"])
def test_a_digest_is_no_copy_of_what_it_lists(sign: str, lead: str) -> None:
    digest = read(write(sign, lead))
    for text in NEWS:
        assert not is_copy(read(text), digest, MINUTE)
        assert not is_copy(digest, read(text), MINUTE)
        assert not is_retold(read(f"{text} сегодня, как стало известно"), digest, MINUTE)


def test_two_reprints_of_a_digest_are_copies() -> None:
    digest = write("•", "Главное за день:")
    for other in (
        digest,
        f"{digest}\n\n👉 [Подписаться](https://t.example/x)",
        write("{}.", "Главное за день:"),
        digest.replace("•", "").replace("\n", " "),
        digest.replace("обещает", "прогнозирует"),
    ):
        assert is_copy(read(digest), read(other), MINUTE)
        assert is_copy(read(other), read(digest), MINUTE)


def test_what_stands_before_a_list_can_be_cut_from_it() -> None:
    article = read(write("—", LEAD))
    assert is_copy(read(LEAD), article, MINUTE)
    assert not is_copy(read(NEWS[0]), article, MINUTE)


def test_digests_and_their_news_are_families_of_their_own() -> None:
    digest = write("—", "Главное за день:")
    texts = [NEWS[0], digest, NEWS[0], NEWS[3], f"Коротко\n{digest}", NEWS[3]]
    told = assign(Window(), [(read(text).tobytes(), 60.0 * at) for at, text in enumerate(texts)])
    assert told == ["0", "1", "0", "3", "1", "3"]
