"""The days until which reminders may pause, and when such a pause ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.core.stages import Stage
from alerts.core.tracked import Tracked
from alerts.deadlines.points import Day
from alerts.rendering.template_filters import on_day

PAUSES = (("tomorrow", 1), ("for 3 days", 3), ("for a week", 7))
REPEATING: frozenset[Stage] = frozenset({"overdue", "under_review"})  # where an acknowledgement pauses reminders


@dataclass(frozen=True, slots=True)
class PauseChoice:
    """A day until which reminders may pause, and how a button names it."""

    name: str
    day: date


def pause_choices(now: datetime, zone: str) -> tuple[PauseChoice, ...]:
    """Return the days that buttons offer: tomorrow, in three days, in a week. `zone`: the reader's."""
    today = on_day(now, zone)
    return tuple(PauseChoice(name, today + timedelta(days=days)) for name, days in PAUSES)


def end_of(day: date, tracked: Tracked, zone: str) -> datetime:
    """Return when an answer ends that holds until a day: with that day, where the deadline is."""
    return Day(day, tracked.bounds.zone or zone).end


def pause_end(day: date, tracked: Tracked, zone: str, now: datetime, longest: timedelta) -> datetime | None:
    """Return when an answer ends that holds until a day; None where that has passed, or lies too far ahead."""
    today = on_day(now, zone)
    if not today <= day <= today + longest:
        return None
    end = end_of(day, tracked, zone)
    return end if end > now else None
