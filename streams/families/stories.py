"""Documents enter the window: repeats end here, edits replace, copies find their origin."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from streams.families.attributions import name_voice
from streams.families.entries import Count, Entry
from streams.families.features import mark, pack
from streams.families.signatures import learn, measure_signature
from streams.families.snippets import cut_snippet
from streams.models import VERSIONS, Enriched, Mention, Passed, Revision, to_seconds
from streams.origins import text_hash
from streams.state import State
from streams.text import tokenize
from streams.ticks import Health, is_return
from streams.words.masks import find_signature

FOLDED = 64  # revisions of an origin that was copied; those of one that proved a copy follow


class Stories(Struct, kw_only=True):
    """What a tick's documents changed: `touched` terms gained one in time, `cut` ones lost one.

    `copied` are origins, with how many copies of them were known before the tick.
    """

    documents: list[Enriched]
    revisions: list[Revision]
    touched: set[str]
    cut: set[str]
    copied: dict[str, int]


def remember(state: State, rows: Iterable[Passed], end: int, delay: int) -> Stories:
    """Apply the documents of a tick that ends at `end`, by (published_at, id).

    What counts late opens nothing: a document more than `delay` seconds behind the clock, and one
    without a date that a source brings when it returns: who knows how old it is.
    """
    stories = Stories(documents=[], revisions=[], touched=set(), cut=set(), copied={})
    documents = [row for row in rows if isinstance(row, Enriched)]
    for document in sorted(documents, key=_order):
        _remember(state, document, end, delay, stories)
    _tell_originals(state, stories)
    return stories


def _tell_originals(state: State, stories: Stories) -> None:
    """Tell an original again when its copies have become 1, 2, 4, 8, …: its next revision."""
    for origin_id, before in stories.copied.items():
        steps = state.window.copies(origin_id).bit_length()
        original = state.originals.find(origin_id) if steps > before.bit_length() else None
        if original is not None and original.duplicate_of is None:
            told = replace(original, duplicates=1 << steps - 1)
            stories.revisions.append(Revision(revision=1 + steps, document=told))


def _order(one: Enriched) -> tuple[float, str, int, str, bool, float]:
    """How the documents of a tick are applied, however they came."""
    published, seen = to_seconds(one.published_at), to_seconds(one.seen_at)
    return published, one.id, one.version, one.content, one.deleted, seen


def _remember(state: State, document: Enriched, end: int, delay: int, stories: Stories) -> None:
    before = state.window.find(document.id)
    text = text_hash(document.content)
    version = _next_version(before, document, text)
    if version is None:
        return
    features, heard = _read(state, document, before)
    if heard.version != version:
        heard = replace(heard, version=version)
    entry = _to_entry(state, heard, (text, features), before, _late(state, document, end - delay))
    _note_source(state, entry, before)
    if entry.duplicate_of is not None:
        stories.copied.setdefault(entry.duplicate_of, state.window.copies(entry.duplicate_of))
    state.count(end, entry)
    state.touch("block", end)
    told = _tell(state, heard, entry)
    state.hold(end, told)
    _report(document, told, entry, before, stories)
    if entry.duplicate_of is not None:
        _fold_strays(state, entry, end, stories)


def _fold_strays(state: State, entry: Entry, end: int, stories: Stories) -> None:
    """Tell again what the flood of a copy shows to be copies, with their copies, if all are held.

    The next revisions of these documents say so.
    """
    for stray in state.window.find_strays(entry):
        if stray.id not in state.originals:
            continue
        family = state.window.find_family(stray)
        held = [found for one in family if (found := state.originals.find(one.id))]
        if len(held) < len(family):
            continue
        for one, document in zip(family, held, strict=True):
            folded = make_copy(state, one, entry.origin_id)
            state.count(end, folded)
            told = _tell(state, document, folded)
            state.hold(end, told)
            stories.revisions.append(Revision(revision=folded.revision, document=told))
            stories.cut |= folded.terms.keys()


def make_copy(state: State, entry: Entry, origin_id: str) -> Entry:
    """An entry as the copy that it proved, which adds no more than a copy does."""
    weight = state.window.further(origin_id, entry.owner)
    return replace(
        entry,
        revision=max(entry.revision, FOLDED) + 1,
        origin_id=origin_id,
        duplicate_of=origin_id,
        terms={
            term: replace(count, weight=min(count.weight, weight))
            for term, count in entry.terms.items()
        },
    )


def _late(state: State, document: Enriched, usual: int) -> float:
    """The moment before which what the document adds counts late."""
    health = state.health.get(document.source)
    is_old = document.undated and health and is_return(health, to_seconds(document.seen_at))
    return math.inf if is_old else usual


def _next_version(before: Entry | None, document: Enriched, text: int) -> int | None:
    """The version under which a document is new; None for a repeat or an outdated one."""
    if before is None or document.version > before.version:
        return document.version
    same = (text, document.deleted) == (before.text, before.deleted)
    is_over = document.version < before.version or before.version >= VERSIONS
    return None if same or is_over else before.version + 1


def _to_entry(
    state: State, document: Enriched, read: tuple[int, bytes], before: Entry | None, late: float
) -> Entry:
    published, seen = to_seconds(document.published_at), to_seconds(document.seen_at)
    edited = to_seconds(document.edited_at) if document.edited_at else seen
    at = before.at if before else min(published, seen)
    text, features = read
    voice = name_voice(document.origin, document.source)
    known = _find_origin(state, before) if before else None
    if before is None:
        named = voice if document.origin else ""
        known = state.window.origin_of(features, at, named, (document.source, document.author))
    origin = known or document.id
    entry = Entry(
        id=document.id,
        version=document.version,
        revision=int(origin != document.id or document.version > 1),
        text=text,
        features=features,
        at=at,
        source=document.source,
        owner=state.owner(document.source),
        author=document.author,
        origin_id=origin,
        duplicate_of=None if origin == document.id else origin,
        deleted=document.deleted,
        terms={},
        voice=voice,
    )
    moment = min(edited, seen) if before else at
    terms = _weigh(state, entry, document.terms, before, (moment, late))
    return _describe(replace(entry, terms=terms), document) if terms else entry


def _find_origin(state: State, before: Entry) -> str:
    """The origin of an earlier version; what was a copy of a stray follows it."""
    origin = state.window.find(before.origin_id)
    return origin.origin_id if origin else before.origin_id


def _read(state: State, document: Enriched, before: Entry | None) -> tuple[bytes, Enriched]:
    """The text without the signature of its source, which learns from it once.

    Its features, and the document without what is mentioned in the signature.
    """
    if document.deleted:
        return b"", document
    tokens = tokenize(document.content)
    marked = mark(tokens)
    ends = learn(state.signatures.get(document.source, b""), marked.keys)
    if before is None:
        state.learn_signature(document.source, ends)
    length = len(marked.keys)
    signature = measure_signature(ends)
    features = pack(marked, length - signature if signature < length else length)
    end = find_signature(tokens, signature)
    heard = tuple(one for one in document.terms if one.start < end)
    is_whole = len(heard) == len(document.terms)
    return features, document if is_whole else replace(document, terms=heard)


def _weigh(
    state: State,
    entry: Entry,
    mentions: Sequence[Mention],
    before: Entry | None,
    times: tuple[float, float],
) -> dict[str, Count]:
    """What the document adds to each term; a term kept by an edit stays where it was."""
    moment, late = times
    kept = before.terms if before else {}
    weight = 1.0
    if entry.duplicate_of is not None:
        weight = state.window.further(entry.origin_id, entry.owner)
    counts = {}
    for term in dict.fromkeys(mention.term for mention in mentions):
        if term in kept:
            counts[term] = kept[term]
        elif term in state.terms:
            room = state.tally(term).room(entry.author, moment)
            counts[term] = Count(moment, min(weight, room), moment < late)
    return counts


def _describe(entry: Entry, document: Enriched) -> Entry:
    """Add what an alert would show of a document in which a term occurs."""
    return replace(
        entry,
        language=document.language.code,
        label=document.sentiment.label,
        entities=tuple(dict.fromkeys((one.type, one.name) for one in document.entities)),
        title=document.title,
        url=document.url,
        snippet=cut_snippet(document),
    )


def _note_source(state: State, entry: Entry, before: Entry | None) -> None:
    """A source's first document is a sign of life."""
    health = state.health.get(entry.source) or Health()
    if before is None and entry.at < health.since:
        state.learn_health(entry.source, replace(health, since=entry.at))


def _tell(state: State, heard: Enriched, entry: Entry) -> Enriched:
    """The document with its origin, and how many copies of it are known; a copy counts itself."""
    copies = 0 if entry.deleted else state.window.copies(entry.origin_id)
    if entry.duplicate_of is None:
        copies = 1 << copies.bit_length() - 1 if copies else 0
    told = (entry.origin_id, entry.duplicate_of, copies)
    if told == (heard.origin_id, heard.duplicate_of, heard.duplicates):
        return heard
    return replace(heard, origin_id=told[0], duplicate_of=told[1], duplicates=copies)


def _report(
    document: Enriched, told: Enriched, entry: Entry, before: Entry | None, stories: Stories
) -> None:
    stories.documents.append(told)
    if entry.duplicate_of or (told is not document and told != document):
        stories.revisions.append(Revision(revision=1, document=told))
    old = before.terms if before else {}
    gained = {term for term, count in entry.terms.items() if not count.late}
    stories.touched |= gained - old.keys()
    stories.cut |= old.keys() - entry.terms.keys()
