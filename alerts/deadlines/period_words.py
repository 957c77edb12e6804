"""Months, quarters, halves, years and weeks in words."""

from __future__ import annotations

import re
from dataclasses import replace

from alerts.deadlines.clock_words import ClockReader
from alerts.deadlines.dates import read_date
from alerts.deadlines.english import MONTHS, POSITIONS, QUARTERS, WEEK
from alerts.deadlines.errors import InputError
from alerts.deadlines.stated_dates import CivilPeriod, FiscalPeriod
from alerts.deadlines.terms import PeriodAt
from alerts.deadlines.tokens import Phrases
from alerts.deadlines.wording import print_position

NUMERAL = re.compile(r"(\d{1,3})(st|nd|rd|th)(-to-last)?", re.ASCII)
YEAR = re.compile(r"\d{4}(?!\d).*", re.ASCII)
PART = re.compile(r"([qh])(\d)", re.ASCII)
WEEK_NUMBER = re.compile(r"(?:c?w|kw)(\d{1,2})", re.ASCII)
_WEEK = Phrases.any_of(WEEK)
LINKS = (",", "of", "in")  # between a day or a month and its year


class PeriodReader(ClockReader):
    """Reads periods that are written in words, over several tokens."""

    def _year(self, token: str) -> CivilPeriod:
        try:
            found = read_date(token.removesuffix("."))
        except InputError as error:
            self.refuse(str(error))
        if not isinstance(found, CivilPeriod) or found.month or found.part:
            self.next -= 1
            self.fail("expected the year with four digits")
        return found

    def stated_period(self) -> CivilPeriod | FiscalPeriod | None:
        """Read `March 2027`, `Q2 2027`, `first half of 2027` or `week 14 of 2027`."""
        start = self.next
        made = self._month_alone() or self._part_alone()
        if made is None:
            return None
        year_first = made.year > 0
        if not year_first:
            self.take_one(LINKS)
            if not YEAR.fullmatch(self.peek()):
                self.fail("expected the year with four digits")
            self.take()
            year = self._year(self.tokens[self.next - 1][1])
            made = replace(year, month=made.month, part=made.part)
        try:
            assert made.first <= made.last
        except ValueError:
            self.refuse(f"there is no {made.stated}", self.tokens[start][0])
        return made

    def _month_alone(self) -> CivilPeriod | None:
        number, following = MONTHS.get(self.word()), self.word(1)
        ahead = 2 if following in LINKS else 1
        if number is None or not YEAR.fullmatch(self.word(ahead)):
            return None
        self.take()
        return CivilPeriod(0, number)

    def _part_alone(self) -> CivilPeriod | None:
        """Read a quarter, a half or a week, perhaps after its year (`2027 Q2`)."""
        year = 0
        if re.fullmatch(r"\d{4}", self.word(), re.ASCII) and PART.fullmatch(self.word(1)):
            year = self._year(self.column()[1]).year
            self.take()
        in_year = year > 0 or bool(YEAR.fullmatch(self.word(1 + (self.word(1) in LINKS))))
        if in_year and (found := PART.fullmatch(self.word())):
            return self._part(found[1].upper(), int(found[2]), 1, year)
        if in_year and (found := WEEK_NUMBER.fullmatch(self.word())):
            return self._part("W", int(found[1]), 1, year)
        position, unit = self._position(), QUARTERS.get(self.word(1))
        year_at = 3 if self.word(2) in LINKS else 2
        if position and unit and YEAR.fullmatch(self.word(year_at)):
            if position < 0:
                position += {"Q": 5, "H": 3}[unit]
            return self._part(unit, position, 2, year)
        found_week = self.phrase(_WEEK)
        count = found_week[1] if found_week else 0
        if count and re.fullmatch(r"\d{1,2}", self.word(count), re.ASCII):
            return self._part("W", int(self.word(count)), count + 1, year)
        return None

    def _part(self, unit: str, number: int, tokens: int, year: int) -> CivilPeriod:
        if not 1 <= number <= {"Q": 4, "H": 2, "W": 53}[unit]:
            kind = {"Q": "four quarters", "H": "two halves", "W": "at most 53 weeks"}[unit]
            self.refuse(f"a year has {kind}, and no {print_position(number)}")
        self.take(tokens)
        return CivilPeriod(year, None, part=f"{unit}{number}")

    def _position(self, ahead: int = 0) -> int | None:
        """Return the position that stands here: `last`, `first`, `15th`, `2nd-to-last`."""
        word = self.word(ahead)
        if found := NUMERAL.fullmatch(word):
            return int(found[1]) * (-1 if found[3] else 1) or None
        return POSITIONS.get(word)

    def fiscal_year(self) -> FiscalPeriod | None:
        """Read `FY2027` where a period must stand."""
        return None

    def period(self) -> CivilPeriod | FiscalPeriod | PeriodAt | None:
        """Read a month, a quarter, a half, a year or a week, perhaps with its zone."""
        start = self.next
        self.take_one(("the",))
        found = self.stated_period() or self.fiscal_year() or self._year_or_month()
        if found is None:
            self.next = start
            return None
        placed = self.add_zone(found)
        assert isinstance(placed, CivilPeriod | FiscalPeriod)
        return placed

    def _year_or_month(self) -> CivilPeriod | None:
        try:
            found = read_date(self.column()[1])
        except InputError as error:
            self.refuse(str(error))
        if not isinstance(found, CivilPeriod):
            return None
        self.take()
        return found
