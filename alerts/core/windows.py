"""Bounds: the window that a deadline resolves to, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from alerts.core.calendars import Day, Point, parse_point, print_point, zone_info
from alerts.core.recurrence import Recurrence

ROLLED_FROM = "rolled from"
UNDATED_TEXTS = {
    "not stated": "no date is stated",
    "to be decided": "its date is to be decided",
    "explicitly none": "it explicitly has no date",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The window of a deadline, half-open, either end perhaps unknown.

    `first` and `last` are the civil days or instants at its ends; `named` is what leads count from, business days on
    `calendars` (none: Monday to Friday). What recurs has none of these itself: each of its occurrences has.
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
    def fingerprint(self) -> str:
        """What makes two bounds the same: the ends and the point that leads count from.

        Not the calendars: where only they change, nothing has moved, though leads in business days come at other times.
        """
        if self.recurrence:
            return f"{self.recurrence} {' '.join(self.calendars) if self.recurrence.roll != 'none' else ''}".rstrip()
        counted = self.named.counted_start if self.named else None
        return "/".join(
            at.isoformat().replace("+00:00", "Z") if at else ".." for at in (self.earliest, self.latest, counted)
        )

    def to_json(self) -> dict[str, object]:
        """Write it so that `from_json` reads it back."""
        points = {"first": self.first, "last": self.last, "named": self.named}
        known: dict[str, object] = {name: print_point(point) for name, point in points.items() if point}
        known |= {"recurrence": self.recurrence.to_json()} if self.recurrence else {}
        known |= {"form": self.form, "basis": list(self.explanation), "assumptions": list(self.assumptions)}
        return known | ({"calendars": list(self.calendars)} if self.calendars else {})

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Bounds:
        """Read what `to_json` wrote."""
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
            recurrence=Recurrence.from_json(recurs) if isinstance(recurs, dict) else None,
            form=str(data["form"]),
            explanation=tuple(explanation),
            assumptions=tuple(assumptions),
            calendars=tuple(calendars),
        )


def format_day(day: date) -> str:
    """Write a day with its weekday: `Mon 10 Nov 2025`. In English whatever the locale."""
    return f"{'Mon Tue Wed Thu Fri Sat Sun'.split()[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def format_point(point: Point) -> str:
    """Write a day or an instant on its own wall clock, with the zone."""
    if isinstance(point, Day):
        return format_day(point.date)
    wall = point.at.astimezone(zone_info(point.zone or "UTC"))
    return f"{format_day(wall.date())} {wall:%H:%M} {point.zone or '(zone not stated)'}"


def describe_move(before: Bounds, after: Bounds) -> str:
    """Say how a window has changed; where its days stay the same, in which zone they are counted, and when it ends."""
    if describe_bounds(before) != describe_bounds(after):
        return f"{describe_bounds(before)} → {describe_bounds(after)}"
    return f"{describe_bounds(after)}: {_describe_zone(before)} → {_describe_zone(after)}"


def _describe_zone(bounds: Bounds) -> str:
    zone = bounds.zone or (bounds.recurrence and bounds.recurrence.zone) or "no time zone is stated"
    return f"{zone} (late from {bounds.latest:%a %-d %b %H:%M} UTC)" if bounds.latest else zone


def describe_bounds(bounds: Bounds) -> str:
    """Say a window in a few words, never with an exclusive bound."""
    first, last, named = bounds.first, bounds.last, bounds.named
    if recurs := bounds.recurrence:
        soon = [format_point(recurs.point(name)) for name in islice(recurs.names(), 3)]
        return f"{recurs.to_text}: {', '.join(soon)}{', …' if len(soon) == 3 else ''}"
    if named is None:
        return "no date is known"
    if first is None and bounds.form == "by":
        return f"by {format_point(named)}"
    if first is None:
        return f"through {format_point(named)}" if isinstance(named, Day) else f"until {format_point(named)}"
    if last is None:
        if first == named:
            return f"from {format_point(first)}; no end is known"
        holds = "holds through" if isinstance(named, Day) else "holds until"
        return f"{holds} {format_point(named)}; open from {format_point(first)}; no end is stated"
    if first == last:
        return format_point(first)
    return f"{format_point(first)} to {format_point(last)}"
