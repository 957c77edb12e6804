"""Office hours: when a channel or a person takes what is not critical."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta

from alerts.deadlines.business_days import BusinessCalendar, supported_calendars
from alerts.deadlines.points import Day
from alerts.deadlines.values import frozen
from alerts.deadlines.zones import at_wall, zone_info

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FURTHEST = 31  # days: hours that do not open within them hold nothing


@frozen(kw_only=True)
class OfficeHours:
    """The hours of a day, on some weekdays that are business days of a calendar, in a zone.

    `closes` is None for the end of the day.
    """

    opens: time
    closes: time | None
    days: tuple[str, ...]
    timezone: str
    calendar: str | None = None

    def next_open(self, at: datetime) -> datetime:
        """Return the first instant from `at` on that lies in the hours; `at` where they do not open for a month."""
        try:
            day = at.astimezone(zone_info(self.timezone)).date()
            days = [day + timedelta(days=ahead) for ahead in range(FURTHEST + 1)]
        except OverflowError:  # at the end of the calendar
            return at
        for one in days:
            here = Day(one, self.timezone)
            if self._is_open_on(here) and at < self._closes(here):
                return max(at, self._at(here, self.opens))
        return at

    def _is_open_on(self, day: Day) -> bool:
        codes = supported_calendars((self.calendar,)) if self.calendar else ()
        free = bool(codes) and BusinessCalendar(codes).why_off(day.date) is not None
        return WEEKDAYS[day.date.weekday()] in self.days and not free

    def _closes(self, day: Day) -> datetime:
        return self._at(day, self.closes) if self.closes else day.counted_end

    def _at(self, day: Day, clock: time) -> datetime:
        return at_wall(datetime.combine(day.date, clock), zone_info(self.timezone))


HoursOf = Callable[[str], OfficeHours | None]  # of a recipient


def always_open(_: str) -> None:
    """Return no hours: a recipient who states none takes alerts at any time."""


def hours_of_recipients(people: Mapping[str, OfficeHours], channel: OfficeHours | None) -> HoursOf:
    """Return the hours of the recipients of a channel: a person's own, or the channel's.

    `people`: by address in small letters.
    """
    return lambda recipient: people.get(recipient.lower(), channel)
