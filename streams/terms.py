"""Term lists: files in three formats, and the compiled watch list."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from io import StringIO
from reprlib import repr as shorten
from typing import TypeVar

import msgspec
from msgspec import Struct

from streams.models import Term
from streams.words.capitals import CAPITAL
from streams.words.codes import COUNTRIES, LANGUAGES
from streams.words.patterns import PatternError, parse_pattern
from streams.words.phrases import Phrase, build_exact, build_phrases

__all__ = (
    "Entry",
    "PatternError",
    "TermError",
    "Watch",
    "compile_pattern",
    "compile_watch",
    "find_delimiter",
    "make_term",
    "read_terms",
    "write_terms",
)

_HEAD = 3  # letters by which prefixes are found
_WANTED = {
    "name": "a text of at most 512 characters",
    "pattern": "a text",
    "lang": "a code of two letters (ru, uk, be, kk …)",
    "case": "any, exact or capital",
    "entity": "PER, LOC or ORG",
    "mute_until": "a time such as 2025-10-09T08:00:00Z",
    "expected_until": "a time such as 2025-10-09T08:00:00Z",
    "budget": "a number above 0 and at most a million",
    "route": "the name of a route",
}
_COMMENT = re.compile(r"(?:^|\s)#.*")
_FIELDS = tuple(Term.__struct_fields__)


class TermError(ValueError):
    """A term file with mistakes: each as `line N: what is wrong`."""


class Entry(Struct, frozen=True, gc=False):
    """A way to write part `part` of term number `term`: its first word was found in an index.

    `plain`: the word alone is a mention, whatever its letters and its neighbours.
    """

    bits: int
    phrase: Phrase
    term: int
    part: int
    plain: bool = False


Table = dict[str, tuple[Entry, ...]]
_Lists = dict[str, list[Entry]]
_Value = TypeVar("_Value")


class Watch(Struct, frozen=True, gc=False):
    """A compiled list of terms: what a word of a text may begin.

    `terms`: by number, rising in the order of the list; numbers may be missing;
    `firsts`: form → entries; `prefixes`: first three letters → entries;
    `parts`: for terms of several parts, whether each is wanted.
    """

    terms: dict[int, Term] = {}
    firsts: Table = {}
    prefixes: Table = {}
    parts: dict[int, tuple[bool, ...]] = {}


def compile_watch(terms: Iterable[Term], before: Watch | None = None) -> Watch:
    """Compile a list of terms; raises `PatternError` at the first one that cannot be read.

    `before`: a watch of nearly the same list, which stays as it is: only what the lists do not
    share costs time.
    """
    old = before or Watch()
    gone, added = _compare(old.terms, tuple(terms))
    parts = {number: tuple(part for part, _ in _compile(term)) for number, term in added.items()}
    changed = zip(_index(gone), _index(added), strict=True)
    firsts, prefixes = (
        _change(table, gone, *lists)
        for table, lists in zip((old.firsts, old.prefixes), changed, strict=True)
    )
    return Watch(
        _without(old.terms, gone) | added,
        firsts,
        prefixes,
        _without(old.parts, gone) | {number: one for number, one in parts.items() if len(one) > 1},
    )


@lru_cache(maxsize=1 << 16)
def compile_pattern(
    pattern: str, lang: str, case: str
) -> tuple[tuple[bool, tuple[Phrase, ...]], ...]:
    """For each part of a pattern: whether it is wanted, and the ways to write it."""
    return tuple(
        (
            part.wanted,
            (build_exact(part.words, case),)
            if part.exact
            else tuple(build_phrases(part.words, lang, case)),
        )
        for part in parse_pattern(pattern)
    )


def read_terms(text: str, suffix: str) -> list[Term]:
    """Read a term file (`.jsonl` objects, `.csv` by header, else one a line, # comments).

    Raises `TermError` with every mistake of the file.
    """
    reader = {".jsonl": _read_objects, ".csv": _read_rows}.get(suffix, _read_lines)
    found: dict[str, Term] = {}
    mistakes = []
    try:
        read = list(reader(text.removeprefix("\ufeff")))
    except csv.Error as error:
        raise TermError(f"no CSV: {error}") from None
    for line, term in read:
        if isinstance(term, Term):
            problem = _check(term) or (term.name in found and f"{term.name!r} stands twice")
        else:
            problem = term
        if problem:
            mistakes.append(f"line {line}: {problem}")
        elif isinstance(term, Term):
            found[term.name] = term
    if mistakes:
        raise TermError("\n".join(mistakes))
    return list(found.values())


def make_term(fields: dict[str, object]) -> Term:
    """A term by its fields; raises `TermError`."""
    term = _convert(fields)
    mistake = term if isinstance(term, str) else _check(term)
    if mistake or isinstance(term, str):
        raise TermError(mistake)
    return term


def write_terms(terms: Iterable[Term], suffix: str) -> str:
    """Write a term file that `read_terms` reads back; plain lines keep the pattern alone."""
    if suffix == ".jsonl":
        return "".join(msgspec.json.encode(term).decode() + "\n" for term in terms)
    if suffix == ".csv":
        return _write_rows(terms)
    return "".join(f"{line}\n" for line in dict.fromkeys(t.pattern or t.name for t in terms))


def _compare(
    before: Mapping[int, Term], terms: Sequence[Term]
) -> tuple[dict[int, Term], dict[int, Term]]:
    """What of `before` goes, and what comes after the rest, with its numbers."""
    gone, at = {}, 0
    for number, term in before.items():
        if at < len(terms) and (terms[at] is term or terms[at] == term):
            at += 1
        else:
            gone[number] = term
    return gone, dict(enumerate(terms[at:], max(before, default=-1) + 1))


def _without(numbered: dict[int, _Value], gone: Mapping[int, Term]) -> dict[int, _Value]:
    return {number: one for number, one in numbered.items() if number not in gone}


def _index(terms: Mapping[int, Term]) -> tuple[_Lists, _Lists]:
    """The entries of terms, by form and by prefix."""
    into: tuple[_Lists, _Lists] = {}, {}
    for number, term in terms.items():
        for part, (_, phrases) in enumerate(_compile(term)):
            for phrase in phrases:
                _add(phrase, number, part, into)
    return into


def _add(phrase: Phrase, term: int, part: int, into: tuple[_Lists, _Lists]) -> None:
    firsts, prefixes = into
    step = phrase[0]
    if step.start:
        bits = next(iter(step.forms.values()))
        prefixes.setdefault(step.start[:_HEAD], []).append(Entry(bits, phrase, term, part))
        return
    shared: dict[int, Entry] = {}
    for form, bits in step.forms.items():
        plain = len(phrase) == 1 and bits < CAPITAL
        entry = shared.setdefault(bits, Entry(bits, phrase, term, part, plain))
        firsts.setdefault(form, []).append(entry)


def _change(table: Table, gone: Mapping[int, Term], old: _Lists, new: _Lists) -> Table:
    """The table without the entries of terms that are gone, and with new ones behind the rest."""
    changed = table.copy()
    for form in old:
        changed[form] = tuple(entry for entry in table[form] if entry.term not in gone)
    for form, entries in new.items():
        changed[form] = (*changed.get(form, ()), *entries)
    for form in old:
        if not changed[form]:
            del changed[form]
    return changed


def _compile(term: Term) -> tuple[tuple[bool, tuple[Phrase, ...]], ...]:
    return compile_pattern(term.pattern or term.name, term.lang, term.case)


def _check(term: Term) -> str:
    if term.lang in COUNTRIES:
        return f"lang {term.lang!r} is a country's code: the language is {COUNTRIES[term.lang]!r}"
    if term.lang not in LANGUAGES:
        return f"lang is {_WANTED['lang']}, not {term.lang!r}"
    try:
        parse_pattern(term.pattern or term.name)
    except PatternError as error:
        return str(error)
    return ""


def _read_lines(text: str) -> Iterator[tuple[int, Term | str]]:
    for number, line in enumerate(text.splitlines(), 1):
        pattern = _COMMENT.sub("", line).strip()
        if pattern:
            yield number, _convert({"name": pattern})


def _read_objects(text: str) -> Iterator[tuple[int, Term | str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                fields = msgspec.json.decode(line, type=dict[str, object])
            except (msgspec.MsgspecError, RecursionError) as error:
                yield number, f"no JSON object ({error})"
            else:
                yield number, _convert(fields)


def find_delimiter(text: str) -> str:
    """What parts the cells of a CSV: a comma, or the semicolon that spreadsheets write."""
    header = text.partition("\n")[0]
    return ";" if header.count(";") > header.count(",") else ","


def _read_rows(text: str) -> Iterator[tuple[int, Term | str]]:
    lines, sign = StringIO(text, newline=""), find_delimiter(text)
    rows = csv.DictReader(lines, restkey="", restval="", delimiter=sign)
    unknown = [name for name in rows.fieldnames or () if name not in _FIELDS]
    if "name" not in (rows.fieldnames or ()):
        yield 1, f"a header with the column name is missing; columns are {', '.join(_FIELDS)}"
        return
    if unknown:
        yield 1, f"unknown column {unknown[0]!r}; columns are {', '.join(_FIELDS)}"
        return
    for row in rows:
        fields = {name: value for name, value in row.items() if name and value}
        yield rows.line_num, "more cells than the header has" if row.get("") else _convert(fields)


def _convert(fields: dict[str, object]) -> Term | str:
    unknown = [name for name in fields if name not in _FIELDS]
    if unknown:
        return f"unknown field {unknown[0]!r}; fields are {', '.join(_FIELDS)}"
    if not str(fields.get("name", "")).strip():
        return "a term needs a name: write a word"
    try:
        return msgspec.convert(fields, Term, strict=False)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].strip("`")
        wanted = _WANTED.get(field)
        return f"{field} is {wanted}, not {shorten(fields[field])}" if wanted else str(error)


def _write_rows(terms: Iterable[Term]) -> str:
    out = StringIO(newline="")
    writer = csv.DictWriter(out, _FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: value for name, value in msgspec.to_builtins(term).items() if value is not None}
        for term in terms
    )
    return out.getvalue()
