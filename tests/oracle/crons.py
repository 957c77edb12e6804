"""Standard cron text as the plain list of its firings.

A cron whose minutes or hours begin with `*` fires at each instant at which the clocks show a time that matches. One at
fixed times fires once for each: the first time where the clocks show it twice, right after where they leave it out.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tests.oracle.zones import clock_of, instant, wall

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("", *"jan feb mar apr may jun jul aug sep oct nov dec".split())


def numbers(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """Return the numbers that one field of a cron text allows."""

    def number(part: str) -> int:
        return names.index(part.lower()) if part.lower() in names else int(part)

    found: set[int] = set()
    for piece in text.split(","):
        span, _, step = piece.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            start, end = low, high
        else:
            start = number(first)
            end = number(last) if last else (high if step else start)
        found |= set(range(start, end + 1, int(step or 1)))
    return found


@dataclass(frozen=True, slots=True)
class Firings:
    """All firings between two instants, rising."""

    at: list[datetime]

    def first_from(self, moment: datetime) -> datetime:
        """Return the first firing at or after the moment."""
        return self.at[bisect_left(self.at, moment)]

    def last_before(self, moment: datetime) -> datetime:
        """Return the last firing before the moment."""
        return self.at[bisect_left(self.at, moment) - 1]


def firings(cron: str, zone: str, start: datetime, end: datetime) -> Firings:
    """Look at every day and every minute that may fire."""
    minute, hour, day_of_month, month, weekday = cron.split()
    minutes, hours = numbers(minute, 0, 59), numbers(hour, 0, 23)
    days, months = numbers(day_of_month, 1, 31), numbers(month, 1, 12, MONTHS)
    weekdays = {number % 7 for number in numbers(weekday, 0, 7, WEEKDAYS)}
    wild = minute.startswith("*") or hour.startswith("*")
    clock = [time(h, m) for h in sorted(hours) for m in sorted(minutes)]
    found: set[datetime] = set()
    day: date = wall(start, zone).date()
    while day <= wall(end, zone).date():
        if day.day in days and day.month in months and day.isoweekday() % 7 in weekdays:
            for at in clock:
                found |= _shown(datetime.combine(day, at), zone) if wild else {_once(datetime.combine(day, at), zone)}
        day += timedelta(days=1)
    return Firings(sorted(found))


def _shown(stated: datetime, zone: str) -> set[datetime]:
    """Return the instants at which the clocks show a time: none, one or two."""
    both = (stated.replace(tzinfo=clock_of(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return {at for at in both if wall(at, zone) == stated}


def _once(stated: datetime, zone: str) -> datetime:
    """Return the first instant at which the clocks show a time, or the first one after it that they do show."""
    while wall(at := instant(stated, zone), zone) != stated:
        stated += timedelta(minutes=1)
    return at
