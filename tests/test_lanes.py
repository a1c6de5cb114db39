from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.enrich import Failure
from streams.models import (
    EPOCH,
    Clock,
    Document,
    Enriched,
    Language,
    Mark,
    Mention,
    Sentiment,
    Setting,
    Term,
    decode_enriched,
    encode,
    from_seconds,
)
from streams.shell.lanes import Kept, Lane, Passage, Route, choose_lanes, to_kept

LANES = 3
Rows = list[tuple[int, int, bytes]]


def document(number: int, text: str = "текст") -> bytes:
    moment = from_seconds(number)
    return encode(
        Document(id=f"d{number}", source="a/b", published_at=moment, seen_at=moment, text=text)
    )


def term(name: str, *, gone: bool = False) -> bytes:
    value = None if gone else {"pattern": name}
    return encode(Setting(seen_at=EPOCH, id=name, what="term", key=name, value=value))


def watch_names(terms: Iterable[Term], _before: list[str] | None) -> list[str]:
    return sorted(one.name for one in terms)


def enrich(documents: Sequence[Document], watch: list[str]) -> list[Enriched | Failure]:
    return [_enrich_one(one, watch) for one in documents]


def _enrich_one(one: Document, watch: list[str]) -> Enriched | Failure:
    if one.text == "яд":
        return Failure(one, "poison", "")
    fields = {name: getattr(one, name) for name in Document.__struct_fields__}
    return Enriched(
        **fields,
        language=Language("ru", 1.0),
        entities=(),
        sentiment=Sentiment(),
        terms=tuple(Mention(term=name, start=0, stop=0, text="") for name in watch),
        origin_id=one.id,
        duplicate_of=None,
        pipeline="",
    )


class Compiler:
    """Notes what each watch list was made of."""

    def __init__(self) -> None:
        self.made: list[tuple[list[str], list[str] | None]] = []

    def __call__(self, terms: Iterable[Term], before: list[str] | None) -> list[str]:
        names = watch_names(terms, before)
        self.made.append((names, before))
        return names


def make_lane(own: int) -> Lane[list[str]]:
    return Lane(Route(own, LANES), enrich, watch_names)


def terms_of(passage: Passage) -> dict[int, list[str]]:
    rows = [(number, decode_enriched(raw)) for number, raw in passage.messages]
    return {n: [one.term for one in row.terms] for n, row in rows if isinstance(row, Enriched)}


def test_settings_go_down_every_lane_and_the_rest_down_one() -> None:
    assert list(choose_lanes(7, term("а"), LANES)) == [0, 1, 2]
    deep = b'{"a":' * 9000
    for raw in (document(7), encode(Clock(seen_at=EPOCH)), b"{", b"\xff", b"[1]", b"", deep):
        assert list(choose_lanes(7, raw, LANES)) == [7 % LANES]


def test_terms_count_from_their_row_on_and_until_their_removal() -> None:
    rows = [
        (0, 0, document(0)),
        (1, 1, term("а")),
        (2, 3, document(3)),
        (3, 4, term("б")),
        (4, 5, term("а", gone=True)),
        (5, 6, document(6)),
    ]
    passage = make_lane(0).walk(rows)
    assert terms_of(passage) == {0: [], 3: ["а"], 6: ["б"]}
    assert [(one.offset, one.number) for one in passage.kept] == [(1, 1), (3, 4), (4, 5)]


def test_only_one_lane_passes_a_setting_on() -> None:
    passed = [make_lane(own).walk([(0, 4, term("а"))]).messages for own in range(LANES)]
    assert [len(messages) for messages in passed] == [0, 1, 0]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"", "not_json"),
        pytest.param(b'{"kind":' + b"[" * 100_000, "not_json", id="deep"),
        (b'{"kind":"other"}', "bad_field"),
        (b'{"kind":"document","source":"a"}', "bad_field"),
        (document(3).replace(b'"id":"d3",', b""), "bad_field"),
        (document(3, "яд"), "poison"),
    ],
)
def test_what_cannot_be_used_is_buried_and_leaves_a_mark(raw: bytes, reason: str) -> None:
    passage = make_lane(0).walk([(0, 3, raw), (1, 6, document(6))])
    assert [number for number, _ in passage.messages] == [3, 6]
    assert passage.messages[0][1] == encode(Mark(reason=reason))
    assert [(one.reason, one.origin.offset) for one in passage.buried] == [(reason, 3)]


def write_lane(choices: list[int]) -> list[tuple[int, bytes]]:
    rows = []
    for number, choice in enumerate(choices):
        raw = term(f"т{choice}", gone=number % 3 == 0) if choice < 4 else document(number)
        if 0 in choose_lanes(number, raw, LANES):
            rows.append((number, raw))
    return rows


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5),
    st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, 5)), max_size=12),
)
def test_repeats_batches_and_deaths_change_nothing(
    choices: list[int], repeats: list[tuple[int, int]], runs: list[tuple[int, int | None]]
) -> None:
    plain = write_lane(choices)
    whole = dict(make_lane(0).walk([(i, n, raw) for i, (n, raw) in enumerate(plain)]).messages)
    lane_rows, kept, out = repeat(plain, repeats), dict[str, bytes](), dict[int, bytes]()
    lane, committed, start = make_lane(0), 0, 0
    for size, kept_at_death in [*runs, (10_000, None)]:
        passage = lane.walk(lane_rows[start : start + size])
        for number, message in passage.messages:
            assert out.setdefault(number, message) == message
        keep(kept, passage.kept[:kept_at_death])
        if kept_at_death is None:
            start = committed = start + size
        else:
            lane = make_lane(0)
            start = max(committed, lane.restore(to_kept(kept)))
    assert out == whole


def repeat(plain: list[tuple[int, bytes]], repeats: list[tuple[int, int]]) -> Rows:
    """What `dispatch` leaves in a lane when it starts again from earlier rows."""
    rows = []
    position = 0
    for upto, back in repeats:
        rows += plain[position : max(position, upto)]
        position = max(0, max(position, upto) - back)
    rows += plain[position:]
    return [(offset, number, raw) for offset, (number, raw) in enumerate(rows)]


def keep(kept: dict[str, bytes], settings: list[Kept]) -> None:
    kept |= {f"{one.row.what}/{one.row.key}": encode(one) for one in settings}


def test_a_watch_list_is_made_of_the_one_before_and_only_for_documents() -> None:
    compiler = Compiler()
    lane = Lane(Route(0, 1), enrich, compiler)
    mute = encode(Setting(seen_at=EPOCH, id="m", what="mute", key="а", value=None))
    rows = [term("а"), document(1), term("б"), term("в"), document(4), mute, document(6)]
    lane.walk((number, number, row) for number, row in enumerate(rows))
    assert compiler.made == [(["а"], None), (["а", "б", "в"], ["а"])]
