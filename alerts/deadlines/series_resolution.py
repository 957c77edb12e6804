"""From a stated series to its recurrence: its start, which may be the day of another commitment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import dropwhile, islice

from alerts.deadlines.business_day_series import business_day_of
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Deadline, Every
from alerts.deadlines.points import Day, Point
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.rule_parts import keep_to_month_ends, without_end
from alerts.deadlines.stated_dates import CivilDay, Reference, WallTime
from alerts.deadlines.term_ends import Resolved, ends_of
from alerts.deadlines.terms import print_position, stated_in
from alerts.deadlines.wording import MONTH_NAMES, format_day
from alerts.deadlines.zones import zone_info

ONE_DAY = timedelta(days=1)


def recurrence_of(deadline: Every, known: Mapping[str, Resolved], work: Resolution) -> Recurrence | None:
    """Return what a recurring deadline gives; None while the day from which it counts is not known.

    Raises InputError where nothing is left of it.
    """
    start = deadline.start
    if isinstance(start, CivilDay | WallTime):
        point: Point | None = work.dated(start)[0]
        begins = start.date if isinstance(start, CivilDay) else start.wall
        rule = deadline.rule
    else:
        point = _start_of(deadline, known, work)
        if point is None:
            return None
        begins = _local(point)
        rule = keep_to_month_ends(deadline.rule, point.date) if not deadline.business_day else deadline.rule
    assert point is not None
    if (roll := work.zone.roll) != "none":
        work.business_days.why_off(point.date)  # so that the explanation names the calendars
    place = deadline.business_day
    calendars = work.zone.calendars if place else ()
    recurs = Recurrence(rule, begins, point.zone, deadline.without, roll, place, calendars)
    if deadline.direction == "after":
        recurs = _after_start(recurs)
    return _checked(deadline, recurs, work)


def _checked(deadline: Every, recurs: Recurrence, work: Resolution) -> Recurrence | None:
    names = list(islice(recurs.names(), 3))
    if not names and isinstance(stated_in(deadline.start), Reference):
        work.explanation.append("it has no date: it ends before the first, or all of them are left out")
        return None
    if not names:
        raise InputError(f"`{deadline}` has no occurrence: all of them are left out")
    assert recurs.point(names[0]).end  # outside the years 1 to 9999 it is refused, as any other date
    for name in names if recurs.business_day else ():  # names the calendars
        business_day_of(datetime.fromisoformat(name).date(), recurs.business_day, work.business_days)
    return recurs


def _start_of(deadline: Every, known: Mapping[str, Resolved], work: Resolution) -> Point | None:
    """Return the day or the instant from which a series counts; None where that is not known, or a window."""
    first, last = ends_of(deadline.start, known, work)
    if first is not None and first == last:
        return first
    if first is not None or last is not None:
        work.explanation.append(f"{deadline.start} is not one day, so nothing follows from it yet")
    return None


def _local(point: Point) -> date | datetime:
    if isinstance(point, Day):
        return point.date
    return point.at.astimezone(zone_info(point.zone or "UTC")).replace(tzinfo=None)


def _after_start(recurs: Recurrence) -> Recurrence:
    """Return a recurrence without its start itself: it starts with the first date after that, in the same rhythm."""
    start = recurs.start
    endless = replace(recurs, rule=without_end(recurs.rule), without=())
    later = dropwhile(lambda day: day <= start, map(endless.local, endless.names()))
    first = next(later, None)
    return recurs if first is None else replace(recurs, start=first)


def explain_dates(deadline: Deadline, recurs: Recurrence | None) -> str | None:
    """Return the line of the explanation that has the rule and the first dates; None for what does not recur."""
    if recurs is None:
        return None
    from_event = isinstance(deadline, Every) and isinstance(stated_in(deadline.start), Reference)
    return recurs.description if from_event else recurs.explanation


def explain_business_day(month: date, place: int, work: Resolution) -> None:
    """Add to the explanation of an occurrence which holidays were passed in its month."""
    day, passed = business_day_of(month, place, work.business_days)
    if passed:
        text = f"the {print_position(place)} business day of {MONTH_NAMES[month.month - 1]} {month.year}"
        work.explanation.append(f"{text} is {format_day(day)}, passing {work.name_days_off(passed)}")
