"""Watched terms as people meet them: every form, collisions, hits in a file, right and wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from connectors.files import read_lines
from streams.matching import find_mentions
from streams.models import DeadLetter, Term
from streams.terms import (
    PatternError,
    TermError,
    compile_pattern,
    compile_watch,
    read_terms,
    write_terms,
)
from streams.text import fold
from streams.words.capitals import CAPITAL, UPPER
from streams.words.endings import load_frequent
from streams.words.paradigms import read
from streams.words.phrases import Phrase

CASES = ("nominative", "genitive", "dative", "accusative", "instrumental", "prepositional")
_MOST_FORMS = 400
_AROUND = 40  # characters of context on each side of a sample
_SLOTS = CAPITAL - 1
_SAME = 2  # letters by which a form is told to be that of a word of the pattern
_LETTERS = re.compile(r"[^\W_]+")


class Form(Struct, frozen=True):
    """A form that matches: the cases it stands for, and the letters that it asks for."""

    text: str
    cases: str
    letters: str


class Collision(Struct, frozen=True):
    """A form that is a frequent word by itself: how often in a million words, of which words."""

    form: str
    per_million: int
    words: tuple[str, ...]


class Preview(Struct, frozen=True):
    """What a term will find."""

    term: Term
    forms: tuple[Form, ...]
    collisions: tuple[Collision, ...]
    samples: tuple[str, ...]


class Case(Struct, frozen=True):
    """A line of a check: whether the term must be found in the text."""

    term: str
    text: str
    match: bool
    pattern: str = ""
    lang: str = "ru"
    case: Literal["any", "exact", "capital"] = "any"


class Report(Struct, frozen=True):
    """How well terms are found in labelled texts; failures are the cases decided wrongly."""

    cases: int
    precision: float
    recall: float
    f1: float
    failures: tuple[Case, ...]


def preview(term: Term, texts: Iterable[str] = (), samples: int = 10) -> Preview:
    """Every form of a term, its collisions with frequent words, and its first hits in texts.

    Hits that read alike are shown once; raises `PatternError`.
    """
    forms = tuple(islice(_list_forms(term), _MOST_FORMS))
    hits = islice(_sample(term, texts), samples)
    return Preview(term, forms, tuple(_list_collisions(forms)), tuple(hits))


def read_texts(path: Path) -> Iterator[str]:
    """The texts of a corpus: documents one a line (.jsonl, .jsonl.gz), or lines of plain text."""
    for line in read_lines(path):
        raw = line.raw if isinstance(line, DeadLetter) else line[1]
        yield to_text(raw) if ".jsonl" in path.suffixes else raw.decode("utf-8", "replace")


def to_text(line: str | bytes) -> str:
    """Title and text of a document written as JSON; "" if it is none."""
    try:
        document = msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    title, text = document.get("title"), document.get("text")
    return "\n\n".join(part for part in (title, text) if isinstance(part, str) and part)


def check(path: Path) -> Report:
    """Find the terms of a file of objects {term, text, match}; raises `TermError` for bad lines."""
    cases = list(_read_cases(path))
    if not cases:
        raise TermError(f"{path.name} holds no cases: write objects {{term, text, match}}")
    found = [_is_found(case) for case in cases]
    pairs = list(zip(cases, found, strict=True))
    right = sum(case.match and hit for case, hit in pairs)
    precision = right / sum(found) if any(found) else 1.0
    recall = right / sum(case.match for case in cases) if any(c.match for c in cases) else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    failures = tuple(case for case, hit in pairs if case.match != hit)
    return Report(len(cases), precision, recall, f1, failures)


def import_terms(path: Path) -> list[Term]:
    """The terms of a file (text, .csv, .jsonl); raises `TermError` with every mistake in it."""
    text = _read_whole(path)
    try:
        return read_terms(text, path.suffix.lower())
    except TermError as error:
        raise TermError(f"{path.name}:\n{error}") from error


def export_terms(terms: Iterable[Term], path: Path) -> int:
    """Write terms in the format that the name of the file says; how many."""
    listed = list(terms)
    path.write_text(write_terms(listed, path.suffix.lower()), "utf-8")
    return len(listed)


def is_plain(term: Term) -> bool:
    """Whether a plain line gives the term back."""
    try:
        return read_terms(write_terms([term], ".txt"), ".txt") == [term]
    except TermError:
        return False


def _read_whole(path: Path) -> str:
    try:
        return path.read_text("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise TermError(
            f"{path.name} is not UTF-8: {error.reason} at byte {error.start}"
        ) from error


def _list_forms(term: Term) -> Iterator[Form]:
    seen = set()
    words = {fold(word)[:_SAME]: word for word in _LETTERS.findall(term.pattern or term.name)}
    for wanted, phrases in compile_pattern(term.pattern or term.name, term.lang, term.case):
        for phrase in phrases:
            for form in _spell(phrase, words):
                if form.text not in seen:
                    seen.add(form.text)
                    yield form if wanted else msgspec.structs.replace(form, cases="must be absent")


def _spell(phrase: Phrase, written: Mapping[str, str]) -> Iterator[Form]:
    """The ways through a phrase on which all words agree, as they may be written."""
    columns = [
        [
            (f"{step.start}*", bits | _SLOTS) if step.start else (form, bits)
            for form, bits in step.forms.items()
        ]
        or [(f"<{step.like}>", CAPITAL | _SLOTS)]
        for step in phrase
    ]
    joins = {"hyphen": "-", "number": "-", "apostrophe": "'", "initial": ". ", "space": " "}
    for path in product(*columns):
        bits = _SLOTS
        for _, one in path:
            bits &= one
        if bits:
            words = [
                _write(form, one, step.stem, written)
                for (form, one), step in zip(path, phrase, strict=True)
            ]
            gaps = ["", *(joins.get(step.join, step.join) for step in phrase[1:])]
            text = "".join(gap + word for gap, word in zip(gaps, words, strict=True))
            yield Form(text, _name_cases(bits), _name_letters(path))


def _write(form: str, bits: int, stem: int, written: Mapping[str, str]) -> str:
    """A form with the capitals that the text must have, or that the pattern has."""
    word = written.get(form[:_SAME], "")
    if bits & UPPER or (len(word) > 1 and word.isupper()):
        return form[:stem].upper() + form[stem:]
    capital = bits & CAPITAL or word[:1].isupper()
    return form[:1].upper() + form[1:] if capital else form


def _name_cases(bits: int) -> str:
    if bits & _SLOTS == _SLOTS:
        return "any"
    names = []
    for number, shift in (("", 0), (" plural", 6)):
        names += [name + number for at, name in enumerate(CASES) if bits >> (at + shift) & 1]
    return ", ".join(names)


def _name_letters(path: Iterable[tuple[str, int]]) -> str:
    asked = [bits for _, bits in path]
    if any(bits & UPPER for bits in asked):
        return "capitals"
    return "capital" if any(bits & CAPITAL for bits in asked) else "any"


def _list_collisions(forms: Iterable[Form]) -> Iterator[Collision]:
    frequent = load_frequent()
    for form in forms:
        count = frequent.get(form.text.lower())
        if count and form.cases != "must be absent":
            words = sorted({one.normal_form for one in read(form.text.lower())})
            if len(words) > 1 or form.letters != "any":
                yield Collision(form.text, count, tuple(words))


def _sample(term: Term, texts: Iterable[str]) -> Iterator[str]:
    watch = compile_watch([term])
    seen = set()
    for text in texts:
        for one in find_mentions(text, watch):
            before = text[max(0, one.start - _AROUND) : one.start]
            after = text[one.stop : one.stop + _AROUND]
            sample = " ".join(f"{before}[{one.text}]{after}".split())
            if sample not in seen:
                seen.add(sample)
                yield sample


def _read_cases(path: Path) -> Iterator[Case]:
    for number, line in enumerate(_read_whole(path).split("\n"), 1):
        if line.strip():
            try:
                yield msgspec.json.decode(line, type=Case)
            except msgspec.MsgspecError as error:
                raise TermError(f"{path.name}, line {number}: {error}") from error


def _is_found(case: Case) -> bool:
    fields = {"name": case.term, "pattern": case.pattern, "lang": case.lang, "case": case.case}
    try:
        return bool(find_mentions(case.text, compile_watch([msgspec.convert(fields, Term)])))
    except PatternError as error:
        raise TermError(f"term {case.term!r}: {error}") from error
