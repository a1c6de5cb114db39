"""From forms to mentions: one look at each word of a text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress

from streams.models import Entity, Mention, Term
from streams.terms import Entry, Watch
from streams.text import Tokens, tokenize
from streams.words.capitals import CAPITAL, DOUBTFUL, UPPER
from streams.words.endings import load_frequent
from streams.words.homonyms import Tag, is_meant, is_opening
from streams.words.joints import joins
from streams.words.masks import find_labels
from streams.words.paradigms import SINGULAR, is_known, is_name, is_only_proper, read
from streams.words.phrases import KINDS, Step

_SLOTS = CAPITAL - 1
_QUOTES = ("«", "»", '"', "“", "”", "„")
_HYPHENS = frozenset({"-", "‐", "‑"})
_OPEN_PARTS = frozenset({"санкт", "экс", "вице"})
NAMED = Tag("PROPN")  # a word of an entity
Tags = Mapping[int, Tag]
_Found = tuple[int, int, int, int]  # first word, last word, term, part


def find_mentions(
    content: str,
    watch: Watch,
    tokens: Tokens | None = None,
    tags: Tags | None = None,
    entities: Sequence[Entity] = (),
) -> tuple[Mention, ...]:
    """Every mention of every watched term, by place and then by the order of the list.

    `tokens`: those of `content`, if they were made already. `tags`: by the start of a word, where
    a tagger knows better than its neighbours. `entities`: a term that names an entity type drops
    mentions inside an entity of another type, a term in small letters those with a capital inside
    a person. Mentions in statutory labels do not count.
    """
    made = tokens or tokenize(content)
    found = _scan(made, watch, tags or dict.fromkeys(_list_starts(made, entities), NAMED))
    if not found:
        return ()
    labels = find_labels(made)
    stops = [entity.stop for entity in entities]  # in order: entities do not overlap
    mentions = []
    for first, last, number, _ in _settle(found, watch):
        term, start, stop = watch.terms[number], made.starts[first], made.stops[last]
        if labels and any(low <= start and stop <= high for low, high in labels):
            continue
        mention = Mention(term=term.name, start=start, stop=stop, text=content[start:stop])
        if not entities or _is_entity(term, mention, _find_around(mention, entities, stops)):
            mentions.append(mention)
    return tuple(mentions)


def _list_starts(tokens: Tokens, entities: Sequence[Entity]) -> Iterator[int]:
    """Where the words of entities begin."""
    for entity in entities:
        at = bisect_left(tokens.starts, entity.start)
        while at < len(tokens.starts) and tokens.starts[at] < entity.stop:
            yield tokens.starts[at]
            at += 1


def _find_around(mention: Mention, entities: Sequence[Entity], stops: list[int]) -> set[str]:
    """The types of the entities that a mention overlaps."""
    at, around = bisect_right(stops, mention.start), set[str]()
    while at < len(entities) and entities[at].start < mention.stop:
        around.add(entities[at].type)
        at += 1
    return around


def _is_entity(term: Term, mention: Mention, around: set[str]) -> bool:
    """Whether it is of the type that the term names; дрон names none, yet is no Дронов."""
    if term.entity:
        return not around or term.entity in around
    common = (term.pattern or term.name).islower() and mention.text[0].isupper()
    return not common or around != {"PER"}


def _scan(tokens: Tokens, watch: Watch, tags: Tags) -> list[_Found]:
    words, firsts, found = tokens.words, watch.firsts, list[_Found]()
    for at in compress(range(len(words)), map(firsts.__contains__, words)):
        _try(tokens, at, firsts[words[at]], tags, found)
    if watch.prefixes:
        heads = watch.prefixes
        for at in [i for i, word in enumerate(words) if word[:3] in heads]:
            _try(tokens, at, heads[words[at][:3]], tags, found)
    return found


def _try(
    tokens: Tokens, at: int, entries: tuple[Entry, ...], tags: Tags, found: list[_Found]
) -> None:
    """Add the entries that stand at word `at`."""
    hyphened = tokens.gaps[at] in _HYPHENS
    for entry in entries:
        if entry.plain and not hyphened:
            found.append((at, at, entry.term, entry.part))
            continue
        steps, bits = entry.phrase, entry.bits
        if steps[0].start and not tokens.words[at].startswith(steps[0].start):
            continue
        if bits > _SLOTS and not _is_spelt(tokens, at, bits, steps[0].stem):
            continue
        last = at if len(steps) == 1 else _follow(tokens, at, bits & _SLOTS, steps)
        if last < 0 or (hyphened and _is_inside_name(tokens, at, steps[0])):
            continue
        if not bits & DOUBTFUL or _is_meant(tokens, at, steps[0], tags.get(tokens.starts[at])):
            found.append((at, last, entry.term, entry.part))


def _is_meant(tokens: Tokens, at: int, step: Step, tag: Tag | None) -> bool:
    """A doubtful form: by what stands around it, or for names by how common the other word is."""
    word = tokens.words[at]
    if step.lemmas:
        return is_meant(tokens, at, step.lemmas, None if tag is NAMED else tag)
    if tag is NAMED or not is_opening(tokens, at) or _is_quoted(tokens, at):
        return True
    if not step.forms[word] & SINGULAR and any(bits & SINGULAR for bits in step.forms.values()):
        return False  # Яблоки подорожали
    if _leads_name(tokens, at):
        return True
    if any(is_name(parse) for parse in read(word)):
        return is_meant(tokens, at, step.lemmas, tag)
    return word not in load_frequent()


def _leads_name(tokens: Tokens, at: int) -> bool:
    """Романа Абрамовича: a capital right after, while the text is not all in capitals."""
    if at + 1 == len(tokens.words):
        return at == 0
    near = tokens.text(at + 1, at + 1)
    return tokens.gaps[at + 1] == " " and near[0].isupper() and not near[1:].isupper()


def _is_quoted(tokens: Tokens, at: int) -> bool:
    return tokens.gaps[at].endswith(_QUOTES) and tokens.gaps[at + 1].startswith(_QUOTES)


def _is_inside_name(tokens: Tokens, at: int, step: Step) -> bool:
    """Йорк in Нью-Йорк is no mention, Петербург in Санкт-Петербург is."""
    if not at or tokens.words[at - 1] in _OPEN_PARTS:
        return False
    whole = f"{tokens.words[at - 1]}-{tokens.words[at]}"
    return not step.like and is_known(whole) and is_only_proper(whole)


def _follow(tokens: Tokens, at: int, bits: int, steps: tuple[Step, ...]) -> int:
    """The place of the last word of the phrase whose first stands at `at`; -1: it is not there."""
    if at + len(steps) > len(tokens.words):
        return -1
    for step in steps[1:]:
        at += 1
        more = _value(tokens.words[at], step)
        bits &= more
        if not bits & _SLOTS or not joins(step.join, tokens.gaps[at]):
            return -1
        if more > _SLOTS and not _is_spelt(tokens, at, more, step.stem):
            return -1
    return at


def _value(word: str, step: Step) -> int:
    if step.start:
        return next(iter(step.forms.values())) if word.startswith(step.start) else 0
    if step.like:
        return CAPITAL | _SLOTS if KINDS[step.like].fullmatch(word) else 0
    return step.forms.get(word, 0)


def _is_spelt(tokens: Tokens, at: int, bits: int, stem: int) -> bool:
    """Whether the letters of the text are as large as the form demands."""
    start = tokens.starts[at]
    if bits & UPPER:
        return tokens.content[start : start + stem].isupper()
    return not bits & CAPITAL or tokens.content[start].isupper()


def _settle(found: list[_Found], watch: Watch) -> list[_Found]:
    """What stays: terms whose parts are all there, the longest of mentions that overlap."""
    if watch.parts:
        found = _join_parts(found, watch)
    found.sort(key=_by_length)
    ends: dict[int, int] = {}
    kept = []
    for one in found:
        if ends.get(one[2], -1) < one[0]:
            ends[one[2]] = one[1]
            kept.append(one)
    kept.sort()
    return kept


def _by_length(one: _Found) -> tuple[int, int]:
    return one[0], -one[1]


def _join_parts(found: list[_Found], watch: Watch) -> list[_Found]:
    held: dict[int, set[int]] = {}
    for _, _, term, part in found:
        if term in watch.parts:
            held.setdefault(term, set()).add(part)
    right = {
        term
        for term, parts in held.items()
        if all(wanted == (one in parts) for one, wanted in enumerate(watch.parts[term]))
    }
    return [one for one in found if one[2] in right or one[2] not in held]
