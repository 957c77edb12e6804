"""Business days on one or more calendars: a day is one where it is one in all of them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import holidays

ONE = timedelta(days=1)


@cache
def works(day: date, calendars: tuple[str, ...]) -> bool:
    """Say whether it is a business day; with no calendar: Monday to Friday."""
    if not calendars:
        return day.isoweekday() <= 5
    return all(open_in(day, calendar) for calendar in calendars)


def open_in(day: date, calendar: str) -> bool:
    """Say whether that calendar works: weekends are those of its country at that time, made-up ones are worked."""
    return public_holidays(calendar, day.year).is_working_day(day)


@cache
def public_holidays(calendar: str, year: int) -> holidays.HolidayBase:
    """Return the holidays of that year; its neighbours are in, for a day that is observed across New Year."""
    return holidays.country_holidays(calendar, years=(year - 1, year, year + 1))


def count(day: date, number: int, calendars: tuple[str, ...]) -> date:
    """Return the business day so many after (negative: before) a day, which is day 0 whatever it is."""
    step = ONE if number > 0 else -ONE
    left = abs(number)
    while left:
        day += step
        left -= works(day, calendars)
    return day


def roll(day: date, how: str, calendars: tuple[str, ...]) -> date:
    """Move a day that is no business day to one that is: ahead, back, or ahead within its month."""
    if how == "none" or works(day, calendars):
        return day
    ahead, back = count(day, 1, calendars), count(day, -1, calendars)
    match how:
        case "following":
            return ahead
        case "preceding":
            return back
        case _:
            return ahead if ahead.month == day.month else back
