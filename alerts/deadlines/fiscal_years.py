"""Fiscal years: when they begin, and which of them a name means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from alerts.deadlines.errors import InputError

BEGINS = re.compile(r"(\d\d)-(\d\d)", re.ASCII)
NAMED = re.compile(r"FY ?(\d{4}) from (\d{4})-(\d\d)-(\d\d)", re.ASCII | re.IGNORECASE)
EXAMPLES = "`04-01`, or `FY2027 from 2026-04-01`, which also says which year is called FY2027"
LAST_DAY = 28  # each month has it
MONTHS = {None: (0, 12), "Q1": (0, 3), "Q2": (3, 3), "Q3": (6, 3), "Q4": (9, 3), "H1": (0, 6), "H2": (6, 6)}


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """The day on which the years begin, and how many years after that day the year is that names them.

    `later` is None where a party does not state it: then a year is named by both of its calendar years (2026/27).
    """

    month: int
    day: int
    later: int | None = None

    @classmethod
    def parse(cls, text: str) -> FiscalYear:
        """Read `04-01` or `FY2027 from 2026-04-01`. Raises InputError."""
        try:
            if found := BEGINS.fullmatch(text):
                month, day, later = int(found[1]), int(found[2]), None
            elif found := NAMED.fullmatch(text):
                month, day, later = int(found[3]), int(found[4]), int(found[1]) - int(found[2])
            else:
                raise ValueError(text)
            date(2001, month, day)
        except ValueError:
            raise InputError(f"expected the day on which the fiscal year begins: {EXAMPLES}") from None
        if day > LAST_DAY:
            raise InputError(f"a fiscal year that begins after the {LAST_DAY}th of a month is not supported")
        if later not in (None, 0, 1):
            raise InputError(f"a fiscal year is named by the year in which it begins or ends: {EXAMPLES}")
        return cls(month, day, 0 if (month, day) == (1, 1) and later is None else later)

    def days(self, year: int, ends: int | None, part: str | None) -> tuple[date, date]:
        """Return the first and last day of a year or a part of it; `ends` is the second year of `2026/27`.

        Raises InputError where the year could be two, and OverflowError beyond the years 1 to 9999.
        """
        if ends is not None:
            if (self.month, self.day) == (1, 1):
                raise InputError(f"there is no FY{year}/{ends % 100:02}: the fiscal year is the calendar year")
            begins = year
        elif self.later is None:
            raise InputError(self._explain_readings(year))
        else:
            begins = year - self.later
        start, length = MONTHS[part]
        return self._start(begins, start), self._start(begins, start + length) - timedelta(days=1)

    def around(self, day: date, months: int, offset: int) -> tuple[date, date]:
        """Return the first and last day of the period of so many months in which a day falls, or of one from it on.

        Raises OverflowError beyond the years 1 to 9999.
        """
        since = day.year * 12 + day.month - self.month - (day.day < self.day)
        number = (since // months + offset) * months
        return self._start(0, number), self._start(0, number + months) - timedelta(days=1)

    def last_days(self, months: int) -> list[tuple[int, int]]:
        """Return the month and the day on which each period of so many months ends; the day -1 is a month's last."""
        begins = [(self.month - 1 + number) % 12 + 1 for number in range(0, 12, months)]
        if self.day == 1:
            return sorted(((month - 2) % 12 + 1, -1) for month in begins)
        return sorted((month, self.day - 1) for month in begins)

    def _explain_readings(self, year: int) -> str:
        begins = [f"{first:04}-{self.month:02}-{self.day:02}" for first in (year - 1, year)]
        names = [f"FY{first:04}/{(first + 1) % 100:02}" for first in (year - 1, year)]
        return (
            f"FY{year} can begin on {begins[0]} or on {begins[1]}: write {names[0]} or {names[1]}, or state which it "
            f"is in the party, as in `fiscal_year: FY{year} from {begins[0]}`"
        )

    def _start(self, year: int, months: int) -> date:
        number = year * 12 + self.month - 1 + months
        if not 12 <= number < 120_000:
            raise OverflowError(number)
        return date(number // 12, number % 12 + 1, self.day)
