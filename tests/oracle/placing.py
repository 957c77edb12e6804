"""The zone of a new date: where it names none, and no offset, the one zone that the deadline before named is kept.

AoE belongs to days: a time of day, or an interval that is open at one side, is never put there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.oracle.expressions import (
    After,
    Between,
    BusinessShift,
    By,
    Choice,
    Day,
    Every,
    Expression,
    Interval,
    LastDone,
    Period,
    Shift,
    Wall,
    Within,
)
from tests.oracle.zones import AOE

Date = Day | Wall | Period


def kept(old: Expression, new: Expression) -> Expression:
    """Return a new deadline as it is meant after the old one."""
    zones = {zone for date in dates(old) if (zone := named(date)) is not None}
    if len(zones) != 1 or any(placed(date) for date in dates(new)):
        return new
    (zone,) = zones
    if zone == AOE and any(isinstance(date, Wall) and not half_open(new) for date in dates(new)):
        return new
    return put(new, zone)


def dates(expression: Expression) -> list[Date]:
    """Return the dates that a deadline names."""
    match expression:
        case Day() | Wall() | Period():
            return [expression]
        case After(base) | By(base) | Within(_, base) | Shift(_, base) | BusinessShift(_, base):
            return dates(base)
        case Between(first, last) | Interval(first, last):
            return [date for side in (first, last) if side for date in dates(side)]
        case Choice(_, parts):
            return [date for part in parts for date in dates(part)]
        case Every(start=start) | LastDone(start=start):
            return [start]
    return []


def named(date: Date) -> str | None:
    """Return the zone that a date names; an offset is none."""
    match date:
        case Day(aoe=True):
            return AOE
        case Wall(zone=zone):
            return zone if zone and zone != "Z" and zone[0] not in "+-" else None
    return date.zone


def placed(date: Date) -> bool:
    return date.zone is not None or (isinstance(date, Day) and date.aoe)


def half_open(expression: Expression) -> bool:
    return isinstance(expression, Interval) and not (expression.first and expression.last)


def put(expression: Expression, zone: str) -> Expression:
    """Put all dates of a deadline into a zone."""
    match expression:
        case Day() | Wall() | Period():
            return at(expression, zone)
        case After(base) | By(base) | Within(_, base) | Shift(_, base) | BusinessShift(_, base):
            return replace(expression, base=at(base, zone))
        case Between(first, last):
            return Between(at(first, zone), at(last, zone))
        case Interval(first, last):
            if zone == AOE and half_open(expression):
                return expression
            return replace(expression, first=first and at(first, zone), last=last and at(last, zone))
        case Choice(_, parts):
            return replace(expression, parts=tuple(put(part, zone) for part in parts))
        case Every(start=start) | LastDone(start=start):
            return replace(expression, start=at(start, zone))
    return expression


def at(base: Any, zone: str) -> Any:
    """Put a date into a zone; a reference stays what it is."""
    match base:
        case Day():
            return replace(base, aoe=True) if zone == AOE else replace(base, zone=zone)
        case Wall() | Period():
            return replace(base, zone=zone)
    return base
