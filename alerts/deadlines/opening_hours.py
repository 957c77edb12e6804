"""The hours of a business day, as a deadline or a party states them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from alerts.deadlines.errors import InputError

SHORTEST_OFFICE_HOURS = 60  # minutes that the office hours of a party last at least
TEXT = re.compile(r"(\d\d?):(\d\d)[-\u2013](\d\d?):(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`09:00-17:30`: from opening to closing, on one day."""

    opens: time
    closes: time

    @classmethod
    def parse(cls, text: str) -> OpeningHours:
        """Read `09:00-17:30`. Raises InputError."""
        found = TEXT.fullmatch(text)
        try:
            if not found:
                raise ValueError(text)
            hours = cls(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))
        except ValueError:
            raise InputError(f"expected hours such as 09:00-17:30, found {text!r}") from None
        if hours.opens >= hours.closes:
            raise InputError(f"expected hours that end after they begin, such as 09:00-17:30, found {text!r}")
        return hours

    @property
    def minutes(self) -> int:
        """Return how many minutes there are from opening to closing."""
        return (self.closes.hour - self.opens.hour) * 60 + self.closes.minute - self.opens.minute

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"
