"""The table of deadlines, worked out by hand."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.oracle.expressions import (
    After,
    Between,
    BusinessShift,
    By,
    Choice,
    Day,
    Expression,
    Interval,
    Period,
    Shift,
    Undated,
    Wall,
    Within,
)
from tests.oracle.resolving import UNKNOWN, Setting, resolve
from tests.oracle.spans import Span

YORK = "America/New_York"
TEN, LEAP = Day(date(2025, 11, 10)), Day(date(2024, 2, 29))


def bounds(deadline: Expression, zone: str | None = YORK, **more: object) -> tuple[str | None, ...]:
    setting = Setting(**{"zone": zone, "calendars": (), "roll": "none", "bounds_of": lambda _: UNKNOWN} | more)
    found = resolve(deadline, setting)
    return tuple(at and f"{at:%Y-%m-%dT%H:%MZ}" for at in (found.earliest, found.latest))


CASES = [
    (TEN, "2025-11-10", ("2025-11-10T05:00Z", "2025-11-11T05:00Z")),
    (Day(date(2025, 11, 10), aoe=True), "2025-11-10 AoE", ("2025-11-10T12:00Z", "2025-11-11T12:00Z")),
    (Wall(datetime.fromisoformat("2025-11-10T12:01"), YORK), f"2025-11-10T12:01[{YORK}]", ("2025-11-10T17:01Z",) * 2),
    (Wall(datetime.fromisoformat("2025-11-10T12:01"), "-05:00"), "2025-11-10T12:01-05:00", ("2025-11-10T17:01Z",) * 2),
    (Wall(datetime.fromisoformat("2025-03-09T02:30")), "2025-03-09T02:30", ("2025-03-09T07:30Z",) * 2),
    (Wall(datetime.fromisoformat("2025-11-02T01:30")), "2025-11-02T01:30", ("2025-11-02T05:30Z",) * 2),
    (Period(2025, 11), "2025-11", ("2025-11-01T04:00Z", "2025-12-01T05:00Z")),
    (Period(2025), "2025", ("2025-01-01T05:00Z", "2026-01-01T05:00Z")),
    (Period(2025, zone="-12:00"), "2025 AoE", ("2025-01-01T12:00Z", "2026-01-01T12:00Z")),
    (After(TEN), "after 2025-11-10", ("2025-11-11T05:00Z", None)),
    (By(TEN), "by 2025-11-10", (None, "2025-11-11T05:00Z")),
    (By(TEN, "until"), "until 2025-11-10", (None, "2025-11-11T05:00Z")),
    (Between(TEN, TEN), "between 2025-11-10 and 2025-11-10", ("2025-11-10T05:00Z", "2025-11-11T05:00Z")),
    (Interval(None, TEN), "../2025-11-10", (None, "2025-11-11T05:00Z")),
    (Within(Span(months=6), TEN), "within P6M of 2025-11-10", ("2025-11-10T05:00Z", "2026-05-11T04:00Z")),
    (Shift(Span(years=1), LEAP), "P1Y after 2024-02-29", ("2025-02-28T05:00Z", "2025-03-01T05:00Z")),
    (
        Shift(Span(months=1), Day(date(2025, 1, 31))),
        "P1M after 2025-01-31",
        ("2025-02-28T05:00Z", "2025-03-01T05:00Z"),
    ),
    (Shift(Span(hours=48), TEN), "PT48H after 2025-11-10", ("2025-11-13T05:00Z",) * 2),
    (Shift(Span(hours=48), TEN, before=True), "PT48H before 2025-11-10", ("2025-11-08T05:00Z",) * 2),
    (
        BusinessShift(10, Day(date(2025, 11, 3))),
        "10 business days after 2025-11-03",
        ("2025-11-17T05:00Z", "2025-11-18T05:00Z"),
    ),
    (
        Choice("earlier", (After(TEN), By(LEAP))),
        "earlier of (after 2025-11-10; by 2024-02-29)",
        (None, "2024-03-01T05:00Z"),
    ),
    (
        Choice("later", (After(TEN), By(LEAP))),
        "later of (after 2025-11-10; by 2024-02-29)",
        ("2025-11-11T05:00Z", None),
    ),
    (Undated("tbd"), "undated (tbd)", (None, None)),
]


@pytest.mark.parametrize(("deadline", "text", "expected"), CASES, ids=[text for _, text, _ in CASES])
def test_bounds_are_those_of_the_table(deadline: Expression, text: str, expected: tuple[str | None, ...]) -> None:
    assert str(deadline) == text
    assert bounds(deadline) == expected


def test_an_unknown_zone_widens_to_the_whole_earth() -> None:
    assert bounds(TEN, None) == ("2025-11-09T10:00Z", "2025-11-11T12:00Z")


def test_a_day_that_samoa_left_out_is_empty() -> None:
    assert bounds(Day(date(2011, 12, 30)), "Pacific/Apia") == ("2011-12-30T10:00Z", "2011-12-30T10:00Z")


def test_a_day_starts_at_the_first_instant_that_there_is() -> None:
    assert bounds(Day(date(2017, 10, 15)), "America/Sao_Paulo") == ("2017-10-15T03:00Z", "2017-10-16T02:00Z")


def test_ten_business_days_are_counted_on_all_calendars() -> None:
    counted = BusinessShift(5, Day(date(2025, 9, 30)))  # China is off from 1 to 8 October, at work on Saturday the 11th
    assert bounds(counted, "Asia/Shanghai", calendars=("CN",))[0] == "2025-10-13T16:00Z"


@pytest.mark.parametrize(
    ("roll", "day"), [("following", "2025-12-01"), ("modified following", "2025-11-28"), ("preceding", "2025-11-28")]
)
def test_a_deadline_on_a_sunday_rolls(roll: str, day: str) -> None:
    assert bounds(Day(date(2025, 11, 30)), "UTC", roll=roll)[0] == f"{day}T00:00Z"
