"""What recurs in words: `every 2 weeks on Friday from 2027-01-01`, `annually on 31 March from 2027-03-31`."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from alerts.deadlines.anchor_words import TermReader
from alerts.deadlines.english import (
    EACH_OTHER,
    FREQUENCIES,
    FREQUENCY_WORDS,
    MONTHS,
    STARTING,
    TIMES,
    TWICE_OR_EVERY_TWO,
    UNTIL,
    WEEKDAYS,
    WORKWEEK,
)
from alerts.deadlines.rule_parts import DAYS
from alerts.deadlines.stated_dates import CivilDay, WallTime
from alerts.deadlines.tokens import Phrases

_STARTING = Phrases.any_of(STARTING)
_WORDS = Phrases(FREQUENCY_WORDS)
DAY_NUMBER = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)
QUARTER_STARTS, QUARTER_ENDS = (1, 4, 7, 10), (3, 6, 9, 12)
EXAMPLE = "every month on the last day from 2027-01-31"
CODES = tuple(DAYS)


@dataclass(slots=True)
class Series:
    """A series as it is read: how often, on which days, at which time, and how it ends."""

    frequency: str
    interval: int = 1
    weekdays: list[str] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
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
        if self.word() in TWICE_OR_EVERY_TWO and self.word(1) in ("", "on", "from", "at", *STARTING):
            twice, every_two = TWICE_OR_EVERY_TWO[self.word()]
            self.refuse(f"`{self.word()}` can mean {twice} or {every_two}: write which, as in `every 2 weeks`")
        found = self.phrase(_WORDS)
        if found is None or self.word(found[1]) not in ("", "on", "from", "at", "until", *STARTING):
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
        """Read `second Tuesday of the month`, `last day of the month`."""
        start, position = self.next, self._position()
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
        elif position is not None and self.word(1) in ("business", "working"):
            self.refuse(f"a series has no business days of its own: write `{EXAMPLE}`, and for the commitment "
                        "`roll: preceding`")  # fmt: skip
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

    def start_of(self, series: Series) -> CivilDay | WallTime:
        """Read `from 2027-01-31`: a series needs its start."""
        self.take_one((",",))
        if self.take_phrase(_STARTING) is None:
            self.fail(f"expected `from` and the day on which it starts, as in `{EXAMPLE}`")
        start = self.base("from")
        if not isinstance(start, CivilDay | WallTime):
            self.next -= 1
            self.fail("expected a day after `from`, such as 2027-01-31")
        if series.clock is not None:
            if isinstance(start, WallTime):
                self.refuse("the time of day stands twice: write it once")
            start = self.join(start, series.clock, None)
        return start

    def end_of(self, series: Series) -> None:
        """Read `until 2028-12-31` or `12 times`."""
        self.take_one((",",))
        self.take_one(("for",))
        if self.take_one(UNTIL):
            last = self.base("until")
            if not isinstance(last, CivilDay) or last.zone or last.doubt:
                self.refuse("expected the last day of the series after `until`, such as 2028-12-31")
            series.ends = f";UNTIL={last.date:%Y%m%d}" if last.date.year > 999 else ""
        elif self.word(1) in TIMES and (number := self.number()):
            self.take()
            series.ends = f";COUNT={number}"

    def settle(self, series: Series, begins: date | datetime) -> Series:
        """Return a series whose days are those that people mean by its start."""
        day = begins.date() if isinstance(begins, datetime) else begins
        if series.frequency == "QUARTERLY":
            self._settle_quarters(series, day)
        plain = not (series.days or series.weekdays or series.months)
        if plain and series.frequency == "MONTHLY" and day.day == monthrange(day.year, day.month)[1]:
            if day.day != 31:
                self.refuse(f"from {day} it can recur on the {day.day}th or on the last day of each month: write "
                            f"`on the {day.day}th` or `on the last day`")  # fmt: skip
            series.days.append(-1)
        return series

    def _settle_quarters(self, series: Series, day: date) -> None:
        """Make it a rule of months; where the quarters of the calendar and of the start differ, refuse it."""
        last = series.days == [-1]
        wanted = QUARTER_ENDS if last else QUARTER_STARTS
        series.frequency = "MONTHLY"
        series.interval *= 3
        if not series.days and not series.weekdays:
            return
        starts_there = last and day.day < monthrange(day.year, day.month)[1]
        if day.month not in wanted and not starts_there:
            self.refuse(f"a quarter can be one of the calendar, or count from {day}: write the months, as in `every 3 "
                        "months on the 15th`")  # fmt: skip
        if last:
            series.frequency, series.interval, series.months = "YEARLY", 1, list(QUARTER_ENDS)
