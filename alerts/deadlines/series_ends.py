"""When a series in words starts and ends, and what its days are by its start."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime

from alerts.deadlines.english import AFTER, STARTING, THEREAFTER, TIMES, UNTIL
from alerts.deadlines.expressions import SeriesDirection, SeriesStart
from alerts.deadlines.rule_parts import QUARTER_ENDS, QUARTER_STARTS
from alerts.deadlines.series_words import EXAMPLE, Series, SeriesReader
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod, WallTime
from alerts.deadlines.terms import ClockOn, EachPeriodEnd, PeriodAt, Term, stated_in
from alerts.deadlines.tokens import Phrases

THEREAFTER_PHRASES = Phrases.any_of(THEREAFTER)
_STARTING, _AFTER = Phrases.any_of(STARTING), Phrases.any_of(AFTER)
DAYS_OFF_AT_MOST = 10  # before or after so many business days at the edge of a month


class SeriesEndsReader(SeriesReader):
    """Reads the starts and ends of series."""

    def start_of(self, series: Series) -> tuple[SeriesStart, SeriesDirection]:
        """Read `from 2027-01-31`, `after KEY`: a series needs its start."""
        self.take_one((",",))
        if self.phrase(THEREAFTER_PHRASES):
            self.refuse("`thereafter` counts from a date before it: write `2027-03-31 and annually thereafter`, or "
                        "`every year after KEY`")  # fmt: skip
        direction: SeriesDirection = "after" if self.take_phrase(_AFTER) else "from"
        if direction == "from" and self.take_phrase(_STARTING) is None:
            self.fail(f"expected `from` and the day on which it starts, as in `{EXAMPLE}`")
        start = self.checked_start(self.base(direction))
        if series.clock is None:
            return start, direction
        if isinstance(start, WallTime | ClockOn):
            self.refuse("the time of day stands twice: write it once")
        if isinstance(start, CivilDay):
            return self.join(start, series.clock, None), direction
        return ClockOn((datetime.min + series.clock).time(), None, start), direction  # noqa: DTZ901  # only its time

    def checked_start(self, start: Term) -> SeriesStart:
        """Return the start of a series: a day, a time of day, or the key of the commitment from which it counts."""
        if isinstance(stated_in(start), EachPeriodEnd):
            self.refuse(f"`{stated_in(start)}` is a series itself, so none can start from it: write a day")
        plain = isinstance(start, CivilDay) and start.doubt is None
        window = isinstance(start, CivilPeriod | FiscalPeriod) or (isinstance(start, PeriodAt) and start.unit != "day")
        timed = isinstance(start, WallTime) and start.offset is None
        if window or (isinstance(start, CivilDay | WallTime) and not (plain or timed)):
            self.next -= 1
            self.fail("expected a day, a time without an offset (name its zone in brackets) or a commitment's key, "
                      "after `from`")  # fmt: skip
        assert not isinstance(start, CivilPeriod | FiscalPeriod)
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

    def settle(self, series: Series, start: SeriesStart) -> Series:
        """Return a series whose days are those that people mean by its start."""
        if not isinstance(start, CivilDay | WallTime):
            return self._settle_by_event(series)
        day = start.date if isinstance(start, CivilDay) else start.wall.date()
        if series.frequency == "QUARTERLY":
            self._settle_quarters(series, day)
        plain = not (series.days or series.weekdays or series.months or series.business_day)
        if plain and series.frequency == "MONTHLY" and day.day == monthrange(day.year, day.month)[1]:
            if day.day != 31:
                self.refuse(f"from {day} it can recur on the {day.day}th or on the last day of each month: write "
                            f"`on the {day.day}th` or `on the last day`")  # fmt: skip
            series.days.append(-1)
        return series

    def _settle_by_event(self, series: Series) -> Series:
        """Return a series from the date of a commitment: its quarters are those of the calendar, where it has some."""
        if series.frequency != "QUARTERLY":
            return series
        from_end = series.days == [-1] or series.business_day < 0
        if not (series.days or series.weekdays or series.business_day):
            series.frequency, series.interval = "MONTHLY", 3 * series.interval
        elif series.interval > 1 or not (from_end or series.business_day):
            self.refuse("a quarter can be one of the calendar, or count from that day: write the months, as in `every "
                        "3 months on the 15th`")  # fmt: skip
        else:
            series.frequency = "YEARLY"
            series.months = [int(month) for month in (QUARTER_ENDS if from_end else QUARTER_STARTS).split(",")]
        return series

    def _settle_quarters(self, series: Series, day: date) -> None:
        """Make it a rule of months; where the quarters of the calendar and of the start differ, refuse it."""
        series.frequency = "MONTHLY"
        series.interval *= 3
        if not (series.days or series.weekdays or series.business_day):
            return
        from_end = series.days == [-1] or series.business_day < 0
        wanted = QUARTER_ENDS if from_end else QUARTER_STARTS
        if str(day.month) in wanted.split(","):
            calendar = from_end or bool(series.business_day)
        elif series.interval == 3 and _starts_elsewhere(day, series):
            calendar = True
        else:
            self.refuse(f"a quarter can be one of the calendar, or count from {day}: write the months, as in `every 3 "
                        "months on the 15th`")  # fmt: skip
        if calendar and series.interval == 3:
            series.frequency, series.interval = "YEARLY", 1
            series.months = [int(month) for month in wanted.split(",")]


def _starts_elsewhere(day: date, series: Series) -> bool:
    """Return whether a start cannot be such a day itself: then the quarters are those of the calendar."""
    last = monthrange(day.year, day.month)[1]
    if series.days == [-1]:
        return day.day < last
    place = series.business_day
    days = abs(place) + DAYS_OFF_AT_MOST
    return day.day > days if place > 0 else place < 0 and day.day <= last - days
