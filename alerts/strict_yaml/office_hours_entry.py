"""Office hours as channels and people of the settings state them."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated

from pydantic import AfterValidator, model_validator

from alerts.core.office_hours import WEEKDAYS, OfficeHours
from alerts.deadlines.business_days import check_calendar
from alerts.deadlines.errors import InputError
from alerts.strict_yaml.text_fields import Zone
from alerts.strict_yaml.validation import Raw, Section, Text

CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
DAYS = "mon-fri"


def _clock(text: str) -> str:
    if not CLOCK.fullmatch(text) or text > "24:00":
        raise InputError('expected a time of day such as "09:00", in quotes')
    return text


def _days(text: str) -> str:
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise InputError(f"expected weekdays such as mon-fri or mon,wed, found {text!r}")
    return text


def _weekdays(text: str) -> tuple[str, ...]:
    """Return the weekdays that are named; a range may go round the end of the week."""
    found = set[str]()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found |= {WEEKDAYS[day % 7] for day in range(start, end + 1 if end >= start else end + 8)}
    return tuple(day for day in WEEKDAYS if day in found)


class OfficeHoursEntry(Section):
    """See `core.office_hours.OfficeHours`. `to` may be "24:00". With a calendar its business days count."""

    opens: Annotated[Raw, AfterValidator(_clock)]
    closes: Annotated[Raw, AfterValidator(_clock)]
    days: Annotated[Text, AfterValidator(_days)] | None = None
    timezone: Zone | None = None
    calendar: Annotated[Text, AfterValidator(check_calendar)] | None = None

    @model_validator(mode="after")
    def _open_some_time(self) -> OfficeHoursEntry:
        if self.closes <= self.opens:
            raise InputError("closes before it opens: hours lie within a day")
        return self

    def hours(self, zone: str) -> OfficeHours:
        """Return the hours; `zone` is theirs where they state none."""
        hour, minute = map(int, self.closes.split(":"))
        return OfficeHours(
            opens=time.fromisoformat(self.opens),
            closes=time(hour, minute) if hour < 24 else None,
            days=_weekdays(self.days) if self.days else WEEKDAYS if self.calendar else _weekdays(DAYS),
            timezone=self.timezone or zone,
            calendar=self.calendar,
        )
