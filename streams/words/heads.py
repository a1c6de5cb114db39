"""Which word of a phrase is its head, and how the words before it decline.

Before the head stand adjectives (Верховный суд), also several (Всемирная и земская), compound
ones (Ямало-Ненецкий округ) and numbers with an ending (1-й канал).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from streams.text import fold
from streams.words.endings import ALL, Forms, add_form, spread
from streams.words.joints import INITIAL, PatternWord
from streams.words.paradigms import adjective, inflect, is_noun, read

PREPOSITIONS = frozenset(
    [
        *("в", "во", "на", "о", "об", "по", "за", "из", "к", "ко", "с", "со", "у", "от", "до"),
        *("для", "без", "под", "над", "при", "про", "через", "между"),
    ]
)
# Small words inside names: Саиф уль-Малук, Урсула фон дер Ляйен.
PARTICLES = frozenset(
    [
        *(
            "аль",
            "эль",
            "уль",
            "ас",
            "аш",
            "ад",
            "ан",
            "ар",
            "ат",
            "аз",
            "бен",
            "бин",
            "ибн",
            "абу",
        ),
        *("фон", "дер", "ден", "ван", "де", "да", "ди", "дю", "дос", "ла", "ле", "дель", "делла"),
    ]
)
_HYPHENS = frozenset({"-", "‐", "‑"})
_AND = frozenset({"и", "или"})
_ENDINGS = frozenset({"й", "ый", "ой", "ий", "я", "ая", "е", "ое", "ые"})
# How the ending of a number declines: six cases singular, six plural.
_ORDINALS = {
    "й": ("й го/ого му/ому й/го/ого м/ым м/ом", "-"),
    "я": ("я й/ой й/ой ю/ую й/ой й/ой", "-"),
    "е": ("е го/ого му/ому е м/ым м/ом", "е х/ых м/ым е/х/ых ми/ыми х/ых"),
}


def find_head(words: Sequence[PatternWord]) -> int:
    """The place of the head; the number of words if there is none."""
    for at, word in enumerate(words):
        if not _leads(words, at) and _heads(word):
            return at
    return 0 if len(words) == 1 else len(words)


def lead(words: Sequence[PatternWord], at: int) -> Forms:
    """The forms of a word before the head."""
    text = fold(words[at].text)
    if _is_ordinal(words, at):
        return _bend_ordinal(text[-1])
    if at + 1 < len(words) and _is_compound(words, at):
        return {text: ALL}
    forms = adjective(text) or {text: ALL}
    named = at + 1 < len(words) and words[at + 1].text[0].isupper()
    if named and any("Apro" in parse.tag for parse in read(text)):
        return {**forms, text: ALL}  # То Лам
    return forms


def _leads(words: Sequence[PatternWord], at: int) -> bool:
    """Whether a word stands before the head and belongs to it."""
    if at + 1 == len(words):
        return False
    text, after = fold(words[at].text), words[at + 1]
    if _is_ordinal(words, at) or _is_ordinal(words, at + 1):
        return True
    if text in _AND and at:
        return bool(adjective(fold(words[at - 1].text)) and adjective(fold(after.text)))
    if _is_compound(words, at):
        return _leads(words, at + 1)
    return (
        bool(adjective(text))
        and after.text[0].isalpha()
        and (_heads(after) or fold(after.text) in _AND)
    )


def _is_compound(words: Sequence[PatternWord], at: int) -> bool:
    """Whether a word is the first half of an adjective: Ямало-Ненецкий, but not Тверская-Ямская."""
    text, after = fold(words[at].text), words[at + 1]
    if after.gap.strip() not in _HYPHENS or not adjective(fold(after.text)):
        return False
    return text[-1] in "ое" or not adjective(text)


def _is_ordinal(words: Sequence[PatternWord], at: int) -> bool:
    """Whether a word is the ending of a number: 1-й."""
    word = words[at]
    joined = at > 0 and words[at - 1].text.isdigit() and word.gap.strip() in _HYPHENS
    return joined and at + 1 < len(words) and fold(word.text) in _ENDINGS


@lru_cache(maxsize=4)
def _bend_ordinal(last: str) -> Forms:
    forms: Forms = {}
    for ending, bits in spread(*_ORDINALS[last]):
        add_form(forms, ending, bits)
    return forms


def _heads(word: PatternWord) -> bool:
    """Whether a word can be the head of a phrase, or lead to one."""
    text = fold(word.text)
    if text in PREPOSITIONS or len(text) == INITIAL:
        return False
    if is_noun(text) or adjective(text) or any(p.tag.POS == "INFN" for p in read(text)):
        return True
    return word.text[0].isupper() and inflect(word.text).kind != "common"
