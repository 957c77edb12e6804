"""How far what is counted from an occurrence can lie from its name, and what it is counted with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, time, timedelta
from math import ceil
from typing import Any, TypeVar

from alerts.deadlines.counting import BusinessHours, Counted, Span
from alerts.deadlines.durations import BusinessDays
from alerts.deadlines.expressions import Deadline, During, OneOf, Within
from alerts.deadlines.opening_hours import SHORTEST_OFFICE_HOURS
from alerts.deadlines.stated_dates import Reference
from alerts.deadlines.terms import ClockOn, DayIn, PeriodAt, Shifted, WeekdayFrom

T = TypeVar("T")
Days = tuple[int, int]  # the earliest and the latest, in days after the name of an occurrence
LONGEST_UNIT = {
    "day": 1, "week": 7, "month": 31, "quarter": 92, "half-year": 184, "year": 366, "fiscal quarter": 92,
    "fiscal half-year": 184, "fiscal year": 366,
}  # days  # fmt: skip

WEEKS_OFF = 30  # days: how many beyond three for each that is counted, on several calendars with weeks of holidays


def shift_range(deadline: Deadline, base: Days) -> Days:
    """Return the range in which all ends of a deadline lie that counts from a series whose own range is `base`.

    It may be too wide, never too narrow; rolls and time zones are left to the search (`ROLLED_AT_MOST`).
    """
    found = [_range(part, base) for part in _ends(deadline)]
    return min(first for first, _ in found), max(last for _, last in found)


def _ends(deadline: Deadline) -> Iterator[Any]:
    """Yield the terms that the ends of a deadline are found from."""
    match deadline:
        case OneOf(parts=parts):
            for part in parts:
                yield from _ends(part)
        case Within(duration, base):
            yield from (base, Shifted(duration, "after", base))
        case During(key):
            yield key
        case Shifted():
            yield deadline
        case _:
            yield from (
                getattr(deadline, one.name) for one in fields(deadline) if one.name in ("term", "first", "last")
            )


def _range(term: Any, base: Days) -> Days:
    match term:
        case Shifted(duration, direction, of):
            shortest, longest = _length(duration)
            first, last = _range(of, base)
            return (first + shortest, last + longest) if direction == "after" else (first - longest, last - shortest)
        case PeriodAt(unit, offset, of):
            first, last = _range(of, base)
            longest = LONGEST_UNIT[unit]
            return first + min(offset - 1, 0) * longest, last + max(offset + 1, 0) * longest
        case WeekdayFrom(position, _, direction, of):
            first, last = _range(of, base)
            return (first, last + 7 * position) if direction == "after" else (first - 7 * position, last)
        case DayIn() | ClockOn():
            first, last = _range(term.base, base)
            return first - 1, last + 1
    return base[0] - 1, base[1] + 1  # the key: a day after what is open from the next day, a day before `before`


def _length(span: Span) -> Days:
    """Return how many days a duration takes at least and at most."""
    match span:
        case Counted(lead, _, excluded):
            shortest, longest = _length(lead)
            left_out = sum((last - first).days + 1 for first, last in excluded)
            return shortest, 3 * longest + left_out + WEEKS_OFF
        case BusinessDays(count):
            return count, 3 * count + WEEKS_OFF
        case BusinessHours(count, hours):
            minutes = hours.minutes if hours else SHORTEST_OFFICE_HOURS
            return 0, 3 * ceil(60 * count / minutes) + WEEKS_OFF
    exact = span.time / timedelta(days=1)
    return 365 * span.years + 28 * span.months + span.days + int(exact) - 1, (
        366 * span.years + 31 * span.months + span.days + ceil(exact) + 1
    )


def counts_business_days(deadline: Deadline) -> bool:
    """Return whether a deadline may give another day on other calendars, without a roll."""
    return any(
        isinstance(part, BusinessDays | BusinessHours | Counted)
        or (isinstance(part, DayIn) and part.counted == "business day")
        for part in parts_of(deadline)
    )


def needs_hours(deadline: Deadline) -> bool:
    """Return whether a deadline needs the office hours of who owes it."""
    return any(
        (isinstance(part, BusinessHours) and part.hours is None) or (isinstance(part, ClockOn) and part.clock is None)
        for part in parts_of(deadline)
    )


def needs_fiscal_year(deadline: Deadline) -> bool:
    """Return whether a deadline needs the fiscal year of who owes it, to be counted from a day."""
    return any(isinstance(part, PeriodAt) and part.unit.startswith("fiscal") for part in parts_of(deadline))


def parts_of(node: object) -> Iterator[object]:
    """Yield a deadline or a term with all that it is made of."""
    yield node
    if isinstance(node, tuple):
        for part in node:
            yield from parts_of(part)
    elif is_dataclass(node):
        for one in fields(node):
            yield from parts_of(getattr(node, one.name))


def with_references(node: T, change: Callable[[Reference], object]) -> T:
    """Return a deadline or a term with other references."""
    if isinstance(node, Reference):
        return change(node)  # type: ignore[return-value]  # it stands where a reference stands
    if isinstance(node, tuple):
        return tuple(with_references(part, change) for part in node)  # type: ignore[return-value]
    if not is_dataclass(node) or isinstance(node, date | time):
        return node
    changed = {one.name: with_references(getattr(node, one.name), change) for one in fields(node)}
    return replace(node, **changed)  # type: ignore[type-var]
