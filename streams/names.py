"""Normal forms: «Токаеву» → «Токаев», «Министерству обороны» → «Министерство обороны».

A name is put into the nominative word by word, by the tag that each word has in its sentence:
a person's whole name, of a place or organisation what stands up to its main noun.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from streams.models import EntityType
from streams.text import fold
from streams.words.agreement import (
    PERSONAL,
    SAME_CASE,
    SELDOM,
    agree_person,
    agree_phrase,
    is_adjective,
)
from streams.words.guesses import Kind, guess
from streams.words.letters import is_abbreviation, write_like
from streams.words.likely import ANY_CASE, PERSONAL_KINDS, is_told, name_kind, settle
from streams.words.nominatives import to_nominative
from streams.words.paradigms import inflect, is_known, read
from streams.words.tags import Tag, read_tag

_PARTS = {"NOUN": {"NOUN"}, "PROPN": {"NOUN", "ADJF"}, "ADJ": {"ADJF"}, "VERB": {"PRTF"}}
_NOUNS = {"NOUN", "PROPN"}
_ABBREVIATION = re.compile("([А-ЯЁ]{2,})(?:ом|ов|ам|ами|ах|[ауеы])")
_CYRILLIC = re.compile("[А-Яа-яЁё]")
_RUSSIAN = re.compile("[А-Яа-яЁё-]+")
_BARE = frozenset("бвгджзклнпрстфцчшщ")  # no case of a man's name ends so, nor of a woman's
_PLAIN = {"Geox", "Name", "Orgn"}
_INITIALS = re.compile(r"(?:[А-ЯЁA-Z]\.[\s-]*)+")


class Word(NamedTuple):
    """A word of a name, the gap before it, and its tag in the terms of Universal Dependencies."""

    gap: str
    text: str
    tag: str = ""


def to_name(
    words: Sequence[Word], kind: EntityType, list_cases: Callable[[], frozenset[str]] | None = None
) -> str:
    """The normal form of an entity; `list_cases`: in which it can stand after what is before it."""
    head = len(words) if kind == "PER" else _count_head(words, kind)
    inflected = _settle(words[:head], kind, list_cases)
    return _join(words, [*inflected, *(word.text for word in words[head:])], kind)


def _settle(
    words: Sequence[Word], kind: EntityType, list_cases: Callable[[], frozenset[str]] | None
) -> list[str]:
    """The nominatives of words by their tags; what no dictionary has is weighed with the others."""
    bent = [word for word in words if _is_bent(word, kind)] if any(map(_is_odd, words)) else []
    tags = [read_tag(word.tag) for word in bent]
    many = kind == "PER" and any(tag.number == "plur" for tag in tags)  # a family, or no person
    if many or not any(map(_is_odd, bent)):
        return [_to_nominative(word.text, word.tag, kind) for word in words]
    cases = list_cases() if list_cases else ANY_CASE
    found = iter(settle([word.text for word in bent], tags, kind, cases))
    return [
        write_like(next(found), word.text)
        if _is_bent(word, kind)
        else _to_nominative(word.text, word.tag, kind)
        for word in words
    ]


def _is_odd(word: Word) -> bool:
    return _is_unknown(word.text)


@lru_cache(maxsize=1 << 16)
def _is_unknown(text: str) -> bool:
    return not is_told(fold(text))


def _is_bent(word: Word, kind: EntityType) -> bool:
    """Whether a word may decline: no initial, abbreviation or number; of a person no «фон»."""
    text, part = word.text, read_tag(word.tag).part
    if len(text) == 1 or part not in _PARTS or not _RUSSIAN.fullmatch(text):
        return False
    if is_abbreviation(text) or _ABBREVIATION.fullmatch(text):
        return False
    return kind != "PER" or text[0].isupper()


def to_own_name(words: Sequence[Word], kind: EntityType) -> str | None:
    """The normal form, if it takes no sentence to tell it, else None."""
    written = [word.text for word in words]
    usual = _usual_names().get((kind, fold(" ".join(written))))
    if usual:
        return usual
    last = len(written) - 1
    plain = [to_plain_name(text, name_kind(kind, at == last)) for at, text in enumerate(written)]
    if kind == "ORG" and is_abbreviation(written[0]):
        return _join(words, written, kind)
    if None not in plain and (kind == "PER" or len(words) == 1 or plain == written):
        return _join(words, [one or "" for one in plain], kind)
    agreeing = _agree(written, kind)
    return _join(words, list(map(write_like, agreeing, written)), kind) if agreeing else None


def _agree(written: Sequence[str], kind: EntityType) -> list[str] | None:
    """The nominatives of words that agree in one way only; after its head no name declines."""
    if not all(map(_RUSSIAN.fullmatch, written)) or (len(written) == 1 and kind != "PER"):
        return None
    if kind == "PER":
        return agree_person(written) if all(is_told(fold(word)) for word in written) else None
    head = next((i for i, word in enumerate(written) if not is_adjective(word)), 0)
    if not head or (kind == "LOC" and head + 1 < len(written)):
        return None
    if is_abbreviation(written[head][:-1]):  # РОВД, ЗАГСе: the dictionary guesses their gender
        return None
    agreeing = agree_phrase(written[: head + 1])
    return agreeing and [*agreeing, *written[head + 1 :]]


def _join(words: Sequence[Word], parts: Sequence[str], kind: EntityType) -> str:
    name = "".join(word.gap + part for word, part in zip(words, parts, strict=True))
    return _expand(" ".join(name.split()), kind)


def unify(names: Sequence[tuple[EntityType, str]]) -> list[str]:
    """One name for the variants of a person within a document: «Имя Фамилия» where it is told."""
    ordered = [_order(name) if kind == "PER" else name for kind, name in names]
    people = [name for (kind, _), name in zip(names, ordered, strict=True) if kind == "PER"]
    full: dict[str, str] = {}
    for name in sorted(people):  # ё after е: where a document writes both, ё stays
        if " " in name and not _INITIALS.match(name):
            full[fold(name)] = name
    return [
        _find_full(name, full) if kind == "PER" else name
        for (kind, _), name in zip(names, ordered, strict=True)
    ]


def _count_head(words: Sequence[Word], kind: EntityType) -> int:
    """How many words decline: up to the first noun; in a place's name its appositions too."""
    for i, word in enumerate(words):
        tag = read_tag(word.tag)
        if tag.part in _NOUNS:
            return i + 1 if kind == "ORG" else _count_appositions(words, i, tag)
    return len(words)


