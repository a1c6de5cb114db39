"""From the words of a pattern to what must stand in a text: one step a word.

The head (first noun in the nominative, name, abbreviation) declines, adjectives before it agree
with it, what depends on it stays as written; a name that follows it may do either.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from streams.text import disguise, fold
from streams.words.capitals import CAPITAL, DOUBTFUL, UPPER, demand, recase
from streams.words.endings import ALL, Forms, add_form, decline
from streams.words.heads import PARTICLES, PREPOSITIONS, find_head, lead
from streams.words.joints import DESIGNATION, INITIAL, PatternWord, name_join
from streams.words.paradigms import (
    PLURAL,
    SINGULAR,
    Lemma,
    adjective,
    inflect,
    is_known,
    is_noun,
    read,
    slots,
    to_lemma,
)
from streams.words.plain import PLAIN, agree_plainly

NOMINATIVE = 1 | 1 << 6
GENITIVE = 1 << 1 | 1 << 7
ACCUSATIVE = 1 << 3 | 1 << 9
KINDS = {
    "initial": re.compile("[а-яa-z]"),
    "patronymic": re.compile("[а-я]+(?:[ое]вич|[ое]вн|ичн|ьич|[иу]лы|кызы)[а-я]{0,2}"),
}
_HYPHENS = frozenset({"-", "‐", "‑"})
_NOMINALS = frozenset({"NOUN", "ADJF", "PRTF"})
_OFTEN = 0.2  # of the readings of a word
_SYLLABLE = 5  # letters: Цзинь, Сянь, Тьинь
_OBLIQUE = frozenset({"gent", "datv", "ablt", "loct"})


class Step(Struct, frozen=True, gc=False):
    """What a word of the text may be (form → bits), and what must stand between it and the last.

    Instead of forms: `start`, how the word begins, or `like`, its kind (a key of `KINDS`).
    `stem`: how many letters UPPER speaks of.
    """

    forms: Forms
    join: str = "space"
    start: str = ""
    stem: int = 0
    like: str = ""
    lemmas: frozenset[Lemma] = frozenset()


Phrase = tuple[Step, ...]


def build_exact(words: tuple[PatternWord, ...], case: str) -> Phrase:
    """A phrase that stands exactly so; capitals of the pattern are demanded of the text."""
    return tuple(_step(word, _freeze(word, case), before) for before, word in _pair(words))


def build_phrases(words: tuple[PatternWord, ...], lang: str, case: str) -> list[Phrase]:
    """The ways to write a phrase in all its forms; names also with initials."""
    words = recase(words) if case == "any" and lang == "ru" else words
    forms = agree_plainly(words, lang) if lang in PLAIN else _agree(words, lang)
    steps = tuple(
        _step(word, demand(word.text, one, case, _is_lone(words, at)), before)
        for at, ((before, word), one) in enumerate(zip(_pair(words), forms, strict=True))
    )
    return (
        [(_doubt(words[0], steps[0], lang),)]
        if len(steps) == 1
        else [steps, *_abridge(words, steps)]
    )


def _doubt(word: PatternWord, step: Step, lang: str) -> Step:
    """Mark the forms of a lone word that other words have too."""
    lemmas = inflect(word.text, lang).lemmas
    forms = {
        form: bits | DOUBTFUL
        if (bits & CAPITAL and is_known(form))
        or (lemmas and any(to_lemma(one) not in lemmas for one in read(form)))
        else bits
        for form, bits in step.forms.items()
    }
    return msgspec.structs.replace(step, forms=forms, lemmas=lemmas)


def _pair(words: tuple[PatternWord, ...]) -> list[tuple[PatternWord | None, PatternWord]]:
    return list(zip((None, *words), words, strict=False))


def _step(word: PatternWord, forms: Forms, before: PatternWord | None) -> Step:
    join = name_join(before, word) if before else "space"
    text = fold(word.text)
    return Step(forms, join, text if word.star else "", len(text))


def _freeze(word: PatternWord, case: str) -> Forms:
    text, bits = word.text, ALL
    if case != "any" or text != text.lower():
        bits |= UPPER if text.isupper() and len(text) > 1 else CAPITAL if text[0].isupper() else 0
    return {fold(text): bits}


def _agree(words: tuple[PatternWord, ...], lang: str) -> list[Forms]:
    """The forms of each word, by its place before, at, or after the head."""
    head = find_head(words)
    number = ALL
    found = []
    for at, word in enumerate(words):
        if at < head:
            one = lead(words, at)
        elif at == head:
            one = _enliven(words, at, inflect(word.text, lang).forms)
            number = _number(words, word)
        else:
            one = _depend(words, at, lang)
        found.append(one)
    limited = [_limit(one, number) if at <= head else one for at, one in enumerate(found)]
    return [
        {**one, **_disguise(words, at)}
        | ({fold(word.text): ALL} if at >= head and _may_stay(words, at) else {})
        for at, (word, one) in enumerate(zip(words, limited, strict=True))
    ]


def _enliven(words: tuple[PatternWord, ...], at: int, forms: Forms) -> Forms:
    """Жордана Барделлу: in a name that goes on, a genitive may be an accusative."""
    if at + 1 == len(words) or not (
        words[at].text[0].isupper() and words[at + 1].text[0].isupper()
    ):
        return dict(forms)
    return {form: bits | (bits & GENITIVE) << 2 for form, bits in forms.items()}


def _may_stay(words: tuple[PatternWord, ...], at: int) -> bool:
    """Усть-Каменогорск, Крокус Сити Холл, Саиф уль-Малук: the last part alone may decline."""
    if at + 1 == len(words):
        return False
    if words[at + 1].gap.strip() in _HYPHENS:
        return True
    named = words[at].text[0].isupper() and not adjective(fold(words[at].text))
    return named and all(
        word.text[0].isupper() or fold(word.text) in PARTICLES or _is_apposed(word)
        for word in words
    )


def _is_apposed(word: PatternWord) -> bool:
    """Газпром нефть: a noun that cannot depend on the one before."""
    text = fold(word.text)
    return is_noun(text) and not _is_genitive(text)


def _limit(forms: Forms, number: int) -> Forms:
    return {form: bits & number for form, bits in forms.items() if bits & number}


def _number(words: tuple[PatternWord, ...], head: PatternWord) -> int:
    """A phrase in the plural stays there: Соединённые Штаты, never Соединённый Штат."""
    word = fold(head.text)
    if len(words) == 1 or any(fold(p.normal_form) == word for p in read(word)):
        return ALL
    nominative = [p for p in read(word) if p.tag.POS == "NOUN" and p.tag.case == "nomn"]
    return PLURAL if nominative and all(p.tag.number == "plur" for p in nominative) else ALL


def _depend(words: tuple[PatternWord, ...], at: int, lang: str) -> Forms:
    """After the head: as written, or, where it may be in apposition, in the head's case."""
    word = words[at]
    text = fold(word.text)
    frozen = {text: ALL}
    if fold(words[at - 1].text) in PREPOSITIONS or word.text.isdigit():
        return frozen
    if any(p.tag.POS == "NUMR" for p in read(fold(words[at - 1].text))[:1]):
        return _count(text) or frozen
    paradigm = inflect(word.text, lang)
    if paradigm.kind in {"abbreviation", "fixed"}:
        return dict.fromkeys(paradigm.forms, ALL)
    hyphened = word.gap.strip() in _HYPHENS
    named = word.text[0].isupper() and paradigm.forms.get(text, 0) & NOMINATIVE
    if named or _is_apposed(word) or (hyphened and is_noun(text)):  # вайб-чек
        return {**_sound(words, at), **paradigm.forms, **frozen}
    return {**adjective(text), **frozen} if hyphened else frozen


