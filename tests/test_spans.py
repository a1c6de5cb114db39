"""Repairs, in a notation: [name|type] as the model marks it, and as it should be."""

from __future__ import annotations

import re

import pytest

from streams.tagger.spans import Span, repair_spans

MARKED = re.compile(r"\[([^\]]+)\|(PER|LOC|ORG)\]")


def read(notation: str) -> tuple[str, list[Span]]:
    text, spans = "", []
    at = 0
    for match in MARKED.finditer(notation):
        text += notation[at : match.start()]
        spans.append(Span(len(text), len(text) + len(match[1]), match[2]))  # type: ignore[arg-type]
        text += match[1]
        at = match.end()
    return text + notation[at:], spans


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("[Токаев|PER] прибыл", "[Токаев|PER] прибыл"),
        ("фильм [Форсайта\n\nОдин|PER] день", "фильм [Форсайта|PER]\n\n[Один|PER] день"),
        ("[Песков\nТокаев|PER]", "[Песков|PER]\n[Токаев|PER]"),
        ("под [Люберцами\n\nГрузовик|LOC]", "под [Люберцами|LOC]\n\nГрузовик"),
        ("[Росавиация\n\n🔴|ORG]", "[Росавиация|ORG]\n\n🔴"),
        ("[✨Московский планетарий|ORG]", "✨[Московский планетарий|ORG]"),
        ("[Yahoo!|ORG] и [C++|ORG]", "[Yahoo!|ORG] и [C++|ORG]"),
        ("[❗️В Люблино|LOC] и [По|LOC]", "❗️В [Люблино|LOC] и [По|LOC]"),
        ("журнал [За Рулём|ORG]", "журнал [За Рулём|ORG]"),
        ("[Монако • Намибия|LOC]", "[Монако|LOC] • [Намибия|LOC]"),
        ("([Овечкин, Фёдоров|PER])", "([Овечкин|PER], [Фёдоров|PER])"),
        ("[МВД, ФСБ|ORG]", "[МВД, ФСБ|ORG]"),
        ("в [ОДКБ (Организации договора|ORG])", "в [ОДКБ|ORG] ([Организации договора|ORG])"),
        ("[службы (ФТС)|ORG]", "[службы|ORG] ([ФТС|ORG])"),
        ("[ТОО «СП Инкай|ORG]»", "ТОО «[СП Инкай|ORG]»"),
        ("[РИА «Новости»|ORG]", "РИА «[Новости|ORG]»"),
        ("[НАК «Нафтогаз Украины»|ORG]", "НАК «[Нафтогаз Украины|ORG]»"),
        ("[«Газпром»|ORG]", "«[Газпром|ORG]»"),
        ("[клуб «Спартак»|ORG]", "[клуб «Спартак»|ORG]"),
        ("санкции [ЕС|LOC]", "санкции [ЕС|ORG]"),
        ("страны [Европейского союза|LOC]", "страны [Европейского союза|ORG]"),
        ("[Telegram-канал|ORG] пишет", "Telegram-канал пишет"),
        ("[(|PER]", "("),
        ("[" + "И." * 200 + "|PER]", "И." * 200),  # no name is that long
        ("[»|ORG]", "»"),
    ],
)
def test_repair(marked: str, expected: str) -> None:
    text, spans = read(marked)
    assert (text, repair_spans(text, spans)) == read(expected)
