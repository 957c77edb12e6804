"""Deadlines as people state them: read, printed in one way, refused with the column."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from alerts.deadlines.expressions import On, kind_of, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.keys import KEY
from alerts.deadlines.stated_dates import CivilDay, WallTime
from alerts.deadlines.tokens import DeadlineError


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
        ("2025-11", "2025-11", "on"),
        ("2025", "2025", "on"),
        ("2025-11 aoe", "2025-11 AoE", "on"),
        ("2025[Asia/Seoul]", "2025[Asia/Seoul]", "on"),
        ("2025-11~", "2025-11~", "on"),
        ("2025-11-10?[Asia/Seoul]", "2025-11-10?[Asia/Seoul]", "on"),
        ("2025% AoE", "2025% AoE", "on"),
        ("2025-11-XX", "2025-11", "on"),
        ("2025-xx", "2025", "on"),
        ("2025-XX-XX?", "2025?", "on"),
        ("after 2025-11-xx", "after 2025-11", "after"),
        ("by 2025", "by 2025", "by"),
        ("within 1 month of 2025-11", "within P1M of 2025-11", "within"),
        ("1000 days after 2025", "P1000D after 2025", "shifted"),
        ("2025-11-28/2025-12-28", "between 2025-11-28 and 2025-12-28", "between"),
        ("2025-11~/2026?", "between 2025-11~ and 2026?", "between"),
        ("2025-11-10T12:00Z/2025-11-11T12:00Z", "between 2025-11-10T12:00Z and 2025-11-11T12:00Z", "between"),
        ("2025-11[Asia/Seoul]/2025-12[Asia/Seoul]", "between 2025-11[Asia/Seoul] and 2025-12[Asia/Seoul]", "between"),
        ("2025-11-11/..", "2025-11-11/..", "from"),
        ("2025-11/", "2025-11/", "from"),
        ("2025-11-11[AoE]/..", "2025-11-11[AoE]/..", "from"),
        ("../2025-11-10", "../2025-11-10", "by"),
        ("/2025-11-10[Asia/Seoul]", "/2025-11-10[Asia/Seoul]", "by"),
        ("10 Business  days AFTER 2025-11-03", "10 business days after 2025-11-03", "shifted"),
        ("1 business days before busan", "1 business day before busan", "shifted"),
        ("within 10 business days of 2025-11", "within 10 business days of 2025-11", "within"),
        ("earlier of (2025-11-10; P7D after busan)", "earlier of (2025-11-10; P7D after busan)", "earlier"),
        ("LATER of(by a ;later of ( undated(tbd);2025/2026); ../2025)",
         "later of (by a; later of (undated (tbd); between 2025 and 2026); ../2025)", "later"),
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
        ("2025-11-10T12:01 AoE AoE", 22, "expected the end"),
        ("2025-11-10[Europe/Brusels]", 1, "did you mean 'Europe/Brussels'"),
        ("after", 6, "the text ends there"),
        ("20251110", 1, "written as 2025-11-10"),
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
        ("P7D upon 2025-10-28", 5, "expected `after` or `before`"),
        ("P7D", 4, "expected `after` or `before`"),
        ("during", 7, "the text ends there"),
        ("during after", 8, "a commitment's key"),
        ("undated (soon)", 10, "expected `tbd` or `none`"),
        ("undated (tbd", 13, "expected `)`"),
        ("undated tbd", 9, "expected the end"),
        ("2025-13", 1, "no such date or time as 2025-13"),
        ("0000", 1, "no such date or time as 0000"),
        ("after 2025-22", 7, "is a season"),
        ("after 2025-29", 7, "is a season"),
        ("202X", 1, "leaves open which year"),
        ("by 2025-1X", 4, "leaves open which year, or a part of a number"),
        ("2025-XX-10", 1, "a day of no month"),
        ("2025-11-10T12:01~", 1, "cannot stand after a time"),
        ("?2025-11", 1, "expected `?` at the end of a date"),
        ("2025-11-10T12", 1, "written as 2025-11-10"),
        ("after 2025-11-10T1201", 7, "written as 2025-11-10"),
        ("10 Nov", 7, "expected the year with four digits"),
        ("by 2025-11 12:01", 12, "a time of day needs a day"),
        ("../..", 1, "a date on one side"),
        ("/", 1, "a date on one side"),
        ("2025-11-10/soon", 1, "written as 2025-11-10"),
        ("2025-11-10/2025-11-31", 12, "no such date or time as 2025-11-31"),
        ("2025-11-10/10", 1, "written as 2025-11-10"),
        ("2025/11/10", 1, "written as 2025-11-10"),
        ("after 2025-11-10/..", 7, "written as 2025-11-10"),
        ("0 business days after a", 1, "longer than nothing"),
        ("10000 business days after a", 1, "at most 9,999 business days"),
        ("10 business hours (9-5) after a", 19, "expected hours such as 09:00-17:30"),
        ("10 business", 1, "expected a duration with its unit"),
        ("earlier (a; b)", 9, "expected `of`"),
        ("earlier of a; b", 13, "expected `and`"),
        ("earlier of (by a)", 17, "expected `;`"),
        ("earlier of (by a; by b", 23, "expected `)`"),
        ("earlier of (by a; by)", 21, "a date or a commitment's key"),
        ("later of (" * 11, 107, "at most 10 deadlines inside each other"),
        ("(" * 999, 1, "expected a deadline"),
        ("earlier of (2025;" + "2025;" * 850 + "2025)", 1, "more than 5,000 characters"),
        ("after \0\ud800\u202e", 7, r"found `\x00\ud800\u202e`"),
        ("after " + "x" * 101, 7, "a commitment's key"),
        ("after " + "x" * 5000, 1, "more than 5,000 characters"),
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
    assert references(parse("earlier of (2025/..; later of (by a; during b); by c)")) == {"a", "b", "c"}


def test_a_year_is_written_with_four_digits() -> None:
    assert str(On(CivilDay(date(1, 1, 1)))) == "0001-01-01"
    assert str(On(WallTime(datetime(33, 4, 3, 15)))) == "0033-04-03T15:00"  # noqa: DTZ001


@pytest.mark.parametrize("text", ["2025-11-XX", "2025-xx", "202X", "2025-11-10T1201", "2025-11"])
def test_what_looks_like_a_date_is_no_key(text: str) -> None:
    assert not KEY.fullmatch(text)


@pytest.mark.parametrize("text", ["2025-q4-report", "301-review", "a", "2025-11-10-notice", "XX", "X000", "XXXX-11"])
def test_a_key_may_begin_with_a_year(text: str) -> None:
    assert KEY.fullmatch(text)
    assert references(parse(f"after {text}")) == {text}
