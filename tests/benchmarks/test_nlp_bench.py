"""Enrichment against plain natasha + langdetect on the same unseen texts, interleaved.

CPU time of one core; BLAS of natasha pinned to one thread (it would waste the second otherwise).
Run: NABAT_DATA=… pytest tests/benchmarks/test_nlp_bench.py -p no:randomly -s
"""

# ruff: noqa: E402 - threads are pinned before numpy is loaded

from __future__ import annotations

import gc
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is loaded by what follows

import pytest

from infra.workers import Batch, Pool
from streams.enrich import ALL_STEPS, enrich_batch, prepare
from streams.entities import find_entities, tag_entities
from streams.language import detect_language
from streams.models import Document, Term
from streams.tagger.tokens import tokenize
from streams.terms import compile_watch
from tests.corpora import read_corpus, read_texts
from tests.test_unknown_names import name_places, name_sentences

NOON = datetime(2024, 10, 15, 12, tzinfo=UTC)
ARTICLE = 2500  # characters
WARM, MEASURED = 250, 60
ROUNDS = 5  # one worker and two, in turn


def report(**figures: object) -> None:
    print("\n   ", "  ".join(f"{name} {value}" for name, value in figures.items()))  # noqa: T201


@pytest.fixture(scope="module")
def natasha() -> Any:
    """natasha's whole pipeline, made to run by giving it pymorphy3 for its dead pymorphy2."""
    import pymorphy3.analyzer  # noqa: F401

    for module in [one for one in sys.modules if one.split(".")[0] == "pymorphy3"]:
        sys.modules[module.replace("pymorphy3", "pymorphy2", 1)] = sys.modules[module]
    import natasha as package
    import natasha.morph.vocab as vocabulary

    vocabulary.MorphVocab.__init__ = lambda self: vocabulary.PymorphyAnalyzer.__init__(
        self, result_type=vocabulary.MorphForm, lang="ru"
    )
    vectors = package.NewsEmbedding()
    return (
        package,
        package.Segmenter(),
        package.NewsMorphTagger(vectors),
        package.NewsNERTagger(vectors),
        package.MorphVocab(),
    )


def read_by_natasha(natasha: Any, text: str) -> None:
    package, segmenter, morph, ner, vocabulary = natasha
    doc = package.Doc(text)
    doc.segment(segmenter)
    doc.tag_morph(morph)
    doc.tag_ner(ner)
    for span in doc.spans:
        package.doc.normalize(vocabulary, span.tokens)


def posts(least: int, most: int) -> list[str]:
    return [text for text in read_texts("telegram-2024.jsonl.gz") if least <= len(text) <= most]


def articles() -> list[str]:
    """Unseen texts of 2,500 characters: posts joined until they are as long."""
    made, text = [], ""
    for post in read_texts("telegram-2024.jsonl.gz"):
        text += post + "\n\n"
        if len(text) >= ARTICLE:
            made.append(text[:ARTICLE])
            text = ""
    return made


def documents(texts: Sequence[str]) -> list[Document]:
    return [
        Document(id=f"a/{n}", source="a", published_at=NOON, seen_at=NOON, text=text)
        for n, text in enumerate(texts)
    ]


def thousand_terms() -> dict[str, Term]:
    words = Counter(word for text in posts(300, 900)[:2000] for word in text.split())
    capital = [w for w, _ in words.most_common() if w.isalpha() and w[0].isupper() and len(w) > 3]
    return {word: Term(name=word) for word in capital[:1000]}


