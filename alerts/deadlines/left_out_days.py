"""The days that a count leaves out, named with why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from alerts.deadlines.business_days import WEEKEND, BusinessCalendar
from alerts.deadlines.wording import format_day

DAY = timedelta(days=1)
MOST_WEEKENDS = 4  # that are named one by one

LeftOut = dict[date, str]  # a day, and why it does not count


def days_off(first: date, last: date, calendar: BusinessCalendar) -> LeftOut:
    """Return the days that are no business days, from one day to another, in either order."""
    begins, ends = min(first, last), max(first, last)
    days = (begins + timedelta(days=number) for number in range((ends - begins).days + 1))
    return {day: why for day in days if (why := calendar.why_off(day))}


def name_left_out(days: Mapping[date, str]) -> str:
    """Name days with why they are left out; those that follow each other for one reason together."""
    runs = list(_runs(days))
    weekends = [run for run in runs if days[run[0]].startswith(WEEKEND)]
    if len(weekends) <= MOST_WEEKENDS:
        return ", ".join(_name_run(run, days[run[0]]) for run in runs)
    named = [_name_run(run, days[run[0]]) for run in runs if run not in weekends]
    between = f"from {format_day(weekends[0][0])} to {format_day(weekends[-1][-1])}"
    return ", ".join([*named, f"the {len(weekends)} weekends {between}"])


def _runs(days: Mapping[date, str]) -> Iterable[list[date]]:
    run: list[date] = []
    for day in sorted(days):
        if run and (day - run[-1] != DAY or days[day] != days[run[-1]]):
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _name_run(run: list[date], why: str) -> str:
    named = format_day(run[0]) + (f" to {format_day(run[-1])}" if len(run) > 1 else "")
    return f"{named} ({why})"
