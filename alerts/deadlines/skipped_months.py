"""Recurrences that pass over a month or a year: RFC 5545 (3.3.10) leaves out days that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice

from alerts.deadlines.expressions import Every
from alerts.deadlines.rule_parts import split_rule
from alerts.deadlines.stated_dates import CivilDay, WallTime
from alerts.deadlines.wording import MONTH_NAMES

MONTHS_CHECKED = 28 * 12  # months: by then each month has had each of its lengths
DAY_PARTS = frozenset({"BYDAY", "BYYEARDAY", "BYWEEKNO"})


def skipped_periods(deadline: object) -> str | None:
    """Return a sentence that names the months or years skipped and how to avoid that; None if there are none."""
    if not isinstance(deadline, Every) or deadline.business_day:
        return None
    if not isinstance(deadline.start, CivilDay | WallTime):
        return None
    parts, start = split_rule(deadline.rule), _day(deadline.start)
    if parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        return None
    return _fifth(parts) or _ends_of_years(parts) or _month_days(parts, start)


def _day(start: CivilDay | WallTime) -> date:
    return start.date if isinstance(start, CivilDay) else start.wall.date()


def _fifth(parts: dict[str, str]) -> str | None:
    fifths = [day for day in parts.get("BYDAY", "").split(",") if day.lstrip("+-").startswith("5")]
    if not fifths or (parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts):
        return None
    last = f"{'' if fifths[0].startswith('-') else '-'}1{fifths[0][-2:]}"
    return f"skips each month that has no fifth such weekday; for the {_end(last)} one of each month say `BYDAY={last}`"


def _end(day: str) -> str:
    return "last" if day.startswith("-") else "first"


def _ends_of_years(parts: dict[str, str]) -> str | None:
    for name, rare, what in (("BYYEARDAY", "366", "day 366"), ("BYWEEKNO", "53", "week 53")):
        if rare in (value.lstrip("+") for value in parts.get(name, "").split(",")) and "BYDAY" not in parts:
            return f"skips each year that has no {what}; for the last one of each year say `{name}=-1`"
    return None


def _month_days(parts: dict[str, str], start: date) -> str | None:
    if parts.keys() & DAY_PARTS:
        return None
    days = [int(day) for day in parts["BYMONTHDAY"].split(",")] if "BYMONTHDAY" in parts else [start.day]
    size = max if "BYSETPOS" not in parts else min  # one of several days is enough where one of them is chosen
    wanted = size(abs(day) for day in days)
    passed = next((month for month in _months(parts, start) if _length(month) < wanted), None)
    if passed is None:
        return None
    day = next(day for day in days if abs(day) == wanted)
    stated = parts.get("BYMONTH", str(start.month))
    yearly = parts["FREQ"] == "YEARLY" and stated == "2"
    missing = "year that has no 29 February" if yearly else f"month that has no day {wanted}"
    length_named = f"skips each {missing}"
    first = str(passed.year) if yearly else _named(passed)
    if day < 0:
        return f"{length_named}, such as {first}; for the first day say `BYMONTHDAY=1`"
    month = "BYMONTH=2;" if yearly and "BYMONTH" not in parts else ""
    line = f"{length_named}, such as {first}; for the last day of the month say `{month}BYMONTHDAY=-1`"
    if not yearly and wanted < 31:
        days_before = ",".join(str(number) for number in range(28, wanted + 1))
        line += f", for that day or the last before it `BYMONTHDAY={days_before};BYSETPOS=-1`"
    return line


def _months(parts: dict[str, str], start: date) -> Iterator[date]:
    """Yield the months in which the rule looks for its days, each by its first day."""
    yearly, step = parts["FREQ"] == "YEARLY", int(parts.get("INTERVAL", "1"))
    only = {int(month) for month in parts["BYMONTH"].split(",")} if "BYMONTH" in parts else set(range(1, 13))
    if yearly and "BYMONTH" not in parts:
        only = {start.month}
    first = start.year * 12 + start.month - 1
    for number in islice(range(first, 9999 * 12, 1 if yearly else step), MONTHS_CHECKED):
        year, month = divmod(number, 12)
        if month + 1 in only and (not yearly or (year - start.year) % step == 0):
            yield date(year, month + 1, 1)


def _length(month: date) -> int:
    return ((month + timedelta(days=31)).replace(day=1) - month).days


def _named(month: date) -> str:
    return f"{MONTH_NAMES[month.month - 1]} {month.year}"
