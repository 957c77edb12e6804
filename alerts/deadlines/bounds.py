"""Bounds: the window that a deadline resolves to, and how it is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from alerts.deadlines.counted_periods import move
from alerts.deadlines.dependent_series import DependentSeries, dependent_series, read_recurrence, series_named
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import (
    After,
    AfterDone,
    Before,
    Between,
    By,
    Deadline,
    During,
    Every,
    From,
    On,
    OneOf,
    To,
    Undated,
    Within,
    kind_of,
)
from alerts.deadlines.grammar import parse
from alerts.deadlines.points import Point, is_reversed, parse_point, print_point
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import (
    FIRST_ON_EARTH,
    IN_UTC,
    LAST_ON_EARTH,
    NO_ZONE,
    Resolution,
    ZoneChoice,
    ends_of_choice,
)
from alerts.deadlines.series_resolution import done_series_of, explain_dates, explain_occurrence, recurrence_of
from alerts.deadlines.term_ends import end_before, end_of_period, ends_of, opening_after, opening_of
from alerts.deadlines.terms import Shifted
from alerts.deadlines.wording import UNDATED_TEXTS, describe_window


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The window of a deadline, half-open, either end perhaps unknown.

    `first` and `last` are the civil days or instants at its ends; `named` is the point that leads count from; business
    days are those of `calendars` (none: Monday to Friday). A recurring deadline has no ends: its occurrences have.
    """

    first: Point | None = None
    last: Point | None = None
    named: Point | None = None
    form: str = "undated"
    explanation: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    recurrence: Recurrence | None = None

    @property
    def earliest(self) -> datetime | None:
        """Return the first instant at which it can be due."""
        return self.first.start if self.first else None

    @property
    def latest(self) -> datetime | None:
        """Return the first instant at which it is late."""
        return self.last.end if self.last else None

    @property
    def zone(self) -> str | None:
        """Return the zone in which it was resolved, where one is known."""
        point = self.named or self.last or self.first
        return point.zone if point else None

    @property
    def recurs(self) -> bool:
        """Return whether it has occurrences instead of one window."""
        return self.recurrence is not None

    @property
    def text(self) -> str:
        """Return its window for people."""
        return describe_bounds(self)

    @property
    def opens(self) -> bool:
        """Return whether the opening is a moment of its own: the window spans days, or has no known end."""
        return self.first is not None and (self.last is None or self.first.date != self.last.date)

    @property
    def fingerprint(self) -> str:
        """Return what makes two bounds the same: the ends and the point that leads count from.

        Calendars are no part of it: where only they change, nothing has moved, though leads in business days may.
        """
        if self.recurrence:
            return f"{self.recurrence} {' '.join(self.calendars) if self.recurrence.uses_calendars else ''}".rstrip()
        counted = self.named.counted_start if self.named else None
        return "/".join(
            at.isoformat().replace("+00:00", "Z") if at else ".." for at in (self.earliest, self.latest, counted)
        )

    def to_json(self) -> dict[str, object]:
        """Return what is stored; `from_json` reads it back."""
        points = {"first": self.first, "last": self.last, "named": self.named}
        known: dict[str, object] = {name: print_point(point) for name, point in points.items() if point}
        known |= {"recurrence": self.recurrence.to_json()} if self.recurrence else {}
        known |= {"form": self.form, "basis": list(self.explanation), "assumptions": list(self.assumptions)}
        return known | ({"calendars": list(self.calendars)} if self.calendars else {})

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Bounds:
        """Read what `to_json` returned."""
        point = {name: parse_point(str(data[name])) for name in ("first", "last", "named") if name in data}
        explanation, assumptions, calendars = data["basis"], data["assumptions"], data.get("calendars", [])
        assert isinstance(explanation, list)
        assert isinstance(assumptions, list)
        assert isinstance(calendars, list)
        recurs = data.get("recurrence")
        return cls(
            first=point.get("first"),
            last=point.get("last"),
            named=point.get("named"),
            recurrence=read_recurrence(recurs) if isinstance(recurs, dict) else None,
            form=str(data["form"]),
            explanation=tuple(explanation),
            assumptions=tuple(assumptions),
            calendars=tuple(calendars),
        )


