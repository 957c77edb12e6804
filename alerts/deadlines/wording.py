"""Days and instants as people write them."""

from __future__ import annotations

from datetime import date

from alerts.deadlines.points import Day, Point
from alerts.deadlines.zones import zone_info


def format_day(day: date) -> str:
    """Write a day with its weekday: `Mon 10 Nov 2025`. In English whatever the locale."""
    return f"{'Mon Tue Wed Thu Fri Sat Sun'.split()[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def format_point(point: Point) -> str:
    """Write a day or an instant on its own wall clock, with the zone."""
    if isinstance(point, Day):
        return format_day(point.date)
    wall = point.at.astimezone(zone_info(point.zone or "UTC"))
    return f"{format_day(wall.date())} {wall:%H:%M} {point.zone or '(zone not stated)'}"
