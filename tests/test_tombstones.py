from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.reading.entries import Known
from connectors.reading.tombstones import Losses, Missing, find_losses
from streams.models import Document

SOURCE = "telegram/vestnik"


def key(number: int) -> str:
    return f"{SOURCE}/{number}"


def known(*numbers: int) -> dict[str, Known]:
    return {key(number): Known(1, "d", 1000.0 + number) for number in numbers}


def look(times: list[float], shown: set[int], numbers: tuple[int, ...] = (1, 2, 3, 4, 5)) -> Losses:
    """Look several times at the same page; all tombstones together."""
    losses = Losses(documents=(), known=known(*numbers), missing={})
    documents: tuple[Document, ...] = ()
    for now in times:
        losses = find_losses(losses.known, losses.missing, frozenset(shown), SOURCE, now)
        documents += losses.documents
    return replace(losses, documents=documents)


def test_three_looks_over_15_minutes_make_a_tombstone() -> None:
    assert look([0, 450], {1, 2, 4, 5}).documents == ()
    (tombstone,) = look([0, 450, 900], {1, 2, 4, 5}).documents
    assert (tombstone.id, tombstone.version, tombstone.deleted) == (key(3), 2, True)
    assert tombstone.published_at.timestamp() == 1003.0
    assert tombstone.seen_at.timestamp() == 900.0
    assert tombstone.text == ""


def test_many_looks_in_a_short_time_are_not_enough() -> None:
    losses = look([0, 60, 120, 180], {1, 2, 4, 5})
    assert losses.documents == ()
    assert losses.missing == {key(3): Missing(4, 0)}


def test_a_tombstone_is_delivered_once() -> None:
    losses = look([0, 450, 900, 1350, 1800, 5000, 9000], {1, 2, 4, 5})
    assert [(d.id, d.version) for d in losses.documents] == [(key(3), 2)]
    assert losses.known[key(3)].version == 2
    assert losses.missing == {}


def test_a_post_that_comes_back_starts_anew() -> None:
    losses = look([0, 450], {1, 2, 4, 5})
    back = find_losses(losses.known, losses.missing, frozenset({1, 2, 3, 4, 5}), SOURCE, 900)
    assert back.missing == {}
    assert (
        find_losses(back.known, back.missing, frozenset({1, 2, 4, 5}), SOURCE, 1800).documents == ()
    )


def test_what_scrolled_out_of_the_page_is_not_gone() -> None:
    for shown in ({4, 5, 6, 9}, {1, 2, 3}, set[int]()):
        losses = look([0, 450, 900, 9000], shown)
        assert (losses.documents, losses.missing) == ((), {})


def test_a_page_that_lost_most_posts_is_a_fault() -> None:
    assert look([0, 450, 900, 9000], {1, 5}).documents == ()
    assert look([0, 450, 900, 9000], {1, 4, 5}).documents == ()


def test_other_sources_and_refused_entries_are_left_alone() -> None:
    others = {
        "telegram/other/3": Known(1, "d", 0.0),
        f"{SOURCE}/about": Known(1, "d", 0.0),
        key(3): Known(0, "d", 0.0),
        **known(1, 2, 4, 5),
    }
    assert find_losses(others, {}, frozenset({1, 2, 4, 5}), SOURCE, 0).missing == {}


numbers = st.frozensets(st.integers(1, 12))


@given(st.lists(st.tuples(numbers, st.integers(1, 2000)), max_size=12))
def test_no_tombstone_for_a_post_that_was_shown_within_15_minutes(
    looks: list[tuple[frozenset[int], int]],
) -> None:
    losses = Losses(documents=(), known=known(*range(1, 13)), missing={})
    shown_at = dict.fromkeys(range(1, 13), 0)
    now = 0
    for shown, pause in looks:
        now += pause
        shown_at |= dict.fromkeys(shown, now)
        losses = find_losses(losses.known, losses.missing, shown, SOURCE, now)
        for document in losses.documents:
            assert now - shown_at[int(document.id.rpartition("/")[2])] >= 900
