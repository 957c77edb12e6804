"""Days, instants and windows as people write them."""

from __future__ import annotations

from datetime import date

from alerts.deadlines.points import Day, Point
from alerts.deadlines.posix_zones import label_of
from alerts.deadlines.zones import zone_info

MONTH_NAMES = (
    "January February March April May June July August September October November December"
).split()  # in English whatever the locale
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
UNDATED_TEXTS = {
    "not stated": "no date is stated",
    "to be decided": "its date is to be decided",
    "explicitly none": "it explicitly has no date",
}


def format_day(day: date) -> str:
    """Write a day with its weekday: `Mon 10 Nov 2025`. In English whatever the locale."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTH_NAMES[day.month - 1][:3]} {day.year}"


def format_point(point: Point) -> str:
    """Write a day or an instant on its own wall clock, with the zone."""
    if isinstance(point, Day):
        return format_day(point.date)
    wall = point.at.astimezone(zone_info(point.zone or "UTC"))
    zone = label_of(point.zone, wall) if point.zone else "(zone not stated)"
    return f"{format_day(wall.date())} {wall:%H:%M} {zone}"


def describe_window(first: Point | None, last: Point | None, named: Point | None, *, is_by: bool) -> str:
    """Describe a window briefly, never with an exclusive bound. `named` is the point that leads count from."""
    if named is None:
        return "no date is known"
    if first is None and is_by:
        return f"by {format_point(named)}"
    if first is None:
        return f"through {format_point(named)}" if isinstance(named, Day) else f"until {format_point(named)}"
    if last is None:
        if first == named:
            return f"from {format_point(first)}; no end is known"
        holds = "holds through" if isinstance(named, Day) else "holds until"
        return f"{holds} {format_point(named)}; open from {format_point(first)}; no end is stated"
    if first == last:
        return format_point(first)
    return f"{format_point(first)} to {format_point(last)}"


def print_position(number: int) -> str:
    """Write a position: `1st`, `15th`, `last`, `2nd-to-last`."""
    if number == -1:
        return "last"
    count = abs(number)
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if count % 100 in (11, 12, 13) else endings.get(count % 10, "th")
    return f"{count}{ending}" + ("-to-last" if number < 0 else "")
