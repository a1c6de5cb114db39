"""Names that no dictionary has are read like those that it has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.words.endings import read_table
from streams.words.guesses import CASES, Kind, guess
from streams.words.paradigms import is_known


def likeliest(word: str, kind: Kind, case: str) -> str:
    return next(one.nominative for one in guess(word, kind) if one.case == case)


@pytest.mark.parametrize(
    ("word", "kind", "case", "nominative"),
    [
        ("мерца", "surname", "gent", "мерц"),
        ("шольцем", "surname", "ablt", "шольц"),
        ("стародубца", "surname", "gent", "стародубец"),
        ("цыбульским", "surname", "ablt", "цыбульский"),
        ("джавардзе", "surname", "gent", "джавардзе"),
        ("громыхайленко", "surname", "datv", "громыхайленко"),
        ("верхнереченске", "place", "loct", "верхнереченск"),
        ("верхнереченска", "place", "gent", "верхнереченск"),
        ("гнилоструевки", "place", "gent", "гнилоструевка"),
        ("верхнеполянской", "place", "gent", "верхнеполянская"),
        ("уралхимпрома", "firm", "gent", "уралхимпром"),
    ],
)
def test_the_likeliest_nominative_of_a_case(
    word: str, kind: Kind, case: str, nominative: str
) -> None:
    assert not is_known(word)
    assert likeliest(word, kind, case) == nominative


def test_a_foreign_name_in_a_vowel_may_stay() -> None:
    assert ("мбаппе", "gent") in {(one.nominative, one.case) for one in guess("мбаппе", "surname")}
    assert {one.nominative for one in guess("сатакэ", "surname")} == {"сатакэ"}


def test_no_name_is_without_a_vowel() -> None:
    assert {one.nominative for one in guess("лю", "name")} <= {"лю"}
    assert {one.nominative for one in guess("ляо", "name")} == {"ляо"}


@given(st.text("абвеийоуъьыюя-", min_size=1, max_size=8), st.sampled_from(["surname", "place"]))
def test_shares_are_shares_and_forms_begin_alike(word: str, kind: Kind) -> None:
    found = guess(word, kind)
    assert sum(one.share for one in found if one.number == "sing") <= 1 + 1e-9
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    assert all(one.nominative[: len(word) - 4] == word[:-4] for one in found if len(word) > 4)


def test_the_table_says_of_each_row_six_cases_and_its_nominatives() -> None:
    rows = read_table("name_endings.txt")
    assert {row[0] for row in rows} == {"Surn", "Name", "Geox", "Orgn"}
    for _, gender, endings, tails in rows:
        assert gender in {"masc", "femn", "neut", "both", "plur"}
        assert len(endings.split()) == len(CASES)
        nominative = endings.split()[0].replace("0", "")
        assert all(tail.partition(":")[0].endswith(nominative) for tail in tails.split())
