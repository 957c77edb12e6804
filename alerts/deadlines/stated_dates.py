"""Dates as stated: each prints itself in the one canonical form that reads back as it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal

from alerts.deadlines.zones import AOE

Doubt = Literal["approximate", "uncertain", "approximate and uncertain"]
DOUBTS: dict[str, Doubt] = {"~": "approximate", "?": "uncertain", "%": "approximate and uncertain"}  # ISO 8601-2, 8.2


def _doubt(doubt: Doubt | None) -> str:
    return next((doubt_sign for doubt_sign, meaning in DOUBTS.items() if meaning == doubt), "")


def _zone(zone: str | None) -> str:
    if zone == AOE:
        return " AoE"
    return f"[{zone}]" if zone else ""


@dataclass(frozen=True, slots=True)
class CivilDay:
    """`2025-11-10`, perhaps with a zone of its own, perhaps stated as approximate or uncertain."""

    date: date
    zone: str | None = None
    doubt: Doubt | None = None

    @property
    def stated(self) -> str:
        """Return the day without its zone."""
        return str(self.date) + _doubt(self.doubt)

    def __str__(self) -> str:
        return self.stated + _zone(self.zone)


@dataclass(frozen=True, slots=True)
class CivilPeriod:
    """`2025-11`, `2025` (ISO 8601-1, 5.2.2.2), `Q2 2025`, `H1 2025`, `week 14 of 2025`: the window of all its days.

    `part` is a quarter, a half or a week of the year: `Q2`, `H1`, `W14`.
    """

    year: int
    month: int | None = None
    zone: str | None = None
    doubt: Doubt | None = None
    part: str | None = None

    @property
    def first(self) -> date:
        if self.part and self.part[0] == "W":
            return date.fromisocalendar(self.year, int(self.part[1:]), 1)
        return date(self.year, self._months[0], 1)

    @property
    def last(self) -> date:
        if self.part and self.part[0] == "W":
            return date.fromisocalendar(self.year, int(self.part[1:]), 7)
        month = self._months[1]
        return date(self.year, month, next(day for day in (31, 30, 29, 28) if _exists(self.year, month, day)))

    @property
    def _months(self) -> tuple[int, int]:
        if self.part:
            length = {"Q": 3, "H": 6}[self.part[0]]
            return (int(self.part[1:]) - 1) * length + 1, int(self.part[1:]) * length
        return self.month or 1, self.month or 12

    @property
    def stated(self) -> str:
        """Return the period without its zone."""
        doubt = _doubt(self.doubt)
        if self.part and self.part[0] == "W":
            return f"week {self.part[1:]} of {self.year:04}{doubt}"
        if self.part:
            return f"{self.part} {self.year:04}{doubt}"
        return f"{self.year:04}" + (f"-{self.month:02}" if self.month else "") + doubt

    def __str__(self) -> str:
        return self.stated + _zone(self.zone)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class FiscalPeriod:
    """`fiscal year 2027`, `fiscal Q2 2026/27`: its days are those of who owes it. `ends` is the second of two years."""

    year: int
    ends: int | None = None
    part: str | None = None
    zone: str | None = None
    doubt: Doubt | None = None

    @property
    def stated(self) -> str:
        """Return the period without its zone."""
        ends = f"/{self.ends % 100:02}" if self.ends else ""
        return f"fiscal {self.part or 'year'} {self.year:04}{ends}{_doubt(self.doubt)}"

    def __str__(self) -> str:
        return self.stated + _zone(self.zone)


@dataclass(frozen=True, slots=True)
class WallTime:
    """`2025-11-10T12:01`, perhaps with an offset or a zone."""

    wall: datetime
    offset: timedelta | None = None
    zone: str | None = None

    @property
    def stated(self) -> str:
        """Return the time without its zone, with its offset."""
        text = self.wall.strftime("%Y-%m-%dT%H:%M").zfill(16) + (f":{self.wall:%S}" if self.wall.second else "")
        if self.offset is not None:
            text += timezone(self.offset).tzname(None).removeprefix("UTC") or "Z"
        return text

    def __str__(self) -> str:
        return self.stated + (f"[{self.zone}]" if self.zone else "")


@dataclass(frozen=True, slots=True)
class Reference:
    """Another commitment, by its key."""

    key: str

    def __str__(self) -> str:
        return self.key
