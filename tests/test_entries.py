from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.entries import Known, fold_entries, to_key
from streams.models import DeadLetter, Document, to_seconds

NOW = datetime(2024, 11, 28, 8, tzinfo=UTC)
URL = "https://vestnik.example/rss"


def entry(name: str, text: str = "Пожар в порту", **fields: Any) -> Document:
    known = {"source": "rss/v", "published_at": NOW - timedelta(minutes=5), "seen_at": NOW}
    return Document(id=f"rss/v {name}", text=text, **{**known, **fields})


def test_a_new_entry_is_delivered_once() -> None:
    first = fold_entries({}, [entry("a"), entry("b")], URL)
    assert [(d.id, d.version) for d in first.documents] == [("rss/v a", 1), ("rss/v b", 1)]
    again = fold_entries(first.known, [entry("b"), entry("a")], URL)
    assert again.documents == ()
    assert again.known == first.known


def test_an_edit_is_the_next_version_of_the_same_id() -> None:
    known = fold_entries({}, [entry("a")], URL).known
    later = NOW + timedelta(minutes=9)
    (edit,) = fold_entries(known, [entry("a", "Пожар потушен", seen_at=later)], URL).documents
    assert (edit.id, edit.version, edit.edited_at, edit.text) == (
        "rss/v a", 2, later, "Пожар потушен",
    )  # fmt: skip
    assert edit.published_at == NOW - timedelta(minutes=5)


def test_the_sources_own_time_of_an_edit_counts_unless_it_is_ahead() -> None:
    known = fold_entries({}, [entry("a")], URL).known
    said = NOW - timedelta(minutes=1)
    (edit,) = fold_entries(known, [entry("a", "Иначе", edited_at=said)], URL).documents
    assert edit.edited_at == said
    ahead = NOW + timedelta(hours=2)
    (edit,) = fold_entries(known, [entry("a", "Иначе", edited_at=ahead)], URL).documents
    assert edit.edited_at == NOW


def test_spaces_and_dates_are_no_edit() -> None:
    known = fold_entries({}, [entry("a", "Пожар в порту")], URL).known
    moved = entry("a", " Пожар  в\nпорту ", published_at=NOW, url="https://other.example/")
    assert fold_entries(known, [moved], URL).documents == ()


def test_an_undated_entry_keeps_the_time_of_its_first_sight() -> None:
    known = fold_entries({}, [entry("a", published_at=NOW, undated=True)], URL).known
    later = NOW + timedelta(hours=3)
    edit = entry("a", "Иначе", published_at=later, seen_at=later, undated=True)
    assert fold_entries(known, [edit], URL).documents[0].published_at == NOW


def test_one_id_twice_on_a_page_counts_once() -> None:
    found = fold_entries({}, [entry("a", "Раз"), entry("a", "Два")], URL)
    assert [d.text for d in found.documents] == ["Раз"]
    assert fold_entries(found.known, [entry("a", "Раз"), entry("a", "Два")], URL).documents == ()


def test_a_refused_entry_is_a_dead_letter_once() -> None:
    found = fold_entries({}, [entry("a", "x" * 200_001), entry("b", " "), entry("c")], URL)
    assert [letter.reason for letter in found.refused] == ["too_large", "no_text"]
    assert found.refused[0].origin.file == URL
    assert [d.id for d in found.documents] == ["rss/v c"]
    again = fold_entries(found.known, [entry("a", "x" * 200_001), entry("b", " ")], URL)
    assert (again.refused, again.documents) == ((), ())


def test_an_entry_from_the_future_is_delivered_when_its_time_comes() -> None:
    ahead = entry("a", published_at=NOW + timedelta(hours=3))
    first = fold_entries({}, [ahead], URL)
    assert [letter.reason for letter in first.refused] == ["future"]
    later = entry(
        "a", published_at=ahead.published_at, seen_at=NOW + timedelta(hours=2, minutes=30)
    )
    second = fold_entries(first.known, [later], URL)
    assert ([d.version for d in second.documents], second.refused) == ([1], ())
    assert fold_entries(second.known, [later], URL).documents == ()


def test_a_refused_edit_leaves_the_version_alone() -> None:
    known = fold_entries({}, [entry("a")], URL).known
    refused = fold_entries(known, [entry("a", "x" * 200_001)], URL)
    assert len(refused.refused) == 1
    (edit,) = fold_entries(refused.known, [entry("a", "Снова коротко")], URL).documents
    assert edit.version == 2


def test_what_is_known_is_bounded_and_the_latest_page_is_kept() -> None:
    known: dict[str, Known] = {}
    for page in range(40):
        known = fold_entries(known, [entry(f"{page}-{n}") for n in range(20)], URL).known
    assert len(known) == 300
    assert to_key("rss/v 39-0") in known
    assert to_key("rss/v 0-0") not in known
    long = fold_entries(known, [entry(f"long-{n}") for n in range(500)], URL).known
    assert sum(key.startswith("rss/v long-") for key in long) == 500


def test_a_long_id_is_remembered_by_its_hash() -> None:
    assert to_key("telegram/vestnik/1") == "telegram/vestnik/1"
    assert len(to_key("x" * 500)) == 18
    assert to_key("x" * 500) != to_key("x" * 501)


pages = st.lists(
    st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["Раз", "Два", "", "x" * 200_001])),
    max_size=8,
)


@given(pages)
def test_versions_of_an_id_only_grow(story: list[dict[str, str]]) -> None:
    known: dict[str, Known] = {}
    last: dict[str, int] = {}
    for page in story:
        found = fold_entries(known, [entry(name, text) for name, text in page.items()], URL)
        known = found.known
        assert all(isinstance(letter, DeadLetter) for letter in found.refused)
        for document in found.documents:
            assert document.version == last.get(document.id, 0) + 1
            last[document.id] = document.version
    assert all(known[to_key(name)].version == version for name, version in last.items())


def test_known_times_are_exact() -> None:
    moment = NOW + timedelta(microseconds=1)
    known = fold_entries({}, [entry("a", published_at=moment, seen_at=moment)], URL).known
    assert known["rss/v a"].published == to_seconds(moment)
