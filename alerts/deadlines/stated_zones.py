"""The zone that a deadline states: kept where a new date is given without one."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import (
    After,
    AfterDone,
    Before,
    Between,
    By,
    Deadline,
    Every,
    From,
    On,
    OneOf,
    To,
    Within,
    terms,
)
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod, WallTime
from alerts.deadlines.terms import ClockOn, DayIn, PeriodAt, Shifted, Term, WeekdayFrom
from alerts.deadlines.zones import AOE

T = TypeVar("T", bound=Term)


def zone_stated(deadline: Deadline) -> str | None:
    """Return the one zone that a deadline names; None where it names none, or several."""
    named = {term.zone for term in _dates(deadline) if term.zone}
    return named.pop() if len(named) == 1 else None


def keep_zone(old: Deadline, new: Deadline) -> tuple[Deadline, str | None]:
    """Return a new deadline with the zone that the old one states, and that zone.

    None, and the new one as it is, where the old one states none, or the new one a zone or an offset of its own.
    """
    zone = zone_stated(old)
    if zone is None or not _dates(new) or any(_placed(term) for term in _dates(new)):
        return new, None
    try:
        found = _in_zone(new, zone)
    except InputError:
        return new, None
    return found, zone if found != new else None


def _dates(deadline: Deadline) -> list[CivilDay | CivilPeriod | FiscalPeriod | WallTime]:
    return [term for term in terms(deadline) if isinstance(term, CivilDay | CivilPeriod | FiscalPeriod | WallTime)]


def _placed(term: CivilDay | CivilPeriod | FiscalPeriod | WallTime) -> bool:
    return term.zone is not None or (isinstance(term, WallTime) and term.offset is not None)


def _in_zone(deadline: Deadline, zone: str) -> Deadline:
    match deadline:
        case On(term):
            return On(_term(term, zone))
        case After(term) | By(term) | Before(term):
            return replace(deadline, term=_term(term, zone))
        case From(term) if zone != AOE:
            return replace(deadline, term=_term(term, zone))
        case To(term) if zone != AOE:
            return replace(deadline, term=_term(term, zone))
        case Between(first, last):
            return Between(_term(first, zone), _term(last, zone))
        case Within(base=base) | Shifted(base=base):
            return replace(deadline, base=_term(base, zone))
        case Every(start=start) | AfterDone(start=start):
            return replace(deadline, start=_term(start, zone))
        case OneOf(parts=parts):
            return replace(deadline, parts=tuple(_in_zone(part, zone) for part in parts))
    return deadline


def _term(term: T, zone: str) -> T:
    match term:
        case WallTime() if zone == AOE:
            raise InputError("a time is nowhere `anywhere on earth`")
        case CivilDay() | CivilPeriod() | FiscalPeriod() | WallTime():
            return replace(term, zone=zone)
        case Shifted() | PeriodAt() | WeekdayFrom():
            return replace(term, base=_term(term.base, zone))
        case DayIn():
            return replace(term, base=_term(term.base, zone))
        case ClockOn(zone=None):
            return replace(term, base=_term(term.base, zone))
    return term
