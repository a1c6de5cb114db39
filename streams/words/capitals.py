"""Which letters a form asks of the text: capitals, where small letters would leave doubt."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from streams.text import fold
from streams.words.endings import Forms, read_table
from streams.words.joints import DESIGNATION, INITIAL, PatternWord
from streams.words.paradigms import SINGULAR, is_known, is_name, is_only_proper, read

CAPITAL = 1 << 12  # the form counts only with a capital letter
UPPER = 1 << 13  # the form counts only with its stem in capitals
DOUBTFUL = 1 << 14  # the form is one of other words too
# Abbreviations that in small letters could be another word: РК, МИД; ФСБ could not.
_SHORT = re.compile("..|(?=.*[аеиоуыэюя])...")
_ADJECTIVAL = re.compile("(?:[сцз]к[ио]й|[сцз]кая|[вднт]ый|ная)$")


def demand(written: str, forms: Forms, case: str, lone: bool) -> Forms:
    """Add what each form asks of the letters in the text (CAPITAL, UPPER).

    `lone`: the word must be a name by itself, whatever else it means (one word, or not the first).
    """
    text = fold(written)
    if not written[0].isupper():
        return forms
    upper = written.isupper() and len(written) > 1
    bits = UPPER if upper and case != "capital" else CAPITAL
    usual = _is_common(text) and text not in _load_generic()
    if case == "any" and usual and not (lone or upper):  # верховного суда, but Северные потоки
        single = forms.get(text, 0) & SINGULAR
        return {f: v | (0 if v & SINGULAR or not single else bits) for f, v in forms.items()}
    sure = case == "any" and not _ADJECTIVAL.search(text)
    sure = sure and not (upper and _SHORT.fullmatch(text))
    return {
        form: value if sure and is_only_proper(form) else value | bits
        for form, value in forms.items()
    }


def _is_common(text: str) -> bool:
    """Whether the dictionary has the word as a common noun or adjective."""
    return any("nomn" in p.tag and not is_name(p) for p in read(text))


@lru_cache(maxsize=1)
def _load_generic() -> frozenset[str]:
    """Adjectives in the nominative that make no name by themselves (streams/data/generic.txt)."""
    lemmas = [row[0] for row in read_table("generic.txt")]
    return frozenset(
        fold(form.word) for one in lemmas for form in read(one)[0].lexeme if "nomn" in form.tag
    )


def recase(words: tuple[PatternWord, ...]) -> tuple[PatternWord, ...]:
    """ПУТИН is no abbreviation, ТЕРАКТ no name, эльвира набиуллина one."""
    if len(words) > 1 and all(map(_is_small_name, words)):
        return tuple(msgspec.structs.replace(word, text=word.text.capitalize()) for word in words)
    return tuple(map(_calm, words))


def _calm(word: PatternWord) -> PatternWord:
    """A word of the dictionary that is no abbreviation, without its needless capitals."""
    text, low = word.text, fold(word.text)
    if not text.isupper() or len(text) <= DESIGNATION or not is_known(low):
        return word
    if any("Abbr" in parse.tag for parse in read(low)):
        return word
    quiet = text.lower() if any(not is_name(p) for p in read(low)[:1]) else text.capitalize()
    return msgspec.structs.replace(word, text=quiet)


def _is_small_name(word: PatternWord) -> bool:
    """Whether a word in small letters is a first name, a surname, or none of the dictionary."""
    text = fold(word.text)
    if word.text != word.text.lower() or not text.isalpha() or len(text) == INITIAL:
        return False
    names = (p for p in read(text)[:1] if "Name" in p.tag or "Surn" in p.tag)
    return not is_known(text) or any("nomn" in p.tag for p in names)
