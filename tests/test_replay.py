"""Replay: the same rows give the same bytes, however they are cut, shuffled or resumed."""

import gzip
import itertools
import json
import os
import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.files import read_sources
from infra.corpora.checkpoint import Checkpoint, MismatchError, make_fingerprint
from infra.corpora.replay import Corpus, Replay, Summary, read_corpus
from infra.corpora.stream import Local, open_enrich
from streams.enrich import Steps
from streams.journal import seed
from streams.models import (
    Clock,
    DeadLetter,
    Document,
    Heartbeat,
    Mark,
    Row,
    Setting,
    Source,
    Term,
    encode,
    from_seconds,
)

STEPS = Steps(language=False, entities=False, sentiment=False)
START = 1_760_000_000
TERMS = (Term(name="ОДКБ"), Term(name="аэропорт"))
SOURCES = tuple(Source(source=f"rss/{name}") for name in "abcdef")
EXACT = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def make_rows(seed_number: int = 1) -> list[Row]:
    """Two days of six sources with heartbeats, a wave of each term, reprints, edits, a deletion."""
    rng = random.Random(seed_number)
    rows: list[Row] = []
    for minute in range(0, 48 * 60, 5):
        moment = START + minute * 60
        rows.append(Clock(seen_at=from_seconds(moment)))
        for source in SOURCES:
            late = rng.randrange(0, 60)
            seen = from_seconds(moment + late)
            if rng.random() < 0.15 or is_wave(minute):
                rows.append(make_document(rng, source.source, minute, seen))
            rows.append(Heartbeat(source=source.source, seen_at=seen, interval_seconds=300))
    changed = [row for row in rows if isinstance(row, Document)]
    for row in rng.sample(changed, 20):
        later = row.seen_at + timedelta(minutes=7)
        rows.append(
            Document(
                id=row.id,
                source=row.source,
                published_at=row.published_at,
                seen_at=later,
                text=row.text + " Дополнено.",
                version=2,
            )
        )
    return sorted(rows, key=_seen)


def _seen(row: Row) -> datetime:
    assert not isinstance(row, Mark)
    return row.seen_at


def is_wave(minute: int) -> bool:
    return 40 * 60 <= minute < 40 * 60 + 25


def make_document(rng: random.Random, source: str, minute: int, seen: datetime) -> Document:
    words = [rng.choice(WORDS) for _ in range(12)]
    if is_wave(minute):
        words[3] = rng.choice(["ОДКБ", "аэропорт", "аэропорта"])
    return Document(
        id=f"{source}/{minute}",
        source=source,
        published_at=seen - timedelta(seconds=rng.randrange(0, 30)),
        seen_at=seen,
        text=" ".join(words),
    )


WORDS = re.findall(
    r"\w+",
    "саммит отменён перенесён рейс погода совещание глава министр сообщил опроверг источник завод"
    " дорога мост школа выставка матч турнир премия концерт закон проект бюджет налог тариф пожар",
)


def write_lines(path: Path, rows: Sequence[Row]) -> Path:
    path.write_bytes(b"".join(encode(row) + b"\n" for row in rows))
    return path


def replay(
    folder: Path, files: Sequence[Path], state: Path | None = None, name: str = "all"
) -> tuple[dict[str, bytes], Summary]:
    corpus = Corpus(files=tuple(files), terms=TERMS, sources=SOURCES, as_of=START + 10**7)
    paths = {one: str(folder / f"{name}.{one}") for one in ("alerts", "documents", "deadletters")}
    checkpoint = Checkpoint(state, make_fingerprint(TERMS, SOURCES, STEPS))
    summary = Replay(corpus, paths).run(Local(STEPS), checkpoint)
    return {one: Path(path).read_bytes() for one, path in paths.items()}, summary


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return make_rows()


@pytest.fixture(scope="module")
def whole(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    outputs, summary = replay(folder, [write_lines(folder / "rows.jsonl", rows)])
    assert summary.valid == len(rows)
    assert summary.bursts > 0, "the waves ring"
    return outputs


def test_twice_the_same_bytes(rows: list[Row], whole: dict[str, bytes], tmp_path: Path) -> None:
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(b"".join(encode(row) + b"\n" for row in rows)))
    assert replay(tmp_path, [packed])[0] == whole


