from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.matching import find_mentions
from streams.models import Term
from streams.terms import PatternError, TermError, Watch, compile_watch, read_terms, write_terms

NAMES = st.text(st.sampled_from("абвЁё z,;\"'\n#-"), min_size=1, max_size=20).map(str.strip)
TERMS = st.builds(
    Term,
    name=NAMES.filter(bool),
    pattern=st.sampled_from(["", "Токаев", '"Мир" & ОДКБ', "террор*"]),
    lang=st.sampled_from(["ru", "kk"]),
    case=st.sampled_from(["any", "exact", "capital"]),
    entity=st.sampled_from([None, "PER"]),
    budget=st.sampled_from([None, 2.5]),
    route=st.sampled_from([None, "дежурный"]),
)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@given(terms=st.lists(TERMS, unique_by=lambda term: term.name, max_size=5))
def test_what_is_written_is_read_back(suffix: str, terms: list[Term]) -> None:
    good = [term for term in terms if term.pattern]
    assert read_terms(write_terms(good, suffix), suffix) == good


def test_reads_plain_lines_with_comments() -> None:
    text = "# наблюдаем\nТокаев\n\n  Министерство обороны  \nМир & Visa\n"
    names = [term.name for term in read_terms(text, ".txt")]
    assert names == ["Токаев", "Министерство обороны", "Мир & Visa"]
    assert write_terms(read_terms(text, ""), ".txt") == "Токаев\nМинистерство обороны\nМир & Visa\n"


def test_a_comment_may_stand_behind_a_term() -> None:
    text = "Токаев # президент\n\t# никто\nC#\nМир\t#карта\n"
    assert [term.name for term in read_terms(text, ".txt")] == ["Токаев", "C#", "Мир"]


def test_reads_what_spreadsheets_write() -> None:
    assert read_terms("\ufeffname;budget\r\nТокаев;2\r\nМир;\r\n", ".csv") == [
        Term(name="Токаев", budget=2),
        Term(name="Мир"),
    ]


def test_plain_lines_name_a_pattern_once() -> None:
    terms = [Term(name="карта", pattern="Мир"), Term(name="Мир")]
    assert write_terms(terms, ".txt") == "Мир\n"


def test_reads_csv_by_header_in_any_order() -> None:
    text = "\ufeffcase,name,budget\nexact,МИД,3\n,Токаев,\n"
    assert read_terms(text, ".csv") == [
        Term(name="МИД", case="exact", budget=3.0),
        Term(name="Токаев"),
    ]


@pytest.mark.parametrize(
    ("suffix", "text", "said"),
    [
        (".txt", "Токаев\n(а)\nт*", r"line 2: .*grouping(.|\n)*line 3: .*3 letters"),
        (".txt", "Токаев\nТокаев", "line 2: 'Токаев' stands twice"),
        (".jsonl", '{"name": "А"}\n{"name":', "line 2: no JSON object"),
        (".jsonl", '{"name": "А", "colour": 1}', "unknown field 'colour'; fields are name"),
        (".jsonl", '{"pattern": "А"}', "line 1: .*name"),
        (".jsonl", '{"name": "А", "case": "upper"}', "line 1: .*upper"),
        (".csv", "term\nА", "a header with the column name is missing"),
        (".csv", "name,colour\nА,1", "unknown column 'colour'"),
        (".csv", "name\nА,Б", "more cells"),
        (".csv", "name,budget\nА,-1", "line 2: "),
        pytest.param(".csv", f"name\n{'я' * 200_000}", "no CSV: field larger", id="wide"),
        pytest.param(".jsonl", "[" * 100_000, "line 1: no JSON object", id="deep"),
        (".jsonl", '{"name": "%s"}' % ("я" * 2000), "at most 512 characters, not .{,40}$"),
        (".csv", "name,expected_until\nА,soon", "line 2: expected_until is a time such as"),
        (".csv", "name,budget\nА,inf", "line 2: budget is a number above 0 .*, not 'inf'"),
        (".csv", "name,budget\nА,1e308", "line 2: budget is a number above 0 .*, not '1e308'"),
        (".csv", "name,budget\nА,nan", "line 2: budget is a number above 0 .*, not 'nan'"),
        (".csv", "name,lang\nА,xx", "line 2: lang is a code of two letters .*, not 'xx'"),
        (".csv", "name,lang\nА,rus", "line 2: lang is a code of two letters .*, not 'rus'"),
    ],
)
def test_names_every_mistake_of_a_file(suffix: str, text: str, said: str) -> None:
    with pytest.raises(TermError, match=said):
        read_terms(text, suffix)


def test_a_bad_pattern_does_not_compile() -> None:
    with pytest.raises(PatternError):
        compile_watch([Term(name="x", pattern="(")])


PATTERNS = st.sampled_from(
    [
        "Токаев",
        "ток*",
        "токи*",
        '"Ток"',
        "ток & Мир",
        "Мир -ток",
        "мира",
        "Касым-Жомарт Токаев",
        "мир",
    ]
)
CHANGES = st.lists(st.tuples(st.sampled_from("абвгд"), PATTERNS | st.none()), max_size=12)
TEXT = "Ток и токи: Касым-Жомарт Токаев в мире. Мир Токаеву, К.-Ж. Токаеву, и мира. Токио"


def change(terms: dict[str, Term], name: str, pattern: str | None) -> dict[str, Term]:
    rest = {one: term for one, term in terms.items() if one != name}
    return {**rest, name: Term(name=name, pattern=pattern)} if pattern else rest


def renumber(watch: Watch) -> object:
    """The watch with its terms counted from 0."""
    places = {number: place for place, number in enumerate(watch.terms)}
    tables = [
        {
            form: [(places[one.term], one.part, one.bits, one.plain, one.phrase) for one in entries]
            for form, entries in table.items()
        }
        for table in (watch.firsts, watch.prefixes)
    ]
    return list(watch.terms.values()), tables, {places[n]: p for n, p in watch.parts.items()}


@settings(deadline=None)  # the first pattern loads the dictionary
@given(changes=CHANGES)
def test_a_watch_changed_step_by_step_is_one_compiled_at_once(
    changes: list[tuple[str, str | None]],
) -> None:
    terms: dict[str, Term] = {}
    watch = compile_watch([])
    for name, pattern in changes:
        terms = change(terms, name, pattern)
        before, kept = watch, renumber(watch)
        watch = compile_watch(terms.values(), before)
        assert renumber(before) == kept
        assert list(watch.terms) == sorted(watch.terms)
        assert renumber(watch) == renumber(compile_watch(terms.values()))
        assert find_mentions(TEXT, watch) == find_mentions(TEXT, compile_watch(terms.values()))


@settings(deadline=None)
@given(before=st.lists(TERMS, max_size=4), after=st.lists(TERMS, max_size=4))
def test_any_list_may_follow_any_other(before: list[Term], after: list[Term]) -> None:
    before, after = [[term for term in one if term.pattern] for one in (before, after)]
    watch = compile_watch(after, compile_watch(before))
    assert renumber(watch) == renumber(compile_watch(after))
