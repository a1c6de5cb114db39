"""The nominative of a reading, in its number and gender."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from streams.words.letters import count_common

_ENDING = 2  # letters
_OF_DICTIONARY = 4  # parts of how a reading was found: by whom, its word, paradigm and place in it


class _Form(NamedTuple):
    word: str
    tag: Any


class _Change(NamedTuple):
    """How a form of a paradigm becomes another: the letters cut at both ends, and those put on."""

    front: int
    back: int
    prefix: str
    suffix: str
    tag: Any


@lru_cache(maxsize=1 << 15)
def to_nominative(reading: Any) -> str:
    """The nominative of a reading of pymorphy3 in its number and gender; "" if it has none.

    Of several the one that begins alike: высшей is высшая, not высочайшая.
    """
    if reading.tag.case == "nomn":
        return str(reading.word)
    form = _inflect(reading)
    if form is None or count_common(form.word, reading.word) + _ENDING >= len(reading.word):
        return str(form.word) if form else ""
    nominatives = [one for one in reading.lexeme if one.tag.case == "nomn"]
    like = [one for one in nominatives if _is_like(one.tag, form.tag, reading.tag)] or [form]
    return str(max(like, key=lambda one: count_common(one.word, reading.word)).word)


def _inflect(reading: Any) -> _Form | None:
    """What pymorphy3 makes of a reading; of a word of its dictionary without all other forms."""
    method, *more = reading.methods_stack
    if more or len(method) != _OF_DICTIONARY:
        form = reading.inflect({"nomn"})
        return form and _Form(form.word, form.tag)
    analyzer, word, paradigm, place = method
    change = _find_change(analyzer.dict, paradigm, place)
    if change is None:
        return None
    stem = word[change.front : len(word) - change.back]
    return _Form(change.prefix + stem + change.suffix, change.tag)


@lru_cache(maxsize=1 << 14)
def _find_change(dictionary: Any, paradigm: int, place: int) -> _Change | None:
    """From a form to the nominative that is likest to it, chosen as `Parse.inflect` does."""
    forms = dictionary.build_paradigm_info(paradigm)
    front, tag, back = forms[place]
    wanted = tag.updated_grammemes({"nomn"})
    found = [form for form in forms if "nomn" in form[1].grammemes]
    if not found:
        return None
    prefix, new, suffix = max(found, key=lambda form: _count_alike(wanted, form[1].grammemes))
    return _Change(len(front), len(back), prefix, suffix, new)


def _count_alike(wanted: frozenset[str], own: frozenset[str]) -> float:
    return len(wanted & own) - 0.1 * len(wanted ^ own)


def _is_like(one: Any, form: Any, reading: Any) -> bool:
    same = one.number == form.number and one.gender == form.gender and one.POS == form.POS
    return bool(same and ("Supr" in one) == ("Supr" in reading))