@EXACT
@given(cuts=st.lists(st.integers(0, 10**6), min_size=1, max_size=3), together=st.booleans())
def test_cut_anywhere_the_same_bytes(
    rows: list[Row],
    whole: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    cuts: list[int],
    together: bool,
) -> None:
    """Parts into one set of files, or into files of their own: the same in sum."""
    folder = tmp_path_factory.mktemp("cut")
    edges = [0, *sorted(cut % len(rows) for cut in cuts), len(rows)]
    total: dict[str, bytes] = dict.fromkeys(whole, b"")
    for number, (start, stop) in enumerate(itertools.pairwise(edges)):
        path = write_lines(folder / f"{number}.jsonl", rows[start:stop])
        outputs, _ = replay(
            folder, [path], folder / "state", "all" if together else f"part{number}"
        )
        for name, value in outputs.items():
            total[name] = value if together else total[name] + value
    assert total == whole


@EXACT
@given(number=st.integers(0, 10**6))
def test_shuffled_inside_ticks_the_same_bytes(
    rows: list[Row], whole: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory, number: int
) -> None:
    folder = tmp_path_factory.mktemp("shuffled")
    rng = random.Random(number)
    ticks: dict[float, list[Row]] = {}
    for row in rows:
        ticks.setdefault(_seen(row).timestamp() // 10, []).append(row)
    shuffled = [row for tick in ticks.values() for row in rng.sample(tick, len(tick))]
    outputs, _ = replay(folder, [write_lines(folder / "rows.jsonl", shuffled)])
    assert outputs == whole


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_the_same_bytes(tmp_path: Path, workers: int) -> None:
    """Terms that change among the documents, and lines that are none, keep their places."""
    rows = make_rows(2)[-2500:]
    for place in (700, 701, 1500):
        rows.insert(place, make_change(place, rows[place]))
    path = write_lines(tmp_path / "rows.jsonl", rows)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:900], b"nonsense\n", *lines[900:], b"more\n"]))
    alone, _ = replay(tmp_path, [path], name="alone")
    with open_enrich(STEPS, workers) as enrich:
        corpus = Corpus(files=(path,), terms=TERMS, sources=SOURCES, as_of=START + 10**7)
        paths = {one: str(tmp_path / f"{workers}.{one}") for one in alone}
        Replay(corpus, paths).run(enrich, Checkpoint(None, ""))
    assert {one: Path(file).read_bytes() for one, file in paths.items()} == alone
    assert alone["deadletters"].count(b"\n") == 2
    assert b'"term":"\xd0\xbf\xd0\xbe\xd0\xb3\xd0\xbe\xd0\xb4\xd0\xb0"' in alone["documents"]


def make_change(number: int, after: Row) -> Setting:
    """Watch «погода» from here on; the second change takes it back, the third brings it again."""
    value = None if number == 701 else {"name": "погода"}
    return Setting(
        seen_at=_seen(after), id=f"change/{number}", what="term", key="погода", value=value
    )


def test_files_are_read_in_their_order(
    rows: list[Row], whole: dict[str, bytes], tmp_path: Path
) -> None:
    half = len(rows) // 2
    first = write_lines(tmp_path / "z.jsonl", rows[:half])
    second = write_lines(tmp_path / "a.jsonl", rows[half:])
    assert replay(tmp_path, [first, second])[0] == whole


def test_a_run_that_died_after_writing_is_made_good(
    rows: list[Row], whole: dict[str, bytes], tmp_path: Path
) -> None:
    """What was written beyond the state is cut off before the next run goes on."""
    half = len(rows) // 2
    replay(tmp_path, [write_lines(tmp_path / "1.jsonl", rows[:half])], tmp_path / "state")
    for name in whole:
        with (tmp_path / f"all.{name}").open("ab") as stream:
            stream.write(b'{"half a line')
    outputs, _ = replay(
        tmp_path, [write_lines(tmp_path / "2.jsonl", rows[half:])], tmp_path / "state"
    )
    assert outputs == whole


def test_a_state_of_other_terms_is_refused(rows: list[Row], tmp_path: Path) -> None:
    path = write_lines(tmp_path / "rows.jsonl", rows[:50])
    replay(tmp_path, [path], tmp_path / "state")
    other = make_fingerprint((), SOURCES, STEPS)
    with pytest.raises(MismatchError, match="other terms"):
        Checkpoint(tmp_path / "state", other).load()


