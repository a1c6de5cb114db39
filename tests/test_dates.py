from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dates import MONTHS, read_date, read_stamp

MOMENT = datetime(2024, 11, 28, 7, 28, 16, tzinfo=UTC)
ON_THE_MINUTE = MOMENT.replace(second=0)
GENITIVES = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-11-28T07:28:16Z", MOMENT),
        ("2024-11-28t07:28:16z", MOMENT),
        ("2024-11-28T10:28:16+03:00", MOMENT),
        ("2024-11-28 10:28:16 +0300", MOMENT),
        ("2024-11-28T10:28:16.000000000+0300", MOMENT),
        ("2024-11-28 10:28 MSK", ON_THE_MINUTE),
        ("2024-11-28T10:28 MSK", ON_THE_MINUTE),
        ("Thu, 28 Nov 2024 10:28:16 +0300", MOMENT),
        ("Thu, 28 Nov 2024 10:28:16 +03:00", MOMENT),
        ("Thu, 28 Nov 2024 07:28:16 GMT", MOMENT),
        ("Thu, 28 Nov 24 02:28:16 EST", MOMENT),
        ("28 Nov 2024 07:28 UT", ON_THE_MINUTE),
        ("  Thu,  28 Nov 2024\n10:28:16   MSK ", MOMENT),
        ("Чт, 28 ноя 2024 10:28:16 +0300", MOMENT),
        ("28 ноября 2024 г., 10:28 (МСК)", ON_THE_MINUTE),
        ("28 ноября 2024 в 12:28 МСК+2", ON_THE_MINUTE),
        ("28.11.2024 10:28 GMT+3", ON_THE_MINUTE),
        ("Nov 28, 2024 10:28 GMT+3", ON_THE_MINUTE),
        ("1732778896", MOMENT),
        ("1732778896000", MOMENT),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Thu, 28 Nov 99 07:28:16 GMT", MOMENT.replace(year=1999)),
    ],
)
def test_a_date_with_a_zone_is_one_moment(written: str, moment: datetime) -> None:
    assert read_date(written, ZoneInfo("Asia/Vladivostok")) == moment


@pytest.mark.parametrize(
    "written",
    [
        "2024-11-28 10:28:16",
        "2024-11-28T10:28:16",
        "28.11.2024 10:28:16",
        "28/11/2024 10:28:16",
        "28 ноября 2024, 10:28:16",
        "Thu Nov 28 10:28:16 2024",
        "Thu, 28 Nov 2024 10:28:16 XYZ",
    ],
)
def test_a_date_without_a_known_zone_is_the_wall_clock_of_its_source(written: str) -> None:
    assert read_date(written, ZoneInfo("Europe/Moscow")) == MOMENT
    assert read_date(written) == MOMENT + timedelta(hours=3)


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "вчера", "только что", "0000-00-00 00:00:00", "2024-13-45T99:99:99Z",
        "30 февраля 2024", "28 брюмера 2024", "9999-12-31T23:59:59-05:00", "NaN", "17327788961",
        "28.11.2024 25:61", "２", "-" * 4000, "١٧٣٢٧٧٨٨٩x",
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(written: str) -> None:
    assert read_date(written) is None


def test_the_zone_is_known_to_be_written_or_not() -> None:
    written, bare = read_stamp("2024-11-28 10:28 MSK"), read_stamp("2024-11-28 10:28")
    assert written is not None
    assert bare is not None
    assert written.tzinfo is not None
    assert bare.tzinfo is None


@pytest.mark.parametrize(
    ("genitive", "number"),
    [(word, number) for number, word in enumerate(GENITIVES, start=1)],
)
def test_every_russian_month_is_read(genitive: str, number: int) -> None:
    assert read_date(f"7 {genitive} 2024, 12:00") == datetime(2024, number, 7, 12, tzinfo=UTC)


def test_the_months_are_twelve() -> None:
    assert set(MONTHS.values()) == set(range(1, 13))


moments = st.datetimes(datetime(1991, 1, 1), datetime(2060, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)
offsets = st.integers(-12 * 4, 14 * 4).map(
    lambda quarter: timezone(timedelta(minutes=15 * quarter))
)


@given(moments, offsets)
def test_what_the_standard_library_writes_is_read_back(moment: datetime, offset: timezone) -> None:
    there = moment.astimezone(offset)
    assert read_date(there.isoformat()) == moment
    assert read_date(format_datetime(there)) == moment


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = read_date(text)
    assert found is None or found.tzinfo is UTC
