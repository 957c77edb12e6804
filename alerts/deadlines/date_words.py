"""Dates in words: days, months, quarters, halves, weeks, and days by their place in one of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from alerts.deadlines.dates import read_date
from alerts.deadlines.english import (
    BEGINNINGS,
    BUSINESS_DAY,
    CALENDAR_DAY,
    MONTHS,
    VAGUE,
    WEEKDAYS,
)
from alerts.deadlines.errors import InputError
from alerts.deadlines.fiscal_words import FiscalReader
from alerts.deadlines.period_words import LINKS, YEAR
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod
from alerts.deadlines.terms import Anchored, Dated, DayIn, EachPeriodEnd, PeriodAt
from alerts.deadlines.wording import WEEKDAY_NAMES, print_position

DAY_NUMBER = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)


class DateReader(FiscalReader):
    """Reads dates that are written in words, over several tokens."""

    def worded(self) -> Dated | Anchored | None:
        """Read a date in words; None where none stands here."""
        return self._on_weekday() or self._day() or self._placed_day() or self._edge() or self.stated_period()

    def _on_weekday(self) -> Dated | None:
        """Read `Wednesday, 31 March 2027`, where the weekday must be right."""
        weekday, start = WEEKDAYS.get(self.word()), self.next
        if weekday is None:
            return None
        self.take()
        self.take_one((",",))
        self.take_one(("the",))
        found = self._day() or self._iso_day()
        if found is None:
            self.next = start
            return None
        if found.date.weekday() != weekday:
            real = WEEKDAY_NAMES[found.date.weekday()]
            self.next = start
            self.refuse(f"{found.date} is a {real}, not a {WEEKDAY_NAMES[weekday]}: correct the day or the weekday")
        return found

    def _iso_day(self) -> CivilDay | None:
        try:
            found = read_date(self.column()[1])
        except InputError:
            return None
        if not isinstance(found, CivilDay):
            return None
        self.take()
        return found

    def _day(self) -> CivilDay | None:
        """Read `31 March 2027`, `March 31, 2027` or `2027 March 31`."""
        start = self.next
        if YEAR.fullmatch(self.word()) and self.word(1) in MONTHS and DAY_NUMBER.fullmatch(self.word(2)):
            self.take(3)
            return self._civil(start, self.tokens[start][1], self.word(-2), self.word(-1))
        if DAY_NUMBER.fullmatch(self.word()):
            ahead = 2 if self.word(1) == "of" else 1
            if self.word(ahead) not in MONTHS:
                return None
            self.take(ahead + 1)
            day, month = self.tokens[start][1], self.word(-1)
        elif self.word() in MONTHS and DAY_NUMBER.fullmatch(self.word(1)):
            self.take(2)
            month, day = self.word(-2), self.word(-1)
        else:
            return None
        self.take_one(LINKS)
        if not YEAR.fullmatch(self.peek()):
            self.fail("expected the year with four digits")
        self.take()
        return self._civil(start, self.tokens[self.next - 1][1], month, day)

    def _civil(self, start: int, year: str, month: str, day: str) -> CivilDay:
        """Return the day of a year's token, which may end in a doubt and a zone."""
        found, number = self._year(year), DAY_NUMBER.fullmatch(day.lower())
        assert number
        try:
            return CivilDay(date(found.year, MONTHS[month], int(number[1])), found.zone, found.doubt)
        except ValueError:
            written = " ".join(token for _, token in self.tokens[start : self.next])
            self.refuse(f"there is no such date as {written}", self.tokens[start][0])

    def counted_day(self, ahead: int) -> tuple[str, int] | None:
        """Return what is counted: a day, a business day or a weekday, and the number of its tokens."""
        if self.word(ahead) in BUSINESS_DAY and self.word(ahead + 1) in ("day", "days"):
            return "business day", 2
        if self.word(ahead) in CALENDAR_DAY and self.word(ahead + 1) == "day":
            return "day", 2
        if self.word(ahead) == "day":
            return "day", 1
        if self.word(ahead) in WEEKDAYS:
            return WEEKDAY_NAMES[WEEKDAYS[self.word(ahead)]], 1
        return None

    def _placed_day(self) -> Dated | DayIn | EachPeriodEnd | None:
        """Read `last business day of March 2027`, `first Monday of April 2027`, `15th day of …`."""
        start, position = self.next, self._position()
        counted = self.counted_day(1) if position else None
        if position is None or counted is None or self.word(1 + counted[1]) not in ("of", "in"):
            return None
        self.take(2 + counted[1])
        period = self.period()
        if period is None:
            self.fail("expected a month, a quarter or a year, as in `last business day of March 2027`")
        return self._find_day(start, position, counted[0], period)

    def _find_day(
        self, start: int, position: int, counted: str, period: CivilPeriod | FiscalPeriod | PeriodAt
    ) -> Dated | DayIn | EachPeriodEnd:
        """Return the day by its place; what needs a calendar or another date stays to be worked out."""
        if isinstance(period, PeriodAt) and period.each and (position, counted) == (-1, "day"):
            return period.each
        if isinstance(period, PeriodAt | FiscalPeriod) or counted == "business day":
            return DayIn(position, counted, period)
        days = [period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1)]
        if counted != "day":
            days = [day for day in days if WEEKDAY_NAMES[day.weekday()] == counted]
        if abs(position) > len(days):
            self.refuse(f"{period.stated} has no {print_position(position)} {counted}", self.tokens[start][0])
        return CivilDay(days[position - (position > 0)], period.zone, period.doubt)

    def _edge(self) -> Dated | DayIn | EachPeriodEnd | None:
        """Read `end of March 2027`, `beginning of Q2 2027`, `mid-March 2027`."""
        start, word = self.next, self.word()
        if word.startswith("mid-") and word[4:] in MONTHS and YEAR.fullmatch(self.word(1)):
            self.take(2)
            year = self._year(self.tokens[start + 1][1])
            return self._find_edge(start, "middle", replace(year, month=MONTHS[word[4:]]))
        if self._ends_at(1) or word not in (*VAGUE, *BEGINNINGS):
            return None
        if word in VAGUE:
            self._refuse_vague(word)
            return None
        self.take()
        linked = self.take_one(("of",))
        period = self.period()
        if period is not None:
            return self._find_edge(start, BEGINNINGS[word], period)
        if linked:
            self.fail(f"expected a month, a quarter or a year after `{word} of`")
        self.next = start
        return None

    def _find_edge(
        self, start: int, edge: str, period: CivilPeriod | FiscalPeriod | PeriodAt
    ) -> Dated | DayIn | EachPeriodEnd:
        place = self.tokens[start][0]
        is_week = period.unit == "week" if isinstance(period, PeriodAt) else (period.part or "")[:1] == "W"
        if is_week and edge != "start":
            days = (4, 6) if edge == "end" else (2, 3)
            names = " or ".join(WEEKDAY_NAMES[day] for day in days)
            self.refuse(f"the {edge} of a week can be its {names}: name the day", place)
        if edge != "middle":
            return self._find_day(start, 1 if edge == "start" else -1, "day", period)
        if isinstance(period, CivilPeriod) and period.month:
            return CivilDay(period.first.replace(day=15), period.zone, period.doubt or "approximate")
        if isinstance(period, PeriodAt | FiscalPeriod):
            self.refuse(
                "the middle of a period is not a certain day: write which, as in `15th day of the month of X`", place
            )
        is_year = not (period.month or period.part)
        middle = (
            date(period.year, 7, 1) if is_year else period.first + (period.last - period.first + timedelta(days=1)) // 2
        )
        return self.refuse(
            f"the middle of {period.stated} can be {middle - timedelta(days=1)} or {middle}: write the day", place
        )

    def _refuse_vague(self, word: str) -> None:
        start = self.next
        self.take()
        self.take_one(("in", "of"))
        period = self.period() or (self._year(self.column()[1]) if YEAR.fullmatch(self.peek()) else None)
        self.next = start
        if period is None:
            return
        self.refuse(f"`{word}` {VAGUE[word]}")

    def _ends_at(self, ahead: int) -> bool:
        return self.word(ahead) in ("", ";", ")", "and", "or", ",")
