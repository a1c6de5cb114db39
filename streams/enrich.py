"""Enrichment: one list of pure steps over a batch; each document's result is its own.

No step looks across documents, so a batch's size and order never change a byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from streams.families.attributions import find_origin
from streams.models import (
    Document,
    Enriched,
    Entity,
    Language,
    Mention,
    Sentiment,
    Setting,
    Term,
)
from streams.words.patterns import PatternError, parse_pattern

if TYPE_CHECKING:
    from streams.terms import Watch

VERSION = "5"
# files that decide what is found
LEARNED = (
    *("names.csv", "name_endings.txt", "government.txt"),
    *("tone.npz", "verbs.txt", "agencies.txt"),
)
UNDETERMINED = Language("und", 0.0)
UNKNOWN = Sentiment()
SAMPLES = ("Президент Казахстана Токаев прибыл в Минск", "A text that alphabets do not settle")
SLAVIC = {"uk", "be", "bg", "sr", "mk"}
DOUBT = 0.9  # a Slavic text of which no detector is surer than this is read as Russian


class Steps(Struct, frozen=True):
    """Which steps are on; terms are always matched."""

    language: bool = True
    entities: bool = True
    sentiment: bool = True


ALL_STEPS = Steps()


class Failure(Struct, frozen=True, tag_field="kind", tag="failure"):
    """A document that no step could be trusted with, and why."""

    document: Document
    reason: str
    detail: str


class Found(Struct, frozen=True, gc=False):
    """What the steps have found in one text so far."""

    language: Language = UNDETERMINED
    entities: tuple[Entity, ...] = ()
    sentiment: Sentiment = UNKNOWN
    terms: tuple[Mention, ...] = ()


Step = Callable[[Sequence[str], Sequence[Found]], Sequence[Found]]


def enrich_batch(
    documents: Sequence[Document], watch: Watch, steps: Steps = ALL_STEPS
) -> list[Enriched | Failure]:
    """Enrich documents, in their order; one that breaks a step becomes a `Failure`, alone.

    Raises what a step raises that cannot start at all: then no document is to blame.
    """
    prepare(steps)
    try:
        return list(_enrich_all(documents, watch, steps))
    except (MemoryError, OSError, ImportError):  # the installation, not the document
        raise
    except Exception as error:  # noqa: BLE001 - whatever a document breaks, the others go on
        if len(documents) == 1:
            return [Failure(documents[0], "poison", f"{type(error).__name__}: {error}"[:500])]
    return [result for one in documents for result in enrich_batch([one], watch, steps)]


@lru_cache(maxsize=16)
def prepare(steps: Steps) -> None:
    """Load once what the steps need; the first call after an installation also compiles."""
    found: Sequence[Found] = [Found()] * len(SAMPLES)
    for step in _list_learned(steps):
        found = step(SAMPLES, found)


def fold_term(terms: dict[str, Term], setting: Setting) -> dict[str, Term]:
    """The terms in force after `setting`; a value that is no term changes nothing."""
    if setting.what != "term":
        return terms
    rest = {name: term for name, term in terms.items() if name != setting.key}
    if setting.value is None:
        return rest
    try:
        term = msgspec.convert({"name": setting.key, **setting.value}, Term)
        parse_pattern(term.pattern or term.name)
    except (msgspec.ValidationError, PatternError):
        return terms
    return {**rest, setting.key: term}


@lru_cache(maxsize=16)
def pipeline_name(steps: Steps) -> str:
    """The version of the steps and a hash of the settings that decide what they find."""
    learned = b"".join((files("streams") / "data" / name).read_bytes() for name in LEARNED)
    digest = sha256(msgspec.json.encode([VERSION, steps]) + learned).hexdigest()
    return f"{VERSION}-{digest[:8]}"


def _enrich_all(documents: Sequence[Document], watch: Watch, steps: Steps) -> Iterator[Enriched]:
    texts = [document.content for document in documents if not document.deleted]
    found: Sequence[Found] = [Found()] * len(texts)
    for step in _list_steps(watch, steps):
        found = step(texts, found)
    remaining = iter(found)
    name = pipeline_name(steps)
    for document in documents:
        yield _join(document, Found() if document.deleted else next(remaining), name)


def _list_steps(watch: Watch, steps: Steps) -> list[Step]:
    """Tone comes last: it is asked towards entities and terms."""
    learned = _list_learned(Steps(steps.language, steps.entities, sentiment=False))
    return [*learned, _match_terms(watch), *([_add_tone] if steps.sentiment else [])]


def _list_learned(steps: Steps) -> list[Step]:
    """The steps that models take."""
    listed: list[tuple[bool, Step]] = [
        (steps.language, _add_language),
        (steps.entities, _add_entities),
        (steps.sentiment, _add_tone),
    ]
    return [step for is_on, step in listed if is_on]


def _add_language(texts: Sequence[str], found: Sequence[Found]) -> list[Found]:
    from streams.language import detect_language

    return [
        _with(one, language=detect_language(text)) for text, one in zip(texts, found, strict=True)
    ]


def _add_entities(texts: Sequence[str], found: Sequence[Found]) -> list[Found]:
    from streams.entities import find_entities

    wanted = [text for text, one in zip(texts, found, strict=True) if _reads_russian(one)]
    entities = iter(find_entities(wanted))
    return [_with(one, entities=next(entities)) if _reads_russian(one) else one for one in found]


def _reads_russian(found: Found) -> bool:
    """Language switched off leaves `und` with confidence 0: then every text is read."""
    code, confidence = found.language.code, found.language.confidence
    return code in {"ru", "und"} or (code in SLAVIC and confidence < DOUBT)


def _match_terms(watch: Watch) -> Step:
    from streams.matching import find_mentions

    def match(texts: Sequence[str], found: Sequence[Found]) -> list[Found]:
        return [
            _mention(one, find_mentions(text, watch, entities=one.entities))
            for text, one in zip(texts, found, strict=True)
        ]

    return match


def _mention(found: Found, terms: tuple[Mention, ...]) -> Found:
    return _with(found, terms=terms) if terms else found


def _add_tone(texts: Sequence[str], found: Sequence[Found]) -> list[Found]:
    return [
        _weigh_tone(text, one) if _reads_russian(one) else one
        for text, one in zip(texts, found, strict=True)
    ]


def _weigh_tone(text: str, found: Found) -> Found:
    """The tone of a text, one towards each name and one towards each term in it."""
    from streams.sentiment import Place, find_tone

    names = [Place(one.start, one.stop, (one.type, one.name), one.type) for one in found.entities]
    terms = [Place(one.start, one.stop, one.term) for one in found.terms]
    tone, labels = find_tone(text, [*names, *terms])
    entities = [
        msgspec.structs.replace(one, sentiment=labels[place.key])
        for one, place in zip(found.entities, names, strict=True)
    ]
    mentions = [msgspec.structs.replace(one, sentiment=labels[one.term]) for one in found.terms]
    return _with(found, sentiment=tone, entities=tuple(entities), terms=tuple(mentions))


def _with(found: Found, **changes: object) -> Found:
    return msgspec.structs.replace(found, **changes)


def _join(document: Document, found: Found, name: str) -> Enriched:
    origin = document.origin or find_origin(document.content, document.source)
    return Enriched(
        **{**_fields(document), "origin": origin},
        language=found.language,
        entities=found.entities,
        sentiment=found.sentiment,
        terms=found.terms,
        origin_id=document.id,
        duplicate_of=None,
        pipeline=name,
    )


def _fields(document: Document) -> dict[str, Any]:
    return {name: getattr(document, name) for name in Document.__struct_fields__}
