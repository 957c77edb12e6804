"""Recurrences that pass over months or years, and how to state them without."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from itertools import islice, pairwise

import pytest

from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.skipped_months import skipped_periods
from alerts.deadlines.zone_choice import ZoneChoice


@pytest.mark.parametrize(
    ("rule", "which", "instead"),
    [
        ("FREQ=MONTHLY from 2026-01-31", "month that has no day 31, such as February 2026", "BYMONTHDAY=-1"),
        ("FREQ=MONTHLY from 2026-01-30", "month that has no day 30", "BYMONTHDAY=28,29,30;BYSETPOS=-1"),
        ("FREQ=MONTHLY;BYMONTHDAY=29 from 2026-03-29", "month that has no day 29, such as February 2027",
         "BYMONTHDAY=28,29;BYSETPOS=-1"),
        ("FREQ=MONTHLY;INTERVAL=2 from 2026-01-31", "month that has no day 31, such as September 2026",
         "BYMONTHDAY=-1"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,31 from 2026-01-15", "month that has no day 31", "BYMONTHDAY=-1"),
        ("FREQ=MONTHLY;BYMONTHDAY=-31 from 2026-01-01", "month that has no day 31", "BYMONTHDAY=1"),
        ("FREQ=YEARLY;BYMONTHDAY=29 from 2024-02-29", "year that has no 29 February", "BYMONTH=2;BYMONTHDAY=-1"),
        ("FREQ=YEARLY from 2024-02-29", "year that has no 29 February, such as 2025", "BYMONTH=2;BYMONTHDAY=-1"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29 from 2024-02-29", "year that has no 29 February", "BYMONTHDAY=-1"),
        ("FREQ=YEARLY;BYYEARDAY=366 from 2024-12-31", "year that has no day 366", "BYYEARDAY=-1"),
        ("FREQ=YEARLY;BYWEEKNO=53 from 2026-12-28", "year that has no week 53", "BYWEEKNO=-1"),
        ("FREQ=MONTHLY;BYDAY=5MO from 2026-01-01", "month that has no fifth such weekday", "BYDAY=-1MO"),
    ],
)  # fmt: skip
def test_what_is_passed_over_is_named_with_another_way(rule: str, which: str, instead: str) -> None:
    said = skipped_periods(parse(f"every {rule}")) or ""
    assert said.startswith(f"skips each {which}")
    assert f"`{instead}`" in said
    start = rule.partition(" from ")[2]
    freq = rule.partition(" ")[0].partition(";")[0]
    assert skipped_periods(parse(f"every {freq};{instead} from {start}")) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "every FREQ=MONTHLY from 2026-01-28",
        "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-01-31",
        "every FREQ=MONTHLY;INTERVAL=12 from 2026-01-31",
        "every FREQ=MONTHLY;BYMONTH=1,3,5 from 2026-01-31",
        "every FREQ=MONTHLY;BYDAY=-1FR from 2026-01-30",
        "every FREQ=YEARLY from 2025-12-31",
        "every FREQ=YEARLY;INTERVAL=4 from 2024-02-29",
        "every FREQ=WEEKLY from 2026-01-31",
        "every FREQ=DAILY from 2024-02-29",
    ],
)
def test_what_passes_over_nothing_is_not_named(text: str) -> None:
    assert skipped_periods(parse(text)) is None


@pytest.mark.parametrize("interval", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("day", [28, 29, 30, 31])
def test_a_rule_is_named_exactly_where_a_month_has_no_occurrence(day: int, interval: int) -> None:
    text = f"every FREQ=MONTHLY;INTERVAL={interval} from 2026-01-{day}"
    recurs = resolve(parse(text), ZoneChoice("UTC"), {}).recurrence
    assert recurs is not None
    found = [date.fromisoformat(name) for name in islice(recurs.names(), 60)]
    visited = [(2026 + number // 12, number % 12 + 1) for number in range(0, 336, interval)]
    missing = [month for month in visited if monthrange(*month)[1] < day]
    gaps = [later for one, later in pairwise(found) if later - one > timedelta(31 * interval)]
    assert bool(skipped_periods(parse(text))) == bool(missing) == bool(gaps)
