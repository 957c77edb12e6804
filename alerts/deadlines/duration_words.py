"""Durations in words: `two weeks`, `thirty (30) days`, `1 month and 10 days`, `10 working days`."""

from __future__ import annotations

import re

from alerts.deadlines.date_words import DateReader
from alerts.deadlines.durations import BusinessDays, Duration, Lead
from alerts.deadlines.english import BUSINESS_DAY, CALENDAR_DAY, NUMBERS, UNITS
from alerts.deadlines.errors import InputError
from alerts.deadlines.tokens import DeadlineError

ISO_DURATION = re.compile(r"p[0-9t].*", re.ASCII)
ORDER = "YMWDHIS"  # of units, from long to short; I is a minute
KEY_FOLLOWERS = ("", ")", ";", "and", "except")
TOO_LONG = 10  # digits


class DurationReader(DateReader):
    """Reads durations."""

    def worded_duration(self, *, compound: bool = True) -> Lead | None:
        """Read a duration that has a unit; None where none stands here. `compound`: also `1 month and 10 days`."""
        start = self.next
        if ISO_DURATION.fullmatch(self.peek()):
            self.take()
            return self._iso_duration(start)
        parts: list[tuple[int, str]] = []
        while (part := self._counted_unit(parts[-1][1] if parts else "")) is not None:
            if part[1] == "B":
                if parts:
                    self.refuse("business days do not add to other units: chain them, as in `1 month after X, then "
                                "3 business days`", self.tokens[start][0])  # fmt: skip
                return self._checked(start, f"{part[0]} business days")
            parts.append(part)
            if not compound or not self._continues(part[1]):
                break
            self.take_one((",", "and"))
        if not parts:
            self.next = start
            return None
        return self._checked(start, _iso(parts))

    def _iso_duration(self, start: int) -> Lead | None:
        """Return the duration of a token; None where it may be a key instead."""
        try:
            return self._checked(start, self.tokens[start][1])
        except DeadlineError:
            if self.word() not in KEY_FOLLOWERS:
                raise
        self.next = start
        return None

    def _checked(self, start: int, text: str) -> Lead:
        try:
            found: Lead = BusinessDays.parse(text) if text.endswith("days") else Duration.parse(text)
        except InputError as error:
            self.refuse(str(error), self.tokens[start][0])
        if not found:
            self.refuse("expected a duration longer than nothing", self.tokens[start][0])
        return found

    def _continues(self, unit: str) -> bool:
        """Return whether a shorter unit follows: `and 10 days`."""
        start = self.next
        self.take_one((",", "and"))
        part = self._counted_unit(unit)
        self.next = start
        return part is not None

    def _counted_unit(self, longer: str) -> tuple[int, str] | None:
        """Read a number and a unit that is shorter than another one: `10 days`, `thirty (30) days`."""
        start = self.next
        number = self.number()
        if number is not None and self.word() in BUSINESS_DAY and self.word(1) in ("day", "days"):
            self.take(2)
            return number, "B"
        if number is not None and self.word() in CALENDAR_DAY and self.word(1) in ("day", "days", "month", "months"):
            self.take()
        unit = UNITS.get(self.word().removesuffix("'"))
        if number is None or unit is None or (longer and ORDER.index(unit[0]) <= ORDER.index(longer)):
            self.next = start
            return None
        self.take()
        return number * unit[1], unit[0]

    def number(self) -> int | None:
        """Read `30`, `thirty` or `thirty (30)`, where both must be the same."""
        start, token = self.next, self.peek()
        digits = re.fullmatch(rf"\d{{1,{TOO_LONG}}}", token, re.ASCII)
        number = int(token) if digits else NUMBERS.get(token)
        if number is None:
            return None
        self.take()
        if not digits and self.peek() == "(" and self.peek(1).isdecimal() and self.peek(2) == ")":
            if self.peek(1) != str(number):
                self.refuse(f"`{token} ({self.peek(1)})` states two numbers: write one", self.tokens[start][0])
            self.take(3)
        return number


def _iso(parts: list[tuple[int, str]]) -> str:
    """Write counts of units as ISO 8601 does."""
    civil = "".join(f"{number}{unit}" for number, unit in parts if unit in "YMWD")
    exact = "".join(f"{number}{'M' if unit == 'I' else unit}" for number, unit in parts if unit in "HIS")
    return f"P{civil}" + (f"T{exact}" if exact else "")
