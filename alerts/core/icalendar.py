"""What calendars in mails, feeds and exported files have in common (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, date, timedelta

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Day

CRITICAL = 1

PRODUCT = "-//deadline-alerts//EN"
NUMBERS = {"critical": CRITICAL, "high": 2, "normal": 5, "low": 9}

EventTimes = tuple[date, date | None]


def event_times(bounds: Bounds) -> EventTimes | None:
    """Return DTSTART and the exclusive DTEND, both days or both instants (RFC 5545 §3.6.1).

    They are the ends of a window, else the day or instant that leads count from.
    """
    named = bounds.named
    if named is None:
        return None
    first, last = (bounds.first, bounds.last) if bounds.first and bounds.last else (named, named)
    if isinstance(first, Day) and isinstance(last, Day) and first.date <= last.date:  # in different zones it may not be
        return first.date, last.date + timedelta(days=1)
    begins, ends = first.counted_start.astimezone(UTC), last.counted_end.astimezone(UTC)
    return begins, ends if begins < ends else None