def test_the_last_tick_stays_open(tmp_path: Path) -> None:
    document = Document(
        id="1",
        source="rss/a",
        published_at=from_seconds(START),
        seen_at=from_seconds(START),
        text="один",
    )
    path = write_lines(tmp_path / "rows.jsonl", [document])
    outputs, summary = replay(tmp_path, [path], tmp_path / "state")
    assert (outputs["documents"], summary.valid) == (b"", 1)
    clock = write_lines(tmp_path / "clock.jsonl", [Clock(seen_at=from_seconds(START + 10))])
    outputs, _ = replay(tmp_path, [clock], tmp_path / "state")
    (line,) = outputs["documents"].splitlines()
    assert json.loads(line)["id"] == "1"


def test_bad_lines_are_buried_with_their_place_and_the_rest_flows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    good = b'{"source":"rss/a","published_at":"2025-10-09T10:00:00Z","text":"x"}'
    path.write_bytes(b"\n".join([good, b"not json", b"\xff\xfe", b'{"source":1}', good]) + b"\n")
    outputs, summary = replay(tmp_path, [path])
    letters = [json.loads(line) for line in outputs["deadletters"].splitlines()]
    assert [(one["origin"]["line"], one["reason"]) for one in letters] == [
        (2, "not_json"),
        (3, "not_utf8"),
        (4, "bad_field"),
    ]
    assert (summary.valid, summary.deadletters, summary.is_cut) == (2, 3, False)


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_cut_short_is_told(rows: list[Row], tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "rows.jsonl"
    lines = b"".join(encode(row) + b"\n" for row in rows[:200])
    path.write_bytes((gzip.compress(lines) if packed else lines)[:-20])
    _, summary = replay(tmp_path, [path])
    assert summary.is_cut
    assert summary.valid > 0


def opening(rows: Sequence[Row], folder: Path) -> list[str]:
    corpus = Corpus(
        files=(write_lines(folder / "rows.jsonl", rows),),
        terms=TERMS,
        sources=SOURCES,
        as_of=START + 10**7,
    )
    read = [one[1] for one in read_corpus(corpus) if not isinstance(one, DeadLetter)]
    return [row.key for row in read if isinstance(row, Setting)]


def test_a_journal_keeps_to_its_own_settings(tmp_path: Path) -> None:
    own = seed([Term(name="Мир")], [])
    clock = Clock(seen_at=from_seconds(START))
    assert opening([*own, clock], tmp_path) == ["Мир"]
    assert opening([clock], tmp_path) == [
        *(source.source for source in SOURCES),
        *(term.name for term in TERMS),
    ]


def test_the_month_is_the_same_at_once_and_in_parts(tmp_path: Path) -> None:
    folder = os.environ.get("NABAT_DATA")
    if folder is None:
        pytest.skip("NABAT_DATA names no folder with data sets")
    source = Path(folder) / "telegram-2024.jsonl.gz"
    lines = gzip.decompress(source.read_bytes()).splitlines(keepends=True)[:4000]
    (tmp_path / "1.jsonl").write_bytes(b"".join(lines[:1777]))
    (tmp_path / "2.jsonl").write_bytes(b"".join(lines[1777:]))
    (tmp_path / "all.jsonl").write_bytes(b"".join(lines))
    sources = tuple(read_sources(Path(folder) / "telegram-2024-sources.csv"))
    terms = tuple(Term(name=name) for name in ("ОДКБ", "теракт", "аэропорт", "Токаев", "Москва"))
    run = make_run(tmp_path, terms, sources)
    run("1.jsonl", "state", "parts")
    assert run("2.jsonl", "state", "parts") == run("all.jsonl", None, "whole")


def make_run(
    folder: Path, terms: tuple[Term, ...], sources: tuple[Source, ...]
) -> Callable[[str, str | None, str], list[bytes]]:
    def run(file: str, state: str | None, name: str) -> list[bytes]:
        paths = {one: str(folder / f"{name}.{one}") for one in ("alerts", "documents")}
        corpus = Corpus(files=(folder / file,), terms=terms, sources=sources, as_of=2e9)
        checkpoint = Checkpoint(
            folder / state if state else None, make_fingerprint(terms, sources, STEPS)
        )
        Replay(corpus, paths).run(Local(STEPS), checkpoint)
        return [Path(path).read_bytes() for path in paths.values()]

    return run
