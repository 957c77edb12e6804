"""One token that states a date: a day, a month, a year, a time of day; in ISO 8601 and its extension, EDTF."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from alerts.deadlines.errors import InputError
from alerts.deadlines.stated_dates import DOUBTS, CivilDay, CivilPeriod, WallTime
from alerts.deadlines.terms import Dated
from alerts.deadlines.zones import zone_info

DATE = re.compile(
    r"(\d{4})(?:-(\d\d|XX)(?:-(\d\d|XX))?)?([~?%])?(?:\[([^\]]+)\])?", re.ASCII | re.IGNORECASE
)  # ISO 8601-1, and the unspecified digits and qualifiers of ISO 8601-2 (level 1)
TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?(?:\[([^\]]+)\])?", re.ASCII
)  # RFC 3339 with RFC 9557's zone in brackets; without an offset as an extension
OPEN_DIGITS = re.compile(r"\d[\dX]{3}(-[\dX]{2}){0,2}[~?%]?", re.ASCII | re.IGNORECASE)
SEASONS = range(21, 42)  # ISO 8601-2, 4.8: 2025-21 is the spring of 2025
PARTS = {"33": "Q1", "34": "Q2", "35": "Q3", "36": "Q4", "40": "H1", "41": "H2"}  # there, too
NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d\d)", re.ASCII)
YEAR_FIRST = re.compile(r"(\d{4})[./]?(\d{1,2})[./]?(\d{1,2})", re.ASCII)


def read_date(token: str) -> Dated | None:
    """Return the date of a token; None where it states none. Raises InputError for a date that does not exist."""
    try:
        if found := DATE.fullmatch(token):
            return _civil(token, found)
        if found := TIME.fullmatch(token):
            day, clock, offset, zone = found.groups()
            return WallTime(datetime.fromisoformat(f"{day}T{clock}"), read_offset(offset), _zone(zone))
    except InputError:
        raise
    except ValueError:
        raise InputError(f"there is no such date or time as {token}") from None
    if OPEN_DIGITS.fullmatch(token) and "X" in token.upper():
        raise InputError(
            f"{token} leaves open which year, or a part of a number: whole days and months may be left open "
            "(2025-11-XX, 2025-XX), a decade is stated as `between 2020 and 2029`"
        )
    if token[-1:] in DOUBTS and TIME.fullmatch(token[:-1]):
        raise InputError(f"`{token[-1]}` says how sure a date is: it cannot stand after a time")
    return None


def _civil(token: str, match: re.Match[str]) -> Dated:
    year, month, day, doubt, zone = match.groups()
    meaning = DOUBTS[doubt] if doubt else None
    if month is None or not month.isdigit():
        if day is not None and day.isdigit():
            raise InputError(f"{token} states a day of no month: state the month, or leave both open (2025-XX-XX)")
        return CivilPeriod(date(int(year), 1, 1).year, None, _zone(zone), meaning)
    if day is None and month in PARTS:
        return CivilPeriod(date(int(year), 1, 1).year, None, _zone(zone), meaning, PARTS[month])
    if int(month) in SEASONS:
        raise InputError(f"{token} is a season, and nobody says when it begins: state months, as in 2025-03/2025-05")
    if day is None or not day.isdigit():
        return CivilPeriod(date(int(year), int(month), 1).year, int(month), _zone(zone), meaning)
    return CivilDay(date(int(year), int(month), int(day)), _zone(zone), meaning)


def _zone(name: str | None) -> str | None:
    if name:
        zone_info(name)
    return name


def read_offset(text: str | None) -> timedelta | None:
    """Return the offset from UTC of `Z`, `+08:00` or `-05:00`. Raises ValueError for one that cannot be."""
    if text is None:
        return None
    if text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def explain_numeric(token: str) -> str | None:
    """Return what a date in figures could mean, if it is not ISO 8601; None for another token."""
    if found := NUMERIC.fullmatch(token):
        first, _, second, year = found.groups()
        if len(year) == 2:
            return f"{token} has a year of two digits: a date is written as 2025-11-10"
        readings = [_iso(year, month, day) for day, month in ((first, second), (second, first))]
        known = list(dict.fromkeys(reading for reading in readings if reading))
        if len(known) > 1:
            return f"{token} can mean {' or '.join(known)}: a date is written as {known[0]}"
        if known:
            return f"a date is written as {known[0]}, not {token}"
    if found := YEAR_FIRST.fullmatch(token):
        year, month, day = found.groups()
        if known_day := _iso(year, month, day):
            return f"a date is written as {known_day}, not {token}"
    return None


def _iso(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
