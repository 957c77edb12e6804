"""Months whose audit is stated in a mail, so that whoever keeps the mail can show later that nothing was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from alerts.deadlines.points import Day
from alerts.deadlines.zones import zone_info

SETTLED_AFTER = timedelta(hours=1)  # what was tried or changed in the last seconds of a month is recorded by then


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedMonth:
    """The SHA-256, in hex, of the audit export of a month that begins on `first`, a day in a zone.

    `unfinished`: how many messages were tried in it and may be tried again, which changes the export.
    """

    first: date
    zone: str
    sha256: str
    unfinished: int = 0

    @property
    def last(self) -> date:
        """Return its last day."""
        return last_day(self.first)

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return {
            "first": self.first.isoformat(),
            "zone": self.zone,
            "sha256": self.sha256,
            "unfinished": self.unfinished,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{**data, "first": date.fromisoformat(data["first"])})


# Returns the month that a summary states: of a rule, at a firing of its cron, as of now.
FindAudit = Callable[[str, datetime, datetime], AuditedMonth | None]


def no_audit(_rule: str, _firing: datetime, _now: datetime) -> None:
    """State no month."""


def month_before(firing: datetime, zone: str) -> date:
    """Return the first day of the latest month that was over for an hour at a firing."""
    settled = (firing - SETTLED_AFTER).astimezone(zone_info(zone)).date()
    return (settled.replace(day=1) - timedelta(days=1)).replace(day=1)


def last_day(first: date) -> date:
    """Return the last day of a month that begins on `first`."""
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def month_bounds(first: date, zone: str) -> tuple[datetime, datetime]:
    """Return the first instant of a month, and the first one after it."""
    return Day(first, zone).start, Day(last_day(first), zone).end