def _sound(words: tuple[PatternWord, ...], at: int) -> Forms:
    """Хо Ши Мин, Юн Сок Ёль: a last syllable declines by its sound, whatever word it looks like."""
    syllables = all(word.text.istitle() and len(word.text) <= _SYLLABLE for word in words)
    if not syllables or at + 1 < len(words):
        return {}
    return {form: bits for form, bits in decline(fold(words[at].text)).items() if bits & SINGULAR}


def _count(text: str) -> Forms:
    """What is counted: пять миллиардов, с пятью миллиардами."""
    forms: Forms = {}
    for parse in read(text):
        if parse.tag.case == "gent" and parse.tag.POS in _NOMINALS:
            for form in parse.lexeme:
                if form.tag.number == "plur" and form.tag.case in _OBLIQUE:
                    add_form(forms, form.word, slots(form.tag))
    if forms:
        add_form(forms, text, ALL & (NOMINATIVE | ACCUSATIVE))
    return {form: bits | bits >> 6 for form, bits in forms.items()}


def _disguise(words: tuple[PatternWord, ...], at: int) -> Forms:
    """С-400 or НАТО with Latin letters that look the same; ВВС and BBC are two words."""
    text = words[at].text
    numbered = at + 1 < len(words) and words[at + 1].text.isdigit()
    if text.isupper() and (len(text) >= DESIGNATION or (len(text) == INITIAL and numbered)):
        return dict.fromkeys(filter(None, [disguise(fold(text))]), ALL | UPPER)
    return {}


def _is_genitive(text: str) -> bool:
    """Whether the word is often enough a genitive (обороны is, мир, of миро, is not)."""
    share = sum(p.score for p in read(text) if p.tag.case == "gent" and p.tag.POS in _NOMINALS)
    return bool(share >= _OFTEN)


def _is_lone(words: tuple[PatternWord, ...], at: int) -> bool:
    """Whether the word has to be a name by itself: alone, after the first, before a number."""
    return at > 0 or len(words) == 1 or words[1].text.isdigit()


def _abridge(words: tuple[PatternWord, ...], steps: Phrase) -> list[Phrase]:
    """Д. Туск, К.-Ж. Токаев, В. В. Путин, Владимир Владимирович Путин."""
    if len(words) < 2 or not _is_person(words):  # noqa: PLR2004 - name and surname
        return []
    initials = [Step({fold(word.text[0]): ALL | CAPITAL}, "initial") for word in words[:-1]]
    last = Step(steps[-1].forms, "initial", "", steps[-1].stem)
    middle: list[Phrase] = [(initials[0], Step({}, "initial", like="initial"), last)]
    if len(initials) > 1:
        middle = [(*initials, last)]
    else:
        middle.append((steps[0], Step({}, like="patronymic"), steps[-1]))
    return [(initials[0], last), *middle]


def _is_person(words: tuple[PatternWord, ...]) -> bool:
    if not all(word.text[0].isupper() and word.text.istitle() for word in words):
        return False
    first, last = fold(words[0].text), fold(words[-1].text)
    named = any("Name" in p.tag and p.tag.number == "sing" for p in read(first))
    surname = is_noun(last) or not inflect(words[-1].text).known
    return surname and (named or not (inflect(words[0].text).known or is_noun(last)))
