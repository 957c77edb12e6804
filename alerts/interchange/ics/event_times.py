"""The times of a calendar component as a deadline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from icalendar.prop import vBroken

from alerts.deadlines.errors import InputError
from alerts.deadlines.recurrence import name_occurrence
from alerts.deadlines.zones import zone_info
from alerts.interchange.ics.calendar_zones import Zones

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


@dataclass(frozen=True, slots=True)
class Time:
    """A day, or a time on the wall clock of a zone: `tzid` of None floats, "" is UTC."""

    wall: date
    tzid: str | None = None

    @property
    def is_day(self) -> bool:
        return not isinstance(self.wall, datetime)

    def plus(self, duration: timedelta) -> Time:
        """Add a duration: days are nominal, hours exact except across clock changes (RFC 5545, section 3.3.6)."""
        try:
            return Time(self.wall + duration, self.tzid)
        except OverflowError:
            raise InputError("its end lies outside the years 1 to 9999") from None

    def local(self, zone: str | None) -> date:
        """Return the day, or the wall-clock time; for a time in UTC, that of the zone."""
        if isinstance(self.wall, datetime) and self.tzid == "" and zone:
            return self.wall.replace(tzinfo=UTC).astimezone(zone_info(zone)).replace(tzinfo=None)
        return self.wall

    def day(self, zone: str | None) -> date:
        """Return the civil day; for a time in UTC, the day in that zone."""
        return _day(self.local(zone))

    def say(self, zones: Zones, *, recurs: bool = False) -> str:
        """Return it as deadlines write it. Raises InputError for an unknown zone."""
        if not isinstance(self.wall, datetime):
            return self.wall.isoformat()
        text = self.wall.isoformat(timespec="seconds" if self.wall.second else "minutes")
        if self.tzid is None:
            return text
        name = zones.iana(self.tzid) if self.tzid else "UTC"
        if name:
            return f"{text}[{name}]" if name != "UTC" or recurs else f"{text}Z"
        if recurs:
            raise InputError(f'it recurs in the time zone "{self.tzid}", which is not an IANA or Windows name: '
                             "its offset at other times is not known")  # fmt: skip
        offset = timezone(zones.offset(self.tzid, self.wall)).tzname(None).removeprefix("UTC")
        return text + (offset or "Z")


def _day(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at


def first(component: Any, name: str) -> Any:
    """Return the value of a property that may occur once. Raises InputError if it could not be read."""
    values = _sound(component, name)
    if len(values) > 1:
        raise InputError(f"{name} is stated twice")
    return values[0] if values else None


def _sound(component: Any, name: str) -> list[Any]:
    """Return the values of a property. Raises InputError if one could not be read."""
    value = component.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    for one in values:
        if isinstance(one, vBroken):
            raise InputError(f"{name} cannot be read: `{str(one)[:60]}`")
    return values


def time_of(component: Any, name: str) -> Time | None:
    """Return a DATE or DATE-TIME. Raises InputError."""
    value = first(component, name)
    if value is None:
        return None
    return _time(name, getattr(value, "dt", None), value)


def _time(name: str, found: Any, value: Any) -> Time:
    if isinstance(found, tuple):  # for a period, its start counts
        found = found[0]
    if not isinstance(found, date):
        raise InputError(f"{name} is neither a day nor a time: `{_raw(value)[:60]}`")
    if not isinstance(found, datetime):
        return Time(found)
    wall = found.replace(tzinfo=None, microsecond=0, fold=0)
    if tzid := value.params.get("TZID"):
        return Time(wall, str(tzid))
    return Time(wall, "" if found.tzinfo is not None else None)


def times_of(component: Any, name: str) -> list[Time]:
    """Return the times of all RDATE or EXDATE lines. Raises InputError."""
    values = [value for value in _sound(component, name) if hasattr(value, "dts")]
    return [_time(name, one.dt, value) for value in values for one in value.dts]


def _raw(value: Any) -> str:
    raw = value.to_ical()
    return raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)


def duration_of(component: Any) -> timedelta | None:
    """Return the DURATION. Raises InputError."""
    value = first(component, "DURATION")
    found = getattr(value, "dt", getattr(value, "td", None))
    if value is not None and not isinstance(found, timedelta):
        raise InputError(f"DURATION cannot be read: `{_raw(value)[:60]}`")
    return found


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a component: the due time, the last day if it lasts several, and how it recurs."""

    at: Time | None
    last: date | None = None
    rule: str | None = None
    more: tuple[Time, ...] = ()  # RDATE
    without: tuple[Time, ...] = ()  # EXDATE

    @property
    def assumed(self) -> tuple[str, ...]:
        """Return notes about what a recurring deadline leaves out."""
        if not (self.rule and self.last and self.at):
            return ()
        days = self.last.toordinal() - self.at.wall.toordinal() + 1
        return (f"each occurrence lasts {days} days, of which the first is tracked",)

    def start_of(self, time: Time, zone: str | None) -> date:
        """Return by what an occurrence is known: its day, with the time where there may be several on a day."""
        several = self.rule is not None and re.search("BYHOUR|BYMINUTE", self.rule)
        return time.local(zone) if several else time.day(zone)

    def _named(self, start: date) -> str:
        """Return the name of an occurrence, which includes the time if it has one."""
        if self.at is None or not isinstance(self.at.wall, datetime):
            return _day(start).isoformat()
        return name_occurrence(start if isinstance(start, datetime) else datetime.combine(start, self.at.wall.time()))

    def left_out(self, zones: Zones, tracked: Iterable[date] = ()) -> list[str]:
        """Return the occurrences that a series leaves out; `tracked` are the starts of those that are stated alone."""
        zone = zones.iana(self.at.tzid) if self.at and self.at.tzid else None
        names = {self._named(start) for start in (*(self.start_of(one, zone) for one in self.without), *tracked)}
        return sorted(names) if self.rule else []

    def deadline(self, zones: Zones, left_out: Sequence[str] = ()) -> str:
        """Return the deadline. Raises InputError."""
        if self.at is None:
            return "undated"
        if self.rule:
            but = f" except {', '.join(left_out)}" if left_out else ""
            return f"every {self.rule} from {self.at.say(zones, recurs=True)}{but}"
        if self.last:
            return f"between {self.at.say(zones)} and {self.last}"
        return self.at.say(zones)


