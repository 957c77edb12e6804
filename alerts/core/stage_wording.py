"""A short status of a commitment: the days until it is due, or since when it has been overdue."""

from __future__ import annotations

from datetime import datetime

from alerts.core.stages import STAGES, Stage, stage_of
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Point
from alerts.deadlines.zones import zone_info

ORDER: tuple[Stage, ...] = ("overdue", "due", "ahead", "under_review")
assert set(ORDER) == set(STAGES)
OVERDUE = ("overdue since today", "{} overdue")
PAST = {"expiry": ("expired today", "expired {} ago"), "event": ("was today", "was {} ago")}  # nothing is owed


def stage_now(tracked: Tracked, now: datetime) -> Stage | None:
    """Return the stage of what is open and does not recur; None otherwise."""
    return stage_of(tracked.bounds, now) if tracked.open and not tracked.recurs else None


def describe_standing(tracked: Tracked, now: datetime, zone: str) -> str:
    """Return how it stands: `in 5 days`, `due today`, `3 days overdue`, `under review`; of what is closed, its status.

    Days are counted where the date counts, or in `zone` where that is unknown. Of what recurs, ask for an occurrence.
    """
    if not tracked.open:
        return tracked.ended_as
    if tracked.recurs:
        return "no occurrence is open"
    bounds, stage = tracked.bounds, stage_of(tracked.bounds, now)
    if stage == "overdue":
        return describe_past(tracked.commitment.kind, bounds, now, zone)
    if stage == "ahead":
        if bounds.opens:
            return _counted(_days_to(bounds.first, now, zone), "opens today", "opens in {}")
        if not bounds.has_date:
            return _counted(_days_to(bounds.stands_at, now, zone), "under review today", "under review in {}")
        return _counted(_days_to(bounds.named or bounds.last or bounds.first, now, zone), "today", "in {}")
    if stage == "due":
        return _counted(_days_to(bounds.last, now, zone), "due today", "{} left")
    if bounds.first is None:
        return "under review"
    return _counted(-_days_to(bounds.first, now, zone), "under review since today", "under review for {}")


def describe_past(kind: str, bounds: Bounds, at: datetime, zone: str) -> str:
    """Return for how long a date has passed at a time: `3 days overdue`; of what only ends, `expired 3 days ago`."""
    return _counted(-_days_to(bounds.last, at, zone), *PAST.get(kind, OVERDUE))


def order_of(tracked: Tracked, now: datetime) -> tuple[int, datetime, str]:
    """Return the place in a listing: what is overdue first, then by date, then what has none; what is closed last."""
    bounds, stage = tracked.bounds, stage_now(tracked, now)
    at = bounds.latest or bounds.comes_at or tracked.recorded_at
    place = ORDER.index(stage) if stage else len(ORDER) + (not tracked.open)
    return place, at, tracked.commitment.key


def _days_to(point: Point | None, now: datetime, zone: str) -> int:
    if point is None:
        return 0
    return (point.date - now.astimezone(zone_info(point.zone or zone)).date()).days


def _counted(days: int, none: str, form: str) -> str:
    return none if days <= 0 else form.format("1 day" if days == 1 else f"{days} days")
