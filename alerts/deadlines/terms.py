"""What a deadline counts from: a date, a commitment, or a day found from one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from alerts.deadlines.counting import Span
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod, Reference, WallTime
from alerts.deadlines.wording import print_position

Direction = Literal["after", "before"]
Unit = Literal[
    "day", "week", "month", "quarter", "half-year", "year", "fiscal quarter", "fiscal half-year", "fiscal year"
]


@dataclass(frozen=True, slots=True)
class Shifted:
    """`P1Y after X`: a term moved by a duration."""

    duration: Span
    direction: Direction
    base: Term

    def __str__(self) -> str:
        return f"{self.duration} {self.direction} {self.base}"


@dataclass(frozen=True, slots=True)
class PeriodAt:
    """`the month of X`, `the 4th month after X`: the whole period in which a term falls, or one counted from it."""

    unit: Unit
    offset: int
    base: Term

    def __str__(self) -> str:
        if not self.offset:
            return f"the {self.unit} of {self.base}"
        direction = "after" if self.offset > 0 else "before"
        return f"the {print_position(abs(self.offset))} {self.unit} {direction} {self.base}"

    @property
    def each(self) -> EachPeriodEnd | None:
        """Return the ends of all such periods, if it stands for each of them; else None."""
        found = self.base if isinstance(self.base, EachPeriodEnd) and not self.offset else None
        return found if found and found.unit == self.unit else None


@dataclass(frozen=True, slots=True)
class EachPeriodEnd:
    """`the end of each quarter`: the last days of all such periods, or of those from a day on, or up to one."""

    unit: Unit
    start: date | None = None
    last: date | None = None

    def __str__(self) -> str:
        return f"the end of {self.period}"

    @property
    def period(self) -> str:
        """Return the periods: `each quarter`, `each quarter from 2027-01-01`."""
        start = f" from {self.start}" if self.start else ""
        return f"each {self.unit}{start}" + (f" until {self.last}" if self.last else "")


@dataclass(frozen=True, slots=True)
class DayIn:
    """`last business day of 2027-03`, `15th day of the 4th month after X`: a day by its place in a period.

    `counted` is `day`, `business day`, or the English name of a weekday.
    """

    position: int
    counted: str
    base: CivilPeriod | FiscalPeriod | PeriodAt

    def __str__(self) -> str:
        each = self.base.each if isinstance(self.base, PeriodAt) else None
        return f"{print_position(self.position)} {self.counted} of {each.period if each else self.base}"


@dataclass(frozen=True, slots=True)
class WeekdayFrom:
    """`1st Monday after X`: a weekday counted from a day, which itself is not counted."""

    position: int
    weekday: str
    direction: Direction
    base: Term

    def __str__(self) -> str:
        return f"{print_position(self.position)} {self.weekday} {self.direction} {self.base}"


@dataclass(frozen=True, slots=True)
class ClockOn:
    """`17:00 on X`: a time of day on the day of a term, in that day's zone unless it names one.

    Without a clock it is the close of business of who owes it.
    """

    clock: time | None
    zone: str | None
    base: Term

    def __str__(self) -> str:
        if self.clock is None:
            return f"close of business{f' {self.zone}' if self.zone else ''} on {self.base}"
        clock = self.clock.isoformat("seconds" if self.clock.second else "minutes")
        return f"{clock}{f'[{self.zone}]' if self.zone else ''} on {self.base}"


Dated = CivilDay | CivilPeriod | FiscalPeriod | WallTime
Anchored = PeriodAt | EachPeriodEnd | DayIn | WeekdayFrom | ClockOn
Term = Dated | Reference | Shifted | Anchored


def stated_in(term: Term) -> Dated | Reference | EachPeriodEnd:
    """Return the date, the key or the ends of periods that a term counts from."""
    while not isinstance(term, Dated | Reference | EachPeriodEnd):
        term = term.base
    return term
