"""Standard cron text, and the instants at which it fires."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.cron import Cron, check
from alerts.cron_trigger import Firings
from alerts.deadlines.errors import InputError
from tests.oracle.crons import firings as every_firing

NEW_YORK = "America/New_York"
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def firings(cron: str, zone: str, start: str, end: str) -> list[str]:
    """All firings in [start, end), as `03 14:00` in UTC."""
    clock, found, now = Cron(cron, zone), list[str](), at(start)
    while (firing := clock.at_or_after(now)) is not None and firing < at(end):
        found.append(f"{firing:%d %H:%M}")
        now = firing + SECOND
    return found


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("0", "Sun"), ("7", "Sun"), ("1", "Mon"), ("6", "Sat"), ("sun", "Sun"), ("SAT", "Sat"),
        ("1-5", "Mon Tue Wed Thu Fri"), ("mon-fri", "Mon Tue Wed Thu Fri"), ("5-7", "Sun Fri Sat"),
        ("fri-sun", "Sun Fri Sat"), ("0-1", "Sun Mon"), ("0-7", "Sun Mon Tue Wed Thu Fri Sat"),
        ("*/2", "Sun Tue Thu Sat"), ("1-5/2", "Mon Wed Fri"), ("0,3,sat", "Sun Wed Sat"), ("7,0", "Sun"),
    ],
)  # fmt: skip
def test_weekdays_are_standard_cron_with_sunday_as_0_and_7(weekday: str, days: str) -> None:
    found = firings(f"0 9 * * {weekday}", "UTC", "2025-11-02T00:00Z", "2025-11-09T00:00Z")  # Sunday to Saturday
    names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    assert found == [f"{2 + names.index(day):02} 09:00" for day in days.split()]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("*/20 9 * * *", ["03 09:00", "03 09:20", "03 09:40"]),
        ("5-25/10 9 * * *", ["03 09:05", "03 09:15", "03 09:25"]),
        ("50/5 9 * * *", ["03 09:50", "03 09:55"]),
        ("0 8-10 3 * *", ["03 08:00", "03 09:00", "03 10:00"]),
        ("0 9,17 * nov *", ["03 09:00", "03 17:00"]),
        ("0 9 * 1-10,12 *", []),
    ],
)
def test_ranges_steps_lists_and_names_are_read(cron: str, expected: list[str]) -> None:
    assert firings(cron, "UTC", "2025-11-03T00:00Z", "2025-11-04T00:00Z") == expected


@pytest.mark.parametrize(
    ("cron", "says"),
    [
        ("", "has 0 fields"), ("@daily", "has 1 fields"), ("0 9 * *", "has 4 fields"), ("0 0 9 * * *", "has 6 fields"),
        ("0 9 1 * mon", "a day of the month and a weekday"), ("0 9 */2 * */2", "a day of the month and a weekday"),
        ("0 9 31 2 *", "never fires"), ("0 9 30 2 *", "never fires"), ("0 9 31 4,6,9,11 *", "never fires"),
        ("60 9 * * *", "cannot be read"), ("0 24 * * *", "cannot be read"), ("0 9 0 * *", "cannot be read"),
        ("0 9 * 13 *", "cannot be read"), ("*/0 * * * *", "cannot be read"), ("a b c d *", "cannot be read"),
        ("0 9 * * 8", "no weekday in '8'"), ("0 9 * * -1", "no weekday in '-1'"), ("0 9 * * mon,", "no weekday in ''"),
        ("0 9 * * 5-2", "no weekday in '5-2'"), ("0 9 * * */0", "no weekday"), ("0 9 * * mon#1", "no weekday"),
        ("0 9 * * *,x", "no weekday in 'x'"),
    ],
)  # fmt: skip
def test_what_is_no_cron_or_never_fires_is_refused(cron: str, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("*", r"\*")):
        check(cron)


def test_the_29th_of_february_fires_in_leap_years() -> None:
    leap = Cron("0 0 29 2 *", "UTC")
    assert leap.at_or_after(at("2096-03-01T00:00Z")) == at("2104-02-29T00:00Z")  # 2100 is none
    assert leap.before(at("2104-02-29T00:00Z")) == at("2096-02-29T00:00Z")


@pytest.mark.parametrize(
    ("cron", "zone", "start", "end", "expected"),
    [
        ("30 1 * * *", NEW_YORK, "2025-11-01T12:00Z", "2025-11-04T00:00Z", ["02 05:30", "03 06:30"]),  # shown twice
        ("30 2 * * *", NEW_YORK, "2025-03-08T12:00Z", "2025-03-11T00:00Z", ["09 07:00", "10 06:30"]),  # 03:00
        ("0,30 2-3 * * *", NEW_YORK, "2025-03-09T00:00Z", "2025-03-09T12:00Z", ["09 07:00", "09 07:30"]),  # once each
        ("0 0 * * *", "America/Havana", "2025-03-09T00:00Z", "2025-03-11T00:00Z", ["09 05:00", "10 04:00"]),
        ("0 0 * * *", "America/Havana", "2025-11-02T00:00Z", "2025-11-04T00:00Z", ["02 04:00", "03 05:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2025-10-04T00:00Z", "2025-10-06T00:00Z", ["04 15:30", "05 15:15"]),
        ("0 9 * * *", "Pacific/Apia", "2011-12-29T00:00Z", "2011-12-31T00:00Z", ["29 19:00", "30 10:00", "30 19:00"]),
        ("0 9 30 * *", "Pacific/Apia", "2011-12-01T00:00Z", "2012-01-01T00:00Z", ["30 10:00"]),  # as the 31st begins
        ("0 9 * * *", "Africa/Casablanca", "2025-02-22T00:00Z", "2025-02-24T00:00Z", ["22 08:00", "23 09:00"]),
    ],
)  # fmt: skip
def test_a_fixed_time_in_a_gap_fires_right_after_it_and_one_that_is_shown_twice_fires_once(
    cron: str, zone: str, start: str, end: str, expected: list[str]
) -> None:
    assert firings(cron, zone, start, end) == expected


@pytest.mark.parametrize(
    ("cron", "zone", "start", "end", "expected"),
    [
        ("*/15 * * * *", NEW_YORK, "2025-11-02T05:30Z", "2025-11-02T07:15Z",
         ["02 05:30", "02 05:45", "02 06:00", "02 06:15", "02 06:30", "02 06:45", "02 07:00"]),
        ("0 * * * *", NEW_YORK, "2025-11-02T04:30Z", "2025-11-02T07:30Z", ["02 05:00", "02 06:00", "02 07:00"]),
        ("*/30 1 * * *", NEW_YORK, "2025-11-02T00:00Z", "2025-11-03T00:00Z",
         ["02 05:00", "02 05:30", "02 06:00", "02 06:30"]),
        ("*/30 2 * * *", NEW_YORK, "2025-03-09T00:00Z", "2025-03-10T00:00Z", []),  # there is no such hour
        ("0,30 1 * * *", NEW_YORK, "2025-11-02T00:00Z", "2025-11-03T00:00Z", ["02 05:00", "02 05:30"]),  # fixed
        ("*/30 1 * * sun", "America/Havana", "2025-03-08T00:00Z", "2025-03-10T00:00Z", ["09 05:00", "09 05:30"]),
        ("*/30 3 * * *", "Australia/Lord_Howe", "2025-10-04T12:00Z", "2025-10-05T00:00Z", ["04 16:00", "04 16:30"]),
    ],
)  # fmt: skip
def test_what_fires_at_every_such_time_of_the_clock_fires_in_both_passes_and_in_no_gap(
    cron: str, zone: str, start: str, end: str, expected: list[str]
) -> None:
    assert firings(cron, zone, start, end) == expected


@pytest.mark.parametrize(
    ("now", "after", "before"),
    [
        ("2025-11-03T13:59:59Z", "2025-11-03T14:00Z", "2025-10-31T13:00Z"),
        ("2025-11-03T14:00Z", "2025-11-03T14:00Z", "2025-10-31T13:00Z"),
        ("2025-11-03T14:00:00.5Z", "2025-11-04T14:00Z", "2025-11-03T14:00Z"),
        ("2025-11-08T15:00Z", "2025-11-10T14:00Z", "2025-11-07T14:00Z"),
        ("2025-11-02T06:30Z", "2025-11-03T14:00Z", "2025-10-31T13:00Z"),  # in the hour that is shown twice
    ],
)
def test_the_firing_at_or_after_and_the_last_one_before(now: str, after: str, before: str) -> None:
    desk = Cron("0 9 * * mon-fri", NEW_YORK)
    assert (desk.at_or_after(at(now)), desk.before(at(now))) == (at(after), at(before))


def test_the_calendar_ends_and_so_do_the_firings() -> None:
    daily = Cron("0 9 * * *", "UTC")
    assert daily.at_or_after(at("9999-12-31T08:00Z")) == at("9999-12-31T09:00Z")
    assert daily.at_or_after(at("9999-12-31T09:00:01Z")) is None
    assert daily.before(at("0001-01-01T09:00Z")) is None


TEXTS = (
    "0 9 * * mon-fri", "*/15 * * * *", "30 1 * * *", "30 2 * * *", "0 0 1 * *", "15,45 0-3 * * *", "*/20 1-2 * * *",
    "5 */2 * * sun", "0 0 * * *", "*/10 0 * * *",
)  # fmt: skip
# A step that meets each minute of the hour in turn; `make simulate` looks closer.
WHOLE = os.environ.get("SIMULATE") == "whole"
STEP = timedelta(minutes=7 if WHOLE else 61)
CRONS = st.sampled_from(TEXTS)
ZONES = st.sampled_from(["UTC", NEW_YORK, "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"])
INSTANTS = st.datetimes(datetime(2011, 12, 25), datetime(2012, 4, 15), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=100, deadline=None)
@given(CRONS, ZONES, INSTANTS)
def test_no_firing_lies_between_the_last_before_and_the_first_after(cron: str, zone: str, now: datetime) -> None:
    clock = Cron(cron, zone)
    last, first = clock.before(now), clock.at_or_after(now)
    assert last is not None
    assert first is not None
    assert last < now <= first
    assert clock.at_or_after(last + SECOND) == first
    assert clock.at_or_after(first) == first
    assert clock.before(first) == last


PLACES = (NEW_YORK, "America/Havana", "Europe/Berlin", "Pacific/Apia", "Africa/Casablanca")
# Each time in one zone, and each zone with two times; `make simulate` tries each with each.
PAIRS = list(product(TEXTS, PLACES)) if WHOLE else [(cron, PLACES[n % len(PLACES)]) for n, cron in enumerate(TEXTS)]


@pytest.mark.parametrize(("cron", "zone"), PAIRS)
def test_firings_are_those_of_a_second_reckoning_that_looks_at_every_minute(cron: str, zone: str) -> None:
    for start in (at("2011-12-27T00:00Z"), at("2025-03-07T00:00Z"), at("2025-10-25T00:00Z"), at("2025-11-01T00:00Z")):
        end = start + timedelta(days=5)
        every = every_firing(cron, zone, start - timedelta(days=32), end + timedelta(days=32))
        clock, now = Cron(cron, zone), start
        while now < end:
            assert clock.at_or_after(now) == every.first_from(now)
            assert clock.before(now) == every.last_before(now)
            now += STEP


SKIPPED_MIDNIGHTS = {
    "America/Havana": "2008-03-15", "Asia/Beirut": "2008-03-29", "America/Sao_Paulo": "2008-10-18",
    "Atlantic/Azores": "2006-03-25",
}  # fmt: skip


@pytest.mark.parametrize("zone", SKIPPED_MIDNIGHTS)
@pytest.mark.parametrize("cron", ["0,30 */6 * * sun", "*/10 1-23 * * sun"])
def test_a_weekday_that_begins_with_a_skipped_hour_fires_as_the_second_reckoning_says(cron: str, zone: str) -> None:
    start = at(f"{SKIPPED_MIDNIGHTS[zone]}T00:00Z")
    every, clock = every_firing(cron, zone, start - timedelta(days=9), start + timedelta(days=11)), Cron(cron, zone)
    for minutes in range(0, 3 * 24 * 60, 37):
        now = start + timedelta(minutes=minutes)
        assert clock.at_or_after(now) == every.first_from(now)
        assert clock.before(now) == every.last_before(now)


def test_firings_are_found_in_the_same_time_however_rare_they_are() -> None:
    leap, steps = Cron("0 0 29 2 *", NEW_YORK), list[int]()
    sys.setprofile(lambda *_: steps.append(1))
    leap.at_or_after(at("2096-03-01T00:00Z"))
    leap.before(at("2104-02-29T00:00Z"))
    sys.setprofile(None)
    assert len(steps) < 20_000  # a look at each of the days would be some 3,000 times a dozen


def test_the_scheduler_rings_at_the_same_instants_and_never_for_the_past() -> None:
    trigger = Firings(Cron("0 9 * * mon-fri", NEW_YORK))
    assert trigger.get_next_fire_time(None, at("2025-11-03T14:00Z")) == at("2025-11-03T14:00Z")
    assert trigger.get_next_fire_time(at("2025-11-03T14:00Z"), at("2025-11-03T14:00Z")) == at("2025-11-04T14:00Z")
    assert trigger.get_next_fire_time(at("2025-11-03T14:00Z"), at("2025-12-01T12:00Z")) == at("2025-12-01T14:00Z")
