"""Throughput of the embedded replay on one core: the real month, language and entities off."""

import gzip
import os
import time
from pathlib import Path

import pytest

from connectors.files import read_sources
from infra.corpora.checkpoint import Checkpoint
from infra.corpora.replay import Corpus, Replay, Summary
from infra.corpora.stream import Local
from streams.enrich import Steps
from streams.models import Term

GOAL = 2_500  # documents a second of processor time
RUNS = 3
WATCHED = (
    "ОДКБ|теракт|аэропорт|Токаев|Казахстан|Армения|Ереван|НАТО|Сирия|Асад|Дамаск|Грузия|Тбилиси"
    "|Абхазия|Орешник|Трамп|Шольц|Минобороны|МЧС|землетрясение|пожар|выборы|Путин|Зеленский|рубль"
    "|санкции|Министерство обороны|ракета|беспилотник|ДТП"
)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    folder = Path(os.environ.get("NABAT_DATA", ""))
    month = folder / "telegram-2024.jsonl.gz"
    if not month.is_file():
        pytest.skip("NABAT_DATA names no folder with telegram-2024.jsonl.gz")
    terms = tuple(Term(name=name) for name in WATCHED.split("|"))
    sources = tuple(read_sources(folder / "telegram-2024-sources.csv"))
    return Corpus(files=(month,), terms=terms, sources=sources, as_of=2e9)


def replay(corpus: Corpus, folder: Path) -> tuple[Summary, float]:
    paths = {one: str(folder / one) for one in ("alerts", "documents", "deadletters")}
    steps = Steps(language=False, entities=False, sentiment=False)
    started = time.process_time()
    summary = Replay(corpus, paths).run(Local(steps), Checkpoint(None, ""))
    return summary, time.process_time() - started


def test_embedded_replay_on_one_core(corpus: Corpus, tmp_path: Path) -> None:
    """Processor time, for the machine may be busy; the best of three runs."""
    runs = [replay(corpus, tmp_path) for _ in range(RUNS)]
    lines = len(gzip.decompress(corpus.files[0].read_bytes()).splitlines())
    summary, seconds = min(runs, key=lambda run: run[1])
    assert summary.valid == lines
    rate = summary.valid / seconds
    print(f"\nembedded replay: {rate:.0f} documents/s of processor time, {summary.bursts} events")  # noqa: T201
    assert rate >= GOAL
