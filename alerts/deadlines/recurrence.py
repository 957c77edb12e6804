"""Recurring deadlines: recurrence rules (RFC 5545, 3.3.10 and 3.8.5) and the occurrences that they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from alerts.deadlines.business_day_series import business_day_of, check_months, expand_business_days, on_business_day
from alerts.deadlines.business_days import BusinessCalendar, Roll
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.points import Day, Instant, Point
from alerts.deadlines.rule_expansion import Expansion, expand, expand_near, wall_of
from alerts.deadlines.rule_parts import (
    EXAMPLE,
    check_part,
    check_together,
    describe_months,
    describe_rule,
    explain_rule,
    split_rule,
)
from alerts.deadlines.values import frozen
from alerts.deadlines.wording import format_point
from alerts.deadlines.zones import at_wall, zone_info

ROLLED_AT_MOST = timedelta(days=60)  # no roll and no zone moves an occurrence farther
SOME_YEARS = 41  # 29 February on a given weekday comes again within 40


@frozen
class Recurrence:
    """A rule, the civil day or wall-clock time from which it counts, the zone, and the occurrences that are left out.

    `roll` is how the day of each is moved to a business day; `point` gives the day before that. `business_day` is the
    place of a business day in each month of the rule, counted on `calendars`; 0 where the rule gives the days.

    An occurrence is named by its local date (`2025-11-30`) or wall-clock time (`2025-11-30T09:00`): it keeps that name,
    even if it moves. From the wall-clock time `ends` on there is none: what it counts from was closed.
    """

    rule: str
    start: date | datetime
    zone: str | None = None
    without: tuple[str, ...] = ()
    roll: Roll = "none"
    business_day: int = 0
    calendars: tuple[str, ...] = ()
    ends: datetime | None = None

    @property
    def is_rule(self) -> bool:
        """Return whether a rule of RFC 5545 gives the days."""
        return not self.business_day

    @property
    def open_name(self) -> str | None:
        """Return the name of the one occurrence that is open, if the others come only once that is closed."""
        return None

    def names(self, since: datetime | None = None) -> Iterator[str]:
        """Yield the names of the occurrences, oldest first, from a naive wall-clock time on if one is given."""
        since = since or datetime.min  # noqa: DTZ901  # a wall-clock time
        for wall in self._expansion(since).times(since):
            if self.ends and wall >= self.ends:
                return
            name = self._name(wall)
            if name not in self.without:
                yield name

    def names_about(self, since: datetime) -> Iterator[str]:
        """Yield the names of the occurrences that may come after an instant, for any zone and roll."""
        try:
            yield from self.names(since.replace(tzinfo=None) - ROLLED_AT_MOST - self.displacement[1])
        except OverflowError:
            yield from self.names()

    def begins_after(self, name: str, at: datetime) -> bool:
        """Return whether an occurrence lies after an instant, for any zone and roll; then so do those after it."""
        try:
            return self.order(name) + self.displacement[0] - ROLLED_AT_MOST > at
        except OverflowError:
            return self.displacement[0] > timedelta()

    @property
    def displacement(self) -> tuple[timedelta, timedelta]:
        """Return how far after its name an occurrence lies, at the earliest and at the latest, without a roll."""
        return timedelta(), timedelta()

    @property
    def uses_calendars(self) -> bool:
        """Return whether other calendars may move it."""
        return self.roll != "none"

    def has(self, name: str) -> bool:
        """Return whether there is an occurrence of that name."""
        return _point(self, name) is not None

    def point(self, name: str) -> Point:
        """Return the day or the instant of an occurrence. Raises InputError where there is none of that name."""
        point = _point(self, name)
        if point is None:
            near = did_you_mean(name, list(islice(self.names(), 1000)))
            raise InputError(f"there is no occurrence {name!r}: expected one such as {self._example()!r}{near}")
        return point

    def local(self, name: str) -> date | datetime:
        """Return the day of an occurrence, or its wall-clock time."""
        wall = datetime.fromisoformat(name)
        if self.business_day:
            calendar = BusinessCalendar(self.calendars)
            wall = datetime.combine(business_day_of(wall.date(), self.business_day, calendar)[0], wall.time())
        return wall if isinstance(self.start, datetime) else wall.date()

    @staticmethod
    def order(name: str) -> datetime:
        """Return where an occurrence stands among the others: its wall clock, read as UTC."""
        return datetime.fromisoformat(name).replace(tzinfo=UTC)

    def _example(self) -> str:
        return self.open_name or next(self.names(), self._name(wall_of(self.start)))

    def _name(self, wall: datetime) -> str:
        return name_occurrence(wall if isinstance(self.start, datetime) else wall.date())

    def holds(self, wall: datetime) -> bool:
        """Return whether the rule gives a wall-clock time, left out or not."""
        return next(self._expansion(wall).times(wall), None) == wall

    def _expansion(self, since: datetime) -> Expansion:
        if self.business_day:
            return expand_business_days(self.rule, self.start, self.business_day, self.calendars, self.zone)
        return expand_near(self.rule, wall_of(self.start), self.zone, since)

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        found = {
            "rule": self.rule,
            "start": self.start.isoformat(),
            "zone": self.zone,
            "without": list(self.without),
        } | ({"roll": self.roll} if self.roll != "none" else {})
        counted = {"business_day": self.business_day, "calendars": list(self.calendars)}
        return found | (counted if self.business_day else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recurrence:
        """Read what `to_json` wrote."""
        start = data["start"]
        read = datetime if "T" in start else date
        return cls(
            data["rule"],
            read.fromisoformat(start),
            data["zone"],
            tuple(data["without"]),
            data.get("roll", "none"),
            data.get("business_day", 0),
            tuple(data.get("calendars", ())),
        )

    def __str__(self) -> str:
        without = f" except {', '.join(self.without)}" if self.without else ""
        zone = f"[{self.zone}]" if self.zone else ""
        roll = f" rolled {self.roll}" if self.roll != "none" else ""
        place = f" {on_business_day(self.business_day)}" if self.business_day else ""
        counted = f" counted on {' '.join(self.calendars)}" if self.calendars else ""
        return f"every {self.rule}{place}{counted} from {name_occurrence(self.start)}{zone}{without}{roll}"

    @property
    def to_text(self) -> str:
        """Return the text for people: `every month on the last day`, `every 2 weeks on Monday`."""
        if self.business_day:
            return describe_months(self.rule, self.business_day)
        return describe_rule(self.rule, self.start)

    @property
    def description(self) -> str:
        """Return the text for people, with the first dates: `every month on the 15th: Mon 15 Dec 2025, …`."""
        return f"{self.to_text}: {self._first_dates()}"

    @property
    def explanation(self) -> str:
        """Return the line of the explanation of bounds, which is stored.

        Its rule has the text of earlier versions, so that a recompute does not rewrite all that recurs.
        """
        return self.description if self.business_day else f"{explain_rule(self.rule)}: {self._first_dates()}"

    def _first_dates(self) -> str:
        names = list(islice(self.names(), 4))
        dates = [format_point(self.point(name)) for name in names[:3]]
        return f"{', '.join(dates)}{', …' if len(names) > 3 else ''}"


def name_occurrence(at: date | datetime) -> str:
    """Name an occurrence by its civil day or wall-clock time; seconds only where there are some."""
    if not isinstance(at, datetime):
        return at.isoformat()
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def read_rule(text: str, start: date | datetime, business_day: int = 0) -> str:
    """Return a recurrence rule in capitals, FREQ first; of a business day by its place, that of the months.

    Raises InputError for what RFC 5545 (3.3.10) does not allow, what recurs more often than daily, and what never
    occurs.
    """
    parts = split_rule(text.upper())
    if "FREQ" not in parts:
        raise InputError(f"the rule has no FREQ: {EXAMPLE}")
    for name, value in parts.items():
        check_part(name, value)
    check_together(parts, timed=isinstance(start, datetime))
    if business_day:
        check_months(parts)
        start = start.replace(day=1)
    rule = ";".join(f"{name}={parts[name]}" for name in sorted(parts, key=lambda name: name != "FREQ"))
    if not expand(_endless(parts), _late(wall_of(start)), None).any:
        raise InputError(f"the rule {rule} has no occurrences")
    if not expand(rule, wall_of(start), None).any:
        raise InputError(f"the rule {rule} has no occurrence from {name_occurrence(start)} on")
    return rule


def _endless(parts: Mapping[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))


def _late(start: datetime) -> datetime:
    """Return the same place in the calendar, which repeats itself every 400 years, near its end: a short search."""
    cycles = (9999 - SOME_YEARS - start.year) // 400
    return start.replace(year=start.year + 400 * max(cycles, 0))


@lru_cache(maxsize=65536)
def _point(recurrence: Recurrence, name: str) -> Point | None:
    """Return the point of an occurrence, if it is one; kept, because finding it means counting from the start."""
    timed = isinstance(recurrence.start, datetime)
    try:
        wall = datetime.fromisoformat(name)
        canonical = name_occurrence(wall if timed else wall.date()) == name
        if not canonical or name in recurrence.without or not recurrence.holds(wall):
            return None
        if recurrence.ends and wall >= recurrence.ends:
            return None
    except (ValueError, TypeError, OverflowError):
        return None
    found = recurrence.local(name)
    if not isinstance(found, datetime):
        return Day(found, recurrence.zone)
    return Instant(at_wall(found, zone_info(recurrence.zone or "UTC")), recurrence.zone)
