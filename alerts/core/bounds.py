"""What a deadline resolves to: from when it can be due, from when it is late, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice

from alerts.core.calendars import Day, Instant, Point, at_wall, parse_point, print_point, zone_info
from alerts.core.deadlines import (
    After,
    Between,
    By,
    CivilDay,
    Deadline,
    During,
    Every,
    On,
    Reference,
    Shifted,
    Term,
    Undated,
    WallTime,
    Within,
    kind_of,
)
from alerts.core.durations import Duration
from alerts.core.errors import InputError
from alerts.core.recurrence import Recurrence

NO_ZONE = "no time zone is stated: "
FIRST_ON_EARTH = "it may be due from 10:00 UTC on the day before (the first place on earth)"
LAST_ON_EARTH = "it is late only from 12:00 UTC on the day after (the last place on earth)"
IN_UTC = "leads are counted in UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The window of a deadline, half-open, either end perhaps unknown.

    `first` and `last` are the civil days or instants at its ends; `named` is what leads count from. What recurs has
    none of these itself: each of its occurrences has.
    """

    first: Point | None = None
    last: Point | None = None
    named: Point | None = None
    form: str = "undated"
    basis: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    recurrence: Recurrence | None = None

    def occurrence(self, name: str) -> Bounds:
        """The bounds of one occurrence of what recurs. Raises InputError where there is none of that name."""
        assert self.recurrence is not None
        point = self.recurrence.point(name)
        basis = (*self.basis[:-1], f"the occurrence of {name} of {self.recurrence}")
        return Bounds(first=point, last=point, named=point, form="on", basis=basis, assumptions=self.assumptions)

    @property
    def earliest(self) -> datetime | None:
        """It can be due from here."""
        return self.first.start if self.first else None

    @property
    def latest(self) -> datetime | None:
        """From here it is late."""
        return self.last.end if self.last else None

    @property
    def zone(self) -> str | None:
        """The zone in which it was resolved, where one is known."""
        point = self.named or self.last or self.first
        return point.zone if point else None

    @property
    def opens(self) -> bool:
        """Whether the opening is a moment of its own: the window spans days, or has no known end."""
        return self.first is not None and (self.last is None or self.first.date != self.last.date)

    @property
    def mark(self) -> str:
        """What makes two bounds the same: the ends and the point that leads count from."""
        if self.recurrence:
            return str(self.recurrence)
        counted = self.named.counted_start if self.named else None
        return "/".join(
            at.isoformat().replace("+00:00", "Z") if at else ".." for at in (self.earliest, self.latest, counted)
        )

    def to_json(self) -> dict[str, object]:
        """Write it so that `from_json` reads it back."""
        points = {"first": self.first, "last": self.last, "named": self.named}
        known: dict[str, object] = {name: print_point(point) for name, point in points.items() if point}
        known |= {"recurrence": self.recurrence.to_json()} if self.recurrence else {}
        return known | {"form": self.form, "basis": list(self.basis), "assumptions": list(self.assumptions)}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Bounds:
        """Read what `to_json` wrote."""
        point = {name: parse_point(str(data[name])) for name in ("first", "last", "named") if name in data}
        basis, assumptions = data["basis"], data["assumptions"]
        assert isinstance(basis, list)
        assert isinstance(assumptions, list)
        recurs = data.get("recurrence")
        recurrence = Recurrence.from_json(recurs) if isinstance(recurs, dict) else None
        return cls(
            first=point.get("first"),
            last=point.get("last"),
            named=point.get("named"),
            form=str(data["form"]),
            basis=tuple(basis),
            assumptions=tuple(assumptions),
            recurrence=recurrence,
        )


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """The zone for what states none, and where it comes from when nobody stated it for this commitment."""

    name: str | None = None
    assumed_from: str | None = None


@dataclass(slots=True)
class _Resolution:
    zone: ZoneChoice
    known: Mapping[str, Bounds]
    unzoned: bool = False
    basis: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)

    def point(self, term: CivilDay | WallTime) -> Point:
        zone = term.zone
        if zone is None and (isinstance(term, CivilDay) or term.offset is None):
            zone = self.zone.name
            self._say_zone()
        if isinstance(term, CivilDay):
            return Day(term.date, zone)
        if term.offset is None:
            return Instant(at_wall(term.wall, zone_info(zone or "UTC")), zone)
        at = at_wall(term.wall - term.offset, zone_info("UTC"))
        if term.zone and at.astimezone(zone_info(term.zone)).utcoffset() != term.offset:
            real = at.astimezone(zone_info(term.zone)).strftime("%z")
            raise InputError(f"the offset of {term} contradicts its zone, which is at {real[:3]}:{real[3:]} then")
        return Instant(at, term.zone or self.zone.name or "UTC")

    def _say_zone(self) -> None:
        said = f"time zone {self.zone.name}, {self.zone.assumed_from}"
        if self.zone.name is None:
            self.unzoned = True
        elif self.zone.assumed_from and said not in self.assumptions:
            self.assumptions.append(said)

    def ends(self, term: Term) -> tuple[Point | None, Point | None]:
        """The first and last point of a term; of another commitment, those of its bounds."""
        if not isinstance(term, Reference):
            point = self.point(term)
            return point, point
        bounds = self.known.get(term.key)
        if bounds is None:
            raise InputError(f"no commitment has the key {term.key!r}")
        if bounds.recurrence:
            raise InputError(f"{term.key} comes again and again: a deadline cannot hang on it, for it has no one date")
        if bounds.named is None:
            self.basis.append(f"{term.key} has no date itself, so nothing follows from it yet")
        else:
            self.basis.append(f"{term.key}: {say_bounds(bounds)}")
            self.assumptions += [f"{term.key}: {said}" for said in bounds.assumptions]
        return bounds.first, bounds.last


