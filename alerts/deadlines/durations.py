"""Calendar durations as ISO 8601 writes them (section 5.5.2.2), and in plain English."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen

if TYPE_CHECKING:
    from dateutil.relativedelta import relativedelta

ISO = re.compile(
    r"P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)
ENGLISH = re.compile(r"(\d+) (year|month|week|day|hour|minute)s?", re.ASCII | re.IGNORECASE)
BUSINESS = re.compile(r"(\d+)\s+business\s+days?", re.ASCII | re.IGNORECASE)
LIMIT = 10_000 * 366  # no count beyond this leads to a date in the years 1 to 9999
MOST_BUSINESS_DAYS = 9_999  # about 40 years: counted one by one


@frozen
class Duration:
    """Years, months and days of the calendar (weeks are seven days), plus exact time. May be negative."""

    years: int = 0
    months: int = 0
    days: int = 0
    time: timedelta = timedelta()

    @classmethod
    @lru_cache(maxsize=1024)
    def parse(cls, text: str) -> Duration:
        """Read `P1Y2M3DT4H` or `10 days`. Raises InputError."""
        stripped = text.strip()
        if found := ISO.fullmatch(stripped.upper()):
            parts = found.groups()
        elif found := ENGLISH.fullmatch(stripped):
            names = ("year", "month", "week", "day", "hour", "minute", "second")
            parts = tuple(found[1] if name == found[2].lower() else None for name in names)
        else:
            raise InputError(f"expected a duration such as P7D, P1Y, PT48H or `10 days`, found {text!r}")
        if any(part and len(part) > 10 for part in parts):
            raise InputError(f"the duration {text!r} is too long")
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts)
        exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if years > 9999 or max(months, 7 * weeks + days, exact.days) > LIMIT:
            raise InputError(f"the duration {text!r} is too long: dates end with the year 9999")
        return cls(years, months, 7 * weeks + days, exact)

    @property
    def has_days(self) -> bool:
        """Return whether there is a calendar part."""
        return bool(self.years or self.months or self.days)

    @property
    def in_days(self) -> int:
        """Return about how many days its calendar part has."""
        return 365 * self.years + 30 * self.months + self.days

    def __bool__(self) -> bool:
        return self.has_days or bool(self.time)

    def negated(self) -> Duration:
        return Duration(-self.years, -self.months, -self.days, -self.time)

    def in_unit(self, count: int) -> Duration:
        """Return a count of the one unit in which this duration is stated."""
        unit = Duration(bool(self.years), bool(self.months), bool(self.days), timedelta(hours=bool(self.time)))
        return unit.times(count)

    def times(self, count: int) -> Duration:
        return Duration(count * self.years, count * self.months, count * self.days, count * self.time)

    def plus(self, other: Duration) -> Duration:
        return Duration(
            self.years + other.years, self.months + other.months, self.days + other.days, self.time + other.time
        )

    def shift(self, day: date) -> date:
        """Move a civil day by the calendar part; month ends are clamped. Raises InputError beyond years 1 to 9999."""
        try:
            return day + self._delta()
        except (OverflowError, ValueError):
            raise InputError(f"{day} moved by {self} leaves the years 1 to 9999") from None

    def shift_wall(self, wall: datetime) -> datetime:
        """Move a naive wall-clock time by the calendar part. Raises InputError beyond the years 1 to 9999."""
        try:
            return wall + self._delta()
        except (OverflowError, ValueError):
            raise InputError(f"{wall} moved by {self} leaves the years 1 to 9999") from None

    def _delta(self) -> relativedelta | timedelta:
        if not self.years and not self.months:
            return timedelta(days=self.days)
        from dateutil.relativedelta import relativedelta  # most leads are days

        return relativedelta(years=self.years, months=self.months, days=self.days)

    @lru_cache(maxsize=1024)  # noqa: B019  # a value: it keeps only itself
    def __str__(self) -> str:
        sign = "-" if self.years < 0 or self.months < 0 or self.days < 0 or self.time < timedelta() else ""
        seconds = abs(int(self.time.total_seconds()))
        hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
        civil = f"{abs(self.years)}Y" * bool(self.years) + f"{abs(self.months)}M" * bool(self.months)
        civil += f"{abs(self.days)}D" * bool(self.days)
        exact = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{seconds}S" * bool(seconds)
        return sign + "P" + (civil or "0D" * (not exact)) + (f"T{exact}" if exact else "")

    @property
    def to_text(self) -> str:
        """Return the text for people: `6 months`, `1 year and 10 days`."""
        seconds = int(abs(self.time.total_seconds()))
        counts = [
            (abs(self.years), "year"),
            (abs(self.months), "month"),
            (abs(self.days), "day"),
            (seconds // 3600, "hour"),
            (seconds // 60 % 60, "minute"),
            (seconds % 60, "second"),
        ]
        parts = [f"{n} {unit}{'s' * (n != 1)}" for n, unit in counts if n]
        return " and ".join(parts) or "no time"


@frozen
class BusinessDays:
    """A number of business days, on any calendars."""

    count: int

    @classmethod
    def parse(cls, text: str) -> BusinessDays:
        """Read `10 business days`. Raises InputError."""
        found = BUSINESS.fullmatch(text.strip())
        if not found:
            raise InputError(f"expected a count such as `10 business days`, found {text!r}")
        if len(found[1]) > 10 or int(found[1]) > MOST_BUSINESS_DAYS:
            raise InputError(f"expected at most {MOST_BUSINESS_DAYS:,} business days, found {text!r}")
        return cls(int(found[1]))

    def __bool__(self) -> bool:
        return bool(self.count)

    def __str__(self) -> str:
        return self.to_text

    @property
    def to_text(self) -> str:
        """Return the text for people, which is also the stated form: `10 business days`."""
        return f"{self.count} business day{'s' * (self.count != 1)}"


Lead = Duration | BusinessDays


def parse_lead(text: str) -> Lead:
    """Read `P7D`, `7 days` or `5 business days`. Raises InputError."""
    return BusinessDays.parse(text) if "business" in text.lower() else Duration.parse(text)
