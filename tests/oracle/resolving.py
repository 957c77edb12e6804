"""What a deadline means: its first and its last edge, each a whole civil day or an instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from tests.oracle import business
from tests.oracle.expressions import (
    After,
    Base,
    Between,
    BusinessShift,
    By,
    Choice,
    Day,
    During,
    Interval,
    Period,
    Reference,
    Shift,
    Simple,
    Undated,
    Wall,
    Within,
)
from tests.oracle.spans import Span
from tests.oracle.zones import AOE, FIRST_PLACE, LAST_PLACE, instant, start_of_day, wall

ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayEdge:
    """A civil day of a zone; in an unknown zone it begins in the first place on earth and ends in the last."""

    on: date
    zone: str | None

    @property
    def begins(self) -> datetime:
        return start_of_day(self.on, self.zone) - (FIRST_PLACE if self.zone is None else timedelta())

    @property
    def ends(self) -> datetime:
        return start_of_day(self.on + ONE, self.zone) + (LAST_PLACE if self.zone is None else timedelta())

    @property
    def day(self) -> date:
        return self.on

    @property
    def counted(self) -> datetime:
        """The instant that leads are counted from."""
        return start_of_day(self.on, self.zone)

    @property
    def over(self) -> datetime:
        """The instant from which a reminder of it is too late."""
        return start_of_day(self.on + ONE, self.zone)

    def moved(self, span: Span) -> Edge:
        return self.onto(span.civil(self.on)).by_the_clock(span.exact)

    def onto(self, day: date) -> DayEdge:
        return DayEdge(day, self.zone)

    def by_the_clock(self, exact: timedelta) -> Edge:
        """Add hours to its end, take hours from its start."""
        if not exact:
            return self
        day = self.on + ONE if exact > timedelta() else self.on
        return InstantEdge(start_of_day(day, self.zone) + exact, self.zone)


@dataclass(frozen=True, slots=True)
class InstantEdge:
    """An instant; in an unknown zone `at` reads its wall clock as UTC."""

    at: datetime
    zone: str | None

    @property
    def begins(self) -> datetime:
        return self.at - (FIRST_PLACE if self.zone is None else timedelta())

    @property
    def ends(self) -> datetime:
        return self.at + (LAST_PLACE if self.zone is None else timedelta())

    @property
    def day(self) -> date:
        return wall(self.at, self.zone).date()

    @property
    def counted(self) -> datetime:
        return self.at

    @property
    def over(self) -> datetime:
        return self.at

    def moved(self, span: Span) -> InstantEdge:
        clock = wall(self.at, self.zone)
        there = span.civil(clock)
        return replace(self, at=(self.at if there == clock else instant(there, self.zone)) + span.exact)

    def onto(self, day: date) -> InstantEdge:
        if day == self.day:
            return self
        return replace(self, at=instant(datetime.combine(day, wall(self.at, self.zone).time()), self.zone))


Edge = DayEdge | InstantEdge


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `first` it can be due, past `last` it is late; `named` is the day of `after D`. Each may be unknown.

    `stands` is where a turn without any date stands: where the one that it counts from begins.
    """

    first: Edge | None = None
    last: Edge | None = None
    named: Edge | None = None
    stands: Edge | None = None

    @property
    def earliest(self) -> datetime | None:
        return self.first.begins if self.first else None

    @property
    def latest(self) -> datetime | None:
        return self.last.ends if self.last else None

    @property
    def comes(self) -> datetime | None:
        """When it comes: its beginning, else its end, else where it stands."""
        return self.earliest or self.latest or (self.stands.begins if self.stands else None)

    @property
    def passes(self) -> datetime | None:
        """When it has passed: its end, else its beginning, else where it stands."""
        return self.latest or self.earliest or (self.stands.ends if self.stands else None)

    @property
    def fingerprint(self) -> tuple[datetime | None, ...]:
        """What must differ for bounds to have changed."""
        return (self.earliest, self.latest, self.anchor.counted if self.anchor else None)

    @property
    def scheduled_by(self) -> tuple[object, ...]:
        """What must differ for its reminders to be others."""
        return (*self.fingerprint, self.stands)

    @property
    def anchor(self) -> Edge | None:
        """What leads count from."""
        return self.last or self.named or self.first


