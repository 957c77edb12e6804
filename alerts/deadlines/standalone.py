"""A deadline that needs nothing but itself: resolved dates, written so that any database works out the same bounds."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.expressions import After, AfterDone, Between, By, Deadline, Every, From, On, Undated
from alerts.deadlines.points import Day, Instant, Point
from alerts.deadlines.stated_dates import CivilDay, WallTime
from alerts.deadlines.terms import Dated
from alerts.deadlines.zones import zone_info


def standalone(bounds: Bounds) -> Deadline:
    """Return a deadline that resolves to the same bounds without other commitments, calendars, or a zone of its own.

    It has the ends, not how they were worked out. Where no zone is known, it states none. What recurs loses its roll
    and its calendars: each occurrence that these have moved has bounds, and so a deadline, of its own. So has each of
    what counts from another series, which as a whole cannot be stated without that.
    """
    if recurs := bounds.recurrence:
        assert not isinstance(recurs, DependentSeries)
        start = recurs.start
        if isinstance(recurs, DoneSeries):
            due = recurs.local(recurs.open_name)
            begins = WallTime(due, zone=recurs.zone) if isinstance(due, datetime) else CivilDay(due, recurs.zone)
            return AfterDone(recurs.lead, begins)
        if isinstance(start, datetime):
            return Every(recurs.rule, WallTime(start, zone=recurs.zone), recurs.without, recurs.business_day)
        return Every(recurs.rule, CivilDay(start, recurs.zone), recurs.without, recurs.business_day)
    first, last, named = bounds.first, bounds.last, bounds.named
    if named is None:
        return Undated()
    if first is None:
        return By(_term(named), "by" if bounds.form == "by" else "until")
    if last is None:
        return From(_term(first)) if named == first and bounds.form != "after" else After(_term(named))
    return On(_term(named)) if first == last else Between(_term(first), _term(last))


def _term(point: Point) -> Dated:
    if isinstance(point, Day):
        return CivilDay(point.date, point.zone)
    return _time(point)


def _time(point: Instant) -> WallTime:
    """Return a wall-clock time; its offset tells the two passes of a repeated hour apart."""
    if point.zone is None:
        return WallTime(point.at.replace(tzinfo=None))
    at = point.at.astimezone(zone_info(point.zone))
    offset = at.utcoffset() or timedelta()
    if offset % timedelta(minutes=1):  # before there were time zones, clocks differed by seconds
        return WallTime(point.at.replace(tzinfo=None), timedelta())
    return WallTime(at.replace(tzinfo=None, fold=0), offset, point.zone)
