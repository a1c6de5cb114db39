"""Tone: the same in any batch, bounded on whatever comes, told by negations, unknown in doubt."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from streams.cues import BLOCKS, CUES, WHOLE, list_cues, locate, make_traits, note_traits
from streams.enrich import Steps, enrich_batch, pipeline_name
from streams.models import Document, Enriched, Label, Sentiment, Term, encode
from streams.sentiment import Lexicon, Place, find_borders, find_tone, read_tone, to_sentiment
from streams.tagger.tokens import tokenize
from streams.terms import compile_watch

NOON = datetime(2024, 10, 15, 12, tzinfo=UTC)
BAD = "Суд приговорил мошенника Петрова к десяти годам за убийство и жестокие пытки."
GOOD = "Великий музыкант Иванов получил почётную премию за блестящий и талантливый концерт."
NASTY = [
    "",
    " \n\t ",
    "\n" * 1000,
    "😀" * 500,
    "\ud800\udfff" * 100,
    "а" * 200_000,
    "Путин. " * 30_000,
    "\x00\x01\x7f" * 100,
    "\u202eПутин\u202c",
    "П\u0301у\u0301т\u0336и\u0336н" * 50,
    "«" * 1000 + "(" * 1000,
]


def document(text: str, name: str = "a/1") -> Document:
    return Document(id=name, source="a", published_at=NOON, seen_at=NOON, text=text)


def enrich(*texts: str, steps: Steps | None = None, term: str = "премия") -> list[Enriched]:
    documents = [document(text, f"a/{n}") for n, text in enumerate(texts)]
    watch = compile_watch([Term(name=term)])
    results = enrich_batch(documents, watch, steps or Steps())
    return [one for one in results if isinstance(one, Enriched)]


def towards(text: str, *words: str) -> dict[Any, Label]:
    places = [Place(m.start(), m.end(), word) for word in words for m in re.finditer(word, text)]
    return find_tone(text, places)[1]


def test_a_crime_is_told_from_a_prize() -> None:
    bad, good = find_tone(BAD, [])[0], find_tone(GOOD, [])[0]
    assert bad.score < 0 < good.score
    assert (bad.label, good.label) == ("negative", "positive")


def test_tone_towards_names_and_terms_is_filled() -> None:
    (result,) = enrich(GOOD)
    assert result.sentiment.label == "positive"
    assert [one.sentiment for one in result.terms] != [None]
    assert result.entities
    assert all(one.sentiment is not None for one in result.entities)


def test_a_key_has_one_tone_wherever_it_stands() -> None:
    assert set(towards(f"{BAD} Петрова похвалили.", "Петрова", "годам")) == {"Петрова", "годам"}


@pytest.mark.parametrize("size", [1, 3, 7])
def test_the_batch_changes_no_byte(size: int) -> None:
    texts = [BAD, GOOD, "", "Hello world", "12345", "Ну да", BAD + GOOD] * 2
    alone = [encode(enrich(text)[0]).replace(b"a/0", b"") for text in texts]
    parts = [enrich(*texts[at : at + size]) for at in range(0, len(texts), size)]
    ours = [re.sub(rb"a/\d", b"", encode(one)) for part in parts for one in part]
    assert ours == alone


def test_a_full_lexicon_forgets_and_says_the_same() -> None:
    tokens = [tokenize(text) for text in (BAD, GOOD, BAD)]
    small, large = Lexicon(read_tone(), 20), Lexicon(read_tone(), 1000)
    for one in tokens:
        a, b = small.number(one), large.number(one)
        assert (small.figures[a] == large.figures[b]).all()
        assert all((x[a] == y[b]).all() for x, y in zip(small.traits, large.traits, strict=True))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_whatever_comes_a_score_is_bounded(text: str) -> None:
    tone, labels = find_tone(text, [Place(0, 1, "first"), Place(len(text) - 1, len(text), "last")])
    assert -1 <= tone.score <= 1
    assert 0 <= tone.confidence <= 1
    assert set(labels) == {"first", "last"}
    assert tone == find_tone(text, [])[0]


def test_a_text_without_letters_is_unknown() -> None:
    assert find_tone("12:30 — 5 %", [Place(0, 2, "x")]) == (Sentiment(), {"x": "unknown"})


def test_doubt_is_unknown() -> None:
    tone = read_tone()._replace(weight=2.0, least=0.4)
    assert to_sentiment([0.35, 0.4, 0.25], tone) == Sentiment("unknown", -0.1, 0.35)
    assert to_sentiment([0.45, 0.4, 0.15], tone) == Sentiment("negative", -0.3, 0.45)
    assert to_sentiment([0.1, 0.8, 0.1], tone) == Sentiment("neutral", 0.0, 0.8)


def cues(text: str, *target: int) -> set[int]:
    tokens = tokenize(text)
    traits, ids = make_traits(99), np.arange(len(tokens.starts), dtype=np.int64)
    for n, (start, stop) in enumerate(zip(tokens.starts, tokens.stops, strict=True)):
        note_traits(traits, n, text[start:stop])
    places, found = np.zeros((2, len(ids)), np.int64), np.zeros(999, np.int64)
    aim = np.array(target)
    locate(traits, ids, aim, places)
    return set(found[: list_cues(traits, ids, aim, places, found)].tolist())


def test_a_negation_changes_the_words_after_it() -> None:
    plain, denied = (
        cues("он был виновен", 0, 0, 0, 3, WHOLE),
        cues("он не виновен", 0, 0, 0, 3, WHOLE),
    )
    guilty = cues("виновен", 0, 0, 0, 1, WHOLE)
    assert guilty - denied
    assert guilty <= plain


def test_sides_differ() -> None:
    text = "Иванов похвалил Петрова"
    assert cues(text, 0, 1, 0, 3, 1) != cues(text, 2, 3, 0, 3, 1)


def test_sentences_end_at_marks_and_lines_but_not_at_initials() -> None:
    text = "А. Петров и г. Омск\nПришёл домой. Ушёл! Да"
    tokens = tokenize(text)
    borders = find_borders(tokens, len(tokens.starts)).tolist()
    assert [text[tokens.starts[at] :].split(maxsplit=1)[0] for at in borders[:-1]] == [
        "А.",
        "Пришёл",
        "Ушёл!",
        "Да",
    ]


def test_only_russian_is_read() -> None:
    (result,) = enrich("The court sentenced the murderer to ten years in prison on Monday.")
    assert result.sentiment == Sentiment()


def test_switched_off_is_unknown() -> None:
    (result,) = enrich(GOOD, steps=Steps(sentiment=False))
    assert result.sentiment == Sentiment()
    assert {one.sentiment for one in result.terms} == {None}
    assert {one.sentiment for one in result.entities} <= {None}
    assert pipeline_name(Steps(sentiment=False)) != pipeline_name(Steps())


def test_the_model_is_small_and_has_a_card() -> None:
    folder = files("streams") / "data"
    assert len((folder / "tone.npz").read_bytes()) <= 2 << 20
    card = (folder / "tone.md").read_text("utf-8")
    for heading in ("Data", "Licence", "Figures", "Limits"):
        assert f"## {heading}" in card
    tone = read_tone()
    assert (tone.cues.shape, tone.vectors.shape) == ((CUES, 3), (3 * BLOCKS, 300))
