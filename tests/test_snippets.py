from __future__ import annotations

from msgspec.structs import replace

from streams.families.snippets import AROUND, cut_snippet
from streams.models import Mention
from tests.rows import doc

LONG = "Заседание началось с доклада о ценах на топливо и перевозки, затем слово взял министр. "


def test_the_words_around_the_first_mention_are_whole() -> None:
    told = cut_snippet(doc("12:00", "rss/a", f"{LONG}{LONG}Об [ОДКБ] говорили вечером. {LONG}"))
    assert told.startswith("…")
    assert told.endswith("…")
    words = told.strip("…").split()
    assert set(words) <= set(f"{LONG} Об ОДКБ говорили вечером.".split())
    assert "ОДКБ" in words
    assert len(told) <= 2 * AROUND + len("ОДКБ") + 2


def test_a_short_text_is_quoted_whole_on_one_line() -> None:
    assert cut_snippet(doc("12:00", "rss/a", "Саммит\n[ОДКБ]  открыт")) == "Саммит ОДКБ открыт"


def test_a_title_is_not_quoted_again() -> None:
    found = (Mention(term="ОДКБ", start=7, stop=11, text="ОДКБ"),)
    titled = replace(doc("12:00", "rss/a", ""), title="Саммит ОДКБ открыт", terms=found)
    assert cut_snippet(titled) == "Саммит ОДКБ открыт"
    told = cut_snippet(replace(titled, text=LONG * 5))
    assert told.startswith("Заседание началось")
    assert told.endswith("…")
    assert len(told) <= 2 * AROUND + 1


def test_the_mention_in_the_text_counts_before_the_one_in_the_title() -> None:
    start = len("Саммит ОДКБ\n\n") + 2 * len(LONG)
    terms = tuple(Mention(term="ОДКБ", start=at, stop=at + 4, text="ОДКБ") for at in (7, start))
    both = doc("12:00", "rss/a", f"{LONG}{LONG}ОДКБ и соседи", title="Саммит ОДКБ", terms=terms)
    assert cut_snippet(both).endswith("ОДКБ и соседи")
    assert cut_snippet(both).startswith("…")


def test_one_word_without_a_space_is_cut() -> None:
    endless = cut_snippet(doc("12:00", "rss/a", f"{'а' * 500}[ОДКБ]{'б' * 500}"))
    assert endless == "…ОДКБ…"
