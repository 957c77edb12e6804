"""All months, quarters or years, in words: `end of each quarter`, `each fiscal year-end from 2027-01-01`."""

from __future__ import annotations

from datetime import date

from alerts.deadlines.clock_on_words import ClockOnReader
from alerts.deadlines.english import (
    CALENDAR_PERIOD,
    CLOSE_OF_PERIOD,
    EACH_PERIOD,
    FISCAL,
    FISCAL_PERIODS,
    PERIOD_END,
    PERIODS,
    STARTING,
    UNTIL,
)
from alerts.deadlines.stated_dates import CivilDay
from alerts.deadlines.terms import EachPeriodEnd, Unit
from alerts.deadlines.tokens import Phrases

_CLOSE_OF, _STARTING, _UNTIL = map(Phrases.any_of, (CLOSE_OF_PERIOD, STARTING, UNTIL))


class EachPeriodReader(ClockOnReader):
    """Reads periods that come again and again."""

    def each_period_end(self) -> EachPeriodEnd | None:
        """Read `each quarter end`, `each quarter-end`, `close of each quarter`."""
        start = self.next
        found = self.each_period(ends=not self.take_phrase(_CLOSE_OF))
        if found is None:
            self.next = start
        return found

    def each_period(self, *, ends: bool = False) -> EachPeriodEnd | None:
        """Read `each quarter`, `every fiscal year from 2027-01-01`; where it `ends`, `each quarter end`."""
        start = self.next
        unit = self.unit(ends=ends) if self.take_one(EACH_PERIOD) else None
        if unit is None or unit[0] in ("day", "week"):
            self.next = start
            return None
        self.take(unit[1])
        return EachPeriodEnd(unit[0], self._limit_of_periods(_STARTING), self._limit_of_periods(_UNTIL))

    def _limit_of_periods(self, phrases: Phrases[str]) -> date | None:
        """Read `, starting 2027-01-01` after the periods; None where something else follows."""
        start = self.next
        self.take_one((",",))
        found = self.base("from") if self.take_phrase(phrases) else None
        if isinstance(found, CivilDay) and not (found.zone or found.doubt):
            return found.date
        self.next = start
        return None

    def unit(self, *, ends: bool = False) -> tuple[Unit, int] | None:
        """Return the unit that stands here and its number of tokens; where it `ends`, of `quarter end`."""
        is_fiscal = self.word() in FISCAL
        ahead = int(is_fiscal or self.word() == CALENDAR_PERIOD)
        word = self.word(ahead)
        if ends:
            joined = word.endswith(PERIOD_END)
            word = word.removesuffix(PERIOD_END) if joined or self.word(ahead + 1) == PERIOD_END[1:] else ""
            ahead += not joined
        unit = (FISCAL_PERIODS if is_fiscal else PERIODS).get(word)
        return None if unit is None else (unit, ahead + 1)
