"""Durations: read, printed in one way, and moved by."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError


@pytest.mark.parametrize(
    ("written", "printed", "words"),
    [
        ("P7D", "P7D", "7 days"),
        ("p1w", "P7D", "7 days"),
        ("P2W1D", "P15D", "15 days"),
        ("P1Y2M3DT4H5M6S", "P1Y2M3DT4H5M6S", "1 year and 2 months and 3 days and 4 hours and 5 minutes and 6 seconds"),
        ("PT48H", "PT48H", "48 hours"),
        ("PT90M", "PT1H30M", "1 hour and 30 minutes"),
        ("PT3600S", "PT1H", "1 hour"),
        ("P0D", "P0D", "no time"),
        ("PT0S", "P0D", "no time"),
        (" 1 year ", "P1Y", "1 year"),
        ("6 Months", "P6M", "6 months"),
        ("2 weeks", "P14D", "14 days"),
        ("1 days", "P1D", "1 day"),
        ("48 hours", "PT48H", "48 hours"),
        ("30 minutes", "PT30M", "30 minutes"),
    ],
)
def test_a_duration_is_read_and_printed_in_one_way(written: str, printed: str, words: str) -> None:
    found = Duration.parse(written)
    assert (str(found), found.to_text) == (printed, words)
    assert Duration.parse(printed) == found


@pytest.mark.parametrize(
    "text",
    "|P|PT|P1|1D|P1DT|P-1D|-P1D|+P1D|P1.5D|P1,5D|P1H|PT1D|P1D1M|P1M1Y|P1DT1M1H|P1S|10days|10  days|-1 day|1.5 days"
    "|a day|ten days|P١D|P1Y P1D|P1D\n.|P1000000000D|P10000Y|P99999999999999999999D|1000000000 days".split("|"),
)
def test_what_is_no_duration_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Duration.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("day", "duration", "moved"),
    [
        (date(2024, 2, 29), "P1Y", date(2025, 2, 28)),
        (date(2024, 2, 29), "P4Y", date(2028, 2, 29)),
        (date(2025, 1, 31), "P1M", date(2025, 2, 28)),
        (date(2025, 1, 31), "P2M", date(2025, 3, 31)),
        (date(2025, 1, 31), "P1M1D", date(2025, 3, 1)),  # months first, clamped; then days
        (date(2025, 12, 31), "P13M", date(2027, 1, 31)),
        (date(2025, 10, 28), "P6M", date(2026, 4, 28)),
        (date(9999, 12, 30), "P1D", date(9999, 12, 31)),
    ],
)
def test_a_day_is_moved_by_the_calendar_and_month_ends_are_clamped(day: date, duration: str, moved: date) -> None:
    assert Duration.parse(duration).shift(day) == moved


def test_a_day_is_moved_backwards_with_month_ends_clamped() -> None:
    assert Duration.parse("P1M").negated().shift(date(2025, 3, 31)) == date(2025, 2, 28)
    assert Duration.parse("P1Y").negated().shift(date(2024, 2, 29)) == date(2023, 2, 28)
    assert Duration.parse("P7D").negated().shift(date(2025, 11, 3)) == date(2025, 10, 27)


def test_a_wall_clock_time_keeps_its_time_of_day() -> None:
    assert Duration.parse("P1M").shift_wall(datetime(2025, 1, 31, 17, 30)) == datetime(2025, 2, 28, 17, 30)  # noqa: DTZ001


@pytest.mark.parametrize("duration", "P1D P1M P1Y P9999Y P119999M P3650000D".split())
def test_beyond_the_year_9999_is_refused(duration: str) -> None:
    with pytest.raises(InputError, match="leaves the years 1 to 9999"):
        Duration.parse(duration).shift(date(9999, 12, 31))


def test_before_the_year_1_is_refused() -> None:
    with pytest.raises(InputError, match="leaves the years 1 to 9999"):
        Duration.parse("P1D").negated().shift(date(1, 1, 1))


def test_durations_add_up_part_by_part_and_nothing_is_falsy() -> None:
    one, other = Duration.parse("P1M2DT3H"), Duration.parse("P1Y5D")
    assert str(one.plus(other)) == "P1Y1M7DT3H"
    assert str(one.times(3)) == "P3M6DT9H"
    assert not one.times(0)
    assert Duration(time=timedelta(seconds=1))
    assert (one.has_days, Duration.parse("PT1H").has_days) == (True, False)


def test_a_negative_duration_says_so() -> None:
    assert str(Duration.parse("P1M2DT3H30M").negated()) == "-P1M2DT3H30M"


PARTS = st.integers(min_value=0, max_value=9999)


@settings(max_examples=60, deadline=None)
@given(PARTS, PARTS, PARTS, PARTS)
def test_what_is_printed_reads_back_the_same(years: int, months: int, days: int, minutes: int) -> None:
    written = Duration(years, months, days, timedelta(minutes=minutes))
    assert Duration.parse(str(written)) == written
