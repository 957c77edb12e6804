"""The groups of the due page, on any day of the week and of the month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from alerts.core.due_groups import DUE_GROUPS, Calendar, day_of
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.resolution import ZoneChoice


@pytest.mark.parametrize(
    ("today", "day", "group"),
    [
        ("2026-11-25", "2026-11-24", "today"),  # where it counts it is not over
        ("2026-11-25", "2026-11-25", "today"),
        ("2026-11-25", "2026-11-26", "this_week"),
        ("2026-11-25", "2026-11-29", "this_week"),
        ("2026-11-25", "2026-11-30", "next_week"),
        ("2026-11-25", "2026-12-06", "next_week"),
        ("2026-11-25", "2026-12-07", "later"),
        ("2026-11-02", "2026-11-15", "next_week"),
        ("2026-11-02", "2026-11-16", "this_month"),
        ("2026-11-02", "2026-11-30", "this_month"),
        ("2026-11-02", "2026-12-01", "later"),
        ("2026-11-29", "2026-11-30", "next_week"),  # a Sunday
        ("2026-12-31", "2027-01-01", "this_week"),
        ("9999-12-30", "9999-12-31", "this_week"),
    ],
)
def test_a_day_is_in_one_group(today: str, day: str, group: str) -> None:
    assert Calendar.on(date.fromisoformat(today)).group("ahead", date.fromisoformat(day)) == group


def test_groups_come_in_their_order_whatever_day_it_is() -> None:
    for start in range(60):
        today = date(2026, 11, 1) + timedelta(days=start)
        found = [Calendar.on(today).group("ahead", today + timedelta(days=days)) for days in range(70)]
        assert found == sorted(found, key=DUE_GROUPS.index)
        assert found[0] == "today"
        assert found[-1] == "later"


def test_what_is_late_and_what_has_no_day_have_groups_of_their_own() -> None:
    calendar = Calendar.on(date(2026, 11, 28))
    assert calendar.group("overdue", date(2026, 11, 28)) == "overdue"
    assert calendar.group("under_review", date(2026, 11, 1)) == "no_date"
    assert calendar.group("under_review", None) == "no_date"


@pytest.mark.parametrize(
    ("deadline", "day"),
    [
        ("2026-12-01", "2026-12-01"),
        ("between 2026-12-01 and 2026-12-31", "2026-12-31"),
        ("after 2026-12-01", "2026-12-02"),
        ("2026-12-01T23:30[UTC]", "2026-12-02"),  # that is the day in Brussels
        ("undated", None),
    ],
)
def test_the_day_under_which_a_deadline_is_listed(deadline: str, day: str | None) -> None:
    bounds = resolve(parse(deadline), ZoneChoice("America/New_York"), {})
    assert day_of(bounds, "Europe/Brussels") == (date.fromisoformat(day) if day else None)
