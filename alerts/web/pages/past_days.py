"""A day of the past, at whose end pages show what was known, and the ways to the days around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day
from alerts.rendering.template_filters import on_day

LAST = timedelta(microseconds=1)  # what was recorded at midnight is of the next day
NO_DAY = "Choose a day up to today, such as 2026-11-05."


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDay:
    """A day in a zone: when it began, and its end or now, if that is earlier."""

    day: date
    today: date
    begins: datetime
    at: datetime
    zone: str

    @classmethod
    def read(cls, stated: str, now: datetime, zone: str) -> PastDay:
        """Read a day. Raises InputError for what is none, or has not begun."""
        try:
            day, today = datetime.strptime(stated, "%Y-%m-%d").date(), on_day(now, zone)  # noqa: DTZ007  # a civil day
        except ValueError:
            raise InputError(NO_DAY) from None
        if day > today or day == date.min:
            raise InputError(NO_DAY)
        bounds = Day(day, zone)
        return cls(day=day, today=today, begins=bounds.start, at=min(bounds.end - LAST, now), zone=zone)

    def ways(self, earlier: Iterable[datetime], later: Iterable[datetime]) -> WaysAround:
        """Return the ways from here: to the last of what was before it, and to the first of what came after."""
        last, first = max(earlier, default=None), min(later, default=None)
        return WaysAround(
            before=self.day - timedelta(days=1),
            after=self.day + timedelta(days=1) if self.day < self.today else None,
            last_change=on_day(last, self.zone) if last else None,
            next_change=on_day(first, self.zone) if first else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysAround:
    """The days to which a page of the past leads: those next to it, and those on which something happened."""

    before: date
    after: date | None
    last_change: date | None
    next_change: date | None