UNKNOWN = Bounds()


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds an expression: the zone where it states none, calendars, roll, and the other commitments."""

    zone: str | None
    calendars: tuple[str, ...]
    roll: str
    bounds_of: Callable[[str], Bounds]


def resolve(expression: Simple | Choice, setting: Setting) -> Bounds:
    """Return the bounds of an expression, rolled."""
    return rolled(plain(expression, setting), setting)


def plain(expression: Simple | Choice, setting: Setting) -> Bounds:
    match expression:
        case Day() | Wall() | Period() | Reference():
            return of_base(expression, setting)
        case During(base):
            return replace(of_base(base, setting), named=None)
        case After(base):
            return after(of_base(base, setting).last)
        case By(base):
            return Bounds(last=of_base(base, setting).last)
        case Between(first, last):
            return Bounds(of_base(first, setting).first, of_base(last, setting).last)
        case Interval(first, last):
            return Bounds(
                of_base(first, setting).first if first else None, of_base(last, setting).last if last else None
            )
        case Within(span, base):
            found = of_base(base, setting)
            last = found.last.moved(span) if found.last else None
            if isinstance(last, InstantEdge) and not span.exact:  # Regulation 1182/71, Article 3
                last = DayEdge(last.day, last.zone)
            return Bounds(found.first, last)
        case Shift(span, base, back):
            found, span = of_base(base, setting), span.times(-1 if back else 1)
            return each(found, lambda edge: edge.moved(span))
        case BusinessShift(number, base, back):
            number = -number if back else number
            return each(
                of_base(base, setting),
                lambda edge: DayEdge(business.count(edge.day, number, setting.calendars), edge.zone),
            )
        case Choice(word, parts):
            return choose(word, [plain(part, setting) for part in parts])
        case Undated():
            return UNKNOWN


def each(found: Bounds, change: Callable[[Edge], Edge]) -> Bounds:
    return Bounds(found.first and change(found.first), found.last and change(found.last))


def of_base(base: Base, setting: Setting) -> Bounds:
    match base:
        case Day(on, aoe, zone):
            day = DayEdge(on, AOE if aoe else zone or setting.zone)
            return Bounds(day, day)
        case Wall(at, zone) if zone and (zone == "Z" or zone[0] in "+-"):
            edge = InstantEdge(instant(at, zone), setting.zone or "UTC")  # an offset names the instant, not the zone
            return Bounds(edge, edge)
        case Wall(at, zone):
            edge = InstantEdge(instant(at, zone or setting.zone), zone or setting.zone)
            return Bounds(edge, edge)
        case Period(year, month):
            first = date(year, month or 1, 1)
            last = Span(months=1).civil(first) if month else date(year + 1, 1, 1)
            zone = base.zone or setting.zone
            return Bounds(DayEdge(first, zone), DayEdge(last - ONE, zone))
        case Reference(key):
            return setting.bounds_of(key)


def after(last: Edge | None) -> Bounds:
    match last:
        case DayEdge(on, zone):
            return Bounds(first=DayEdge(on + ONE, zone), named=last)
        case InstantEdge():
            return Bounds(first=last, named=last)
        case None:
            return UNKNOWN


def choose(word: str, parts: list[Bounds]) -> Bounds:
    """Take the edges that matter; where one that matters is unknown, so is the result."""
    firsts, lasts = [part.first for part in parts], [part.last for part in parts]
    known_firsts, known_lasts = [edge for edge in firsts if edge], [edge for edge in lasts if edge]
    if word == "earlier":
        first = min(known_firsts, key=lambda edge: edge.begins) if None not in firsts else None
        last = min(known_lasts, key=lambda edge: edge.ends, default=None)
    else:
        first = max(known_firsts, key=lambda edge: edge.begins, default=None)
        last = max(known_lasts, key=lambda edge: edge.ends) if None not in lasts else None
    return Bounds(first, last)


def rolled(found: Bounds, setting: Setting) -> Bounds:
    """Roll the last day; what is a single day or instant moves whole, and no window ends before it begins."""
    if found.last is None:
        return found
    last = found.last.onto(business.roll(found.last.day, setting.roll, setting.calendars))
    if last == found.last:
        return found
    whole = found.first == found.last or (found.first is not None and found.first.day > last.day)
    return Bounds(last if whole else found.first, last, found.named)


def recorded_edge(at: datetime) -> InstantEdge:
    """The instant of a first record, as a base to count reviews from."""
    return InstantEdge(at.astimezone(UTC), "UTC")