def _count_appositions(words: Sequence[Word], head: int, tag: Tag) -> int:
    """«Республики Казахстан», «городу Алматы»: proper nouns right after the head, in its case."""
    after = head + 1
    while after < len(words) and read_tag(words[after].tag)[:2] == ("PROPN", tag.case):
        after += 1
    return after


@lru_cache(maxsize=1 << 16)
def to_plain_name(text: str, kind: Kind) -> str | None:
    """The normal form of a word that needs no sentence to tell it, else None."""
    abbreviation = _ABBREVIATION.fullmatch(text)
    if abbreviation:
        return abbreviation[1]
    if is_abbreviation(text) or not _CYRILLIC.search(text):
        return text
    word = fold(text)
    if not is_told(word):
        return text if _stays(word, kind) else None
    readings = [one for one in read(word) if one.score >= SELDOM]
    if all(one.tag.case == "nomn" for one in readings):
        return text
    forms = {one.normal_form for one in readings}
    if len(forms) > 1 or not is_known(word) or not all(_is_plain(one.tag) for one in readings):
        return None
    return write_like(forms.pop(), text)


def _stays(word: str, kind: Kind) -> bool:
    """Whether a word that no dictionary has is its own nominative in all likely readings.

    In -а one is never sure: Харнетта is a man's genitive as well as a woman.
    """
    if word[-1] in "ая" or (kind in PERSONAL_KINDS and word[-1] in _BARE):
        return word[-1] in _BARE
    return all(one.nominative == word for one in guess(word, kind) if one.share >= SELDOM)


