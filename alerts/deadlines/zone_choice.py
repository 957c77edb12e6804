"""What is known of a commitment when its deadline is worked out: zone, calendars, and who owes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.deadlines.business_days import Roll
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.opening_hours import OpeningHours


@dataclass(frozen=True, slots=True)
class Obligor:
    """What a deadline may need to know of who owes it: the office hours and the fiscal year, where they are stated."""

    name: str
    hours: OpeningHours | None = None
    fiscal_year: FiscalYear | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        year = self.fiscal_year
        found = {"name": self.name, "hours": self.hours and str(self.hours)}
        return found | {"fiscal_year": [year.month, year.day, year.later] if year else None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Obligor:
        """Read what `to_json` wrote."""
        hours, year = data["hours"], data["fiscal_year"]
        return cls(data["name"], hours and OpeningHours.parse(hours), year and FiscalYear(*year))

    @property
    def described(self) -> str:
        """Return the hours and the first day of the fiscal year, without the name, which decides nothing."""
        year = self.fiscal_year
        parts = [str(self.hours)] * (self.hours is not None)
        return " ".join([*parts, f"{year.month:02}-{year.day:02}"] if year else parts)


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
