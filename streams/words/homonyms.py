"""Which word a form is where it could be several: производство стали, but цены стали выше.

Each reading of the form weighs what the dictionary's corpus gives it (pymorphy3's P(tag | word)
from OpenCorpora), times how well it goes with the word before and the word after. Only doubtful
hits come here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from streams.text import Tokens, fold
from streams.words.endings import read_table
from streams.words.paradigms import Lemma, read, slots, to_lemma

ENOUGH = 0.22  # of the weight of all readings
_CLEAR = " \u00a0«»\"„“”‘’'*_\n"  # between neighbours; any other sign parts them
_BIT_CASES = {1: 1 << 1 | 1 << 7, 2: 1 << 2 | 1 << 8, 3: 1 << 3 | 1 << 9} | {
    4: 1 << 4 | 1 << 10,
    5: 1 << 5 | 1 << 11,
}
_OPENING = re.compile(r"[.!?…:;\n•|]|^\s*[—–-]\s")
_LEADING = 20.0  # of a name before a capital
_RARE_OPENING = 0.05  # of an oblique noun that opens a sentence before a verb
_UNGOVERNED = 0.002  # of a verb, or another case, right after a preposition
_WRONG_CASE = 0.02  # of a name in small letters, of another word with a capital
_NOMINATIVE, _GENITIVE, _ACCUSATIVE = 1 | 1 << 6, 1 << 1 | 1 << 7, 1 << 3 | 1 << 9
# Times that the dictionary calls adverbs as well: вечером is a form of вечер.
_TIMES = {"утром": "утро", "днем": "день", "вечером": "вечер", "ночью": "ночь"} | {
    "весной": "весна",
    "летом": "лето",
    "осенью": "осень",
    "зимой": "зима",
}
_FINITE = frozenset({"VERB", "PRTS", "ADJS"})


class Tag(NamedTuple):
    """What a tagger says of a word: universal part of speech, case and number if it has them."""

    pos: str
    case: str | None = None
    number: str | None = None


class Traits(NamedTuple):
    """What of a reading its neighbours depend on."""

    pos: str
    slots: int
    gender: str
    number: str


_UD_CASES = {"Nom": "nomn", "Gen": "gent", "Dat": "datv", "Acc": "accs", "Ins": "ablt"} | {
    "Loc": "loct"
}
_UD_POS = {"NOUN": "NOUN", "PROPN": "NOUN", "VERB": "VERB", "AUX": "VERB", "ADJ": "ADJF"} | {
    "ADV": "ADVB",
    "NUM": "NUMR",
    "PRON": "NPRO",
    "DET": "ADJF",
    "ADP": "PREP",
    "CCONJ": "CONJ",
    "SCONJ": "CONJ",
    "PART": "PRCL",
}


def is_meant(tokens: Tokens, at: int, lemmas: frozenset[Lemma], tag: Tag | None = None) -> bool:
    """Whether word `at` is a form of one of `lemmas` here; without lemmas, whether it is a name."""
    word = tokens.words[at]
    if tag is not None and (chosen := [p for p in read(word) if _fits(p.tag, tag)]):
        return any(_belongs(to_lemma(one), lemmas) for one in chosen)
    before, after = _neighbour(tokens, at, -1), _neighbour(tokens, at, 1)
    large, opens = tokens.content[tokens.starts[at]].isupper(), is_opening(tokens, at)
    first = not before and opens
    total = ours = 0.0
    for traits, score, lemma in _weigh(word):
        weight = score * _link(before, traits, after=False) * _link(after, traits, after=True)
        if lemma[2] != large and not opens:
            weight *= _WRONG_CASE
        if lemma[2] and opens and _leads(tokens, at, traits):
            weight *= _LEADING
        if first and _is_led(traits, after):
            weight *= _RARE_OPENING
        total += weight
        ours += weight if _belongs(lemma, lemmas) else 0.0
    return ours >= ENOUGH * total


def is_opening(tokens: Tokens, at: int) -> bool:
    """Whether the first letter would be a capital anyway: a sentence opens, or all is capitals."""
    if at == 0 or _OPENING.search(tokens.gaps[at]):
        return True
    word = tokens.text(at, at)
    near = [tokens.text(one, one) for one in (at - 1, at + 1) if one < len(tokens.words)]
    return len(word) > 1 and word.isupper() and any(len(one) > 1 and one.isupper() for one in near)


def _leads(tokens: Tokens, at: int, traits: Traits) -> bool:
    """Whether a capital follows that agrees: Лев Лещенко, not Роман Толстого."""
    if at + 1 == len(tokens.words) or tokens.gaps[at + 1] != " ":
        return False
    near = tokens.text(at + 1, at + 1)
    if not near[0].isupper() or near[1:].isupper():
        return False
    return any(one.slots & traits.slots for one, _, _ in _weigh(tokens.words[at + 1]))


def _is_led(traits: Traits, after: str) -> bool:
    """Whether a reading wants a word before it: суда зашли в порт is no genitive."""
    oblique = traits.pos == "NOUN" and not traits.slots & _NOMINATIVE
    return oblique and any(one.pos == "VERB" for one, _, _ in _weigh(after)) if after else False


def _belongs(lemma: Lemma, lemmas: frozenset[Lemma]) -> bool:
    return lemma in lemmas if lemmas else lemma[2]


@lru_cache(maxsize=1 << 16)
def _weigh(word: str) -> tuple[tuple[Traits, float, Lemma], ...]:
    """The readings of a word, each with its share and the entry that it belongs to."""
    return tuple((_to_traits(one.tag), float(one.score), _to_entry(one)) for one in read(word))


def _to_entry(parse: Any) -> Lemma:
    if parse.tag.POS == "ADVB" and (noun := _TIMES.get(fold(parse.word))):
        return noun, "NOUN", False
    return to_lemma(parse)


def _to_traits(tag: Any) -> Traits:
    pos, gender, number = (str(one or "") for one in (tag.POS, tag.gender, tag.number))
    return Traits(pos, slots(tag), gender, number)  # plain strings: pymorphy3's compare slowly


def _fits(ours: Any, tag: Tag) -> bool:
    pos = str(ours.POS)  # a plain string: pymorphy3's refuse to be compared with ADP or X
    pos = {"INFN": "VERB", "PRTF": "VERB", "PRTS": "VERB", "GRND": "VERB"}.get(pos, pos)
    if pos != _UD_POS.get(tag.pos, tag.pos):
        return False
    same_case = not tag.case or not ours.case or _UD_CASES.get(tag.case, "")[:3] == ours.case[:3]
    number = {"Sing": "sing", "Plur": "plur"}.get(tag.number or "")
    return same_case and (number is None or ours.number in {None, number})


def _neighbour(tokens: Tokens, at: int, step: int) -> str:
    """The word before or after, if nothing parts them; "" if there is none."""
    near = at + step
    if not 0 <= near < len(tokens.words):
        return ""
    gap = tokens.gaps[max(at, near)]
    return "" if gap.strip(_CLEAR) or "\n\n" in gap else tokens.words[near]


@lru_cache(maxsize=1 << 18)
def _link(word: str, traits: Traits, *, after: bool) -> float:
    """How well a reading goes with the word before or after it: the mean over its readings."""
    if not word:
        return 1.0
    if not after and (governed := _load_government().get(word)):
        return 1.0 if traits.pos not in _FINITE and traits.slots & governed else _UNGOVERNED
    near = _weigh(word)[:6]
    pairs = ((score, (traits, one) if after else (one, traits)) for one, score, _ in near)
    return sum(score * _pair(*pair) for score, pair in pairs) / (sum(n[1] for n in near) or 1.0)


def _pair(first: Traits, second: Traits) -> float:
    """How much likelier than by chance two readings stand side by side."""
    for one, two, weigh in _PAIRS:
        if first.pos in one and second.pos in two:
            return weigh(first, second)
    return 1.0


def _weigh_attribute(first: Traits, second: Traits) -> float:
    same = first.number != "sing" or _accord(first.gender, second.gender)
    return 6.0 if first.slots & second.slots and same else 0.05


def _weigh_predicate(first: Traits, second: Traits) -> float:
    if not first.slots & _NOMINATIVE:
        return 0.5
    same = _accord(first.number, second.number) and _accord(first.gender, second.gender)
    return 6.0 if same else 0.1


def _accord(subject: str, verb: str) -> bool:
    return not subject or not verb or subject == verb


def _weigh_genitive(first: Traits, second: Traits) -> float:
    if second.slots & _GENITIVE:
        return 3.0
    return 0.2 if first.slots & second.slots & _NOMINATIVE else 0.4


def _weigh_bare(first: Traits, _: Traits) -> float:
    return 0.4 if first.slots & _NOMINATIVE else 0.05


def _weigh_object(_: Traits, second: Traits) -> float:
    return 2.0 if second.slots & _ACCUSATIVE else 1.0


def _weigh_attribute_of_own(first: Traits, second: Traits) -> float:
    return max(_weigh_attribute(first, second), 0.1)


def _weigh_link(first: Traits, second: Traits) -> float:
    """Стало известно is an adjective, дела идут плохо is none."""
    return 1.5 if _accord(first.number, second.number) else 0.2


_VERBS = frozenset({"VERB", "INFN"})
_PAIRS = (
    # новый суд, два суда
    (frozenset({"ADJF", "NUMR"}), frozenset({"NOUN", "ADJF"}), _weigh_attribute),
    # задержанный полицией
    (frozenset({"PRTF"}), frozenset({"NOUN", "ADJF"}), _weigh_attribute_of_own),
    # суд решил, они стали
    (frozenset({"NOUN", "NPRO"}), _FINITE, _weigh_predicate),
    # решение суда
    (frozenset({"NOUN"}), frozenset({"NOUN"}), _weigh_genitive),
    # нержавеющей стали is no verb, не рой is one, мыла раму
    (frozenset({"ADJF", "PRTF"}), frozenset({"VERB"}), _weigh_bare),
    (frozenset({"PRCL"}), frozenset({"VERB"}), lambda _, __: 2.0),
    (_VERBS, frozenset({"NOUN"}), _weigh_object),
    # начал драться; not: стали выросло
    (frozenset({"VERB"}), frozenset({"INFN"}), lambda _, __: 3.0),
    (frozenset({"VERB"}), frozenset({"VERB"}), lambda _, __: 0.1),
    (frozenset({"INFN"}), _VERBS, lambda _, __: 0.5),
    (frozenset({"VERB"}), _FINITE, _weigh_link),
    (frozenset({"ADVB"}), _VERBS, lambda _, __: 1.5),
)


@lru_cache(maxsize=1)
def _load_government() -> dict[str, int]:
    """The bits that each preposition governs (streams/data/government.txt)."""
    return {
        row[0]: sum(_BIT_CASES[int(case)] for case in row[1].split())
        for row in read_table("government.txt")
    }
