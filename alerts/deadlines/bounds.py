"""Bounds: the window that a deadline resolves to. `deadline_bounds` works them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import cast

from alerts.deadlines.dependent_series import DependentSeries, read_recurrence
from alerts.deadlines.points import Point, parse_point, print_point
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.values import frozen
from alerts.deadlines.wording import describe_window

POINTS = ("first", "last", "named", "stands_at")


@frozen(kw_only=True)
class Bounds:
    """The window of a deadline, half-open, either end perhaps unknown.

    `first` and `last` are the civil days or instants at its ends; `named` is the point that leads count from; business
    days are those of `calendars` (none: Monday to Friday). A recurring deadline has no ends: its occurrences have.
    `stands_at` is where an occurrence without any date stands: where the one that it counts from begins.
    """

    first: Point | None = None
    last: Point | None = None
    named: Point | None = None
    stands_at: Point | None = None
    form: str = "undated"
    explanation: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    recurrence: Recurrence | None = None
    _fingerprint: str | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def earliest(self) -> datetime | None:
        """Return the first instant at which it can be due."""
        return self.first.start if self.first else None

    @property
    def latest(self) -> datetime | None:
        """Return the first instant at which it is late."""
        return self.last.end if self.last else None

    @property
    def comes_at(self) -> datetime | None:
        """Return when it begins, else when it ends; of an occurrence without any date, where it stands."""
        return self.earliest or self.latest or (self.stands_at.start if self.stands_at else None)

    @property
    def has_date(self) -> bool:
        """Return whether any date of it is known."""
        return (self.first or self.last or self.named) is not None

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
        if self._fingerprint is None:  # a load compares and stores it several times
            object.__setattr__(self, "_fingerprint", self._find_fingerprint())
        return cast("str", self._fingerprint)

    def _find_fingerprint(self) -> str:
        if self.recurrence:
            return f"{self.recurrence} {' '.join(self.calendars) if self.recurrence.uses_calendars else ''}".rstrip()
        counted = self.named.counted_start if self.named else None
        return "/".join(
            at.isoformat().replace("+00:00", "Z") if at else ".." for at in (self.earliest, self.latest, counted)
        )

    def to_json(self) -> dict[str, object]:
        """Return what is stored; `from_json` reads it back."""
        points = ((name, getattr(self, name)) for name in POINTS)
        known: dict[str, object] = {name: print_point(point) for name, point in points if point}
        known |= {"recurrence": self.recurrence.to_json()} if self.recurrence else {}
        known |= {"form": self.form, "basis": list(self.explanation), "assumptions": list(self.assumptions)}
        return known | ({"calendars": list(self.calendars)} if self.calendars else {})

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Bounds:
        """Read what `to_json` returned."""
        point = {name: parse_point(str(data[name])) for name in POINTS if name in data}
        explanation, assumptions, calendars = data["basis"], data["assumptions"], data.get("calendars", [])
        assert isinstance(explanation, list)
        assert isinstance(assumptions, list)
        assert isinstance(calendars, list)
        recurs = data.get("recurrence")
        return cls(
            first=point.get("first"),
            last=point.get("last"),
            named=point.get("named"),
            stands_at=point.get("stands_at"),
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
