"""A time zone as a calendar defines it (VTIMEZONE; RFC 5545, section 3.6.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Component

from alerts.deadlines.errors import InputError
from alerts.deadlines.rule_expansion import expand
from alerts.deadlines.rule_parts import DAYS, split_rule
from alerts.interchange.ics.calendar_lines import Block

WEEKDAYS = tuple(DAYS)
PLAIN = frozenset("FREQ INTERVAL WKST BYDAY BYMONTH BYMONTHDAY BYHOUR BYMINUTE".split())
A_WHILE = timedelta(days=3 * 366)  # a yearly rule gives a date within it
ALWAYS = datetime(9999, 12, 31)  # noqa: DTZ001  # on the wall clock


@dataclass(frozen=True, slots=True)
class Observance:
    """A part of a zone: the wall-clock times, by the offset `before`, from which the offset `after` holds."""

    start: datetime
    before: timedelta
    after: timedelta
    rule: str | None = None
    more: tuple[datetime, ...] = ()

    @property
    def ends(self) -> bool:
        """Return whether its rule, if it has one, comes to an end."""
        return self.rule is None or bool(split_rule(self.rule).keys() & {"UNTIL", "COUNT"})

    def latest(self, wall: datetime) -> datetime | None:
        """Return when it began last, at a wall-clock time."""
        found = [at for at in (self.start, *self.more) if at <= wall]
        if self.rule:
            expansion = expand(self.rule, self.start, None)
            for at in expansion.times(self.start if self.ends or wall.year < 10 else wall - A_WHILE):
                if at > wall:
                    break
                found.append(at)
        return max(found, default=None)


@dataclass(frozen=True, slots=True)
class ZoneDefinition:
    """The observances of a zone; at least one."""

    observances: tuple[Observance, ...]

    def offset(self, wall: datetime) -> timedelta:
        """Return the offset from UTC at a wall-clock time: where the hour is skipped that before it, of two the first.

        See RFC 5545, section 3.3.5.
        """
        began = [(at, one) for one in self.observances if (at := one.latest(wall)) is not None]
        if not began:
            return min(self.observances, key=lambda one: one.start).before
        at, one = max(began, key=lambda found: found[0])
        return one.before if wall < at + (one.after - one.before) else one.after

    def rule_from(self, wall: datetime) -> str | None:
        """Return the rule that holds from a wall-clock time on, as a zone's name; None where no rule can say it."""
        ending = [one for one in self.observances if one.ends]
        yearly = [one for one in self.observances if not one.ends]
        if any((at := one.latest(ALWAYS)) and at > wall for one in ending) or len(yearly) not in (0, 2):
            return None
        if not yearly:
            return _fixed(self.offset(wall))
        winter, summer = sorted(yearly, key=lambda one: one.after)
        if (winter.before, winter.after) != (summer.after, summer.before):
            return None
        if winter.after == winter.before or any(one.start - wall > A_WHILE for one in yearly):
            return None
        days = [_day(one) for one in (summer, winter)]
        return ",".join([_fixed(winter.after) + _fixed(summer.after), *map(str, days)]) if all(days) else None


def read_definition(zone: Block) -> ZoneDefinition:
    """Read a VTIMEZONE. Raises InputError for one that defines nothing, or in a way that is not read."""
    found = [_observance(one) for one in zone.blocks if one.name in ("STANDARD", "DAYLIGHT")]
    if not found:
        raise InputError("is defined without any STANDARD or DAYLIGHT")
    return ZoneDefinition(tuple(found))


def _observance(block: Block) -> Observance:
    text = "\r\n".join([f"BEGIN:{block.name}", *block.texts(), f"END:{block.name}", ""])
    try:
        part: Any = Component.from_ical(text)
        start, before, after = part["DTSTART"].dt, part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td
        rules = _all(part.get("RRULE"))
        more = [_naive(one.dt, before) for value in _all(part.get("RDATE")) for one in value.dts]
        rule = _rule(rules[0].to_ical().decode(), before) if rules else None
        found = Observance(_naive(start, before), before, after, rule, tuple(more))
    except InputError:
        raise
    except Exception as error:  # a wrong definition can raise anything
        raise InputError(f"is defined wrongly, on line {block.line} ({type(error).__name__})") from error
    if len(rules) > 1 or (rule and split_rule(rule)["FREQ"] != "YEARLY"):
        raise InputError("is defined by other than yearly rules, which are not read")
    found.latest(found.start)  # a rule that cannot be read is reported here
    return found


def _naive(at: Any, before: timedelta) -> datetime:
    """Return a wall-clock time by the offset before a change; a time in UTC is moved there."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001  # civil
    return (at.astimezone(UTC) + before if at.tzinfo else at).replace(tzinfo=None)


def _rule(text: str, before: timedelta) -> str:
    """Return a rule with its UNTIL, which is in UTC, on the wall clock."""
    parts = split_rule(text)
    if parts.get("UNTIL", "").endswith("Z"):
        last = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%SZ") + before  # noqa: DTZ007  # on the wall clock
        parts["UNTIL"] = f"{last:%Y%m%dT%H%M%S}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _fixed(offset: timedelta) -> str:
    """Return an offset as a part of a rule (`<+0530>-5:30`), which counts it westwards."""
    minutes = abs(offset) // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    east = offset >= timedelta()
    name = f"<{'+' if east else '-'}{hours:02}{f'{rest:02}' if rest else ''}>"
    return f"{name}{'-' if east and minutes else ''}{hours}{f':{rest:02}' if rest else ''}"


def _day(change: Observance) -> str | None:
    """Return the day and the time of a yearly change (`M3.5.0/2`): in which month, which week and on which weekday."""
    parts = split_rule(change.rule or "")
    day = parts.get("BYDAY", WEEKDAYS[change.start.weekday()])
    months, number = parts.get("BYMONTH", str(change.start.month)), day[:-2].lstrip("+")
    if parts.keys() - PLAIN or parts.get("INTERVAL", "1") != "1" or (number and "BYMONTHDAY" in parts):
        return None
    if not number and "BYDAY" in parts:
        number = _week(parts.get("BYMONTHDAY", "").split(","))
    if not months.isdigit() or (number not in ("1", "2", "3", "4", "-1")):
        return None
    week = "5" if number == "-1" else number
    at = change.start.time()
    clock = parts.get("BYHOUR", str(at.hour)), parts.get("BYMINUTE", str(at.minute))
    if at.second or clock != (str(at.hour), str(at.minute)):
        return None
    return f"M{months}.{week}.{(WEEKDAYS.index(day[-2:]) + 1) % 7}/{at.hour}{f':{at.minute:02}' if at.minute else ''}"


def _week(days: Iterable[str]) -> str:
    """Return which week of a month its days are: `8,9,10,11,12,13,14` are the second."""
    numbers = sorted(int(day) for day in days if day.lstrip("+-").isdigit())
    if len(numbers) != 7 or numbers[-1] - numbers[0] != 6:
        return ""
    if numbers[0] == -7:
        return "-1"
    return str(numbers[0] // 7 + 1) if numbers[0] > 0 and numbers[0] % 7 == 1 and numbers[0] < 29 else ""


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
