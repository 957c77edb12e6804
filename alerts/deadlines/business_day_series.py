"""Series on a business day of a month by its place, such as the last: RFC 5545 cannot say them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from alerts.deadlines.business_days import BusinessCalendar
from alerts.deadlines.errors import InputError
from alerts.deadlines.rule_expansion import Expansion, expand, last_wall, wall_of
from alerts.deadlines.rule_parts import split_rule
from alerts.deadlines.wording import print_position

MOST_PLACES = 15  # from either end of a month: one with many holidays may have no more business days
PARTS = frozenset({"FREQ", "INTERVAL", "BYMONTH", "COUNT", "UNTIL"})


def on_business_day(place: int) -> str:
    """Write a place as the canonical form does: `on the 3rd business day`."""
    return f"on the {print_position(place)} business day"


def check_months(parts: Mapping[str, str]) -> None:
    """Raise InputError for a rule that picks anything but months."""
    if parts["FREQ"] not in ("MONTHLY", "YEARLY") or parts.keys() - PARTS:
        raise InputError("a business day by its place goes with a rule of months: FREQ=MONTHLY, or YEARLY and BYMONTH")
    if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts:
        raise InputError("FREQ=YEARLY needs the months in which the business day is counted, such as BYMONTH=3")


def business_day_of(day: date, place: int, calendar: BusinessCalendar) -> tuple[date, list[date]]:
    """Return the business day of a month by its place (`-1` is the last), and the holidays passed on the way.

    In a month that has fewer it is the one at the other end.
    """
    found, passed = _counted(day, place, calendar)
    if (found.year, found.month) != (day.year, day.month):
        return _counted(day, -1 if place > 0 else 1, calendar)
    return found, passed


def _counted(day: date, place: int, calendar: BusinessCalendar) -> tuple[date, list[date]]:
    first, last = day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
    return calendar.count(first - timedelta(days=1) if place > 0 else last + timedelta(days=1), place)


@lru_cache(maxsize=4096)
def expand_business_days(
    rule: str, start: date | datetime, place: int, calendars: tuple[str, ...], zone: str | None
) -> Expansion:
    """Expand on the wall clock. An occurrence is named by the first day of its month, or for the last ones by its last.

    So it keeps its name whatever becomes a holiday.
    """
    return Expansion(_walls(split_rule(rule), start, place, BusinessCalendar(calendars), zone))


def _walls(
    parts: dict[str, str], start: date | datetime, place: int, calendar: BusinessCalendar, zone: str | None
) -> Iterator[datetime]:
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    months = ";".join(f"{name}={value}" for name, value in parts.items())
    begins, edge = wall_of(start), "1" if place > 0 else "-1"
    last = datetime.strptime(last_wall(until, zone), "%Y%m%dT%H%M%S") if until else None  # noqa: DTZ007  # civil

    def found() -> Iterator[datetime]:
        for wall in expand(f"{months};BYMONTHDAY={edge}", begins.replace(day=1), zone).times(begins.replace(day=1)):
            due = datetime.combine(business_day_of(wall.date(), place, calendar)[0], wall.time())
            if last is not None and due > last:
                return
            if due >= begins:
                yield wall

    return islice(found(), int(count) if count else None)
