"""Times as lines for people show them: weekday first, in the zone of the reader."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from alerts.deadlines.zones import zone_info

INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\dZ")  # as stored texts state a time


def shown(at: datetime | None, zone: str) -> str:
    """Return a time as a terminal shows it: weekday first, in a zone (UTC at the ends of the calendar)."""
    if at is None:
        return "–"
    try:
        at = at.astimezone(zone_info(zone))
    except OverflowError:
        at = at.astimezone(UTC)
    return at.strftime("%a %-d %b %Y %H:%M")


def shown_with_zone(at: datetime | None, zone: str) -> str:
    """Return a time as `shown` does, with the zone after it."""
    return f"{shown(at, zone)} {zone}"


def soon(at: datetime, now: datetime, zone: str) -> str:
    """Return when an alert goes out. What is due already goes out at the next tick."""
    return "within a minute" if at <= now else shown_with_zone(at, zone)


def with_local_times(text: str, zone: str) -> str:
    """Return a stored text with its times as a terminal shows them."""
    return INSTANT.sub(lambda found: shown(datetime.fromisoformat(found[0]), zone), text)


def days_after(at: datetime, days: int) -> datetime:
    """Return the time that many days later, or the last instant of the calendar if it ends before."""
    try:
        return at + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
