"""How days are counted, as stated with a duration: a rule with its source, days that do not count, business hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time

from alerts.deadlines.business_days import Roll
from alerts.deadlines.durations import MOST_BUSINESS_DAYS, BusinessDays, Duration
from alerts.deadlines.opening_hours import OpeningHours

MOST_BUSINESS_HOURS = 9_999
Range = tuple[date, date]


@dataclass(frozen=True, slots=True)
class CountingRule:
    """Which day is the first, and what a last day that is no business day does.

    `roll_after` is where the end of a period moves that counts onwards, `roll_before` that of one that counts back.
    `gap` is how many days lie between beyond the count: clear days leave out the day at either end; `gap_until`, where
    an event may come no earlier than the end. `short` is the number of days up to which only business days count.
    `whole_hours`: hours are counted from the next full one. `two_business_days`: a period of two days or more has at
    least so many business days. `added_days` follow the end, which then moves again. `national_before`: the holidays
    of a part of a country do not count where a period counts back.
    """

    source: str
    roll_after: Roll = "none"
    roll_before: Roll = "none"
    gap_after: int = 0
    gap_before: int = 0
    gap_until: int = 0
    short: int = 0
    whole_hours: bool = False
    two_business_days: bool = False
    added_days: int = 0
    national_before: bool = False


FRCP = CountingRule("Federal Rules of Civil Procedure, rule 6(a)", "following", "preceding", national_before=True)
ISDA = "2006 ISDA Definitions, section 4.12"
RULES: Mapping[str, CountingRule] = {
    "EU 1182/71": CountingRule(
        "Regulation (EEC, Euratom) No 1182/71, Article 3", "following", whole_hours=True, two_business_days=True
    ),
    "FRCP 6": FRCP,
    "FRCP 6 by mail": replace(FRCP, source="Federal Rules of Civil Procedure, rules 6(a) and 6(d)", added_days=3),
    "CPR 2.8": CountingRule("Civil Procedure Rules, rule 2.8", "following", gap_before=1, gap_until=1, short=5),
    "clear days": CountingRule("Companies Act 2006, section 360", gap_after=1, gap_before=1),
    "ISDA following": CountingRule(ISDA, "following", "following"),
    "ISDA modified following": CountingRule(ISDA, "modified following", "modified following"),
    "ISDA preceding": CountingRule(ISDA, "preceding", "preceding"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """`P30D (FRCP 6; not 2026-08-01 to 2026-08-31)`: a duration, and how its days are counted.

    `served_by` is the hour after which what is served counts as served on the next business day.
    """

    lead: Duration | BusinessDays
    rule: str | None = None
    excluded: tuple[Range, ...] = ()
    served_by: time | None = None

    def __str__(self) -> str:
        parts = [self.rule] if self.rule else []
        parts += [f"not {first} to {last}" for first, last in self.excluded]
        parts += [f"served by {self.served_by:%H:%M}"] if self.served_by else []
        return f"{self.lead} ({'; '.join(parts)})"

    @property
    def to_text(self) -> str:
        """Return the text for people."""
        return str(self).replace(str(self.lead), self.lead.to_text, 1)

    def leaves_out(self, day: date) -> bool:
        """Return whether a day does not count."""
        return any(first <= day <= last for first, last in self.excluded)


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """`8 business hours (09:00-17:00)`: hours that count only on business days, between two times of day.

    Without hours of its own, they are those of who owes it.
    """

    count: int
    hours: OpeningHours | None = None

    def __str__(self) -> str:
        return f"{self.count} business hour{'s' * (self.count != 1)}" + (f" ({self.hours})" if self.hours else "")

    def is_too_long(self, hours: OpeningHours) -> bool:
        """Return whether it would take more business days than are counted."""
        return self.count * 60 > hours.minutes * MOST_BUSINESS_DAYS

    @property
    def to_text(self) -> str:
        """Return the text for people, which is also the stated form."""
        return str(self)


Span = Duration | BusinessDays | Counted | BusinessHours
