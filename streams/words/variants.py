"""One normal form for the forms of an unknown name that a document writes.

«Шольца» alone may be of Шольц or of Шолец; where the document writes «Шольц» as well, it is of him.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from streams.models import EntityType
from streams.text import fold
from streams.words.guesses import guess
from streams.words.letters import write_like
from streams.words.likely import is_told, name_kind

ALIKE = 3  # letters that forms of one name begin with
CERTAIN = 2  # times as much as a form alone counts one beside a first name
LEAST = 0.005  # share of a reading

Named = tuple[EntityType, str, str]  # type, as written, normal form


def reconcile(names: Sequence[Named]) -> list[str]:
    """The normal forms, where other forms in the document tell better what an unknown word is."""
    groups: dict[str, set[tuple[str, EntityType, bool, str]]] = defaultdict(set)
    for kind, written, name in names:
        if word := _find_unknown(written):
            lemma = fold(name.rpartition(" ")[2])
            groups[word[:ALIKE]].add((word, kind, " " in written, lemma))
    groups = {start: some for start, some in groups.items() if len({one[0] for one in some}) > 1}
    if not groups:
        return [name for _, _, name in names]
    return [_choose(one, groups) for one in names]


@lru_cache(maxsize=1 << 16)
def is_unknown(written: str) -> bool:
    """Whether no dictionary has the last word of a name."""
    return _find_unknown(written) is not None


@lru_cache(maxsize=1 << 16)
def _find_unknown(written: str) -> str | None:
    """The last word of a name, folded, if no dictionary has it."""
    word = written.rpartition(" ")[2]
    folded = fold(word)
    if not (word.isalpha() and word[0].isupper() and "а" <= folded[0] <= "я"):
        return None
    return None if word.isupper() or is_told(folded) else folded


def _choose(named: Named, groups: dict[str, set[tuple[str, EntityType, bool, str]]]) -> str:
    kind, written, name = named
    word = _find_unknown(written)
    if word is None or " " in written or word[:ALIKE] not in groups:
        return name
    support: dict[str, int] = defaultdict(int)
    for other, its, is_full, lemma in sorted(groups[word[:ALIKE]]):
        if is_full:
            support[lemma] += CERTAIN
        else:
            for one in _list_lemmas(other, its):
                support[one] += 1
    mine, lemmas = fold(name), _list_lemmas(word, kind)
    if mine != word and mine not in lemmas:  # written out: Министерство промышленности и торговли
        return name
    best = max(lemmas, key=lambda one: support[one], default=mine)
    return write_like(best, written) if support[best] > support[mine] else name


@lru_cache(maxsize=1 << 14)
def _list_lemmas(word: str, kind: EntityType) -> tuple[str, ...]:
    """The nominatives that a word may have, likeliest first."""
    readings = guess(word, name_kind(kind, is_last=True))
    return tuple(dict.fromkeys(one.nominative for one in readings if one.share >= LEAST))
