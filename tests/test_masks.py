from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.text import tokenize
from streams.words.masks import find_labels, find_signature


@pytest.mark.parametrize(
    "marked",
    [
        "Блогера Дудя [(признан в РФ иноагентом)], оштрафовали",
        "Лазареву [(иноагент, внесена в реестр террористов и экстремистов)] ищут",
        "задержали.\n[* запрещена в России]\nПодписаться",
        "оштрафован [признанный иноагентом] правозащитник",
        "сторонник [запрещенной в России террористической организации] РДК",
        "Meta, которая [запрещена в России как экстремистская]. По словам",
        "и [внесённая Росфинмониторингом в перечень террористов и экстремистов], открыла",
        # and news, in which the same words count
        "Девять фигурантов внесены в перечень террористов и экстремистов, следует из данных",
        "Росфинмониторинг внес активистку в перечень террористов и экстремистов.",
        "Суд признал движение экстремистским",
        "Минюст РФ признал иноагентом издание",
        "исключить «Талибан» из списка запрещённых в РФ организаций",
        "штраф за неудаление запрещённой в РФ информации",
        "**Боевики признаны террористами в суде** (по данным суда)",
    ],
)
def test_finds_labels_and_leaves_news(marked: str) -> None:
    text = marked.replace("[", "").replace("]", "")
    found = [text[start:stop].strip() for start, stop in find_labels(tokenize(text))]
    expected = [piece.split("]")[0] for piece in marked.split("[")[1:]]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "size", "signature"),
    [
        (
            "Пожар в Москве\n\n🔴 [Подписаться на Москву](https://t.me/msk)",
            3,
            "Подписаться на Москву",
        ),
        ("Пожар\n[Топор Live](t.me/a)\n[Прислать](t.me/b)", 3, "Топор Live](t.me/a)\n[Прислать"),
        ("Пожар\n[Топор Live](t.me/a)\n[Прислать](t.me/b)", 2, "Прислать"),
        ("Пожар в Москве\nМосква", 0, ""),
        ("Пожар в Москве. Подписаться", 1, ""),  # no line of its own
        ("\nПодписаться", 1, ""),  # nothing else
        ("", 0, ""),
    ],
)
def test_a_signature_has_lines_of_its_own(text: str, size: int, signature: str) -> None:
    assert (
        text[find_signature(tokenize(text), size) :].partition("](h")[0].removesuffix("](t.me/b)")
        == signature
    )


def read_marked() -> list[str]:
    path = Path(__file__).parent / "cases" / "labels.jsonl"
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]


def split_marked(marked: str) -> tuple[str, set[int]]:
    """The text, and the places that its marks [ ] enclose."""
    text, inside, within = "", set[int](), False
    for sign in marked:
        if sign in "[]":
            within = sign == "["
            continue
        if within:
            inside.add(len(text))
        text += sign
    return text, inside


@pytest.mark.parametrize("marked", read_marked())
def test_written_labels_are_masked_and_news_is_not(marked: str) -> None:
    text, inside = split_marked(marked)
    masked = {at for start, stop in find_labels(tokenize(text)) for at in range(start, stop)}
    assert len(masked - inside) <= 1  # a full stop, the end of a line
    assert len(masked & inside) >= 0.6 * len(inside)
