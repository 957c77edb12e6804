"""The groups in which a page lists what is due: overdue, then by the day on which it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

from alerts.core.stages import Stage
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Day
from alerts.deadlines.zones import zone_info

DueGroup = Literal["overdue", "today", "this_week", "next_week", "this_month", "later", "no_date"]
DUE_GROUPS: tuple[DueGroup, ...] = get_args(DueGroup)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The last days of the groups, as a reader counts them. Weeks end on Sunday."""

    today: date
    this_week: date
    next_week: date
    this_month: date

    @classmethod
    def on(cls, today: date) -> Calendar:
        """Return the calendar of a day."""
        sunday = _after(today, 6 - today.weekday())
        next_month = _after(today.replace(day=1), 31).replace(day=1)
        return cls(today=today, this_week=sunday, next_week=_after(sunday, 7), this_month=_after(next_month, -1))

    def group(self, stage: Stage, day: date | None) -> DueGroup:
        """Return the group of what is at a stage and counts on a day: a day that has passed counts as today.

        What is open already and has no end belongs to no day.
        """
        if stage == "overdue":
            return "overdue"
        if day is None or stage == "under_review":
            return "no_date"
        if day <= self.today:
            return "today"
        if day <= self.this_week:
            return "this_week"
        if day <= self.next_week:
            return "next_week"
        return "this_month" if day <= self.this_month else "later"


def day_of(bounds: Bounds, zone: str) -> date | None:
    """Return the day under which bounds are listed: the last, else the first; an instant's day is that in a zone."""
    point = bounds.last or bounds.first
    if point is None:
        return None
    return point.date if isinstance(point, Day) or point.zone is None else local_day(point.at, zone)


def local_day(at: datetime, zone: str) -> date:
    """Return the civil day of an instant in a zone; at the ends of the calendar, the day in UTC."""
    try:
        return at.astimezone(zone_info(zone)).date()
    except OverflowError:
        return at.astimezone(UTC).date()


def _after(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