def describe_bounds(bounds: Bounds) -> str:
    """Describe a window briefly, never with an exclusive bound."""
    if isinstance(bounds.recurrence, DependentSeries):
        return bounds.explanation[-1]
    if recurs := bounds.recurrence:
        return recurs.description
    return describe_window(bounds.first, bounds.last, bounds.named, is_by=bounds.form == "by")


def resolve(
    deadline: Deadline, zone: ZoneChoice, known: Mapping[str, Bounds], before: Recurrence | None = None
) -> Bounds:
    """Return the bounds of a deadline; `known` are those of the commitments that it depends on.

    `before` is what it recurred by until now, with the closings from which the next occurrence may count.

    Raises InputError for a key that is not in `known`, an offset that contradicts its zone, a window that ends before
    it begins, and for a result outside the years 1 to 9999.
    """
    if (key := series_named(deadline, known)) is not None:
        return _resolve_series(deadline, zone, key, known[key])
    work = Resolution(zone, before)
    try:
        bounds = _rolled(_bounds(deadline, known, work), work)
        assert bounds.fingerprint  # worked out here, where leaving the years 1 to 9999 can still be refused
        bounds = replace(bounds, form=kind_of(deadline), calendars=zone.calendars)
        dates = explain_dates(deadline, bounds.recurrence) or (bounds.named and describe_bounds(bounds))
    except OverflowError:
        raise InputError(f"`{deadline}` leaves the years 1 to 9999") from None
    work.explain_calendars()
    if work.unzoned:
        recurs = bounds.recurrence is not None
        ends = [FIRST_ON_EARTH] * (bounds.first is not None or recurs)
        ends += [LAST_ON_EARTH] * (bounds.last is not None or recurs)
        work.assumptions.append(NO_ZONE + "; ".join([*ends, IN_UTC]))
    explanation = (*work.explanation, *([dates] if dates else []), *bounds.explanation)
    return replace(
        bounds, explanation=tuple(dict.fromkeys(explanation)), assumptions=tuple(dict.fromkeys(work.assumptions))
    )


def occurrence_bounds(bounds: Bounds, name: str) -> Bounds:
    """Return the bounds of one occurrence of a recurring deadline. Raises InputError for an unknown name."""
    recurs = bounds.recurrence
    assert recurs is not None
    if isinstance(recurs, DependentSeries):
        recurs.point(name)  # raises where there is none
        base = Bounds(recurrence=recurs.base, calendars=recurs.base_calendars, explanation=("",))
        return counted_occurrence(bounds, name, occurrence_bounds(base, name))
    point = recurs.point(name)
    work = Resolution(ZoneChoice(point.zone, calendars=bounds.calendars, roll=recurs.roll))
    explain_occurrence(recurs, name, work)
    found = _rolled(_between(point, point), work)
    explanation = (
        *bounds.explanation[:-1],
        f"the occurrence of {name} of what recurs {bounds.explanation[-1].partition(': ')[0]}",
        *work.explanation,
    )
    assumptions = (*bounds.assumptions, *work.business_days.provisional)
    return replace(found, form="on", explanation=explanation, assumptions=assumptions, calendars=bounds.calendars)


def counted_occurrence(bounds: Bounds, name: str, base: Bounds) -> Bounds:
    """Return the bounds of one occurrence of what depends on a series; `base` are those that it is counted from."""
    recurs = bounds.recurrence
    assert isinstance(recurs, DependentSeries)
    work = Resolution(ZoneChoice(base.zone, calendars=bounds.calendars, roll=recurs.roll))
    found = _count_from(parse(recurs.deadline), recurs.key, base, work)
    explanation = dict.fromkeys([f"{recurs.to_text}, for the occurrence of {name}", *work.explanation])
    assumptions = dict.fromkeys([*bounds.assumptions, *work.assumptions, *work.business_days.provisional])
    return replace(found, explanation=tuple(explanation), assumptions=tuple(assumptions), calendars=bounds.calendars)