def resolve(deadline: Deadline, zone: ZoneChoice, known: Mapping[str, Bounds]) -> Bounds:
    """Work out the bounds of a deadline; `known` are those of the commitments that it hangs on.

    Raises InputError for a key that is not in `known`, an offset that contradicts its zone, a window that ends before
    it begins, and for a result outside the years 1 to 9999.
    """
    work = _Resolution(zone, known)
    try:
        bounds = _bounds(deadline, work)
        if _reversed(bounds.first, bounds.last):
            raise InputError(f"`{deadline}` ends before it begins")
        assert bounds.mark  # worked out here, where leaving the years 1 to 9999 can still be refused
        bounds = replace(bounds, form=kind_of(deadline))
        said = (say_bounds(bounds),) if bounds.named or bounds.recurrence else ()
    except OverflowError:
        raise InputError(f"`{deadline}` leaves the years 1 to 9999") from None
    if work.unzoned:
        recurs = bounds.recurrence is not None
        ends = [FIRST_ON_EARTH] * (bounds.first is not None or recurs)
        ends += [LAST_ON_EARTH] * (bounds.last is not None or recurs)
        work.assumptions.append(NO_ZONE + "; ".join([*ends, IN_UTC]))
    basis = (*work.basis, *said, *bounds.basis)
    return replace(bounds, basis=basis, assumptions=tuple(work.assumptions))


def _bounds(deadline: Deadline, work: _Resolution) -> Bounds:
    match deadline:
        case On(term):
            point = work.point(term)
            return Bounds(first=point, last=point, named=point)
        case After(term):
            _, last = work.ends(term)
            return _after(last)
        case By(term):
            _, last = work.ends(term)
            return Bounds(last=last, named=last)
        case Between(one, other):
            first, last = work.ends(one)[0], work.ends(other)[1]
            return Bounds(first=first, last=last, named=last or first)
        case Within(duration, base):
            first, last = work.ends(base)
            end = _shift(last, duration)
            return Bounds(first=first, last=end, named=end or first)
        case Shifted(duration, direction, base):
            moved = duration if direction == "after" else duration.negated()
            first, last = (_shift(point, moved) for point in work.ends(base))
            return Bounds(first=first, last=last, named=last or first)
        case During(key):
            first, last = work.ends(key)
            return Bounds(first=first, last=last, named=last or first)
        case Every(rule, start, without):
            point = work.point(start)
            begins = start.date if isinstance(start, CivilDay) else start.wall
            return Bounds(recurrence=Recurrence(rule, begins, point.zone, without))
        case Undated(meaning):
            return Bounds(basis=(SAY_UNDATED[meaning],))


def _reversed(first: Point | None, last: Point | None) -> bool:
    """Whether a window ends before it begins, on the calendar; what an unknown zone adds to its ends hides nothing."""
    if first is None or last is None:
        return False
    begins, ends = first.counted_start, last.counted_end
    return begins > ends or (isinstance(last, Day) and begins == ends and first.date > last.date)


SAY_UNDATED = {
    "not stated": "no date is stated",
    "to be decided": "its date is to be decided",
    "explicitly none": "it explicitly has no date",
}


def _after(last: Point | None) -> Bounds:
    match last:
        case Day():
            return Bounds(first=Day(last.date + timedelta(days=1), last.zone), named=last)
        case Instant():
            return Bounds(first=last, named=last)
        case None:
            return Bounds()


def _shift(point: Point | None, duration: Duration) -> Point | None:
    if isinstance(point, Day) and duration.time:
        edge = point.counted_end if duration.time > timedelta() else point.counted_start
        return Instant(edge, point.zone).shift(duration)
    return point.shift(duration) if point else None


def say_day(day: date) -> str:
    """Write a day with its weekday: `Mon 10 Nov 2025`. In English whatever the locale."""
    return f"{'Mon Tue Wed Thu Fri Sat Sun'.split()[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def say_point(point: Point) -> str:
    """Write a day or an instant on its own wall clock, with the zone."""
    if isinstance(point, Day):
        return say_day(point.date)
    wall = point.at.astimezone(zone_info(point.zone or "UTC"))
    return f"{say_day(wall.date())} {wall:%H:%M} {point.zone or '(zone not stated)'}"


def say_bounds(bounds: Bounds) -> str:
    """Say a window in a few words, never with an exclusive bound."""
    first, last, named = bounds.first, bounds.last, bounds.named
    if recurs := bounds.recurrence:
        soon = [say_point(recurs.point(name)) for name in islice(recurs.names(), 3)]
        return f"{recurs.words}: {', '.join(soon)}{', …' if len(soon) == 3 else ''}"
    if named is None:
        return "no date is known"
    if first is None and bounds.form == "by":
        return f"by {say_point(named)}"
    if first is None:
        return f"through {say_point(named)}" if isinstance(named, Day) else f"until {say_point(named)}"
    if last is None:
        if first == named:
            return f"from {say_point(first)}; no end is known"
        holds = "holds through" if isinstance(named, Day) else "holds until"
        return f"{holds} {say_point(named)}; open from {say_point(first)}; no end is stated"
    if first == last:
        return say_point(first)
    return f"{say_point(first)} to {say_point(last)}"
