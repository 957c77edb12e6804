"""The ends of all months, quarters or years: a series that no commitment states, from which deadlines count."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace

from alerts.deadlines.dependent_series import SINCE_EVER
from alerts.deadlines.errors import InputError
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.stated_dates import CivilDay
from alerts.deadlines.terms import EachPeriodEnd
from alerts.deadlines.wording import MONTH_NAMES

MONTHS_OF = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
LEAP_YEAR, COMMON_YEAR = 2024, 2025
CALENDAR_YEAR = FiscalYear(1, 1, 0)


def period_end_series(term: EachPeriodEnd, work: Resolution) -> Recurrence:
    """Return the days on which the periods end, and explain them; fiscal ones are those of who owes it.

    Raises InputError where there is none, and where nobody states the fiscal year.
    """
    unit, name, year = term.unit.removeprefix("fiscal "), "", CALENDAR_YEAR
    if unit != term.unit:
        name, year = work.fiscal_year(str(term))
    ends = year.last_days(MONTHS_OF[unit])
    months, days = ",".join(str(month) for month, _ in ends), ends[0][1]
    until = f";UNTIL={term.last.isoformat().replace('-', '')}" if term.last else ""
    rule = f"FREQ=YEARLY;BYMONTH={months};BYMONTHDAY={days}{until}"
    start = term.start or SINCE_EVER
    point = work.dated(CivilDay(start))[0]
    found = Recurrence(rule, start, point.zone)
    if next(found.names(), None) is None:
        raise InputError(f"no {term.unit} ends in that time: `{term}`")
    owner = f" of {name}" if name else ""
    each = replace(term, start=None, last=None)
    named = [_describe(month, day) for month, day in ends] if len(ends) < 12 else ["its last day"]
    work.explanation.append(f"{each}{owner}: {', '.join(named)}")
    return found


def _describe(month: int, day: int) -> str:
    """Write a day of each year: `31 March`, `28 or 29 February`."""
    lasts = dict.fromkeys(monthrange(year, month)[1] for year in (COMMON_YEAR, LEAP_YEAR)) if day < 0 else {day: None}
    return f"{' or '.join(map(str, lasts))} {MONTH_NAMES[month - 1]}"
