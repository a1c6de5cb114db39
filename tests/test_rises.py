"""What rose with a burst: shared by its documents, and seldom elsewhere."""

from __future__ import annotations

from msgspec.structs import replace

from streams.alarms.rises import risen, risen_names, risen_terms
from streams.alarms.sight import Sight, entries_between
from streams.families.entries import Count, Entry
from streams.journal import seed
from streams.models import EntityType
from streams.registry import fold_setting
from streams.state import State
from tests.rows import at, term
from tests.test_counts import entry

NOON = int(at("12:00").timestamp())
RUSSIA: tuple[EntityType, str] = ("LOC", "Россия")
ASTANA: tuple[EntityType, str] = ("LOC", "Астана")


def test_what_is_always_there_did_not_rise() -> None:
    """Россия in 9 of 10 documents here as elsewhere; Астана in 6 of 10, else in 1 of 100."""
    outside = {"Россия": 90, "Астана": 1}
    assert risen({"Россия": 9, "Астана": 6}, 10, outside, 100) == {"Астана": 6}


def test_one_document_shares_nothing() -> None:
    assert risen({"Астана": 1, "Токаев": 2}, 4, {}, 100) == {"Токаев": 2}


def test_the_most_telling_comes_first() -> None:
    """Equal lift: more documents; equal documents: more lift; equal both: by name."""
    many = risen({"а": 2, "б": 4}, 10, {"а": 10, "б": 20}, 1000)
    assert list(many) == ["б", "а"]
    assert list(risen({"а": 4, "б": 4}, 10, {"а": 20, "б": 2}, 1000)) == ["б", "а"]
    assert list(risen({"б": 4, "а": 4}, 10, {}, 1000)) == ["а", "б"]


def test_without_a_past_what_is_shared_rose() -> None:
    assert risen({"Астана": 2}, 4, {}, 0) == {"Астана": 2}


def tell(
    state: State, number: int, moment: int, terms: str, *names: tuple[EntityType, str]
) -> None:
    counts = {name: Count(moment, 1.0) for name in terms.split()}
    told: Entry = replace(entry(str(number)), at=moment, terms=counts, entities=names)
    state.count(moment, told)


def newsroom() -> State:
    """Two days of Россия with «рубль» and «Путин», then an hour of Астана with «ОДКБ»."""
    state = State()
    for one in seed([term("ОДКБ"), term("Путин"), term("рубль"), term("саммит")], []):
        fold_setting(state, one)
    for number in range(40):
        tell(state, number, NOON - 172_800 + number * 3600, "рубль Путин", RUSSIA)
    for number in range(6):
        tell(state, 100 + number, NOON - 600 * number, "ОДКБ Путин саммит", RUSSIA, ASTANA)
    return state


def test_names_and_terms_are_measured_against_the_last_days() -> None:
    state = newsroom()
    sight = Sight(state, NOON)
    entries = entries_between(state, "ОДКБ", NOON - 3600, NOON + 1)
    assert risen_names(sight, entries) == {ASTANA: 6}
    assert risen_terms(sight, "ОДКБ", entries) == {"саммит": 6}


def test_what_is_forgotten_is_no_past() -> None:
    state = newsroom()
    state.expire(NOON + 10 * 86400)
    assert (state.mentioned, dict(state.names)) == (0, {})
