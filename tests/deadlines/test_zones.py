"""Civil days and wall clocks where zones make trouble; expected instants worked out by hand from the zones' rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day, Instant, parse_point, print_point
from alerts.deadlines.zones import at_wall, start_of_day, zone_info

SAO_PAULO, APIA, LORD_HOWE = "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("America/New_York", "2025-11-10", "2025-11-10T05:00Z", "2025-11-11T05:00Z"),
        ("America/New_York", "2025-03-09", "2025-03-09T05:00Z", "2025-03-10T04:00Z"),  # 23 hours
        ("America/New_York", "2025-11-02", "2025-11-02T04:00Z", "2025-11-03T05:00Z"),  # 25 hours
        (SAO_PAULO, "2018-11-04", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),  # 00:00 → 01:00
        (SAO_PAULO, "2018-02-17", "2018-02-17T02:00Z", "2018-02-18T03:00Z"),  # 24:00 → 23:00
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00Z", "2022-03-27T21:00Z"),  # 00:00 → 01:00
        ("Africa/Cairo", "2023-04-28", "2023-04-27T22:00Z", "2023-04-28T21:00Z"),  # 00:00 → 01:00
        ("America/Havana", "2025-03-09", "2025-03-09T05:00Z", "2025-03-10T04:00Z"),  # 00:00 → 01:00
        ("America/Havana", "2025-11-02", "2025-11-02T04:00Z", "2025-11-03T05:00Z"),  # 01:00 → 00:00: midnight twice
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30Z", "1919-04-01T04:00Z"),  # 23:30 → 00:30: starts half past
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30Z", "2010-11-08T03:30Z"),  # 00:01 → 23:01 the day before
        (APIA, "2011-12-29", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        (APIA, "2011-12-30", "2011-12-30T10:00Z", "2011-12-30T10:00Z"),  # there was no such day
        (APIA, "2011-12-31", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
        (LORD_HOWE, "2025-10-05", "2025-10-04T13:30Z", "2025-10-05T13:00Z"),  # half an hour shorter
        (LORD_HOWE, "2025-04-06", "2025-04-05T13:00Z", "2025-04-06T13:30Z"),
        ("Africa/Casablanca", "2025-02-23", "2025-02-22T23:00Z", "2025-02-24T00:00Z"),  # Ramadan: an hour back
        ("Africa/Casablanca", "2025-04-06", "2025-04-06T00:00Z", "2025-04-06T23:00Z"),
        ("Asia/Kathmandu", "2025-11-10", "2025-11-09T18:15Z", "2025-11-10T18:15Z"),
        ("AoE", "2025-11-10", "2025-11-10T12:00Z", "2025-11-11T12:00Z"),
        (None, "2025-11-10", "2025-11-09T10:00Z", "2025-11-11T12:00Z"),
        ("UTC", "0001-01-01", "0001-01-01T00:00Z", "0001-01-02T00:00Z"),
        ("UTC", "9999-12-30", "9999-12-30T00:00Z", "9999-12-31T00:00Z"),
    ],
)
def test_a_day_starts_at_its_first_instant_and_ends_where_the_next_one_starts(
    zone: str | None, day: str, start: str, end: str
) -> None:
    found = Day(date.fromisoformat(day), zone)
    assert (found.start, found.end) == (at(start), at(end))


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("America/New_York", "2025-03-09T02:30", "2025-03-09T07:30Z"),  # in the gap: 03:30
        ("America/New_York", "2025-11-02T01:30", "2025-11-02T05:30Z"),  # twice: the first
        (LORD_HOWE, "2025-10-05T02:15", "2025-10-04T15:45Z"),  # in the gap of half an hour: 02:45
        (LORD_HOWE, "2025-04-06T01:45", "2025-04-05T14:45Z"),
        ("Africa/Casablanca", "2025-04-06T02:30", "2025-04-06T02:30Z"),  # 03:30 of the clock that is one hour on
        ("Africa/Casablanca", "2025-02-23T02:30", "2025-02-23T01:30Z"),
        (APIA, "2011-12-30T12:00", "2011-12-30T22:00Z"),  # 12:00 on the 31st
        (SAO_PAULO, "2018-11-04T00:00", "2018-11-04T03:00Z"),
        ("AoE", "2025-11-10T23:59", "2025-11-11T11:59Z"),
    ],
)
def test_a_wall_time_in_a_gap_is_moved_forward_and_a_doubled_one_is_the_first(
    zone: str, wall: str, instant: str
) -> None:
    assert at_wall(at(wall), zone_info(zone)) == at(instant)


def test_a_lead_of_days_is_civil_whatever_the_clocks_did() -> None:
    named = Day(date(2025, 11, 3), "America/New_York")
    assert named.before(Duration.parse("P7D")) == at("2025-10-27T04:00Z")
    assert named.before(Duration.parse("PT168H")) == at("2025-10-27T05:00Z")


def test_a_lead_before_an_instant_keeps_the_wall_clock_and_hours_are_exact() -> None:
    named = Instant(at("2025-11-03T17:00Z"), "America/New_York")  # 12:00
    assert named.before(Duration.parse("P7D")) == at("2025-10-27T16:00Z")
    assert named.before(Duration.parse("PT168H")) == at("2025-10-27T17:00Z")
    assert named.before(Duration.parse("P1DT6H")) == at("2025-11-02T11:00Z")


def test_an_instant_without_a_zone_may_be_anywhere_on_earth() -> None:
    stated = Instant(at("2025-11-10T12:00Z"))
    assert (stated.start, stated.counted_start, stated.end) == (
        at("2025-11-09T22:00Z"), at("2025-11-10T12:00Z"), at("2025-11-11T00:00Z"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["", "New_York", "america/new_york", "EST5EDTX", "../etc/passwd", "/etc", "a\0b", "x" * 300]
)
def test_a_zone_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="unknown time zone"):
        zone_info(name)


def test_a_near_miss_of_a_zone_is_helped() -> None:
    with pytest.raises(InputError, match="did you mean 'America/New_York'"):
        zone_info("America/NewYork")


POINTS = st.builds(
    Day, st.dates(), st.sampled_from([None, "AoE", "UTC", "America/Argentina/Buenos_Aires"])
) | st.builds(Instant, st.datetimes(timezones=st.just(UTC)), st.sampled_from([None, "UTC", "Asia/Seoul"]))


@settings(max_examples=100, deadline=None)
@given(POINTS)
def test_a_point_that_is_written_reads_back_the_same(point: Day | Instant) -> None:
    assert parse_point(print_point(point)) == point


ZONES = st.sampled_from([SAO_PAULO, APIA, LORD_HOWE, "America/Havana", "America/St_Johns", "Africa/Casablanca"])


@settings(max_examples=150, deadline=None)
@given(st.dates(date(1980, 1, 1), date(2037, 1, 1)), ZONES)
def test_the_first_instant_of_a_day_lies_on_it_and_the_second_before_does_not(day: date, name: str) -> None:
    zone = zone_info(name)
    start = start_of_day(day, zone)
    skipped = start_of_day(day + timedelta(days=1), zone) == start
    assert skipped or start.astimezone(zone).date() == day
    assert (start - timedelta(seconds=1)).astimezone(zone).date() < day
