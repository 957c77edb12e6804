"""Rules of RFC 5545, read strictly, and the occurrences that they give."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice
from threading import Thread

import pytest

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.recurrence import Recurrence, read_rule
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.zone_choice import ZoneChoice

NEW_YORK = "America/New_York"


def recurrence(text: str, **choice: object) -> Bounds:
    return resolve(parse(text), ZoneChoice(**{"name": NEW_YORK} | choice), {})  # type: ignore[arg-type]  # by name


def names(text: str, count: int = 4) -> list[str]:
    found = recurrence(text).recurrence
    assert found is not None
    return list(islice(found.names(), count))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30", "2025-11-30 2025-12-31 2026-01-31 2026-02-28"),
        ("every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-15", "2025-11-30 2025-12-31 2026-01-31 2026-02-28"),
        ("every FREQ=MONTHLY from 2026-01-31", "2026-01-31 2026-03-31 2026-05-31 2026-07-31"),  # RFC: no 31st, no turn
        ("every FREQ=YEARLY from 2024-02-29", "2024-02-29 2028-02-29 2032-02-29 2036-02-29"),
        ("every FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR from 2025-11-10", "2025-11-10 2025-11-14 2025-11-24 2025-11-28"),
        ("every FREQ=MONTHLY;BYDAY=-1FR from 2025-11-01", "2025-11-28 2025-12-26 2026-01-30 2026-02-27"),
        ("every FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 from 2025-11-01",
         "2025-11-28 2025-12-31 2026-01-30 2026-02-27"),
        ("every FREQ=DAILY;COUNT=2 from 2025-11-10", "2025-11-10 2025-11-11"),
        ("every FREQ=DAILY;UNTIL=20251111 from 2025-11-10", "2025-11-10 2025-11-11"),
        ("every FREQ=DAILY from 2025-11-10 except 2025-11-11, 2025-11-13",
         "2025-11-10 2025-11-12 2025-11-14 2025-11-15"),
        ("every FREQ=WEEKLY from 2025-11-10T09:30",
         "2025-11-10T09:30 2025-11-17T09:30 2025-11-24T09:30 2025-12-01T09:30"),
        # Places in the set of a week are those of the whole week, the first one as well (3 March 2027 is a Wednesday).
        ("every FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1 from 2027-03-03", "2027-03-08 2027-03-15 2027-03-22 2027-03-29"),
        ("every FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1 from 2027-03-03", "2027-03-05 2027-03-12 2027-03-19 2027-03-26"),
        ("every FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2 from 2027-03-03", "2027-03-03 2027-03-10 2027-03-17 2027-03-24"),
        ("every FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYSETPOS=1 from 2027-03-03",
         "2027-03-15 2027-03-29 2027-04-12 2027-04-26"),
        ("every FREQ=WEEKLY;BYDAY=SU,MO;BYSETPOS=1;WKST=SU from 2027-03-01",
         "2027-03-07 2027-03-14 2027-03-21 2027-03-28"),
        ("every FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1;COUNT=2 from 2027-03-03", "2027-03-08 2027-03-15"),
        ("every FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1;UNTIL=20270315 from 2027-03-03", "2027-03-08 2027-03-15"),
        # A week of the year without a weekday has that of the start.
        ("every FREQ=YEARLY;BYWEEKNO=20 from 2026-05-11", "2026-05-11 2027-05-17 2028-05-15 2029-05-14"),
        ("every FREQ=YEARLY;BYWEEKNO=1 from 2026-01-01", "2026-01-01 2027-01-07 2028-01-06 2029-01-04"),
        ("every FREQ=YEARLY;BYMONTHDAY=29;COUNT=3 from 2024-02-29", "2024-02-29 2028-02-29 2032-02-29"),
        ("every FREQ=YEARLY;BYMONTHDAY=-29,-1;COUNT=4 from 2024-02-01", "2024-02-01 2024-02-29 2025-02-28 2026-02-28"),
        # weeks belong to the year that has most of their days: 2 January 2010 to 2009, 31 December 2024 to 2025
        ("every FREQ=YEARLY;INTERVAL=6;BYDAY=TU,SA;BYWEEKNO=53;COUNT=3 from 2010-01-02",
         "2010-01-02 2015-12-29 2016-01-02"),
        ("every FREQ=YEARLY;INTERVAL=3;BYDAY=MO,TU;BYWEEKNO=1 from 2024-12-31",
         "2024-12-31 2028-01-03 2028-01-04 2030-12-30"),
        ("every FREQ=YEARLY;INTERVAL=5;BYDAY=TH;BYWEEKNO=53;COUNT=1 from 2027-01-03", "2032-12-30"),
        ("every FREQ=YEARLY;BYMONTHDAY=31 from 2026-01-31", "2026-01-31 2027-01-31 2028-01-31 2029-01-31"),
        ("every FREQ=YEARLY;BYWEEKNO=20;BYDAY=TU from 2026-05-11", "2026-05-12 2027-05-18 2028-05-16 2029-05-15"),
        # 04:00 UTC on the 12th is 23:00 of the 11th in New York: the occurrence of 22:00 on the 11th is the last.
        ("every FREQ=DAILY;UNTIL=20251112T040000Z from 2025-11-10T22:00", "2025-11-10T22:00 2025-11-11T22:00"),
        ("every FREQ=DAILY from 9999-12-30", "9999-12-30 9999-12-31"),
    ],
)  # fmt: skip
def test_a_rule_gives_its_occurrences(text: str, expected: str) -> None:
    assert names(text) == expected.split()
    assert str(parse(text)) == text


def test_an_occurrence_keeps_its_wall_clock_when_the_clocks_change() -> None:
    bounds = recurrence("every FREQ=DAILY from 2025-11-01T09:00")
    before, after = (occurrence_bounds(bounds, name).latest for name in ("2025-11-01T09:00", "2025-11-02T09:00"))
    assert before == datetime.fromisoformat("2025-11-01T13:00Z")  # daylight time, UTC-4
    assert after == datetime.fromisoformat("2025-11-02T14:00Z")  # standard time, UTC-5


def test_an_occurrence_has_the_bounds_of_its_day() -> None:
    found = occurrence_bounds(recurrence("every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30"), "2025-11-30")
    assert found.earliest == datetime.fromisoformat("2025-11-30T05:00Z")
    assert found.latest == datetime.fromisoformat("2025-12-01T05:00Z")


def test_an_occurrence_is_rolled_and_keeps_its_name() -> None:
    bounds = recurrence(
        "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30", roll="modified following", calendars=("US",)
    )
    november, january = (occurrence_bounds(bounds, name) for name in ("2025-11-30", "2026-01-31"))
    assert describe_bounds(november) == "Fri 28 Nov 2025"  # a Sunday; Monday would be another month
    assert describe_bounds(january) == "Fri 30 Jan 2026"
    assert "rolled from Sun 30 Nov 2025 (weekend in US) to Fri 28 Nov 2025" in november.explanation
    assert Bounds.from_json(bounds.to_json()) == bounds


def test_where_no_zone_is_known_an_occurrence_is_late_when_its_day_is_over_everywhere() -> None:
    bounds = recurrence("every FREQ=WEEKLY from 2025-11-10", name=None)
    assert occurrence_bounds(bounds, "2025-11-17").latest == datetime.fromisoformat("2025-11-18T12:00Z")
    assert "no time zone is stated" in bounds.assumptions[0]


@pytest.mark.parametrize("name", ["2025-12-30", "2025-11-11", "x", "", "2025-11-30T00:00", "20251130", "0000-00-00"])
def test_what_is_no_occurrence_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"there is no occurrence .*: expected one such as '2025-11-30'"):
        occurrence_bounds(recurrence("every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30 except 2025-12-31"), name)


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        ("", "`` is not a part of a rule"),
        ("monthly", "`MONTHLY` is not a part of a rule"),
        ("BYDAY=MO", "the rule has no FREQ"),
        ("FREQ=HOURLY", "FREQ=HOURLY is too frequent"),
        ("FREQ=FORTNIGHTLY", "FREQ cannot be 'FORTNIGHTLY'"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL cannot be '0'"),
        ("FREQ=DAILY;COUNT=-1", "COUNT cannot be '-1'"),
        ("FREQ=DAILY;FREQ=DAILY", "the rule has FREQ twice"),
        ("FREQ=DAILY;EVERY=2", "EVERY is not read"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "both COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=20261301", "UNTIL=20261301: there is no such date"),
        ("FREQ=DAILY;UNTIL=20250101", "has no occurrence from 2025-11-30 on"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY does not go with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO does not go with FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY=1MO counts weekdays"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs another part"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR and BYMINUTE need a start with a time"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "has no occurrences"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=99999", "has no occurrences"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(rule: str, refusal: str) -> None:
    with pytest.raises(InputError, match=refusal):
        read_rule(rule, date(2025, 11, 30))


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("every", "column 6: expected how often"),
        ("every FREQ=DAILY", "column 17: expected `from`"),
        ("every FREQ=DAILY from during", "column 23: expected a date or a commitment's key"),
        ("every FREQ=DAILY from 2025-11", "column 23: expected a day, a time without an offset"),
        ("every FREQ=DAILY from 2025-11-30T09:00Z", "column 23: expected a day, a time without an offset"),
        ("every FREQ=DAILY from 2025-11-30 except", "column 40: expected the occurrences that are left out"),
        ("every FREQ=DAILY from 2025-11-30 except 2025-12-01,", "column 52: expected the occurrences"),
        ("every FREQ=DAILY from 2025-11-30 except 2025-12-01T09:00", "column 41: expected the occurrences"),
        ("every FREQ=DAILY from 2025-11-30T09:00 except 2025-12-01", "column 47: expected the occurrences"),
        ("every FREQ=DAILY from 2025-11-30 2025-12-01", "column 34: expected the end"),
        ("every FREQ=X from 2025-11-30", "column 7: FREQ cannot be 'X'"),
        ("earlier of (every FREQ=DAILY from 2025-11-30; 2025)", "column 13: expected a deadline that has one date"),
    ],
)
def test_what_stands_around_a_rule_is_checked_too(text: str, refusal: str) -> None:
    with pytest.raises(InputError, match=refusal):
        parse(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "every month on the 15th"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,22,-2", "every month on the 1st, the 22nd and the second-to-last day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "every 2 weeks on Monday and Friday"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"),
        ("FREQ=MONTHLY;BYDAY=2TU,-1FR", "every month on the second Tuesday and the last Friday"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "every month on the 13th if it is Friday"),
        ("FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1", "every month on Monday and Friday (only the last of these days)"),
        ("FREQ=YEARLY;BYMONTH=3,6;BYMONTHDAY=11", "every year on the 11th in March and June"),
        ("FREQ=YEARLY;BYYEARDAY=100,-1", "every year on day 100 of the year and the last day of the year"),
        ("FREQ=YEARLY;BYWEEKNO=20,-1;BYDAY=MO", "every year on Monday in week 20 and the last week"),
        ("FREQ=YEARLY;COUNT=3", "every year, 3 times"),
        ("FREQ=YEARLY;BYMONTHDAY=11", "every year on 11 November"),
        ("FREQ=DAILY;UNTIL=20261231", "every day until 31 December 2026"),
    ],
)
def test_a_rule_is_described_for_people(rule: str, text: str) -> None:
    assert Recurrence(read_rule(rule, date(2025, 11, 10)), date(2025, 11, 10)).to_text == text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("FREQ=DAILY;BYHOUR=9,15", "every day at 09:30 and 15:30"),
        ("FREQ=DAILY;BYMINUTE=5", "every day at 08:05"),
        ("FREQ=DAILY;COUNT=1;BYHOUR=9;BYMINUTE=0", "every day at 09:00, once"),
    ],
)
def test_the_times_of_a_rule_are_described_as_on_a_clock(rule: str, text: str) -> None:
    start = datetime(2025, 11, 10, 8, 30)  # noqa: DTZ001  # a wall-clock time
    assert Recurrence(read_rule(rule, start), start).to_text == text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month (on the last day)"),
        ("FREQ=MONTHLY;BYMONTHDAY=15", "every month (on day 15)"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "every 2 weeks (on Monday, Friday)"),
        ("FREQ=MONTHLY;BYDAY=2TU,-1FR", "every month (on the second Tuesday, the last Friday)"),
        ("FREQ=YEARLY;BYMONTH=3;WKST=SU", "every year (BYMONTH=3)"),
        ("FREQ=YEARLY;COUNT=3", "every year (3 times)"),
        ("FREQ=DAILY;UNTIL=20261231", "every day (until 2026-12-31)"),
    ],
)
def test_the_stored_explanation_of_a_rule_stays_as_it_is(rule: str, text: str) -> None:
    explanation = recurrence(f"every {rule} from 2025-11-10").explanation
    assert any(line.startswith(f"{text}: ") for line in explanation)


def test_one_who_reads_a_rule_to_its_end_holds_up_nobody_who_is_in_the_middle_of_it() -> None:
    recurs = recurrence("every FREQ=DAILY;COUNT=25 from 2025-11-01").recurrence
    assert recurs is not None
    one = recurs.names()
    found = [next(one) for _ in range(15)]
    assert len(list(recurs.names())) == 25
    rest = Thread(target=lambda: found.extend(one), daemon=True)
    rest.start()
    rest.join(5)
    assert not rest.is_alive()
    assert found == list(recurs.names())


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "every FREQ=DAILY;COUNT=2 from 2025-11-10 except 2025-11-10, 2025-11-11",
            "has no occurrence: all of them are left out",
        ),
        ("every FREQ=DAILY;UNTIL=20251110T010000Z from 2025-11-10T09:00", "has no occurrence"),
        ("every FREQ=YEARLY from 9999-12-31", "leaves the years 1 to 9999"),
    ],
)
def test_what_never_comes_is_refused(text: str, refusal: str) -> None:
    with pytest.raises(InputError, match=refusal):
        recurrence(text)
