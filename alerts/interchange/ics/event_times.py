"""The times of a calendar component as a deadline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from icalendar.prop import vBroken

from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.interchange.ics.calendar_entries import CalendarEntry
from alerts.interchange.ics.calendar_zones import Zones

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
ALL_DAY = "X-MICROSOFT-CDO-ALLDAYEVENT"  # Outlook's days may be written as times from midnight to midnight


@dataclass(frozen=True, slots=True)
class Time:
    """A day, or a time on the wall clock of a zone: `tzid` of None floats, "" is UTC."""

    wall: date
    tzid: str | None = None

    @property
    def is_day(self) -> bool:
        return not isinstance(self.wall, datetime)

    def plus(self, duration: Duration, zones: Zones) -> Time:
        """Add a duration: days are nominal, hours exact (RFC 5545, section 3.3.6). Raises InputError."""
        try:
            if not isinstance(self.wall, datetime):
                return Time(duration.shift(self.wall) + duration.time, self.tzid)
            days = Time(duration.shift_wall(self.wall), self.tzid)
            return days._plus_exact(duration.time, zones)
        except (OverflowError, InputError):
            raise InputError("its end lies outside the years 1 to 9999") from None

    def _plus_exact(self, time: timedelta, zones: Zones) -> Time:
        assert isinstance(self.wall, datetime)
        wall = self.wall + time
        if not self.tzid or not time:
            return Time(wall, self.tzid)
        end = zones.instant(self.tzid, self.wall) + time
        wall += end - zones.instant(self.tzid, wall)  # the clocks may change in between
        if zones.instant(self.tzid, wall) == end:
            return Time(wall, self.tzid)
        return Time(end.replace(tzinfo=None), "")

    def say(self, zones: Zones) -> str:
        """Return it as deadlines write it. Raises InputError for an unknown zone."""
        if not isinstance(self.wall, datetime):
            zone = zones.iana(self.tzid) if self.tzid else None
            return self.wall.isoformat() + (f"[{zone}]" if zone else "")
        text = self.wall.isoformat(timespec="seconds" if self.wall.second else "minutes")
        if self.tzid is None:
            return text
        name = zones.iana(self.tzid) if self.tzid else "UTC"
        if name:
            return f"{text}[{name}]" if name != "UTC" else f"{text}Z"
        offset = timezone(zones.offset(self.tzid, self.wall)).tzname(None).removeprefix("UTC")
        return text + (offset or "Z")


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


def times_of(component: Any, name: str) -> tuple[Time, ...]:
    """Return the times of all RDATE or EXDATE lines. Raises InputError."""
    values = [value for value in _sound(component, name) if hasattr(value, "dts")]
    return tuple(_time(name, one.dt, value) for value in values for one in value.dts)


def _raw(value: Any) -> str:
    raw = value.to_ical()
    return raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)


def duration_of(entry: CalendarEntry) -> Duration | None:
    """Return the DURATION as it stands: `PT24H` is exact, and `P1D` is not. Raises InputError."""
    value = first(entry.component, "DURATION")
    if value is None:
        return None
    text = entry.stated("DURATION").partition(":")[2].strip()
    try:
        found = Duration.parse(text.lstrip("+-"))
        return found.negated() if text.startswith("-") else found
    except InputError:
        raise InputError(f"DURATION cannot be read: `{text[:60]}`") from None


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a component: the due time, the last day if it lasts several, and how it recurs."""

    at: Time | None
    last: Time | None = None
    rule: str | None = None
    more: tuple[Time, ...] = ()  # RDATE
    without: tuple[Time, ...] = ()  # EXDATE

    @property
    def assumed(self) -> tuple[str, ...]:
        """Return notes about what a recurring deadline leaves out."""
        if not (self.rule and self.last and self.at):
            return ()
        days = self.last.wall.toordinal() - self.at.wall.toordinal() + 1
        return (f"each occurrence lasts {days} days, of which the first is tracked",)

    def deadline(self, zones: Zones) -> str:
        """Return the deadline of what does not recur. Raises InputError."""
        if self.at is None:
            return "undated"
        return f"between {self.at.say(zones)} and {self.last.say(zones)}" if self.last else self.at.say(zones)


def times(entry: CalendarEntry, *, recurs: bool = True) -> Times:
    """Read the times of a VEVENT or a VTODO, without its recurrence if that is not wanted. Raises InputError."""
    component, lasts = entry.component, duration_of(entry)
    start, rule = time_of(component, "DTSTART"), _rule(component) if recurs else None
    more, without = (times_of(component, name) if recurs else () for name in ("RDATE", "EXDATE"))
    if recurs and component.get("EXRULE") is not None:
        raise InputError("EXRULE is not read (RFC 5545 has done away with it): state the days as EXDATE")
    if component.name == "VTODO":
        return Times(_due(entry, start, lasts, rule), None, rule, more, without)
    if start is None:
        raise InputError("it has no DTSTART")
    end = time_of(component, "DTEND") or (start.plus(lasts, entry.zones) if lasts is not None else None)
    if str(component.get(ALL_DAY, "")).upper() == "TRUE" and _at_midnight(start) and (not end or _at_midnight(end)):
        start, end = _day(start), end and _day(end)
        more, without = tuple(map(_day, more)), tuple(map(_day, without))
    last = None
    if start.is_day and end is not None:
        if not end.is_day:
            raise InputError(f"`{entry.stated('DTEND')}` is a time, and `{entry.stated('DTSTART')}` is a day")
        # DTEND is the day after the last one (RFC 5545, section 3.8.2.2)
        last = Time(end.wall - timedelta(days=1), end.tzid) if end.wall.toordinal() > 1 else None
    return Times(start, last if last and last.wall > start.wall else None, rule, more, without)


def _due(entry: CalendarEntry, start: Time | None, lasts: Duration | None, rule: str | None) -> Time | None:
    due = time_of(entry.component, "DUE")
    if due is None and start is not None and lasts is not None:
        due = start.plus(lasts, entry.zones)
    if rule and due and start and due.wall.toordinal() != start.wall.toordinal():
        raise InputError("it recurs from DTSTART and is due on another day, which is not read: state DUE only")
    if rule and not due:
        raise InputError("it recurs and has no DUE: nothing of it can be due")
    return due


def _at_midnight(time: Time) -> bool:
    return not isinstance(time.wall, datetime) or not (time.wall.hour or time.wall.minute or time.wall.second)


def _day(time: Time) -> Time:
    """Return the day of a time at midnight, in its zone."""
    return Time(time.wall.date(), time.tzid or None) if isinstance(time.wall, datetime) else time


def _rule(component: Any) -> str | None:
    """Return the rule; None where there is none, or an empty one. Raises InputError."""
    if len(_sound(component, "RRULE")) > 1:
        raise InputError("RRULE is stated twice, and what that gives is not defined (RFC 5545, section 3.8.5.3)")
    rule = first(component, "RRULE")
    text = _raw(rule).strip(";") if rule is not None else ""
    if not text:
        return None
    frequency = str((rule.get("FREQ") or [""])[0]) if hasattr(rule, "get") else ""
    if frequency and frequency not in FREQUENCIES:
        raise InputError(f"RRULE:{text}: it recurs {frequency}: {', '.join(FREQUENCIES)} can be tracked")
    return re.sub(r";BYSECOND=0+(?=;|$)", "", text)
