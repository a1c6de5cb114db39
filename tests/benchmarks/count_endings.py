"""Counts how the names of pymorphy3's dictionary decline: streams/data/name_endings.txt.

Run: python -m tests.benchmarks.count_endings > streams/data/name_endings.txt (half a minute)
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

KINDS = ("Surn", "Name", "Geox", "Orgn")
CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
SAME_CASE = {"gen1": "gent", "gen2": "gent", "loc1": "loct", "loc2": "loct", "acc2": "accs"}
ODD = {"Infr", "Arch", "Erro", "Dist", "voct"}
TAIL = 4  # letters of a form
CHANGED = 4  # letters at most that the cases of a name do not share
LEAST = 3  # names, for a way to decline to be listed
HEAD = """\
# How names decline, and how often names do that end so: counted in the dictionary of pymorphy3
# (OpenCorpora, CC BY-SA 3.0: so is this table) by tests/benchmarks/count_endings.py.
# kind | gender, plur for names without a singular, both for either | endings of six cases | the
# last letters of the nominatives, and how many there are
# 0 = nothing, / = either. Example: Surn masc, 0 а у а ым/ом е: Токаев, Токаеву, Токаевым"""

Lexeme = dict[tuple[str, str], dict[str, set[str]]]  # number and gender → case → forms
Row = tuple[str, str, str]


def read_lexemes() -> Iterator[tuple[str, Lexeme]]:
    from pymorphy3 import MorphAnalyzer

    lexemes: dict[tuple[str, str, int], list[tuple[str, Any]]] = defaultdict(list)
    for word, tag, normal, paradigm, _ in MorphAnalyzer().dictionary.iter_known_words(""):
        for kind in KINDS:
            if kind in tag and tag.case and not ODD & tag.grammemes:
                lexemes[kind, normal, paradigm].append((word.replace("ё", "е"), tag))
    for (kind, _, _), forms in sorted(lexemes.items(), key=lambda pair: pair[0]):
        yield kind, _arrange(kind, forms)


def _arrange(kind: str, forms: list[tuple[str, Any]]) -> Lexeme:
    """A person is one person, a place one place if it has a singular."""
    single = kind in {"Surn", "Name"} or any(tag.number == "sing" for _, tag in forms)
    lexeme: Lexeme = defaultdict(lambda: defaultdict(set))
    for word, tag in forms:
        case = SAME_CASE.get(str(tag.case), str(tag.case))
        if tag.number == "sing":
            lexeme["sing", str(tag.gender or "both")][case].add(word)
        elif not single:
            lexeme["plur", "plur"][case].add(word)
    return lexeme


def count_rows() -> dict[Row, Counter[str]]:
    rows: dict[Row, Counter[str]] = defaultdict(Counter)
    for kind, lexeme in read_lexemes():
        for (_, gender), cases in lexeme.items():
            if set(cases) != set(CASES) or len(cases["nomn"]) > 1:
                continue
            (nominative,) = cases["nomn"]
            stem = _find_stem([form for some in cases.values() for form in some])
            if len(nominative) - len(stem) <= CHANGED:
                endings = " ".join(_join(cases[case], len(stem)) for case in CASES)
                rows[kind, gender, endings][_cut(nominative, len(stem), endings)] += 1
    return {row: tails for row, tails in rows.items() if tails.total() >= LEAST}


def _find_stem(forms: list[str]) -> str:
    """What all forms begin with."""
    first, last = min(forms), max(forms)
    pairs = enumerate(zip(first, last, strict=False))
    return first[: next((at for at, (a, b) in pairs if a != b), min(len(first), len(last)))]


def _cut(nominative: str, stem: int, endings: str) -> str:
    """The ending, and as many letters before as the last TAIL letters of any form show."""
    shortest = min(len(one.strip("0")) for one in re.split("[ /]", endings))
    return nominative[max(0, stem - TAIL + shortest) :]


def _join(forms: set[str], stem: int) -> str:
    """The endings of a case; beside -ой and -ей nobody writes -ою and -ею in news."""
    usual = [form for form in forms if not form.endswith(("ою", "ею"))] or forms
    return "/".join(sorted(form[stem:] or "0" for form in usual))


def main() -> None:
    lines = [HEAD]
    rows = count_rows()
    for row in sorted(rows, key=lambda one: (KINDS.index(one[0]), -rows[one].total(), one)):
        tails = sorted(rows[row].items(), key=lambda pair: (-pair[1], pair[0]))
        lines.append(" | ".join([*row, " ".join(f"{tail}:{count}" for tail, count in tails)]))
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
