"""Dates by week: where an item is drawn, and what is counted instead."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.core.notifications import ReminderContext
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Day
from alerts.rendering.reminder_facts import facts
from alerts.rendering.timeline import DAYS, ROWS, WEEKS, Timeline, timeline
from tests.rendering.reminder_factories import NEW_YORK, NOW, at, bounds_of, notification, told

TODAY = date(2025, 11, 3)
SIGNS = {"": ".", "day": "o", "span": "=", "opening": "o", "onward": "-"}


def drawn(*items: ReminderContext, now: str = "2025-11-03T14:00", reader: str = NEW_YORK) -> Timeline:
    asked = notification(*items, now=at(now), zone=reader)
    return timeline(facts(asked), asked.now, reader)


def signs(chart: Timeline) -> list[str]:
    return ["".join(SIGNS[cell.kind] for cell in row.cells) for row in chart.rows]


CASES = [
    # deadline, now, reader, what is drawn
    ("2025-11-03", "2025-11-03T14:00", NEW_YORK, "o............"),
    ("2025-11-09", "2025-11-03T14:00", NEW_YORK, "o............"),
    ("2025-11-10", "2025-11-03T14:00", NEW_YORK, ".o..........."),
    ("by 2025-11-10", "2025-11-03T14:00", NEW_YORK, ".o..........."),
    ("2026-02-01", "2025-11-03T14:00", NEW_YORK, "............o"),
    ("after 2025-11-10", "2025-11-03T14:00", NEW_YORK, ".o-----------"),
    ("after 2026-02-01", "2025-11-03T14:00", NEW_YORK, "............o"),
    ("2025-12-10/..", "2025-11-03T14:00", NEW_YORK, ".....o-------"),
    ("between 2025-11-28 and 2025-12-28", "2025-11-03T14:00", NEW_YORK, "...=====....."),
    ("between 2025-11-28 and 2025-11-29", "2025-11-03T14:00", NEW_YORK, "...=........."),
    ("between 2025-10-01 and 2025-11-04", "2025-11-03T14:00", NEW_YORK, "=............"),
    ("between 2026-01-28 and 2026-12-28", "2025-11-03T14:00", NEW_YORK, "............="),
    ("within P6M of 2025-10-28", "2025-11-03T14:00", NEW_YORK, "============="),
    # a civil day is drawn as it is stated; an instant on the reader's clock
    ("2025-11-10", "2025-11-03T14:00", "Asia/Tokyo", ".o..........."),
    ("2025-11-10T01:00[Asia/Tokyo]", "2025-11-03T14:00", "Asia/Tokyo", ".o..........."),
    ("2025-11-10T01:00[Asia/Tokyo]", "2025-11-03T14:00", NEW_YORK, "o............"),
    # the reader's day turns before New York's does: not over, so drawn today
    ("2025-11-03", "2025-11-03T16:00", "Asia/Tokyo", "o............"),
    ("2025-11-10", "2025-11-04T04:59", NEW_YORK, ".o..........."),
    ("2025-11-10", "2025-11-04T05:00", NEW_YORK, "o............"),
    # weeks are of civil days, though clocks change within them (1 November to 30 January; 8 March)
    ("2025-11-08", "2025-11-01T14:00", NEW_YORK, ".o..........."),
    ("2026-03-14", "2026-03-07T23:00", NEW_YORK, ".o..........."),
    ("2026-03-13", "2026-03-07T23:00", NEW_YORK, "o............"),
]


@pytest.mark.parametrize(("deadline", "now", "reader", "row"), CASES)
def test_a_day_is_a_mark_a_window_a_bar_and_what_has_no_end_goes_on(
    deadline: str, now: str, reader: str, row: str
) -> None:
    assert signs(drawn(told(deadline), now=now, reader=reader)) == [row]


COUNTED = [
    ("2025-10-31", "overdue", "late"),
    ("between 2025-10-01 and 2025-10-31", "overdue", "late"),
    ("2026-02-02", "before", "later"),
    ("between 2026-02-02 and 2026-03-02", "before", "later"),
    ("after 2026-02-02", "before", "later"),
    ("undated", "review", "open"),
    ("undated (none)", "review", "open"),
    ("after 2025-10-10", "review", "open"),
]


@pytest.mark.parametrize(("deadline", "kind", "counted"), COUNTED)
def test_what_is_not_within_the_13_weeks_is_counted(deadline: str, kind: str, counted: str) -> None:
    chart = drawn(told(deadline, kind))
    assert {name: getattr(chart, name) for name in ("late", "later", "open", "more")} == {
        "late": 0, "later": 0, "open": 0, "more": 0, counted: 1,
    }  # fmt: skip
    assert not chart.rows


def test_what_is_closed_is_not_drawn_and_what_is_told_twice_is_drawn_once() -> None:
    closed = told("2025-11-10", "closed", commitment={"key": "done", "status": "fulfilled"})
    chart = drawn(closed, told("2025-11-10", "moved"), told("2025-11-10", "before"))
    assert [row.item.key for row in chart.rows] == ["truce-review"]


def test_each_occurrence_has_a_row_and_what_recurs_has_a_mark_for_each_that_comes() -> None:
    each = [told(f"2025-11-{day}", reminder={"occurrence": f"2025-11-{day}"}) for day in (10, 24)]
    assert signs(drawn(*each)) == [".o...........", "...o........."]
    whole = told("every FREQ=MONTHLY;BYMONTHDAY=15 from 2025-10-15", "moved")
    assert signs(drawn(whole)) == [".o....o...o.."]
    weekly = told("every FREQ=WEEKLY from 2025-10-15", "moved")
    assert signs(drawn(weekly)) == ["ooooooooooooo"]


def test_the_soonest_have_a_row_and_more_are_counted() -> None:
    days = [date(2025, 11, 3) + timedelta(days=n) for n in range(20)]
    chart = drawn(*(told(str(day), commitment={"key": f"k-{day}"}) for day in reversed(days)))
    assert [row.day for row in chart.rows] == days[:ROWS]
    assert chart.more == 8


def test_the_ends_of_a_window_show_where_they_are_drawn() -> None:
    whole, begun, beyond = (
        drawn(told(deadline)).rows[0]
        for deadline in (
            "between 2025-11-28 and 2025-12-28",
            "between 2025-10-01 and 2025-11-20",
            "between 2026-01-01 and 2026-05-01",
        )
    )
    for row, begins, ends in ((whole, [3], [7]), (begun, [], [2]), (beyond, [8], [])):
        assert [week for week, cell in enumerate(row.cells) if cell.begins] == begins
        assert [week for week, cell in enumerate(row.cells) if cell.ends] == ends


RUNS = [
    ("2025-11-10", ":1 day:1 :2 :5 :4"),
    ("2025-12-01", ":4 day:1 :4 :4"),
    ("between 2025-11-28 and 2025-12-28", ":3 span:5 :1 :4"),
    ("after 2025-11-10", ":1 opening:1 onward:11"),
    ("within P6M of 2025-10-28", "span:13"),
]


@pytest.mark.parametrize(("deadline", "said"), RUNS)
def test_cells_that_look_like_one_are_put_together_but_not_across_months(deadline: str, said: str) -> None:
    row = drawn(told(deadline)).rows[0]
    assert " ".join(f"{cell.kind}:{columns}" for cell, columns in row.runs) == said
    ends = [(cell.begins, cell.ends) for cell, _ in row.runs if cell.kind == "span"]
    assert not ends or ends[0] == (any(cell.begins for cell in row.cells), any(cell.ends for cell in row.cells))


MONTHS = [
    ("2025-11-03T14:00", "Nov 2025:4 Dec:5 Jan 2026:4", [4, 9]),
    ("2025-10-28T14:00", "Oct:1 Nov:4 Dec:5 Jan 2026:3", [1, 5, 10]),
    ("2026-06-01T14:00", "Jun 2026:5 Jul:4 Aug:4", [5, 9]),
    ("2026-10-20T14:00", "Oct:2 Nov:4 Dec:5 Jan:2", [2, 6, 11]),
]


@pytest.mark.parametrize(("now", "months", "turns"), MONTHS)
def test_months_stand_over_the_columns_that_begin_in_them(now: str, months: str, turns: list[int]) -> None:
    chart = drawn(told("2027-01-01"), told("after 2025-01-01", commitment={"key": "k"}), now=now)
    said = [f"{month.name}{f' {month.year}' if month.year else ''}:{month.columns}" for month in chart.months]
    assert " ".join(said) == months
    row = drawn(told(str(chart.today)), now=now).rows[0]
    assert [week for week, cell in enumerate(row.cells) if cell.turn] == turns


@pytest.mark.parametrize("now", ["9999-12-20T14:00", "0001-01-02T14:00"])
def test_the_ends_of_the_calendar_are_drawn_as_well(now: str) -> None:
    day = Day(at(now).date(), "UTC")
    item = told(bounds=Bounds(first=day, last=day, named=day, form="on"))
    assert signs(drawn(item, now=now, reader="UTC")) == ["o............"]


dates = st.dates(date(2025, 6, 1), date(2026, 6, 1))
zones = st.sampled_from([None, "UTC", NEW_YORK, "Asia/Tokyo", "Pacific/Apia", "AoE"])


@given(st.lists(st.tuples(dates, dates, zones), min_size=1, max_size=12), st.integers(0, 200))
def test_every_dated_item_lies_in_exactly_its_columns_or_is_counted(ends: list[Any], hours: int) -> None:
    now = NOW + timedelta(hours=hours)
    windows = [[*sorted(pair[:2]), pair[2]] for pair in ends]
    items = [
        told(f"between {first} and {last}" if first != last else str(first), zone=zone, commitment={"key": f"k-{n}"})
        for n, (first, last, zone) in enumerate(windows)
    ]
    said = {item.key: item for item in facts(notification(*items, now=now))}
    chart = timeline(said.values(), now, NEW_YORK)
    rows = {row.item.key: row for row in chart.rows}
    assert chart.more == 0
    assert len(rows) + chart.late + chart.later == len(windows)
    columns = [[chart.today + timedelta(days=7 * week + day) for day in range(7)] for week in range(WEEKS)]
    for n, (first, last, _) in enumerate(windows):
        item = said[f"k-{n}"]
        end = last if item.standing == "past" else max(last, chart.today)
        within = item.standing != "past" and first < chart.today + timedelta(days=DAYS)
        mine = [any(min(first, end) <= day <= end for day in week) for week in columns]
        if first == last:  # a day that is over for the reader, but not where it is meant, is drawn today
            mine = [end in week for week in columns]
        assert (f"k-{n}" in rows) == within
        if within:
            assert [bool(cell.kind) for cell in rows[f"k-{n}"].cells] == mine


def test_a_zone_that_is_not_stated_leaves_the_day_where_it_is() -> None:
    assert signs(drawn(told(bounds=bounds_of("2025-11-10")))) == [".o..........."]
