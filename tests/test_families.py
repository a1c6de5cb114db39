from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from infra.corpora.families import Family, find_kin, read_families
from infra.corpora.replay import Corpus
from infra.corpora.stream import open_enrich
from streams.enrich import Steps
from streams.models import Enriched
from tests.test_strays import flood

START = datetime(2026, 3, 2, tzinfo=UTC)
TEXTS = ("Совет соберётся в пятницу на закрытое заседание", "Мост через реку откроют весной")


def write(path: Path, rows: list[tuple[int, str, str]]) -> Path:
    """Rows of minute, source, text."""
    lines = (
        msgspec.json.encode(
            {
                "id": f"{source}/{minute}",
                "source": source,
                "published_at": START + timedelta(minutes=minute),
                "text": text,
            }
        )
        for minute, source, text in rows
    )
    path.write_bytes(b"\n".join(lines) + b"\nno json\n")
    return path


def read(path: Path) -> list[Family]:
    steps = Steps(language=False, entities=False, sentiment=False)
    with open_enrich(steps, 1) as enrich:
        return read_families(Corpus(files=(path,)), enrich)[0]


def test_families_are_listed_with_their_spread(tmp_path: Path) -> None:
    flash, bridge = TEXTS
    rows = [(0, "rss/b", bridge), (1, "rss/a", flash), (9, "rss/b", flash), (9, "rss/a", flash)]
    first, second = read(write(tmp_path / "f.jsonl", rows))
    assert first == Family(
        origin_id="rss/a/1",
        size=3,
        sources=["rss/a", "rss/b"],
        first_source="rss/a",
        first_at=START + timedelta(minutes=1),
        last_at=START + timedelta(minutes=9),
    )
    assert (second.origin_id, second.size) == ("rss/b/0", 1)


def test_an_edit_is_one_document(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", [(0, "rss/a", TEXTS[0]), (0, "rss/a", TEXTS[1])])
    assert [family.size for family in read(path)] == [1]


def test_what_proved_a_copy_is_of_the_family_of_its_flood(tmp_path: Path) -> None:
    posts = [row for row in flood(0.3) if isinstance(row, Enriched)]
    rows = [(number, post.source, post.text) for number, post in enumerate(posts)]
    (only,) = read(write(tmp_path / "f.jsonl", rows))
    assert (only.size, only.first_source) == (len(posts), posts[0].source)


def family(number: int, *sources: str) -> Family:
    return Family(
        origin_id=str(number),
        size=len(sources),
        sources=list(sources),
        first_source=sources[0],
        first_at=START,
        last_at=START,
    )


def test_sources_with_most_texts_in_common_are_kin() -> None:
    families = [family(n, "b", "a") if n % 5 else family(n, "a") for n in range(50)]
    families += [family(100 + n, "c") for n in range(90)] + [family(n, "c", "a") for n in range(9)]
    families += [family(n, "d", "c") for n in range(3)]
    (kin,) = find_kin(families, 0.5)
    assert (kin.sources, kin.shared, kin.shares) == (("a", "b"), 40, (0.678, 1.0))
    assert find_kin(families, 0.7) == []
