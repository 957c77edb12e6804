"""What recurs in words: `every 2 weeks on Friday from 2027-01-01`, `annually on 31 March from 2027-03-31`."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import timedelta

from alerts.deadlines.anchor_words import TermReader
from alerts.deadlines.business_day_series import MOST_PLACES
from alerts.deadlines.english import (
    AFTER,
    BUSINESS_DAY,
    EACH_OTHER,
    FREQUENCIES,
    FREQUENCY_WORDS,
    MONTHS,
    STARTING,
    THEREAFTER,
    TWICE_OR_EVERY_TWO,
    WEEKDAYS,
    WORKWEEK,
)
from alerts.deadlines.rule_parts import DAYS
from alerts.deadlines.tokens import Phrases

_WORDS = Phrases(FREQUENCY_WORDS)
DAY_NUMBER = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)
EXAMPLE = "every month on the last day from 2027-01-31"
BUSINESS_EXAMPLE = "every month on the last business day from 2027-01-29"
FOLLOWING = frozenset(("", "on", "from", "at", "until", ",", *STARTING, *AFTER, *THEREAFTER))  # after `monthly`
CODES = tuple(DAYS)


@dataclass(slots=True)
class Series:
    """A series as it is read: how often, on which days, at which time, and how it ends.

    `business_day` is the place of a business day in a month; 0 where there is none.
    """

    frequency: str
    interval: int = 1
    weekdays: list[str] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    business_day: int = 0
    months: list[int] = field(default_factory=list)
    clock: timedelta | None = None
    ends: str = ""

    @property
    def rule(self) -> str:
        """Return the rule of RFC 5545."""
        parts = [f"FREQ={self.frequency}"]
        parts += [f"INTERVAL={self.interval}"] * (self.interval > 1)
        parts += [f"BYMONTH={','.join(map(str, self.months))}"] * bool(self.months)
        parts += [f"BYMONTHDAY={','.join(map(str, self.days))}"] * bool(self.days)
        parts += [f"BYDAY={','.join(self.weekdays)}"] * bool(self.weekdays)
        return ";".join(parts) + self.ends


class SeriesReader(TermReader):
    """Reads series in words."""

    def series(self) -> Series | None:
        """Read how often: `year`, `2 weeks`, `Friday`, `second Tuesday of the month`; None where it is a rule."""
        found = self._weekly_days() or self._monthly_place() or self._frequency()
        if found is None:
            return None
        self._read_days(found)
        return found

    def frequency_word(self) -> Series | None:
        """Read `monthly`, `annually`: how often in one word."""
        if self.word() in TWICE_OR_EVERY_TWO and self.word(1) in FOLLOWING:
            twice, every_two = TWICE_OR_EVERY_TWO[self.word()]
            self.refuse(f"`{self.word()}` can mean {twice} or {every_two}: write which, as in `every 2 weeks`")
        found = self.phrase(_WORDS)
        if found is None or self.word(found[1]) not in FOLLOWING:
            return None
        self.take(found[1])
        frequency, interval = found[0]
        series = Series(frequency, interval)
        self._read_days(series)
        return series

    def _weekly_days(self) -> Series | None:
        """Read `Friday`, `Monday and Thursday`, `weekday`, `other Friday`."""
        start = self.next
        interval = 2 if self.take_one(EACH_OTHER) else 1
        if self.take_one(WORKWEEK):
            return Series("WEEKLY", interval, list(CODES[:5]))
        days = self._weekdays()
        if not days:
            self.next = start
            return None
        return Series("WEEKLY", interval, days)

    def _weekdays(self) -> list[str]:
        """Read weekdays that follow each other in a list."""
        found: list[str] = []
        while (number := WEEKDAYS.get(self.word().removesuffix("s"), WEEKDAYS.get(self.word()))) is not None:
            self.take()
            found.append(CODES[number])
            start = self.next
            self.take_one((",",))
            self.take_one(("and",))
            if self.word().removesuffix("s") not in WEEKDAYS and self.word() not in WEEKDAYS:
                self.next = start
        return found

    def _monthly_place(self) -> Series | None:
        """Read `second Tuesday of the month`, `last day of the month`, `last business day of the quarter`."""
        start, position = self.next, self._position()
        if (place := self.business_day()) is not None:
            return self._period_of_business_day(place)
        self.take()
        weekday = WEEKDAYS.get(self.word())
        if position is not None and position > 1 and weekday is not None and self.word(1) != "of":
            self.next = start
            self.refuse(f"`every {self.written(2)}` can mean that weekday of each month, or every {position} weeks: "
                        "write `of the month` after it, or `every 2 weeks on`")  # fmt: skip
        of = self.words[self.next + 1 : self.next + 4] if position else []
        frequency = FREQUENCIES.get(of[-1]) if of[:1] == ["of"] and len(of) == 3 else None
        if position is None or frequency != "MONTHLY" or (weekday is None and self.word() != "day"):
            self.next = start
            return None
        self.take(4)
        if weekday is None:
            return Series("MONTHLY", days=[position])
        return Series("MONTHLY", weekdays=[f"{position}{CODES[weekday]}"])

    def _period_of_business_day(self, place: int) -> Series:
        frequency = FREQUENCIES.get(self.word(2)) if self.word() in ("of", "in") else None
        if self.word(1) in ("the", "each", "every") and frequency in ("MONTHLY", "QUARTERLY"):
            self.take(3)
            return Series(frequency, business_day=place)
        return self.fail(f"expected the month or the quarter, as in `{BUSINESS_EXAMPLE}`")

    def _frequency(self) -> Series | None:
        """Read `year`, `2 weeks`, `other month`, `second week`."""
        start = self.next
        position = self._position()
        number = 2 if self.take_one(EACH_OTHER) else self.number()
        interval = 1 if number is None else number
        if position is not None and self.next == start:
            self.take()
            interval = position
        frequency = FREQUENCIES.get(self.word())
        if frequency is None or interval < 1:
            self.next = start
            return None
        self.take()
        return Series(frequency, interval)

    def _read_days(self, series: Series) -> None:
        """Read `on the last day`, `on Friday`, `on 31 March`, `at 17:00`."""
        if self.take_one(("on",)):
            self.take_one(("the",))
            place = self.next
            if series.frequency == "WEEKLY":
                series.weekdays += self._weekdays()
            elif series.frequency == "YEARLY":
                self._day_of_year(series)
            else:
                self._days_of_month(series)
            if self.next == place:
                self.fail(f"expected the days on which it recurs, as in `{EXAMPLE}`")
        if self.take_one(("at",)) and (clock := self.clock()) is not None:
            if clock[1]:
                self.fail("expected the zone after the start, as in `from 2027-01-31 17:00 Europe/Brussels`")
            series.clock = clock[0]

    def _days_of_month(self, series: Series) -> None:
        """Read `15th`, `1st and 15th`, `last day`, `first Monday`."""
        position = self._position()
        if position is not None and self.word(1) in WEEKDAYS:
            series.weekdays.append(f"{position}{CODES[WEEKDAYS[self.word(1)]]}")
            self.take(2)
        elif (place := self.business_day()) is not None:
            series.business_day = place
        else:
            while (number := self._day_number()) is not None:
                series.days.append(number)
                start = self.next
                self.take_one((",",))
                self.take_one(("and",))
                self.take_one(("the",))
                if self._position() is None:
                    self.next = start
                    break
        self._of_period()

    def business_day(self) -> int | None:
        """Read `last business day`, `3rd working day`: its place in a month."""
        position = self._position()
        if position is None or self.word(1) not in BUSINESS_DAY or self.word(2) != "day":
            return None
        if abs(position) > MOST_PLACES:
            self.refuse(f"expected a place up to {MOST_PLACES} from either end: a month may have no more business days")
        self.take(3)
        return position

    def _day_number(self) -> int | None:
        position = self._position()
        if position is None or not -31 <= position <= 31:
            return None
        self.take()
        self.take_one(("day",))
        return position

    def _of_period(self) -> None:
        """Read `of the month` after the days."""
        if self.word() == "of" and self.word(1) in ("the", "each", "every") and self.word(2) in FREQUENCIES:
            self.take(3)

    def _day_of_year(self, series: Series) -> None:
        """Read `31 March`, `March 31`, `the last day of February`, `the first Monday of May`."""
        position = self._position()
        if (place := self.business_day()) is not None:
            series.business_day = place
            self._months_of_business_day(series)
            return
        if position is not None and self.word(1) in WEEKDAYS and self.word(3) in MONTHS:
            series.weekdays.append(f"{position}{CODES[WEEKDAYS[self.word(1)]]}")
            series.months.append(MONTHS[self.word(3)])
            self.take(4)
            return
        if position is not None and self.word(1) == "day" and self.word(3) in MONTHS:
            series.days.append(position)
            series.months.append(MONTHS[self.word(3)])
            self.take(4)
            return
        ahead = 2 if self.word(1) == "of" else 1
        if (found := DAY_NUMBER.fullmatch(self.word())) and self.word(ahead) in MONTHS:
            month, count = MONTHS[self.word(ahead)], ahead + 1
        elif self.word() in MONTHS and (found := DAY_NUMBER.fullmatch(self.word(1))):
            month, count = MONTHS[self.word()], 2
        else:
            return
        if not 1 <= int(found[1]) <= monthrange(2000, month)[1]:
            self.fail("expected a day that the month has")
        series.days.append(int(found[1]))
        series.months.append(month)
        self.take(count)

    def _months_of_business_day(self, series: Series) -> None:
        """Read `of March`, `of the year`: the month in which the business day is counted."""
        if self.word() in ("of", "in") and self.word(1) in MONTHS:
            series.months.append(MONTHS[self.word(1)])
            self.take(2)
            return
        self._of_period()
        series.months.append(1 if series.business_day > 0 else 12)
