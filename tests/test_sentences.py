"""Sentences of alarms: numerals and nouns agree, decimals have commas, spans are words."""

import pytest

from streams.sentences import HOURS, REPORTS, TIMES, decline, tell_burst, tell_retraction, to_number


@pytest.mark.parametrize(
    ("seconds", "observed", "expected", "russian", "english"),
    [
        (
            300,
            4.25,
            0.0178,
            "4,25 сообщения за 5 минут при обычных 0,018 (в 239 раз больше)",
            "4.25 in 5 min where 0.018 are usual (239 times)",
        ),
        (
            3600,
            5.0,
            0.25,
            "5 сообщений за час при обычных 0,25 (в 20 раз больше)",
            "5 in 1 h where 0.25 are usual (20 times)",
        ),
        (
            14_400,
            20.75,
            6.5713,
            "20,75 сообщения за 4 часа при обычных 6,6 (в 3,2 раза больше)",
            "20.75 in 4 h where 6.6 are usual (3.2 times)",
        ),
        (
            86_400,
            321.0,
            150.4,
            "321 сообщение за 24 часа при обычных 150 (в 2,1 раза больше)",
            "321 in 24 h where 150 are usual (2.1 times)",
        ),
    ],
)
def test_a_sentence_as_people_say_it(
    seconds: int, observed: float, expected: float, russian: str, english: str
) -> None:
    told = tell_burst((observed, expected), seconds, (4, 3))
    assert told == (
        f"{russian}; с начала независимых сообщений 4, владельцев 3. "
        f"{english}; since it began 4 independent reports by 3 owners."
    )


def test_what_is_left_of_a_burst_is_said_without_a_wrong_plural() -> None:
    assert tell_retraction(1) == (
        "отозвано, независимых сообщений осталось 1. Retracted: independent reports left: 1."
    )


def test_nouns_stand_as_their_number_asks() -> None:
    wanted = {
        "сообщение": "1 21 101",
        "сообщения": "2 3 4 22 2.5 4.25",
        "сообщений": "0 5 10 11 12 14 111 114 25",
    }
    for form, numbers in wanted.items():
        assert {decline(number, REPORTS) for number in numbers.split()} == {form}
    assert decline("24", HOURS) == "часа"
    assert decline("1021", TIMES) == "раз"
    assert decline("22", TIMES) == "раза"


def test_no_number_is_written_with_an_exponent() -> None:
    assert [to_number(value) for value in (0.0039, 0.5, 6.57, 9.96, 150.4, 1021.2)] == [
        "0.0039",
        "0.5",
        "6.6",
        "10",
        "150",
        "1021",
    ]
