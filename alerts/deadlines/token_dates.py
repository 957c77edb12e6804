"""Dates of one token that could also be a key."""

from __future__ import annotations

import re
from datetime import date

from alerts.deadlines.english import MONTHS
from alerts.deadlines.stated_dates import CivilDay, CivilPeriod, FiscalPeriod
from alerts.deadlines.terms import Dated

TOKEN_DAY = re.compile(r"(\d{1,2})-?([a-z]{3,9})-?(\d{4})", re.ASCII)
TOKEN_WEEKDAY = re.compile(r"(\d{4})-?w(\d\d)-?([1-7])", re.ASCII)  # ISO 8601-1, 5.2.3
TOKEN_PART = re.compile(r"(?P<year>\d{4})[-/]?(?P<unit>[qhw])(?P<number>\d\d?)", re.ASCII)
TOKEN_PART_FIRST = re.compile(r"(?P<unit>[qhw])(?P<number>\d\d?)[-/](?P<year>\d{4})", re.ASCII)
TOKEN_FISCAL = re.compile(r"fy((?!0000)\d{4})(?:[/-](\d\d))?(?:[-/]?(q[1-4]|h[12]))?", re.ASCII)
TOKEN_MIDDLE = re.compile(r"mid-(\d{4})", re.ASCII)


def read_token(token: str) -> Dated | str | None:
    """Return the date of one token that could also be a key: `2027-Q2`, `31-Mar-2027`, `2027-W14-3`, `FY2027-Q2`.

    A text is why it cannot be used.
    """
    lowered = token.lower()
    try:
        if (found := TOKEN_DAY.fullmatch(lowered)) and found[2] in MONTHS:
            return CivilDay(date(int(found[3]), MONTHS[found[2]], int(found[1])))
        if found := TOKEN_WEEKDAY.fullmatch(lowered):
            return CivilDay(date.fromisocalendar(int(found[1]), int(found[2]), int(found[3])))
        found = TOKEN_PART.fullmatch(lowered) or TOKEN_PART_FIRST.fullmatch(lowered)
        if found:
            made = CivilPeriod(int(found["year"]), part=found["unit"].upper() + found["number"].lstrip("0"))
            assert made.first <= made.last
            return made
    except (ValueError, KeyError):
        return f"there is no such date as {token}"
    if found := TOKEN_FISCAL.fullmatch(lowered):
        ends = int(found[1]) + 1 if found[2] else None
        if ends and ends % 100 != int(found[2]):
            return f"there is no such fiscal year as {token}"
        return FiscalPeriod(int(found[1]), ends, found[3] and found[3].upper())
    if found := TOKEN_MIDDLE.fullmatch(lowered):
        return f"`{token}` can mean {found[1]}-06-30 or {found[1]}-07-01: write the day"
    return None
