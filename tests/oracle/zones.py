"""Wall clocks and civil days of a zone as instants.

A wall time that does not exist is moved forward by the gap; one that exists twice is the first; a day starts at the
first instant that exists on it. A zone is a name of the IANA database or an offset such
as `-05:00`; an unknown one is None.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

AOE = "-12:00"
FIRST_PLACE, LAST_PLACE = timedelta(hours=14), timedelta(hours=12)


@cache
def clock_of(zone: str | None) -> tzinfo:
    """Return the clock of a zone; an unknown zone is read as UTC where something must be counted."""
    if zone is None or zone == "Z":
        return UTC
    if zone[0] in "+-":
        hours, minutes = zone[1:].split(":")
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(offset if zone[0] == "+" else -offset)
    return ZoneInfo(zone)


def instant(wall: datetime, zone: str | None) -> datetime:
    """Return the instant at which the clocks of the zone show `wall` (naive)."""
    return wall.replace(tzinfo=clock_of(zone), fold=0).astimezone(UTC)


def wall(at: datetime, zone: str | None) -> datetime:
    """Return what the clocks of the zone show (naive)."""
    return at.astimezone(clock_of(zone)).replace(tzinfo=None, fold=0)


@cache
def start_of_day(day: date, zone: str | None) -> datetime:
    """Return the first instant on that day, or, where the zone leaves the day out, the first after it."""
    midnight = datetime.combine(day, time())
    found = instant(midnight, zone)
    if wall(found, zone) == midnight:
        return found
    found -= timedelta(hours=3)
    while wall(found, zone) < midnight:
        found += timedelta(minutes=1)
    return found
