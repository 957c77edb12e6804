"""Durations of ISO 8601, and moving civil days and wall clocks by them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

When = TypeVar("When", bound=date)


@dataclass(frozen=True, slots=True)
class Span:
    """Years, months, weeks and days are civil; hours and minutes are exact."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0

    def times(self, factor: int) -> Span:
        """Return it so many times over (negative: backwards)."""
        return Span(
            self.years * factor,
            self.months * factor,
            self.weeks * factor,
            self.days * factor,
            self.hours * factor,
            self.minutes * factor,
        )

    def plus(self, other: Span) -> Span:
        """Return both together."""
        return Span(
            self.years + other.years,
            self.months + other.months,
            self.weeks + other.weeks,
            self.days + other.days,
            self.hours + other.hours,
            self.minutes + other.minutes,
        )

    def civil(self, start: When) -> When:
        """Move a day or a wall clock: first by months, the end of a shorter month clamped, then by days."""
        if self.years or self.months:
            months = start.year * 12 + start.month - 1 + self.years * 12 + self.months
            year, month = divmod(months, 12)
            start = start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
        return start + timedelta(days=self.weeks * 7 + self.days)

    @property
    def exact(self) -> timedelta:
        """The part that is counted by the clock and not by the calendar."""
        return timedelta(hours=self.hours, minutes=self.minutes)

    def __str__(self) -> str:
        date_part = "".join(
            f"{n}{unit}" for n, unit in zip((self.years, self.months, self.weeks, self.days), "YMWD", strict=True) if n
        )
        time_part = "".join(f"{n}{unit}" for n, unit in zip((self.hours, self.minutes), "HM", strict=True) if n)
        return f"P{date_part}{'T' if time_part else ''}{time_part}" if date_part or time_part else "P0D"
