"""Fiscal years, and their quarters and halves, in words."""

from __future__ import annotations

import re

from alerts.deadlines.english import FISCAL, FISCAL_YEAR, QUARTERS
from alerts.deadlines.errors import InputError
from alerts.deadlines.period_words import LINKS, PART, PeriodReader
from alerts.deadlines.stated_dates import DOUBTS, CivilPeriod, FiscalPeriod
from alerts.deadlines.token_dates import read_token
from alerts.deadlines.tokens import Phrases
from alerts.deadlines.zones import zone_info

YEARS = re.compile(r"(\d{4})(?:[/\u2013-](\d\d|\d{4}))?([~?%])?(?:\[([^\]]+)\])?", re.ASCII)
SHORT_YEAR = re.compile(r"fy['\u2019]?(\d\d)", re.ASCII)
TOKEN_YEAR = re.compile(r"fy(\d.*)", re.ASCII | re.IGNORECASE)
_FISCAL_YEAR = Phrases.any_of(FISCAL_YEAR)
Years = tuple[int, int | None, str, str | None]


class FiscalReader(PeriodReader):
    """Reads fiscal periods."""

    def stated_period(self) -> CivilPeriod | FiscalPeriod | None:
        """Read `FY2027 Q2`, `fiscal Q2 2027`, `second quarter of fiscal year 2026/27`, or a period of the calendar."""
        return self._fiscal_period() or super().stated_period()

    def fiscal_year(self) -> FiscalPeriod | None:
        """Read `FY2027` as one token, which elsewhere may be a key."""
        found = read_token(self.word())
        if not isinstance(found, FiscalPeriod):
            return None
        self.take()
        return found

    def _fiscal_period(self) -> FiscalPeriod | None:
        start = self.next
        if SHORT_YEAR.fullmatch(self.word()) and PART.fullmatch(self.word(1)):
            self.refuse("expected the fiscal year with four digits, as in `FY2027 Q2`")
        if (years := self._named_year()) is not None:
            has_part = self._part_follows()
            if self.next > start + 1 or has_part:
                return self._fiscal(start, years, has_part)
        self.next = start
        part = self._part_of_year()
        years = (self._named_year() or self._bare_year(start)) if part else None
        if years is None:
            self.next = start
            return None
        return self._fiscal(start, years, part)

    def _named_year(self) -> Years | None:
        """Read `FY2027`, `FY 2027`, `fiscal year 2026/27`."""
        start = self.next
        self.take_one(("the",))
        if found := TOKEN_YEAR.fullmatch(self.column()[1]):
            years = self._years_of(found[1])
        elif self.take_phrase(_FISCAL_YEAR):
            years = self._years_of(self.column()[1])
        else:
            years = None
        if years is None:
            self.next = start
            return None
        self.take()
        return years

    def _part_follows(self) -> str | None:
        """Read `Q2` after its year, perhaps with a comma."""
        ahead = int(self.word() == ",")
        if not PART.fullmatch(self.word(ahead)):
            return None
        self.take(ahead + 1)
        return self.word(-1)

    def _part_of_year(self) -> str | None:
        """Read what stands before the year: `Q2 of`, `fiscal Q2`, `second fiscal quarter of`."""
        self.take_one(FISCAL)
        if PART.fullmatch(self.word()):
            self.take()
            found = self.word(-1)
        else:
            position = self._position()
            ahead = 1 + (self.word(1) in FISCAL)
            unit = QUARTERS.get(self.word(ahead)) if position else None
            if position is None or unit is None:
                return None
            self.take(ahead + 1)
            found = f"{unit.lower()}{position + {'Q': 5, 'H': 3}[unit] * (position < 0)}"
        self.take_one(LINKS)
        return found

    def _bare_year(self, start: int) -> Years | None:
        """Read `2027`, where `fiscal` stands before."""
        if not set(self.words[start : self.next]).intersection(FISCAL):
            return None
        years = self._years_of(self.column()[1])
        self.take(int(years is not None))
        return years

    def _years_of(self, text: str) -> Years | None:
        found = YEARS.fullmatch(text)
        if found is None:
            return None
        first, ends = int(found[1]), None
        if found[2]:
            ends = first + 1
            if int(found[2]) not in (ends, ends % 100):
                self.refuse(f"a fiscal year lies in two years that follow each other, and {text} does not")
        if not first:
            self.refuse(f"there is no fiscal year {text}")
        try:
            if found[4]:
                zone_info(found[4])
        except InputError as error:
            self.refuse(str(error))
        return first, ends, found[3] or "", found[4]

    def _fiscal(self, start: int, years: Years | None, part: str | None) -> FiscalPeriod | None:
        if years is None:
            self.next = start
            return None
        if part and part not in ("q1", "q2", "q3", "q4", "h1", "h2"):
            self.refuse("a fiscal year has four quarters and two halves", self.tokens[start][0])
        return _period(years, part)


def _period(years: Years, part: str | None) -> FiscalPeriod:
    first, ends, doubt, zone = years
    return FiscalPeriod(first, ends, part.upper() if part else None, zone, DOUBTS.get(doubt))
