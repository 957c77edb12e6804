"""What is known of a commitment when its deadline is worked out: zone, calendars, and who owes it."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.deadlines.business_days import Roll
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.opening_hours import OpeningHours


@dataclass(frozen=True, slots=True)
class Obligor:
    """What a deadline may need to know of who owes it: the office hours and the fiscal year, where they are stated."""

    name: str
    hours: OpeningHours | None = None
    fiscal_year: FiscalYear | None = None


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """The zone for dates that state none, and the calendars for business days.

    `assumed_from` and `calendars_from` say where they come from if nobody stated them for this commitment.
    """

    name: str | None = None
    assumed_from: str | None = None
    calendars: tuple[str, ...] = ()
    calendars_from: str | None = None
    roll: Roll = "none"
    obligor: Obligor | None = None