def _count_from(deadline: Deadline, key: str, base: Bounds, work: Resolution) -> Bounds:
    try:
        found = replace(_rolled(_bounds(deadline, {key: base}, work), work), form=kind_of(deadline))
        assert found.fingerprint  # as in `resolve`
    except OverflowError:
        raise InputError(f"`{deadline}` leaves the years 1 to 9999") from None
    return found


def _resolve_series(deadline: Deadline, zone: ZoneChoice, key: str, base: Bounds) -> Bounds:
    """Return the bounds of what depends on a series: its first occurrence shows that it can be worked out."""
    assert base.recurrence is not None
    recurs = dependent_series(deadline, key, base.recurrence, base.calendars, zone.roll)
    work = Resolution(zone, assumptions=[f"{key}: {assumption}" for assumption in base.assumptions])
    first = list(islice(recurs.names(), 4))
    dates = [
        describe_bounds(_count_from(deadline, key, occurrence_bounds(base, name), work if number == 0 else work.anew()))
        for number, name in enumerate(first[:3])
    ]
    work.explain_calendars()
    shown = ", ".join([*dates, "…"] if len(first) > 3 else dates or ["no occurrence is left"])
    explanation, assumptions = (f"{key}: {base.text}", f"{recurs.to_text}: {shown}"), dict.fromkeys(work.assumptions)
    return Bounds(
        form=kind_of(deadline), explanation=explanation, assumptions=tuple(assumptions), calendars=zone.calendars,
        recurrence=recurs,
    )  # fmt: skip


def _bounds(deadline: Deadline, known: Mapping[str, Bounds], work: Resolution) -> Bounds:
    if isinstance(deadline, OneOf):
        return _one_of(deadline, known, work)
    bounds = _window(deadline, known, work)
    if is_reversed(bounds.first, bounds.last):
        raise InputError(f"`{deadline}` ends before it begins")
    return bounds


def _window(
    deadline: On | After | By | Before | Between | From | To | Within | Shifted | During | Every | AfterDone | Undated,
    known: Mapping[str, Bounds],
    work: Resolution,
) -> Bounds:
    match deadline:
        case On(term) | During(term):
            return _between(*ends_of(term, known, work))
        case Shifted():
            return _between(*ends_of(deadline, known, work))
        case After(term):
            last = ends_of(term, known, work)[1]
            return Bounds(first=opening_after(last), named=last)
        case Before(term):
            return _between(None, end_before(ends_of(term, known, work)[0], work))
        case By(term) | To(term):
            return _between(None, ends_of(term, known, work)[1])
        case From(term):
            return _between(opening_of(term, known, work), None)
        case Between(one, other):
            return _between(opening_of(one, known, work), ends_of(other, known, work)[1])
        case Within(duration, base):
            first, last = ends_of(base, known, work)
            return _between(first, end_of_period(move(last, duration, "after", work), duration, work))
        case Every():
            return Bounds(recurrence=recurrence_of(deadline, known, work))
        case AfterDone():
            return Bounds(recurrence=done_series_of(deadline, known, work))
        case Undated(meaning):
            return Bounds(explanation=(UNDATED_TEXTS[meaning],))


def _between(first: Point | None, last: Point | None) -> Bounds:
    return Bounds(first=first, last=last, named=last or first)


def _one_of(deadline: OneOf, known: Mapping[str, Bounds], work: Resolution) -> Bounds:
    """Return the bounds of the earlier, or the later, of several deadlines."""
    found = [(part, replace(_bounds(part, known, work), form=kind_of(part))) for part in deadline.parts]
    work.explanation += [f"`{part}`: {describe_bounds(bounds)}" for part, bounds in found]
    return _between(*ends_of_choice(deadline.which, found, work))


def _rolled(bounds: Bounds, work: Resolution) -> Bounds:
    """Move the last day, if it is not a business day, as the commitment wants it; the rest of a window stays."""
    first, last = bounds.first, bounds.last
    moved = work.roll(last) if last else None
    if moved is None:
        return bounds
    whole = first == last or is_reversed(first, moved)
    return replace(bounds, first=moved if whole else first, last=moved, named=moved)
