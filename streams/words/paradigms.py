"""Forms of Russian words: from the dictionary where it knows the word as written, else by ending.

A form carries the cases and numbers that it can stand for, as bits: bit 0 nominative … bit 5
prepositional in the singular, bits 6 to 11 the same in the plural. Words of a phrase agree
where their bits meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct

from streams.text import fold
from streams.words.endings import (
    ALL,
    Forms,
    abbreviate,
    add_form,
    agglutinate,
    decline,
    lean_on_latin,
    load_extra,
)

SINGULAR = (1 << 6) - 1
PLURAL = SINGULAR << 6
_CASES = {"nomn": 0, "gent": 1, "gen1": 1, "gen2": 1, "datv": 2, "accs": 3, "acc2": 3} | {
    "ablt": 4,
    "loct": 5,
    "loc1": 5,
    "loc2": 5,
}
PROPER = frozenset({"Name", "Surn", "Patr", "Geox", "Orgn", "Trad", "Abbr", "Init"})
_NOMINAL = frozenset({"NOUN", "ADJF", "PRTF", "NUMR", "NPRO"})
_NEUTER_PLACE = re.compile("(?:[ое]в|[иы]н)о$")
_VOWELS = frozenset("аеиоуыэюяьй")
_BENT = frozenset({"VERB", "PRTS", "ADJS", "COMP", "GRND", "INTJ"})  # forms of other words
_SURNAME = re.compile("(?:[оеё]в|[иы]н|[сцз]к[ио]й|ый)$")
_ADJECTIVE = re.compile("(?:[ыио]й|[ая]я|[ое]е|[ыи]е)$")
_OFTEN = 0.2  # of the readings of a word
Lemma = tuple[str, str, bool]  # folded lemma, part of speech, whether it is a name
Kind = Literal["common", "proper", "abbreviation", "fixed"]


class Paradigm(Struct, frozen=True, gc=False):
    """The forms of a word, in small letters with ё as е, and what the word is.

    `lemmas`: the dictionary's entries behind the forms; empty for names and unknown words.
    """

    forms: Forms
    kind: Kind
    known: bool = True
    lemmas: frozenset[Lemma] = frozenset()


@lru_cache(maxsize=1)
def _load_morphology() -> Any:
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()


@lru_cache(maxsize=1 << 16)
def read(word: str) -> tuple[Any, ...]:
    """The parses of a folded word, likeliest first (pymorphy3; guesses for unknown words)."""
    return tuple(_load_morphology().parse(word))


@lru_cache(maxsize=1 << 16)
def is_known(word: str) -> bool:
    """Whether the dictionary has the word, in any form."""
    return bool(_load_morphology().word_is_known(word))


def slots(tag: Any) -> int:
    """The bits of a tag; all of them for what does not decline."""
    if "Fixd" in tag or tag.POS not in _NOMINAL or tag.case is None:
        return ALL
    if tag.case not in _CASES:
        return 0
    bit = 1 << _CASES[tag.case]
    return {"sing": bit, "plur": bit << 6}.get(tag.number, bit | bit << 6)


@lru_cache(maxsize=1 << 15)
def inflect(written: str, lang: str = "ru") -> Paradigm:
    """All forms of a word written as in a dictionary; capitals tell what it is."""
    word = fold(written)
    if not all("а" <= sign <= "ӿ" for sign in word):
        return Paradigm(lean_on_latin(word), "fixed")
    if written.isupper() and len(word) > 1:
        return Paradigm(abbreviate(word), "abbreviation")
    if lang == "kk":
        return Paradigm(agglutinate(word), "proper" if written[0].isupper() else "common")
    if lang in {"uk", "be"}:
        forms = decline(word, lang)
        if written[0].isupper():
            forms = _keep_singular(forms)
        return Paradigm(forms or {word: ALL}, "common", known=False)
    return _inflect_proper(word) if written[0].isupper() else _inflect_common(word)


def adjective(word: str) -> Forms:
    """The forms of an adjective or participle that stands before its noun; none if it is none."""
    forms: Forms = {}
    for parse in read(word) if is_known(word) or _ADJECTIVE.search(word) else ():
        if "Fixd" in parse.tag and _declines(word):  # Кит Келлог
            continue
        if parse.tag.POS in {"ADJF", "PRTF"} and parse.tag.case == "nomn":
            number, gender = parse.tag.number, parse.tag.gender
            for form in parse.lexeme:
                tag = form.tag
                if tag.POS != parse.tag.POS or _differs(tag, parse.tag):
                    continue
                if tag.number == "plur" or (number == "sing" and tag.gender == gender):
                    add_form(forms, form.word, slots(tag))
    if forms and not any(bits & SINGULAR and word == form for form, bits in forms.items()):
        return {form: bits & PLURAL for form, bits in forms.items() if bits & PLURAL}
    return forms


def _differs(first: Any, second: Any) -> bool:
    """Соединённый and соединивший are two words, and so are высшая and высокая."""
    degrees = ("Supr" in first) != ("Supr" in second)
    return bool(degrees or first.voice != second.voice or first.tense != second.tense)


def _declines(word: str) -> bool:
    """Whether the word is a noun in the nominative that declines."""
    return any(p.tag.POS == "NOUN" and "nomn" in p.tag and "Fixd" not in p.tag for p in read(word))


def is_noun(word: str) -> bool:
    """Whether the word can be a noun in the nominative."""
    return any(p.tag.POS in {"NOUN", "NUMR"} and "nomn" in p.tag for p in read(word))


def _collect(parses: Iterable[Any]) -> Forms:
    forms: Forms = {}
    for parse in parses:
        old = "V-be" in parse.tag  # рожденье and рождение are two words
        for form in _same_gender(parse):
            if ("V-be" in form.tag) == old and not ("voct" in form.tag and "Infr" in form.tag):
                add_form(forms, form.word, slots(form.tag))
        for form, bits in load_extra().get(fold(parse.normal_form), {}).items():
            add_form(forms, form, bits)
    return forms


def _same_gender(parse: Any) -> Iterator[Any]:
    """The lexeme; of surnames and patronymics the half that the word belongs to.

    A participle is a word of its own: пострадавший, but not пострадал.
    """
    gender = parse.tag.gender
    if parse.tag.POS == "PRTF":
        participles = (form for form in parse.lexeme if form.tag.POS in {"PRTF", "PRTS"})
        yield from (form for form in participles if not _differs(form.tag, parse.tag))
        return
    if gender is None or not ("Surn" in parse.tag or "Patr" in parse.tag):
        yield from parse.lexeme
        return
    for form in parse.lexeme:
        if form.tag.gender == gender or (gender == "masc" and form.tag.gender is None):
            yield form


def _inflect_proper(word: str) -> Paradigm:
    """A capitalised word: a name, a place, or the common word that it is in the dictionary."""
    nouns = [p for p in read(word) if p.tag.POS == "NOUN" and _is_dictionary_form(p, word)]
    known = is_known(word)
    if known and nouns:
        forms = _collect(nouns)
        if all("Name" in p.tag and "Fixd" in p.tag for p in nouns):  # Эммануэль is a man as well
            forms = {**decline(word), **forms}
        return Paradigm({**forms, **_supply(word, forms), **_shorten(forms)}, "proper")
    if known and (forms := adjective(word)):
        return Paradigm(forms, "proper")
    if known and not any("nomn" in p.tag or _stays(p.tag) for p in read(word)):
        known = False  # Токаев: to the dictionary only a form of токай; Милей of миля, and милее
    if known:
        return Paradigm(_keep_number(_collect(read(word)[:1]), word), "proper")
    forms = {**load_extra().get(word, {}), **decline(word)}
    if not _SURNAME.search(word):
        forms = _keep_singular(forms)
    forms[word] = ALL
    return Paradigm(forms, "proper", known=False)


def _supply(word: str, forms: Forms) -> Forms:
    """What people write beside the dictionary: из Лахора (it has Лахра), в Южном Бутово."""
    if _NEUTER_PLACE.search(word):
        return {word: ALL}
    if word[-1] in _VOWELS or word + "а" in forms:
        return {}
    regular = _keep_singular(decline(word))
    return {form: bits for form, bits in regular.items() if not is_known(form)}


def _shorten(forms: Forms) -> Forms:
    """Бермуд beside Бермудов: names without a singular drop the ending, if that is no word."""
    if any(bits & SINGULAR for bits in forms.values()):
        return {}
    stems = {form.removesuffix("ов"): bits for form, bits in forms.items() if form.endswith("ов")}
    return {stem: bits for stem, bits in stems.items() if not is_known(stem)}


def _stays(tag: Any) -> bool:
    """Whether a reading is a word as a dictionary lists it, and declines no further."""
    return tag.case is None and tag.POS not in _BENT


def _keep_singular(forms: Forms) -> Forms:
    """The singular of a name, if it has one."""
    return {form: bits for form, bits in forms.items() if bits & SINGULAR} or forms


def _keep_number(forms: Forms, word: str) -> Forms:
    """Известия, Штаты: a name that is written in the plural stays there."""
    if not forms.get(word, 0) & PLURAL:
        return forms
    return {form: bits & PLURAL for form, bits in forms.items() if bits & PLURAL}


def _inflect_common(word: str) -> Paradigm:
    parses, known = read(word), is_known(word)
    exact = [p for p in parses if _is_dictionary_form(p, word)]
    exact = [p for p in exact if not is_name(p)] or exact
    nouns = [p for p in exact if p.tag.POS == "NOUN"]
    rare = sum(p.score for p in nouns) < _OFTEN and any(p.tag.POS == "INFN" for p in exact)
    chosen = exact if rare else nouns or exact  # стать is a verb, печь a noun
    if not chosen:
        chosen = [p for p in parses if "nomn" in p.tag or p.tag.case is None][:1]
    forms = _collect(chosen)
    forms.setdefault(word, ALL)
    if not known or not chosen:
        for form, bits in decline(word).items():
            add_form(forms, form, bits)
    return Paradigm(forms, "common", known, frozenset(map(to_lemma, chosen if known else ())))


def to_lemma(parse: Any) -> Lemma:
    """What tells the words apart that share a form."""
    pos = {"VERB": "INFN", "PRTF": "INFN", "PRTS": "INFN", "GRND": "INFN", "ADJS": "ADJF"} | {
        "COMP": "ADJF"
    }
    own = str(parse.tag.POS or "")
    return fold(parse.normal_form), pos.get(own, own), is_name(parse)


def is_name(parse: Any) -> bool:
    """Whether the dictionary marks this reading as a name or an abbreviation."""
    return not PROPER.isdisjoint(parse.tag.grammemes)


def _is_dictionary_form(parse: Any, word: str) -> bool:
    """Whether `word` is what a dictionary lists: its lemma, or a surname in the nominative."""
    if fold(parse.normal_form) == word:
        return parse.tag.case in {None, "nomn"}
    if parse.tag.case != "nomn":
        return False
    if "Surn" in parse.tag or "Patr" in parse.tag:
        return bool(parse.tag.number == "sing")
    return False


def is_only_proper(form: str) -> bool:
    """Whether small letters leave no doubt: no dictionary reading that is no name."""
    if not is_known(form):
        return True
    return all(is_name(parse) for parse in read(form))
