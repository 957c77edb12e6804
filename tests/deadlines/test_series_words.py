"""Series in words: the rule of RFC 5545 that each means, and its first occurrences, worked out by hand."""

from __future__ import annotations

from itertools import islice

import pytest

from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.tokens import DeadlineError
from alerts.deadlines.zone_choice import ZoneChoice

READ = [
    ("every month on the last day from 2027-01-31", "FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31 2027-02-28 2027-03-31"),
    ("every month on the 15th from 2027-01-15", "FREQ=MONTHLY;BYMONTHDAY=15", "2027-01-15 2027-02-15 2027-03-15"),
    ("monthly on the 15th from 2027-01-01", "FREQ=MONTHLY;BYMONTHDAY=15", "2027-01-15 2027-02-15 2027-03-15"),
    ("every month on the 1st and 15th from 2027-01-01", "FREQ=MONTHLY;BYMONTHDAY=1,15",
     "2027-01-01 2027-01-15 2027-02-01"),
    ("every month on the first Monday from 2027-01-01", "FREQ=MONTHLY;BYDAY=1MO", "2027-01-04 2027-02-01 2027-03-01"),
    ("every second Tuesday of the month from 2027-01-01", "FREQ=MONTHLY;BYDAY=2TU", "2027-01-12 2027-02-09 2027-03-09"),
    ("every last Friday of the month from 2027-01-01", "FREQ=MONTHLY;BYDAY=-1FR", "2027-01-29 2027-02-26 2027-03-26"),
    ("every quarter on the 15th from 2027-01-15", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15",
     "2027-01-15 2027-04-15 2027-07-15"),
    ("every quarter on the last day from 2027-01-01", "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1",
     "2027-03-31 2027-06-30 2027-09-30"),
    ("quarterly from 2026-03-31", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1", "2026-03-31 2026-06-30 2026-09-30"),
    ("quarterly from 2026-02-15", "FREQ=MONTHLY;INTERVAL=3", "2026-02-15 2026-05-15 2026-08-15"),
    ("monthly from 2027-01-31", "FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31 2027-02-28 2027-03-31"),
    ("monthly from 2026-01-15", "FREQ=MONTHLY", "2026-01-15 2026-02-15 2026-03-15"),
    ("semi-annually from 2027-01-15", "FREQ=MONTHLY;INTERVAL=6", "2027-01-15 2027-07-15 2028-01-15"),
    ("every year on 31 March from 2027-03-31", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31",
     "2027-03-31 2028-03-31 2029-03-31"),
    ("annually on 31 March from 2027-04-01", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31", "2028-03-31 2029-03-31 2030-03-31"),
    ("annually on March 31 starting 2027-01-01", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=31",
     "2027-03-31 2028-03-31 2029-03-31"),
    ("each year on the last day of February from 2027-02-28", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
     "2027-02-28 2028-02-29 2029-02-28"),
    ("every year on the first Monday of May from 2027-01-01", "FREQ=YEARLY;BYMONTH=5;BYDAY=1MO",
     "2027-05-03 2028-05-01 2029-05-07"),
    ("every year from 1 July 2026", "FREQ=YEARLY", "2026-07-01 2027-07-01 2028-07-01"),
    ("every 12 months from 2026-07-01", "FREQ=MONTHLY;INTERVAL=12", "2026-07-01 2027-07-01 2028-07-01"),
    ("every 2 weeks on Friday from 2027-01-01", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "2027-01-01 2027-01-15 2027-01-29"),
    ("every other Friday from 2027-01-01", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "2027-01-01 2027-01-15 2027-01-29"),
    ("fortnightly from 2027-01-01", "FREQ=WEEKLY;INTERVAL=2", "2027-01-01 2027-01-15 2027-01-29"),
    ("every Friday from 2027-01-01", "FREQ=WEEKLY;BYDAY=FR", "2027-01-01 2027-01-08 2027-01-15"),
    ("every Monday and Thursday from 2027-01-01", "FREQ=WEEKLY;BYDAY=MO,TH", "2027-01-04 2027-01-07 2027-01-11"),
    ("every weekday from 2027-01-01", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2027-01-01 2027-01-04 2027-01-05"),
    ("every day at 17:00 from 2027-01-01", "FREQ=DAILY", "2027-01-01T17:00 2027-01-02T17:00 2027-01-03T17:00"),
    ("weekly on Friday from 2027-01-01 17:00", "FREQ=WEEKLY;BYDAY=FR",
     "2027-01-01T17:00 2027-01-08T17:00 2027-01-15T17:00"),
    ("every month on the last day from 2027-01-31 until 2027-03-31", "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270331",
     "2027-01-31 2027-02-28 2027-03-31"),
    ("every month on the last day, 2 times, from 2027-01-31", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2",
     "2027-01-31 2027-02-28"),
    ("every month on the last day from 2027-01-31, 2 times", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2",
     "2027-01-31 2027-02-28"),
    ("every month on the last day from 2027-01-31 except 2027-02-28", "FREQ=MONTHLY;BYMONTHDAY=-1",
     "2027-01-31 2027-03-31 2027-04-30"),
]  # fmt: skip
REFUSED = [
    ("every month on the last day", "expected `from` and the day on which it starts"),
    ("biweekly from 2027-01-01", "twice a week or every 2 weeks"),
    ("bimonthly from 2027-01-01", "twice a month or every 2 months"),
    ("every second Tuesday from 2027-01-01", "that weekday of each month, or every 2 weeks"),
    ("every quarter on the 15th from 2027-02-15", "one of the calendar, or count from 2027-02-15"),
    ("every quarter on the last day from 2027-02-28", "one of the calendar, or count from 2027-02-28"),
    ("quarterly from 2026-04-30", "on the 30th or on the last day of each month"),
    ("every month on the 32nd from 2027-01-01", "expected the days on which it recurs"),
    ("every year on 31 April from 2027-01-01", "expected a day that the month has"),
    ("every 0 weeks from 2027-01-01", "expected how often"),
    ("every soon and then", "expected how often"),
    ("every month from the week of signing", "expected a day"),
    ("earlier of (monthly from 2027-01-01; 2027-05-05)", "expected a deadline"),
]


@pytest.mark.parametrize(("text", "rule", "first"), READ)
def test_a_series_in_words_is_a_rule_with_its_occurrences(text: str, rule: str, first: str) -> None:
    found = parse(text)
    assert str(found).split()[1] == rule
    assert parse(str(found)) == found
    recurs = resolve(found, ZoneChoice("UTC"), {}).recurrence
    assert recurs is not None
    assert " ".join(islice(recurs.names(), 3)) == first


@pytest.mark.parametrize(("text", "says"), REFUSED)
def test_a_series_with_two_readings_or_none_is_refused(text: str, says: str) -> None:
    with pytest.raises(DeadlineError) as caught:
        parse(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(("times", "end"), [(3, "31 Mar 2027"), (4, "31 Mar 2027, …")])
def test_a_series_that_ends_does_not_print_that_more_follow(times: int, end: str) -> None:
    found = resolve(parse(f"every month on the last day from 2027-01-31, {times} times"), ZoneChoice("UTC"), {})
    assert describe_bounds(found).endswith(end)