def times(component: Any) -> Times:
    """Read the times of a VEVENT or a VTODO. Raises InputError."""
    start, lasts = time_of(component, "DTSTART"), duration_of(component)
    rule = first(component, "RRULE")
    if component.get("EXRULE") is not None:
        raise InputError("EXRULE is not read (RFC 5545 has done away with it): state the days as EXDATE")
    more, without = tuple(times_of(component, "RDATE")), tuple(times_of(component, "EXDATE"))
    message = _rule(rule) if rule is not None else None
    if component.name == "VTODO":
        due = time_of(component, "DUE")
        if due is None and start is not None and lasts is not None:
            due = start.plus(lasts)
        if message and due and start and due.day(None) != start.day(None):
            raise InputError("it recurs from DTSTART and is due on another day, which is not read: state DUE only")
        if message and not due:
            raise InputError("it recurs and has no DUE: nothing of it can be due")
        return Times(due, None, message, more, without)
    if start is None:
        raise InputError("it has no DTSTART")
    end = time_of(component, "DTEND") or (start.plus(lasts) if lasts is not None else None)
    last = None
    if start.is_day and end is not None:
        if not end.is_day:
            raise InputError("DTEND is a time, and DTSTART is a day")
        last = end.wall - timedelta(days=1)  # DTEND is the day after the last one (RFC 5545, section 3.8.2.2)
    return Times(start, last if last and last > start.wall else None, message, more, without)


def _rule(rule: Any) -> str:
    text = _raw(rule)
    frequency = str((rule.get("FREQ") or ["nothing"])[0]) if hasattr(rule, "get") else "nothing"
    if frequency not in FREQUENCIES:
        raise InputError(f"it recurs {frequency}: {', '.join(FREQUENCIES)} can be tracked")
    return text
