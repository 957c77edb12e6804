"""What a deadline resolves to: from when it can be due, from when it is late, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.core.calendars import Day, Instant, Point, at_wall, zone_info
from alerts.core.durations import Duration, Lead
from alerts.core.errors import InputError
from alerts.core.expressions import (
    After,
    Between,
    By,
    CivilDay,
    CivilPeriod,
    Dated,
    Deadline,
    During,
    Every,
    From,
    On,
    OneOf,
    Reference,
    Shifted,
    Term,
    To,
    Undated,
    WallTime,
    Within,
    kind_of,
)
from alerts.core.recurrence import Recurrence
from alerts.core.windows import (
    ROLLED_FROM,
    UNDATED_TEXTS,
    Bounds,
    describe_bounds,
    format_day,
    describe_move,
    format_point,
)
from alerts.core.workdays import Roll, BusinessCalendar

__all__ = [
    "ROLLED_FROM", "UNDATED_TEXTS", "Bounds", "ZoneChoice", "occurrence", "resolve", "describe_bounds", "format_day", "describe_move",
    "format_point",
]  # fmt: skip

NO_ZONE = "no time zone is stated: "
FIRST_ON_EARTH = "it may be due from 10:00 UTC on the day before (the first place on earth)"
LAST_ON_EARTH = "it is late only from 12:00 UTC on the day after (the last place on earth)"
IN_UTC = "leads are counted in UTC"
MAX_HOLIDAYS_NAMED = 5  # holidays that the basis names one by one


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """The zone for what states none, and the calendars on which business days are counted and rolled to.

    `assumed_from` and `calendars_from` say where they come from when nobody stated them for this commitment.
    """

    name: str | None = None
    assumed_from: str | None = None
    calendars: tuple[str, ...] = ()
    calendars_from: str | None = None
    roll: Roll = "none"


@dataclass(slots=True)
class _Resolution:
    zone: ZoneChoice
    known: Mapping[str, Bounds]
    unzoned: bool = False
    explanation: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    business_days: BusinessCalendar = field(init=False)

    def __post_init__(self) -> None:
        self.business_days = BusinessCalendar(self.zone.calendars)

    def dated(self, term: Dated) -> tuple[Point, Point]:
        """The first and last point of a date as stated: the days of a month or year, else one point twice."""
        if not isinstance(term, WallTime) and term.doubt:
            self.assumptions.append(f"{replace(term, doubt=None)} is stated as {term.doubt}")
        zone = term.zone
        if zone is None and not (isinstance(term, WallTime) and term.offset is not None):
            zone = self.zone.name
            self._explain_zone()
        match term:
            case CivilDay(date=date):
                return Day(date, zone), Day(date, zone)
            case CivilPeriod(first=first, last=last):
                return Day(first, zone), Day(last, zone)
            case WallTime():
                point = self._instant(term, zone)
                return point, point

    def _instant(self, term: WallTime, zone: str | None) -> Instant:
        if term.offset is None:
            return Instant(at_wall(term.wall, zone_info(zone or "UTC")), zone)
        at = at_wall(term.wall - term.offset, zone_info("UTC"))
        if term.zone and at.astimezone(zone_info(term.zone)).utcoffset() != term.offset:
            real = at.astimezone(zone_info(term.zone)).strftime("%z")
            raise InputError(f"the offset of {term} contradicts its zone, which is at {real[:3]}:{real[3:]} then")
        return Instant(at, term.zone or self.zone.name or "UTC")

    def _explain_zone(self) -> None:
        if self.zone.name is None:
            self.unzoned = True
        elif self.zone.assumed_from:
            self.assumptions.append(f"time zone {self.zone.name}, {self.zone.assumed_from}")

    def ends(self, term: Term) -> tuple[Point | None, Point | None]:
        """The first and last point of a term; of another commitment, those of its bounds."""
        if not isinstance(term, Reference):
            return self.dated(term)
        bounds = self.known.get(term.key)
        if bounds is None:
            raise InputError(f"no commitment has the key {term.key!r}")
        if bounds.recurrence:
            raise InputError(f"{term.key} comes again and again: a deadline cannot hang on it, for it has no one date")
        if bounds.named is None:
            self.explanation.append(f"{term.key} has no date itself, so nothing follows from it yet")
        else:
            self.explanation.append(f"{term.key}: {describe_bounds(bounds)}")
            self.assumptions += [f"{term.key}: {earlier_lead}" for earlier_lead in bounds.assumptions]
        return bounds.first, bounds.last

    def shift(self, point: Point | None, lead: Lead, direction: Literal["after", "before"]) -> Point | None:
        """Move a point by a duration; by business days to a civil day, whatever it was."""
        if point is None:
            return None
        if isinstance(lead, Duration):
            return _shift(point, lead if direction == "after" else lead.negated())
        count = lead.count if direction == "after" else -lead.count
        day, skipped = self.business_days.count(point.date, count)
        passed = [f"{format_day(off)} ({self.business_days.why_off(off)})" for off in sorted(skipped)]
        if len(passed) > MAX_HOLIDAYS_NAMED:
            passed = [*passed[:MAX_HOLIDAYS_NAMED], f"{len(passed) - MAX_HOLIDAYS_NAMED} more"]
        over = f", passing {', '.join(passed)}" if passed else ""
        self.explanation.append(f"{lead} {direction} {format_day(point.date)} is {format_day(day)}{over}")
        return Day(day, point.zone)

    def explain_calendars(self) -> None:
        """Say what is assumed of the days that were looked at."""
        if not self.business_days.touched:
            return
        if not self.zone.calendars:
            self.assumptions.append("no calendar is stated: business days are Monday to Friday, without holidays")
        elif self.zone.calendars_from:
            self.assumptions.append(f"calendar {', '.join(self.zone.calendars)}, {self.zone.calendars_from}")
        self.assumptions += self.business_days.provisional


def resolve(deadline: Deadline, zone: ZoneChoice, known: Mapping[str, Bounds]) -> Bounds:
    """Work out the bounds of a deadline; `known` are those of the commitments that it hangs on.

    Raises InputError for a key that is not in `known`, an offset that contradicts its zone, a window that ends before
    it begins, and for a result outside the years 1 to 9999.
    """
    work = _Resolution(zone, known)
    try:
        bounds = _rolled(_bounds(deadline, work), work)
        assert bounds.fingerprint  # worked out here, where leaving the years 1 to 9999 can still be refused
        bounds = replace(bounds, form=kind_of(deadline), calendars=zone.calendars)
        earlier_lead = (describe_bounds(bounds),) if bounds.named or bounds.recurrence else ()
    except OverflowError:
        raise InputError(f"`{deadline}` leaves the years 1 to 9999") from None
    work.explain_calendars()
    if work.unzoned:
        recurs = bounds.recurrence is not None
        ends = [FIRST_ON_EARTH] * (bounds.first is not None or recurs)
        ends += [LAST_ON_EARTH] * (bounds.last is not None or recurs)
        work.assumptions.append(NO_ZONE + "; ".join([*ends, IN_UTC]))
    explanation = (*work.explanation, *earlier_lead, *bounds.explanation)
    return replace(
        bounds, explanation=tuple(dict.fromkeys(explanation)), assumptions=tuple(dict.fromkeys(work.assumptions))
    )


def occurrence(bounds: Bounds, name: str) -> Bounds:
    """The bounds of one occurrence of what recurs. Raises InputError where there is none of that name."""
    recurs = bounds.recurrence
    assert recurs is not None
    point = recurs.point(name)
    work = _Resolution(ZoneChoice(point.zone, calendars=bounds.calendars, roll=recurs.roll), {})
    found = _rolled(_between(point, point), work)
    explanation = (
        *bounds.explanation[:-1],
        f"the occurrence of {name} of what recurs {recurs.to_text}",
        *work.explanation,
    )
    assumptions = (*bounds.assumptions, *work.business_days.provisional)
    return replace(found, form="on", explanation=explanation, assumptions=assumptions, calendars=bounds.calendars)


def _bounds(deadline: Deadline, work: _Resolution) -> Bounds:
    if isinstance(deadline, OneOf):
        return _one_of(deadline, work)
    bounds = _window(deadline, work)
    if _reversed(bounds.first, bounds.last):
        raise InputError(f"`{deadline}` ends before it begins")
    return bounds


def _window(
    deadline: On | After | By | Between | From | To | Within | Shifted | During | Every | Undated, work: _Resolution
) -> Bounds:
    match deadline:
        case On(term):
            return _between(*work.dated(term))
        case After(term):
            _, last = work.ends(term)
            return _after(last)
        case By(term) | To(term):
            return _between(None, work.ends(term)[1])
        case From(term):
            return _between(work.ends(term)[0], None)
        case Between(one, other):
            return _between(work.ends(one)[0], work.ends(other)[1])
        case Within(duration, base):
            first, last = work.ends(base)
            return _between(first, work.shift(last, duration, "after"))
        case Shifted(duration, direction, base):
            first, last = (work.shift(point, duration, direction) for point in work.ends(base))
            return _between(first, last)
        case During(key):
            return _between(*work.ends(key))
        case Every(rule, start, without):
            point, _ = work.dated(start)
            begins = start.date if isinstance(start, CivilDay) else start.wall
            if (roll := work.zone.roll) != "none":
                work.business_days.why_off(point.date)  # so that it is said on which calendars
            recurs = Recurrence(rule, begins, point.zone, without, roll)
            name = next(recurs.names(), None)
            if name is None:
                raise InputError(f"`{deadline}` has no occurrence: it leaves out all that there are")
            assert recurs.point(name).end  # outside the years 1 to 9999 it is refused, as any other date
            return Bounds(recurrence=recurs)
        case Undated(meaning):
            return Bounds(explanation=(UNDATED_TEXTS[meaning],))


def _between(first: Point | None, last: Point | None) -> Bounds:
    return Bounds(first=first, last=last, named=last or first)


def _one_of(deadline: OneOf, work: _Resolution) -> Bounds:
    """The earliest of the earliest and of the latest bounds, or the latest of them; unknown where that may be.

    Of `earlier`, the earliest is unknown if that of any part is, as that one may come first, and the latest is the
    least of those known; of `later` it is the other way round.
    """
    found = [(part, replace(_bounds(part, work), form=kind_of(part))) for part in deadline.parts]
    work.explanation += [f"`{part}`: {describe_bounds(bounds)}" for part, bounds in found]
    begins = [(bounds.earliest, bounds.first, part) for part, bounds in found]
    ends = [(bounds.latest, bounds.last, part) for part, bounds in found]
    first = _extreme(begins, deadline.which, certain=deadline.which == "earlier")
    last = _extreme(ends, deadline.which, certain=deadline.which == "later")
    if last and first and first[1] == last[1]:
        work.explanation.append(f"`{last[1]}` is the {deadline.which}")
    else:
        for end, decides in (("beginning", first), ("end", last)):
            work.explanation.append(f"its {end} is that of `{decides[1]}`" if decides else f"its {end} is not known")
    return _between(first and first[0], last and last[0])


def _extreme(
    ends: list[tuple[datetime | None, Point | None, Deadline]], which: Literal["earlier", "later"], *, certain: bool
) -> tuple[Point, Deadline] | None:
    """The first or last of some ends, with the part whose it is; with `certain`, only if all are known."""
    known = [(at, point, part) for at, point, part in ends if at and point]
    if not known or (certain and len(known) < len(ends)):
        return None
    _, point, part = (min if which == "earlier" else max)(known, key=lambda end: end[0])
    return point, part


def _reversed(first: Point | None, last: Point | None) -> bool:
    """Whether a window ends before it begins, on the calendar; what an unknown zone adds to its ends hides nothing."""
    if first is None or last is None:
        return False
    begins, ends = first.counted_start, last.counted_end
    return begins > ends or (isinstance(last, Day) and begins == ends and first.date > last.date)


def _after(last: Point | None) -> Bounds:
    match last:
        case Day():
            return Bounds(first=Day(last.date + timedelta(days=1), last.zone), named=last)
        case Instant():
            return Bounds(first=last, named=last)
        case None:
            return Bounds()


def _rolled(bounds: Bounds, work: _Resolution) -> Bounds:
    """Move the last day, if it is no business day, as the commitment wants it; the rest of a window stays."""
    first, last, how = bounds.first, bounds.last, work.zone.roll
    if last is None or how == "none":
        return bounds
    why = work.business_days.why_off(last.date)
    if why is None:
        return bounds
    moved = last.on(Day(work.business_days.roll(last.date, how)))
    work.explanation.append(f"{ROLLED_FROM} {format_day(last.date)} ({why}) to {format_day(moved.date)}")
    whole = first == last or _reversed(first, moved)
    return replace(bounds, first=moved if whole else first, last=moved, named=moved)


def _shift(point: Point, duration: Duration) -> Point:
    """Move a point: a civil day first by its days, then by exact time from the end (back: the start) of where it is."""
    if isinstance(point, Day) and duration.time:
        day = point.shift(replace(duration, time=timedelta()))
        edge = day.counted_end if duration.time > timedelta() else day.counted_start
        return Instant(edge + duration.time, point.zone)
    return point.shift(duration)