def compare(
    texts: Sequence[str], batch: int, theirs: Callable[[str], object], ours: Callable[[Any], object]
) -> tuple[float, float]:
    """Milliseconds of CPU a text, theirs and ours, batch by batch in turn."""
    spent = [0.0, 0.0]
    for at in range(0, len(texts), batch):
        part = texts[at : at + batch]
        started = time.process_time()
        for text in part:
            theirs(text)
        between = time.process_time()
        ours(part)
        spent[0] += between - started
        spent[1] += time.process_time() - between
    return spent[0] / len(texts) * 1000, spent[1] / len(texts) * 1000


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("kind", "batch", "least"), [("news", 16, 8), ("posts", 64, 15)], ids=["news", "posts"]
)
def test_entities_with_normal_forms(natasha: Any, kind: str, batch: int, least: float) -> None:
    texts = articles() if kind == "news" else posts(40, 200)
    count = MEASURED * (batch // 16) ** 2  # 60 articles, 960 posts
    warm, unseen = texts[: min(WARM * batch // 4, len(texts) - count)], texts[-count:]
    for at in range(0, len(warm), batch):
        find_entities(warm[at : at + batch])
    for text in warm[:20]:
        read_by_natasha(natasha, text)
    gc.collect()
    gc.freeze()  # a collection of all objects would fall on one of the two by chance
    theirs, ours = compare(
        unseen, batch, lambda text: read_by_natasha(natasha, text), find_entities
    )
    length = sum(map(len, unseen)) / len(unseen)
    report(kind=kind, chars=f"{length:.0f}", natasha_ms=f"{theirs:.2f}", ours_ms=f"{ours:.2f}")
    report(ratio=f"{theirs / ours:.1f}", wanted=least)
    assert theirs / ours >= least * 0.7  # a busy machine moves the ratio; the figure is what counts


@pytest.mark.timeout(1200)
def test_spans_alone(natasha: Any) -> None:
    unseen = articles()[-MEASURED:]
    tag_entities([tokenize(text) for text in articles()[:WARM]])
    theirs, ours = compare(
        unseen, 16, natasha[3], lambda part: tag_entities([tokenize(text) for text in part])
    )
    report(natasha_ms=f"{theirs:.2f}", ours_ms=f"{ours:.2f}", ratio=f"{theirs / ours:.1f}")


@pytest.mark.timeout(1200)
def test_whole_enrichment(natasha: Any) -> None:
    from langdetect import DetectorFactory, detect

    DetectorFactory.seed = 0
    watch = compile_watch(thousand_terms().values())
    prepare(ALL_STEPS)
    texts = articles()
    warm, unseen = texts[:WARM], texts[-MEASURED:]
    for at in range(0, len(warm), 16):
        enrich_batch(documents(warm[at : at + 16]), watch, ALL_STEPS)

    def plain(text: str) -> None:
        detect(text)
        read_by_natasha(natasha, text)

    plain(warm[0])
    theirs, ours = compare(
        unseen, 16, plain, lambda part: enrich_batch(documents(part), watch, ALL_STEPS)
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report(plain_a_second=f"{1000 / theirs:.0f}", ours_a_second=f"{1000 / ours:.0f}")
    report(ratio=f"{theirs / ours:.1f}", both_together_mb=f"{memory:.0f}")


@pytest.mark.timeout(1200)
def test_two_workers() -> None:
    terms = thousand_terms()
    texts = articles()
    batches = [Batch(documents(texts[at : at + 16]), terms) for at in range(0, len(texts), 16)]
    rounds, memory = [], 0.0
    for _ in range(ROUNDS):
        rates = []
        for workers in (1, 2):
            with Pool(workers) as pool:
                rates.append(measure(pool, batches))
                memory = max(_peak_memory(worker.process.pid) for worker in pool._workers)
        rounds.append(rates)
    ratios = [many / single for single, many in rounds]
    for single, many in rounds:
        report(one=f"{single:.0f}", two=f"{many:.0f}", ratio=f"{many / single:.2f}")
    report(median=f"{statistics.median(ratios):.2f}", wanted=1.8, worker_mb=f"{memory:.0f}")
    assert memory <= 1024


def measure(pool: Pool, batches: Sequence[Batch]) -> float:
    """Documents a second by the clock, once each worker has seen as many others."""
    warm = WARM // len(batches[0].documents)
    list(pool.enrich(batches[: warm * len(pool._workers)]))
    started = time.perf_counter()
    count = sum(len(results) for results in pool.enrich(batches[2 * warm :]))
    return count / (time.perf_counter() - started)


def _peak_memory(process: int | None) -> float:
    with open(f"/proc/{process}/status") as lines:  # noqa: PTH123
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def test_language_cost() -> None:
    rows = list(read_corpus("language-dev.jsonl.gz"))
    detect_language("A text that alphabets do not settle")
    for kind in sorted({row["kind"] for row in rows}):
        texts = [row["text"] for row in rows if row["kind"] == kind]
        started = time.process_time()
        right = sum(
            detect_language(row["text"]).code == row["lang"] for row in rows if row["kind"] == kind
        )
        spent = (time.process_time() - started) / len(texts) * 1e6
        report(kind=kind, right=f"{right / len(texts):.4f}", microseconds=f"{spent:.0f}")


def test_spans_of_the_development_set() -> None:
    rows = list(read_corpus("factrueval-dev.jsonl"))
    marked = {(i, *span) for i, row in enumerate(rows) for span in row["spans"]}
    for change in (str, str.upper, str.lower):
        found = find_entities([change(row["text"]) for row in rows])
        ours = {(i, e.start, e.stop, e.type) for i, some in enumerate(found) for e in some}
        for kind in ("PER", "LOC", "ORG", "all"):
            ok, a, b = (
                sum(kind in {"all", span[-1]} for span in spans)
                for spans in (marked & ours, marked, ours)
            )
            report(case=change.__name__, type=kind, f1=f"{2 * ok / (a + b):.3f}")


def test_posts_without_capitals() -> None:
    """Against the same posts as they were written: what the loss of capitals alone costs."""
    texts = posts(60, 4000)
    random.Random(4).shuffle(texts)
    texts = [text for text in texts[:1500] if len(text.lower()) == len(text) == len(text.upper())]
    wanted = {
        (i, e.start, e.stop, e.type) for i, some in enumerate(find_entities(texts)) for e in some
    }
    for change in (str.upper, str.lower):
        found = find_entities([change(text) for text in texts])
        ours = {(i, e.start, e.stop, e.type) for i, some in enumerate(found) for e in some}
        for kind in ("PER", "LOC", "ORG"):
            ok, a, b = (
                sum(span[-1] == kind for span in spans) for spans in (wanted & ours, wanted, ours)
            )
            report(case=change.__name__, type=kind, f1=f"{2 * ok / (a + b):.3f}")


def test_normal_forms_of_unknown_names() -> None:
    for method in (name_sentences, name_places):
        for start, half in ((0, "rules were written on"), (1, "no rule was written on")):
            pairs = method(start)
            right = sum(ours == name for _, ours, name in pairs)
            report(names=method.__name__, half=half, right=f"{right}/{len(pairs)}")


def test_first_call_and_later_start(tmp_path: Any) -> None:
    code = "from streams.enrich import ALL_STEPS, prepare; prepare(ALL_STEPS)"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for start in ("first", "later"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        report(start=start, wall=f"{time.perf_counter() - started:.1f}", cpu=f"{cpu:.1f}")
