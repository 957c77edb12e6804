"""From stated dates to points: zones, durations and business days, with the assumptions made on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal, Protocol

from alerts.deadlines.business_days import BusinessCalendar
from alerts.deadlines.durations import Duration, Lead
from alerts.deadlines.errors import InputError
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.opening_hours import OpeningHours
from alerts.deadlines.points import Day, Instant, Point
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod, WallTime
from alerts.deadlines.wording import format_day
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.deadlines.zones import at_wall, zone_info

if TYPE_CHECKING:
    from alerts.deadlines.expressions import Deadline
    from alerts.deadlines.terms import Dated

NO_ZONE = "no time zone is stated: "
FIRST_ON_EARTH = "it may be due from 10:00 UTC on the day before (the first place on earth)"
LAST_ON_EARTH = "it is late only from 12:00 UTC on the day after (the last place on earth)"
ROLLED_FROM = "rolled from"
IN_UTC = "leads are counted in UTC"
MAX_HOLIDAYS_NAMED = 5  # holidays that the explanation names one by one


def _shift(point: Point, duration: Duration) -> Point:
    """Move a point: a civil day first by its days, then by exact time from the end (back: the start) of where it is."""
    if isinstance(point, Day) and duration.time:
        day = point.shift(replace(duration, time=timedelta()))
        edge = day.counted_end if duration.time > timedelta() else day.counted_start
        return Instant(edge + duration.time, point.zone)
    return point.shift(duration)


@dataclass(slots=True)
class Resolution:
    """One deadline on its way from stated dates to points; collects the explanation and the assumptions.

    `before` is what it recurred by until now: a series may count from the closing of its last occurrence.
    """

    zone: ZoneChoice
    before: Recurrence | None = None
    unzoned: bool = False
    explanation: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    business_days: BusinessCalendar = field(init=False)

    def __post_init__(self) -> None:
        self.business_days = BusinessCalendar(self.zone.calendars)

    def anew(self) -> Resolution:
        """Return the same before anything was worked out."""
        return Resolution(self.zone)

    def dated(self, term: Dated) -> tuple[Point, Point]:
        """Return the first and last point of a stated date: of a month or year its days, else one point twice."""
        if not isinstance(term, WallTime) and term.doubt:
            self.assumptions.append(f"{replace(term, doubt=None)} is stated as {term.doubt}")
        zone = term.zone
        if zone is None and not (isinstance(term, WallTime) and term.offset is not None):
            zone = self.zone.name
            self._explain_zone()
        match term:
            case CivilDay(date=day):
                return Day(day, zone), Day(day, zone)
            case CivilPeriod(first=first, last=last):
                return Day(first, zone), Day(last, zone)
            case FiscalPeriod():
                first, last = self._fiscal_days(term)
                return Day(first, zone), Day(last, zone)
            case WallTime():
                point = self._instant(term, zone)
                return point, point

    def _fiscal_days(self, term: FiscalPeriod) -> tuple[date, date]:
        stated = str(replace(term, zone=None, doubt=None))
        name, fiscal_year = self.fiscal_year(stated)
        first, last = fiscal_year.days(term.year, term.ends, term.part)
        self.explanation.append(f"{stated} of {name}: {format_day(first)} to {format_day(last)}")
        return first, last

    def fiscal_period(self, day: date, unit: str, months: int, offset: int) -> tuple[date, date]:
        """Return the fiscal period in which a day falls, or one counted from it. Raises InputError."""
        name, fiscal_year = self.fiscal_year(f"the {unit}")
        first, last = fiscal_year.around(day, months, offset)
        self.explanation.append(f"{unit} of {name}: {format_day(first)} to {format_day(last)}")
        return first, last

    def fiscal_year(self, stated: str) -> tuple[str, FiscalYear]:
        """Return who owes it, and its fiscal year. Raises InputError where that is not stated."""
        party = self.zone.obligor
        if party is None or party.fiscal_year is None:
            raise InputError(
                f"`{stated}` needs the fiscal year of who owes it: state it in the party (`fiscal_year: 04-01`), or "
                "write dates"
            )
        return party.name, party.fiscal_year

    def hours(self, needed_by: str) -> OpeningHours:
        """Return the office hours of who owes it, and explain them. Raises InputError where they are not stated."""
        party = self.zone.obligor
        if party is None or party.hours is None:
            raise InputError(needed_by)
        self.explanation.append(f"office hours of {party.name}: {party.hours}")
        return party.hours

    def _instant(self, term: WallTime, zone: str | None) -> Instant:
        if term.offset is None:
            return Instant(at_wall(term.wall, zone_info(zone or "UTC")), zone)
        at = at_wall(term.wall - term.offset, zone_info("UTC"))
        if term.zone and at.astimezone(zone_info(term.zone)).utcoffset() != term.offset:
            real = at.astimezone(zone_info(term.zone)).strftime("%z")
            raise InputError(f"the offset of {term} contradicts its zone, which is at {real[:3]}:{real[3:]} then")
        shown = term.zone or self.zone.name or "UTC"
        if at.astimezone(zone_info(shown)).utcoffset() != term.offset:
            self.explanation.append(f"stated as {format_day(term.wall.date())} {term.wall:%H:%M} at {_offset(term)}")
        return Instant(at, shown)

    def _explain_zone(self) -> None:
        if self.zone.name is None:
            self.unzoned = True
        elif self.zone.assumed_from:
            self.assumptions.append(f"time zone {self.zone.name}, {self.zone.assumed_from}")

    def shift(self, point: Point | None, lead: Lead, direction: Literal["after", "before"]) -> Point | None:
        """Move a point by a duration; business days lead to a civil day, also from an instant."""
        if point is None:
            return None
        if isinstance(lead, Duration):
            return _shift(point, lead if direction == "after" else lead.negated())
        count = lead.count if direction == "after" else -lead.count
        day, skipped = self.business_days.count(point.date, count)
        over = f", passing {self.name_days_off(skipped)}" if skipped else ""
        self.explanation.append(f"{lead} {direction} {format_day(point.date)} is {format_day(day)}{over}")
        return Day(day, point.zone)

    def roll(self, last: Point) -> Point | None:
        """Return the last day of a window moved to a business day, as the commitment wants it; None where it stays."""
        how = self.zone.roll
        why = self.business_days.why_off(last.date) if how != "none" else None
        if why is None:
            return None
        moved = last.on(Day(self.business_days.roll(last.date, how)))
        self.explanation.append(f"{ROLLED_FROM} {format_day(last.date)} ({why}) to {format_day(moved.date)}")
        return moved

    def name_days_off(self, skipped: list[date]) -> str:
        """Return the holidays that were passed, each with its name."""
        passed = [f"{format_day(off)} ({self.business_days.why_off(off)})" for off in sorted(skipped)]
        if len(passed) > MAX_HOLIDAYS_NAMED:
            passed = [*passed[:MAX_HOLIDAYS_NAMED], f"{len(passed) - MAX_HOLIDAYS_NAMED} more"]
        return ", ".join(passed)

    def explain_no_zone(self, *, begins: bool, ends: bool) -> None:
        """Add the assumption about days whose zone nobody stated, and of which ends."""
        if self.unzoned:
            assumed = [FIRST_ON_EARTH] * begins + [LAST_ON_EARTH] * ends
            self.assumptions.append(NO_ZONE + "; ".join([*assumed, IN_UTC]))

    def explain_calendars(self) -> None:
        """Add the assumptions about the business days that were counted."""
        if not self.business_days.touched:
            return
        if not self.zone.calendars:
            self.assumptions.append("no calendar is stated: business days are Monday to Friday, without holidays")
        elif self.zone.calendars_from:
            self.assumptions.append(f"calendar {', '.join(self.zone.calendars)}, {self.zone.calendars_from}")
        self.assumptions += self.business_days.provisional


def _offset(term: WallTime) -> str:
    return f"UTC{timezone(term.offset).tzname(None).removeprefix('UTC')}" if term.offset else "UTC"


class Window(Protocol):
    """The ends of a deadline."""

    @property
    def first(self) -> Point | None: ...
    @property
    def last(self) -> Point | None: ...
    @property
    def earliest(self) -> datetime | None: ...
    @property
    def latest(self) -> datetime | None: ...


def ends_of_choice(
    which: Literal["earlier", "later"], parts: Sequence[tuple[Deadline, Window]], work: Resolution
) -> tuple[Point | None, Point | None]:
    """Return the first and last point of the earlier, or the later, of several deadlines.

    For `earlier`, the beginning is unknown if that of any part is, as that part may come first; the end is the first
    one that is known. For `later` it is the other way round.
    """
    begins = [(window.earliest, window.first, part) for part, window in parts]
    ends = [(window.latest, window.last, part) for part, window in parts]
    first = _extreme_end(begins, which, certain=which == "earlier")
    last = _extreme_end(ends, which, certain=which == "later")
    if last and first and first[1] == last[1]:
        work.explanation.append(f"`{last[1]}` is the {which}")
    else:
        for end, decides in (("beginning", first), ("end", last)):
            work.explanation.append(f"its {end} is that of `{decides[1]}`" if decides else f"its {end} is not known")
    return first and first[0], last and last[0]


def _extreme_end(
    ends: list[tuple[datetime | None, Point | None, Deadline]], which: Literal["earlier", "later"], *, certain: bool
) -> tuple[Point, Deadline] | None:
    """Return the first or last of some ends, with its part; with `certain`, only if all of them are known."""
    known = [(at, point, part) for at, point, part in ends if at and point]
    if not known or (certain and len(known) < len(ends)):
        return None
    _, point, part = (min if which == "earlier" else max)(known, key=lambda end: end[0])
    return point, part
