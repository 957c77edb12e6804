"""From a stated series to its recurrence: its start, which may be the day of another commitment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import dropwhile, islice

from alerts.deadlines.business_day_series import business_day_of
from alerts.deadlines.done_series import DoneSeries, continued
from alerts.deadlines.durations import BusinessDays
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import AfterDone, Deadline, Every, SeriesStart
from alerts.deadlines.points import Day, Point
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.rule_parts import keep_to_month_ends, without_end
from alerts.deadlines.stated_dates import CivilDay, Reference, WallTime
from alerts.deadlines.term_ends import Resolved, ends_of
from alerts.deadlines.terms import stated_in
from alerts.deadlines.zones import zone_info

ONE_DAY = timedelta(days=1)


def recurrence_of(deadline: Every, known: Mapping[str, Resolved], work: Resolution) -> Recurrence | None:
    """Return what a recurring deadline gives; None while the day from which it counts is not known.

    Raises InputError where nothing is left of it.
    """
    found = _start_of(deadline.start, known, work)
    if found is None:
        return None
    begins, zone = found
    rule, stated = deadline.rule, isinstance(deadline.start, CivilDay | WallTime)
    if not stated and not deadline.business_day:
        rule = keep_to_month_ends(rule, begins)
    roll = work.zone.roll
    place = deadline.business_day
    calendars = work.zone.calendars if place else ()
    recurs = Recurrence(rule, begins, zone, deadline.without, roll, place, calendars)
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


def done_series_of(deadline: AfterDone, known: Mapping[str, Resolved], work: Resolution) -> DoneSeries | None:
    """Return what a deadline gives that counts from when it was last done; None while its first date is not known."""
    before = work.before if isinstance(work.before, DoneSeries) else None
    found = _start_of(deadline.start, known, work)
    if found is None and before is not None and before.last_done:  # the start does not matter any more
        found = before.start, before.zone
    if found is None:
        return None
    counts = isinstance(deadline.lead, BusinessDays)
    series = DoneSeries(
        rule=str(deadline.lead),
        start=found[0],
        zone=found[1],
        roll=work.zone.roll,
        calendars=work.zone.calendars if counts else (),
        turns=(),
    ).from_start()
    series = continued(series, before)
    point = series.point(series.open_name)
    assert point.end  # outside the years 1 to 9999 it is refused, as any other date
    if counts:
        work.business_days.why_off(point.date)  # so that the explanation names the calendars
    return series


def _start_of(
    start: SeriesStart, known: Mapping[str, Resolved], work: Resolution
) -> tuple[date | datetime, str | None] | None:
    """Return the local day or time from which a series counts, and its zone; None while it is unknown or a window."""
    if isinstance(start, CivilDay | WallTime):
        point: Point | None = work.dated(start)[0]
        local = start.date if isinstance(start, CivilDay) else start.wall
    else:
        first, last = ends_of(start, known, work)
        point = first if first == last else None
        if point is None and (first or last):
            work.explanation.append(f"{start} is not one day, so nothing follows from it yet")
        local = _local(point) if point else date.min
    if point is None:
        return None
    if work.zone.roll != "none":
        work.business_days.why_off(point.date)  # so that the explanation names the calendars
    return local, point.zone


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
