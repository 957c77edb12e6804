"""Days and instants, as a deadline states them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.deadlines.zones import FIRST_PLACE, LAST_PLACE, at_wall, start_of_day, zone_info


@frozen
class Day:
    """A civil day in a zone; with no zone, the day as it is lived somewhere on earth."""

    date: date
    zone: str | None = None

    @property
    def start(self) -> datetime:
        """Return its first instant; where the zone is unknown, in the first place on earth."""
        return start_of_day(self.date, zone_info(self.zone) if self.zone else FIRST_PLACE)

    @property
    def end(self) -> datetime:
        """Return the first instant after it; where the zone is unknown, in the last place on earth."""
        return start_of_day(self.date + timedelta(days=1), zone_info(self.zone) if self.zone else LAST_PLACE)

    @property
    def counted_start(self) -> datetime:
        """Return its first instant as leads count it: in UTC where the zone is unknown."""
        return start_of_day(self.date, zone_info(self.zone or "UTC"))

    @property
    def counted_end(self) -> datetime:
        """Return the first instant after it as leads count it: in UTC where the zone is unknown."""
        return Day(self.date + timedelta(days=1), self.zone).counted_start

    def shift(self, duration: Duration) -> Day:
        """Move by whole civil days; raises InputError for a duration with hours in it."""
        if duration.time:
            raise InputError(f"{duration} has hours in it, and a day has none to count from")
        return Day(duration.shift(self.date), self.zone)

    def on(self, other: Day) -> Day:
        """Return the point on another day."""
        return Day(other.date, self.zone)

    def before(self, duration: Duration) -> datetime:
        """Return the moment that lies a lead before this day: civil days first, then exact time."""
        return Day(duration.negated().shift(self.date), self.zone).counted_start - duration.time


@frozen
class Instant:
    """A point in time and the zone whose wall clock states it; with no zone, `at` is that wall clock read as UTC."""

    at: datetime
    zone: str | None = None

    @property
    def start(self) -> datetime:
        """Return the instant; where the zone is unknown, when that wall clock first shows it on earth."""
        return self.at if self.zone else self.at - timedelta(hours=14)

    @property
    def end(self) -> datetime:
        """Return the instant; where the zone is unknown, when that wall clock last shows it on earth."""
        return self.at if self.zone else self.at + timedelta(hours=12)

    @property
    def counted_start(self) -> datetime:
        return self.at

    @property
    def counted_end(self) -> datetime:
        return self.at

    @property
    def date(self) -> date:
        """Return the civil day on which it falls."""
        return self.at.astimezone(zone_info(self.zone or "UTC")).date()

    def shift(self, duration: Duration) -> Instant:
        """Move at the same wall clock by the calendar part, then by the exact one."""
        zone = zone_info(self.zone or "UTC")
        wall = self.at.astimezone(zone).replace(tzinfo=None)
        moved = at_wall(duration.shift_wall(wall), zone) if duration.has_days else self.at
        return Instant(moved + duration.time, self.zone)

    def on(self, other: Day) -> Instant:
        """Return the same wall clock on another day."""
        zone = zone_info(self.zone or "UTC")
        return Instant(at_wall(datetime.combine(other.date, self.at.astimezone(zone).time()), zone), self.zone)

    def before(self, duration: Duration) -> datetime:
        """Return the moment that lies a lead before this instant, at the same wall clock."""
        return self.shift(duration.negated()).at


Point = Day | Instant


def is_reversed(first: Point | None, last: Point | None) -> bool:
    """Return whether a window ends before it begins on the calendar.

    Ends are compared as leads count them: the hours that an unknown zone adds would hide that it is reversed.
    """
    if first is None or last is None:
        return False
    begins, ends = first.counted_start, last.counted_end
    return begins > ends or (isinstance(last, Day) and begins == ends and first.date > last.date)


def parse_point(text: str) -> Point:
    """Read back what `print_point` wrote."""
    stated, _, zone = text.partition("[")
    name = zone.rstrip("]") or None
    if "T" in stated:
        return Instant(datetime.fromisoformat(stated), name)
    return Day(date.fromisoformat(stated), name)


def print_point(point: Point) -> str:
    """Write a point so that it can be stored: `2025-11-10[America/New_York]`, `2025-11-10T05:01:00+00:00[UTC]`."""
    stated = point.date.isoformat() if isinstance(point, Day) else point.at.isoformat()
    return f"{stated}[{point.zone}]" if point.zone else stated