def _is_plain(grammemes: Any) -> bool:
    """A singular whose dictionary form is its nominative (surnames are filed as masculine)."""
    return bool(grammemes.number == "sing" and _PLAIN & grammemes.grammemes)


@lru_cache(maxsize=1 << 15)
def _to_nominative(text: str, tag_text: str, kind: EntityType) -> str:
    plain = to_plain_name(text, name_kind(kind, is_last=True))
    tag = read_tag(tag_text)
    if plain is not None:
        return plain
    word = fold(text)
    if tag.part not in _PARTS or tag.case in {None, "nomn"}:
        return text
    reading = _choose(read(word), tag, kind)
    form = to_nominative(reading) if reading else ""
    return write_like(form, text) if form and fold(form) != word else text


def _choose(readings: Sequence[Any], tag: Tag, kind: EntityType) -> Any:
    """The reading that fits best, if one has the part of speech and the case; people bear names."""
    fitting = [one for one in readings if _fits(one.tag, tag)]
    if kind == "PER":
        fitting = [one for one in fitting if PERSONAL & one.tag.grammemes] or fitting
    return max(fitting, key=lambda one: _count_equal(one.tag, tag), default=None)


def _fits(grammemes: Any, tag: Tag) -> bool:
    case = SAME_CASE.get(grammemes.case, grammemes.case)
    return grammemes.POS in _PARTS[tag.part] and bool(case == tag.case)


def _count_equal(grammemes: Any, tag: Tag) -> int:
    """Number weighs more than gender: a plural has none."""
    return 2 * int(grammemes.number == tag.number) + int(grammemes.gender == tag.gender)


def _order(name: str) -> str:
    """«Владимир Владимирович Путин», «Путин Владимир Владимирович» → «Владимир Путин»."""
    words = name.split()
    if len(words) != 3:  # noqa: PLR2004 - two words stay
        return name
    first, second, third = words
    if _is_patronymic(third):
        return f"{second} {first}"
    return f"{first} {third}" if _is_patronymic(second) else name


def _is_patronymic(word: str) -> bool:
    return "Patr" in read(fold(word))[0].tag


def _find_full(name: str, full: Mapping[str, str]) -> str:
    """The one fuller name of the same document with this surname (and these initials)."""
    initials = _INITIALS.match(name)
    surname = fold(name[initials.end() :] if initials else name)
    if " " in surname or not surname:
        return full.get(fold(name), name)
    letter = fold(name[0]) if initials else ""
    like = [one for one in full if one.startswith(letter)]
    found = [one for one in like if one.split()[-1] == surname]
    if not found and full and _is_oblique(surname):
        found = [one for one in like if surname in inflect(full[one].split()[-1]).forms]
    return full[found[0]] if len(found) == 1 else name


def _is_oblique(word: str) -> bool:
    """Whether a word that was left as it is cannot be a nominative: «Токаеву»."""
    return all(one.tag.case not in {None, "nomn"} for one in read(word))


@lru_cache(maxsize=1)
def _usual_names() -> dict[tuple[str, str], str]:
    """What a name is short for: columns type, written, name, and the example that justifies it."""
    text = (files("streams") / "data" / "names.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["type"], fold(row["written"])): row["name"] for row in rows}


def _expand(name: str, kind: EntityType) -> str:
    """The usual full name; «МИД России»: of an organisation's first word too."""
    usual = _usual_names()
    whole = usual.get((kind, fold(name)))
    if whole or kind != "ORG":
        return whole or name
    first, space, rest = name.partition(" ")
    return usual.get((kind, fold(first)), first) + space + rest
