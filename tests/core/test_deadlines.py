"""Deadlines as people state them: read, printed in one way, refused with the column."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.core.deadlines import (
    KEY,
    WORDS,
    After,
    Between,
    By,
    CivilDay,
    Deadline,
    DeadlineError,
    During,
    On,
    Reference,
    Shifted,
    Undated,
    WallTime,
    Within,
    kind_of,
    parse,
    references,
)
from alerts.core.durations import Duration


@pytest.mark.parametrize(
    ("written", "printed", "kind"),
    [
        ("2025-11-10", "2025-11-10", "on"),
        ("  2025-11-10 ", "2025-11-10", "on"),
        ("2025-11-10 aoe", "2025-11-10 AoE", "on"),
        ("2025-11-10[AoE]", "2025-11-10 AoE", "on"),
        ("2025-11-10[Asia/Seoul]", "2025-11-10[Asia/Seoul]", "on"),
        ("2025-11-10T12:01", "2025-11-10T12:01", "on"),
        ("2025-11-10T12:01:00", "2025-11-10T12:01", "on"),
        ("2025-11-10T12:01:30[America/New_York]", "2025-11-10T12:01:30[America/New_York]", "on"),
        ("2025-11-10T12:01-05:00[America/New_York]", "2025-11-10T12:01-05:00[America/New_York]", "on"),
        ("2025-11-10T17:01Z", "2025-11-10T17:01Z", "on"),
        ("2025-11-10T17:01+00:00", "2025-11-10T17:01Z", "on"),
        ("2025-11-10T22:31+05:30", "2025-11-10T22:31+05:30", "on"),
        ("0001-01-01T00:00", "0001-01-01T00:00", "on"),
        ("After 2025-11-10", "after 2025-11-10", "after"),
        ("until  after 2025-11-10", "after 2025-11-10", "after"),
        ("after busan-summit", "after busan-summit", "after"),
        ("by 2025-11-10 AoE", "by 2025-11-10 AoE", "by"),
        ("UNTIL 2025-11-10", "until 2025-11-10", "until"),
        ("between 2025-11-28 and 2025-12-28", "between 2025-11-28 and 2025-12-28", "between"),
        ("between 2025-11-10 AoE and 2025-11-12 AoE", "between 2025-11-10 AoE and 2025-11-12 AoE", "between"),
        ("between a1 and 2025-12-28T09:00", "between a1 and 2025-12-28T09:00", "between"),
        ("within P6M of 2025-10-28", "within P6M of 2025-10-28", "within"),
        ("within 6 months of 2025-10-28", "within P6M of 2025-10-28", "within"),
        ("1 year after 2025-10-30", "P1Y after 2025-10-30", "shifted"),
        ("p1w before Busan-Summit", "P7D before Busan-Summit", "shifted"),
        ("48 hours after 2025-11-10T12:00Z", "PT48H after 2025-11-10T12:00Z", "shifted"),
        ("during busan-summit", "during busan-summit", "during"),
        ("undated", "undated", "undated"),
        ("undated(TBD)", "undated (tbd)", "undated"),
        ("undated ( none )", "undated (none)", "undated"),
    ],
)  # fmt: skip
def test_a_deadline_is_read_and_printed_in_one_way(written: str, printed: str, kind: str) -> None:
    found = parse(written)
    assert (str(found), kind_of(found)) == (printed, kind)
    assert parse(printed) == found


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "expected a deadline"),
        ("   ", 4, "the text ends there"),
        ("soon", 1, "expected a deadline"),
        ("2025-02-30", 1, "no such date"),
        ("2025-11-10T25:00", 1, "no such date or time"),
        ("2025-11-10T12:00+24:00", 1, "no such date or time"),
        ("0000-01-01", 1, "no such date"),
        ("10.11.2025", 1, "written as 2025-11-10"),
        ("2025-11-10 2025-11-11", 12, "expected the end"),
        ("2025-11-10T12:01 AoE", 18, "expected the end"),
        ("2025-11-10[Europe/Brusels]", 1, "did you mean 'Europe/Brussels'"),
        ("after", 6, "the text ends there"),
        ("after 2025/11/10", 7, "written as 2025-11-10"),
        ("after tbd", 7, "a date or a commitment's key"),
        ("by  2025-13-01", 5, "no such date"),
        ("between 2025-11-28 2025-12-28", 20, "expected `and`"),
        ("between 2025-11-28 and", 23, "the text ends there"),
        ("within P6M 2025-10-28", 12, "expected `of`"),
        ("within P6X of 2025-10-28", 8, "expected a duration"),
        ("within P0D of 2025-10-28", 8, "longer than nothing"),
        ("10 after 2025-10-28", 1, "expected a duration"),
        ("10", 1, "expected a duration"),
        ("P7D since 2025-10-28", 5, "expected `after` or `before`"),
        ("P7D", 4, "expected `after` or `before`"),
        ("during", 7, "the text ends there"),
        ("during 2025-11-10", 8, "a commitment's key"),
        ("during after", 8, "a commitment's key"),
        ("undated (soon)", 10, "expected `tbd` or `none`"),
        ("undated (tbd", 13, "expected `)`"),
        ("undated tbd", 9, "expected the end"),
        ("after " + "x" * 101, 7, "a commitment's key"),
        ("after " + "x" * 1000, 1, "more than 1,000 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_names_the_column_and_what_would_be_right(text: str, column: int, says: str) -> None:
    with pytest.raises(DeadlineError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"column {column}: ")
    assert says in str(caught.value)


def test_references_are_the_keys_that_a_deadline_hangs_on() -> None:
    found = {text: references(parse(text)) for text in ("between a and b", "during a", "P1D after a", "by 2025-11-10")}
    assert found == {"between a and b": {"a", "b"}, "during a": {"a"}, "P1D after a": {"a"}, "by 2025-11-10": set()}


ZONES = st.sampled_from([None, "UTC", "AoE", "America/New_York", "America/Argentina/Buenos_Aires"])
OFFSETS = st.none() | st.integers(-1439, 1439).map(lambda minutes: timedelta(minutes=minutes))
WALLS = st.datetimes().map(lambda wall: wall.replace(microsecond=0))
KEYS = st.from_regex(KEY, fullmatch=True).filter(lambda key: key.lower() not in WORDS)
DATED = st.builds(CivilDay, st.dates(), ZONES) | st.builds(WallTime, WALLS, OFFSETS, ZONES)
TERMS = DATED | st.builds(Reference, KEYS)
NUMBERS = st.integers(0, 999)
DURATIONS = st.builds(Duration, NUMBERS, NUMBERS, NUMBERS, NUMBERS.map(lambda n: timedelta(seconds=n))).filter(bool)
DEADLINES: st.SearchStrategy[Deadline] = st.one_of(
    st.builds(On, DATED),
    st.builds(After, TERMS),
    st.builds(By, TERMS, st.sampled_from(["by", "until"])),
    st.builds(Between, TERMS, TERMS),
    st.builds(Within, DURATIONS, TERMS),
    st.builds(Shifted, DURATIONS, st.sampled_from(["after", "before"]), TERMS),
    st.builds(During, st.builds(Reference, KEYS)),
    st.builds(Undated, st.sampled_from(["not stated", "to be decided", "explicitly none"])),
)


@settings(max_examples=120, deadline=None)
@given(DEADLINES)
def test_what_is_printed_reads_back_the_same(deadline: Deadline) -> None:
    assert parse(str(deadline)) == deadline


WORDY = st.lists(
    st.sampled_from([*sorted(WORDS), "(", ")", "P7D", "10", "days", "2025-11-10", "AoE", "busan", "2025-11-10T12:01Z"])
    | st.text(max_size=8)
).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | WORDY)
def test_any_text_is_a_deadline_or_a_deadline_error(text: str) -> None:
    with suppress(DeadlineError):
        found = parse(text)
        assert parse(str(found)) == found


def test_a_year_is_written_with_four_digits() -> None:
    assert str(On(CivilDay(date(1, 1, 1)))) == "0001-01-01"
    assert str(On(WallTime(datetime(33, 4, 3, 15)))) == "0033-04-03T15:00"  # noqa: DTZ001
