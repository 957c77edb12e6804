"""Deadlines as EDTF says them (ISO 8601-2:2019, levels 0 and 1), for those who read that and no other words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from alerts.core.expressions import (
    After,
    Between,
    By,
    CivilDay,
    CivilPeriod,
    Deadline,
    From,
    On,
    Reference,
    Term,
    To,
    WallTime,
)


def edtf(deadline: Deadline) -> str | None:
    """Write a deadline as a date or an interval of EDTF, or None where EDTF cannot say it.

    It has no zones, no durations, no references and no times of day in intervals; whoever reads it supplies the zone.
    """
    match deadline:
        case On(WallTime(zone=None) as term):
            offset = replace(term, wall=term.wall.replace(second=0)).stated[16:]
            return term.wall.isoformat(timespec="seconds") + offset
        case On(term):
            return _date(term)
        case After(term):
            return _interval(_next(term), "..")
        case By(term):
            return _interval("..", _date(term))
        case Between(first, last):
            return _interval(_date(first), _date(last))
        case From(term, end):
            return _interval(_date(term), ".." if end == "open" else "")
        case To(term, beginning):
            return _interval(".." if beginning == "open" else "", _date(term))
        case _:
            return None


def _interval(first: str | None, last: str | None) -> str | None:
    return None if first is None or last is None else f"{first}/{last}"


def _date(term: Term) -> str | None:
    if isinstance(term, Reference | WallTime) or term.zone:
        return None
    return term.stated


def _next(term: Term) -> str | None:
    """The day, month or year after one, as sure as that one."""
    match term:
        case CivilDay(date=day) if day < date.max:
            return _date(replace(term, date=day + timedelta(days=1)))
        case CivilPeriod(year=year, month=None) if year < date.max.year:
            return _date(replace(term, year=year + 1))
        case CivilPeriod(last=last) if last < date.max:
            after = last + timedelta(days=1)
            return _date(replace(term, year=after.year, month=after.month))
        case _:
            return None
