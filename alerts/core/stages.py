"""Stages: where an occurrence stands, between the time before its window and the time after its end."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Day

Stage = Literal["ahead", "due", "overdue", "under_review"]
STAGES: tuple[Stage, ...] = get_args(Stage)


def stage_of(bounds: Bounds, at: datetime) -> Stage:
    """Return the stage at an instant.

    Ahead before the window opens or the named day begins; due from then until `latest`; overdue from there. What has
    no `latest` is under review once it is open, and so is what has no date.
    """
    return stage_between(begins_at(bounds), bounds.latest, at)


def stage_between(begins: datetime | None, latest: datetime | None, at: datetime) -> Stage:
    """Return the stage at an instant of what `begins_at` then, and is late from `latest` on."""
    if latest is not None and at >= latest:
        return "overdue"
    if begins is not None and at < begins:
        return "ahead"
    return "under_review" if latest is None else "due"


def stage_starts(bounds: Bounds) -> tuple[datetime, ...]:
    """Return when each stage after the first begins."""
    begins, latest = begins_at(bounds), bounds.latest
    if begins is not None and (latest is None or begins < latest):
        return (begins,) if latest is None else (begins, latest)
    return () if latest is None else (latest,)


def begins_at(bounds: Bounds) -> datetime | None:
    """Return when the window opens, or the named day begins, as leads count it."""
    if bounds.opens and bounds.first is not None:
        return bounds.first.counted_start
    point = bounds.named or bounds.last or bounds.first or bounds.stands_at
    if point is None:
        return None
    return point.counted_start if isinstance(point, Day) else Day(point.date, point.zone).counted_start


def has_passed(bounds: Bounds, at: datetime) -> bool:
    """Return whether an occurrence has passed by an instant: its end or, where it has none, its beginning.

    One without any date has passed when the point where it stands has. Before that it must not be reviewed.
    """
    ends = bounds.latest or bounds.earliest or (bounds.stands_at.end if bounds.stands_at else None)
    return ends is not None and ends <= at
