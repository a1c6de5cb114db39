from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from connectors.ledger import each_burst, each_document, read_note, read_position
from connectors.outbox import read_deadletters, read_deliveries
from connectors.store import Store
from infra.corpora.journals import make_setting
from infra.corpora.stream import Local
from infra.loop import Loop, Tools
from streams.enrich import Steps
from streams.events import Burst
from streams.journal import seed
from streams.models import Clock, Document, Row, Source, Term, encode, from_seconds

START = 1_760_000_000
STEPS = Steps(language=False, entities=False, sentiment=False)
SUBJECTS = ("совет", "штаб", "парламент", "генсек", "эксперт", "посол", "министр", "секретарь")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "nabat.db")
    yield opened
    opened.close()


def make(number: int, source: str, seconds: float, text: str) -> Document:
    moment = from_seconds(START + seconds)
    return Document(
        id=f"{source}/{number}", source=source, published_at=moment, seen_at=moment, text=text
    )


REPORTS = (
    "переговоры шли до утра",
    "колонна техники замечена у моста",
    "жители запасают воду и хлеб",
    "биржа открылась падением",
    "границу закрыли для грузовиков",
    "врачей отозвали из отпусков",
    "концерт на площади отменён",
    "послов пригласили на совещание",
)


def make_wave(hours: int = 48) -> list[Row]:
    """Quiet days of four sources, then eight different reports of one thing."""
    rows: list[Row] = [
        *seed([Term(name="ОДКБ", route="desk")], [Source(source=f"rss/{name}") for name in "abcd"])
    ]
    for hour in range(hours):
        rows += [
            make(hour, f"rss/{name}", hour * 3600 + place, f"Погода и спорт, выпуск {hour} {name}")
            for place, name in enumerate("abcd")
        ]
    end = hours * 3600
    for number, subject in enumerate(SUBJECTS):
        text = f"{subject} и ОДКБ: {REPORTS[number]}"
        rows.append(make(1000 + number, f"rss/{'abcd'[number % 4]}", end + number * 5, text))
    rows.append(Clock(seen_at=from_seconds(end + 60)))
    return rows


def run(store: Store, tools: Tools) -> Loop:
    loop = Loop(store, tools)
    while loop.step():
        pass
    loop.commit()
    return loop


def read_bursts(store: Store) -> list[Burst]:
    return [msgspec.json.decode(raw, type=Burst) for raw in each_burst(store)]


def test_a_wave_rings_once_and_its_message_goes_to_the_route_of_its_term(store: Store) -> None:
    rung: list[Burst] = []

    def choose(burst: Burst, term: Term | None) -> Sequence[str]:
        assert (burst.term, term and term.route) == ("ОДКБ", "desk")
        return ["desk"]

    store.append(map(encode, make_wave()))
    run(store, Tools(enrich=Local(STEPS), choose=choose, ring=rung.extend))
    (burst,) = read_bursts(store)
    assert rung == [burst]
    (delivery,) = read_deliveries(store, "desk", 9)
    assert msgspec.json.decode(delivery.body)["bursts"][0]["id"] == burst.id
    assert delivery.bursts == (burst.id,)


@pytest.mark.parametrize("cut", [3, 50, 150, 199, 203])
def test_stopped_anywhere_it_goes_on_to_the_same(store: Store, tmp_path: Path, cut: int) -> None:
    rows = [encode(row) for row in make_wave()]
    store.append(rows[:cut])
    run(store, Tools(enrich=Local(STEPS)))
    store.append(rows[cut:])
    run(store, Tools(enrich=Local(STEPS)))
    whole = Store(tmp_path / "whole.db")
    whole.append(rows)
    run(whole, Tools(enrich=Local(STEPS)))
    assert read_bursts(store) == read_bursts(whole)
    assert list(each_document(store)) == list(each_document(whole))
    assert read_position(store) == read_position(whole)
    assert read_note(store, "clock") == read_note(whole, "clock")
    whole.close()


def test_a_row_that_cannot_be_read_is_buried_once_and_the_rest_flows(store: Store) -> None:
    good = [encode(make(number, "rss/a", number * 20, "текст")) for number in range(4)]
    store.append([good[0], b'{"a":' * 9000, good[1], b'{"kind":"heartbeat"}', good[2]])
    run(store, Tools(enrich=Local(STEPS)))
    run(store, Tools(enrich=Local(STEPS)))
    store.append([good[3]])
    run(store, Tools(enrich=Local(STEPS)))
    assert len(list(each_document(store))) == 3, "the last tick is open"
    letters = [(letter.origin.line, letter.reason) for _, letter in read_deadletters(store)]
    assert letters == [(1, "bad_field"), (3, "bad_field")]


def test_a_pattern_that_nobody_can_read_stops_nothing(store: Store) -> None:
    change = make_setting("term", "A & ", {"name": "A & "})
    broken = msgspec.structs.replace(change, seen_at=from_seconds(START))
    rows = [broken, make(1, "rss/a", 0, "A & B"), make(2, "rss/a", 20, "текст")]
    store.append(map(encode, rows))
    run(store, Tools(enrich=Local(STEPS)))
    assert len(list(each_document(store))) == 1


def test_what_is_counted(store: Store) -> None:
    counted: dict[str, float] = {}

    def count(name: str, value: float = 1, **_: str) -> None:
        counted[name] = counted.get(name, 0) + value

    rows = make_wave()
    store.append(map(encode, rows))
    run(store, Tools(enrich=Local(STEPS), count=count))
    documents = sum(isinstance(row, Document) for row in rows)
    assert counted["nabat_rows_total"] == len(rows)
    assert counted["nabat_documents_total"] == documents
    assert counted["nabat_bursts_total"] == 1
    assert counted["nabat_terms"] >= 1


def test_sources_in_force_follow_the_journal(store: Store) -> None:
    store.append(map(encode, seed([], [Source(source="rss/a"), Source(source="rss/b")])))
    loop = run(store, Tools(enrich=Local(STEPS)))
    assert list(loop.sources) == ["rss/a", "rss/b"]
    again = Loop(store, Tools(enrich=Local(STEPS)))
    again.step()
    assert list(again.sources) == ["rss/a", "rss/b"]
