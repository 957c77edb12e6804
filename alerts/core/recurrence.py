"""Deadlines that come again: recurrence rules (RFC 5545, 3.3.10 and 3.8.5) and the occurrences that they give."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import Any

from dateutil.rrule import rrulestr

from alerts.core.calendars import Day, Instant, Point, at_wall, zone_info
from alerts.core.errors import InputError, did_you_mean
from alerts.core.workdays import Roll

_DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
         "SU": "Sunday"}  # fmt: skip
_WEEKDAY = "|".join(_DAYS)
_ORDINALS = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}
_FREQ = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_PARTS = {
    "FREQ": "|".join(_FREQ),
    "INTERVAL": r"[1-9]\d{0,3}",
    "COUNT": r"[1-9]\d{0,4}",
    "UNTIL": r"\d{8}(?:T\d{6}Z?)?",
    "BYDAY": rf"(?:[+-]?[1-9]\d?)?(?:{_WEEKDAY})",
    "BYMONTHDAY": r"[+-]?(?:[1-9]|[12]\d|3[01])",
    "BYYEARDAY": r"[+-]?(?:[1-9]\d?|[12]\d\d|3[0-5]\d|36[0-6])",
    "BYWEEKNO": r"[+-]?(?:[1-9]|[1-4]\d|5[0-3])",
    "BYMONTH": r"[1-9]|1[0-2]",
    "BYSETPOS": r"[+-]?(?:[1-9]\d?|[12]\d\d|3[0-5]\d|36[0-6])",
    "BYHOUR": r"1?\d|2[0-3]",
    "BYMINUTE": r"[1-5]?\d",
    "WKST": _WEEKDAY,
}
_LISTS = frozenset(name for name in _PARTS if name.startswith("BY"))
_RARELY = {"BYWEEKNO": ("YEARLY",), "BYYEARDAY": ("YEARLY",), "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY")}
ROLLED_AT_MOST = timedelta(days=60)  # no roll, no zone moves an occurrence so far
SOME_YEARS = 41  # 29 February on a given weekday comes again within 40
EXAMPLE = "expected a rule of RFC 5545 such as FREQ=MONTHLY;BYMONTHDAY=-1"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule, the civil day or wall-clock time from which it counts, the zone, and the occurrences that are left out.

    `roll` says how the day of each is moved to a business day; `point` is where it is stated, before that.

    An occurrence is named by its local date (`2025-11-30`) or wall-clock time (`2025-11-30T09:00`): it keeps that name,
    whatever becomes of it.
    """

    rule: str
    start: date | datetime
    zone: str | None = None
    without: tuple[str, ...] = ()
    roll: Roll = "none"

    def names(self, since: datetime | None = None) -> Iterator[str]:
        """The names of the occurrences, oldest first, from a naive wall-clock time on if one is given."""
        for wall in self._expansion().times(since or datetime.min):  # noqa: DTZ901  # a wall-clock time
            name = self._name(wall)
            if name not in self.without:
                yield name

    def names_about(self, since: datetime) -> Iterator[str]:
        """The names of the occurrences that may come after an instant, wherever their zone and their roll put them."""
        try:
            yield from self.names(since.replace(tzinfo=None) - ROLLED_AT_MOST)
        except OverflowError:
            yield from self.names()

    def has(self, name: str) -> bool:
        """Whether there is an occurrence of that name."""
        return _point(self, name) is not None

    def point(self, name: str) -> Point:
        """The day or the instant of an occurrence. Raises InputError where there is none of that name."""
        point = _point(self, name)
        if point is None:
            near = did_you_mean(name, list(islice(self.names(), 1000)))
            raise InputError(f"there is no occurrence {name!r}: expected one such as {self._example()!r}{near}")
        return point

    @staticmethod
    def order(name: str) -> datetime:
        """Where an occurrence stands among the others: its wall clock, read as UTC."""
        return datetime.fromisoformat(name).replace(tzinfo=UTC)

    def _example(self) -> str:
        return next(self.names(), self._name(_wall(self.start)))

    def _name(self, wall: datetime) -> str:
        return name_occurrence(wall if isinstance(self.start, datetime) else wall.date())

    def holds(self, wall: datetime) -> bool:
        """Whether the rule gives a wall-clock time, left out or not."""
        return next(self._expansion().times(wall), None) == wall

    def _expansion(self) -> _Expansion:
        return _expand(self.rule, _wall(self.start), self.zone)

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return {
            "rule": self.rule,
            "start": self.start.isoformat(),
            "zone": self.zone,
            "without": list(self.without),
        } | ({"roll": self.roll} if self.roll != "none" else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recurrence:
        """Read what `to_json` wrote."""
        start = data["start"]
        read = datetime if "T" in start else date
        return cls(
            data["rule"], read.fromisoformat(start), data["zone"], tuple(data["without"]), data.get("roll", "none")
        )

    def __str__(self) -> str:
        without = f" except {', '.join(self.without)}" if self.without else ""
        zone = f"[{self.zone}]" if self.zone else ""
        roll = f" rolled {self.roll}" if self.roll != "none" else ""
        return f"every {self.rule} from {name_occurrence(self.start)}{zone}{without}{roll}"

    @property
    def to_text(self) -> str:
        """Read it out: `every month (on day -1)`, `every 2 weeks (on Monday)`."""
        parts = split_rule(self.rule)
        unit, count = _FREQ[parts.pop("FREQ")], int(parts.pop("INTERVAL", "1"))
        parts.pop("WKST", None)
        clauses = f"every {unit}" if count == 1 else f"every {count} {unit}s"
        details = []
        for name, value in parts.items():
            match name:
                case "BYDAY":
                    details.append("on " + ", ".join(_weekday(day) for day in value.split(",")))
                case "BYMONTHDAY":
                    days = ["the last day" if day == "-1" else f"day {day}" for day in value.split(",")]
                    details.append("on " + ", ".join(days))
                case "UNTIL":
                    details.append(f"until {value[:4]}-{value[4:6]}-{value[6:8]}")
                case "COUNT":
                    details.append(f"{value} times")
                case _:
                    details.append(f"{name}={value}")
        return clauses + (f" ({', '.join(details)})" if details else "")


def _weekday(text: str) -> str:
    count, day = text[:-2].lstrip("+"), _DAYS[text[-2:]]
    return f"the {_ORDINALS.get(count, count + '.')} {day}" if count else day


def name_occurrence(at: date | datetime) -> str:
    """Name an occurrence by its civil day or wall-clock time; seconds only where there are some."""
    if not isinstance(at, datetime):
        return at.isoformat()
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def read_rule(text: str, start: date | datetime) -> str:
    """Read a recurrence rule; returns it in capitals, FREQ first.

    Raises InputError for what RFC 5545 (3.3.10) does not allow, what recurs more often than daily, and what never
    comes round.
    """
    parts = split_rule(text.upper())
    if "FREQ" not in parts:
        raise InputError(f"the rule has no FREQ: {EXAMPLE}")
    for name, value in parts.items():
        _check(name, value)
    _check_together(parts, timed=isinstance(start, datetime))
    rule = ";".join(f"{name}={parts[name]}" for name in sorted(parts, key=lambda name: name != "FREQ"))
    if not _expand(_endless(parts), _late(_wall(start)), None).any:
        raise InputError(f"the rule {rule} never comes round")
    if not _expand(rule, _wall(start), None).any:
        raise InputError(f"the rule {rule} has no occurrence from {name_occurrence(start)} on")
    return rule


def _endless(parts: Mapping[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))


def _late(start: datetime) -> datetime:
    """The same place in the calendar, which repeats itself every 400 years, near its end: a short search."""
    cycles = (9999 - SOME_YEARS - start.year) // 400
    return start.replace(year=start.year + 400 * max(cycles, 0))


def split_rule(text: str) -> dict[str, str]:
    """The parts of a rule by name. Raises InputError for what is none."""
    parts: dict[str, str] = {}
    for part in text.strip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or name not in _PARTS:
            sub_daily = f"{name} is not read" if equals else f"`{part[:40]}` is not a part of a rule"
            raise InputError(f"{sub_daily}: {EXAMPLE}{did_you_mean(name, _PARTS)}")
        if name in parts:
            raise InputError(f"the rule says {name} twice")
        parts[name] = value
    return parts


def _check(name: str, value: str) -> None:
    if name == "FREQ" and value in ("HOURLY", "MINUTELY", "SECONDLY"):
        raise InputError(f"FREQ={value} is too often: a deadline comes again daily at most")
    for one in value.split(",") if name in _LISTS else [value]:
        if not re.fullmatch(_PARTS[name], one, re.ASCII):
            raise InputError(f"{name} cannot be {one[:40]!r}: {EXAMPLE}")


def _check_together(parts: Mapping[str, str], *, timed: bool) -> None:
    freq = parts["FREQ"]
    if "COUNT" in parts and "UNTIL" in parts:
        raise InputError("the rule says both COUNT and UNTIL: RFC 5545 allows one of them")
    for name, allowed in _RARELY.items():
        if name in parts and freq not in allowed:
            raise InputError(f"{name} does not go with FREQ={freq} (RFC 5545, 3.3.10)")
    if re.search(r"\d", parts.get("BYDAY", "")) and (freq not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise InputError(f"BYDAY={parts['BYDAY']} counts weekdays, which goes with FREQ=MONTHLY or YEARLY only")
    if "BYSETPOS" in parts and not (parts.keys() & (_LISTS - {"BYSETPOS"})):
        raise InputError("BYSETPOS needs another part that begins with BY")
    if not timed and parts.keys() & {"BYHOUR", "BYMINUTE"}:
        raise InputError("BYHOUR and BYMINUTE need a start with a time, such as 2025-11-30T09:00")


def _wall(start: date | datetime) -> datetime:
    return start if isinstance(start, datetime) else datetime.combine(start, time())


class _Expansion:
    """The wall-clock times that a rule gives, worked out as far as somebody asks, and kept.

    Not by the library's `cache`: where a rule ends, that keeps its lock, and holds up for ever whoever else reads it.
    """

    def __init__(self, walls: Iterator[datetime]) -> None:
        self._walls = walls
        self._found: list[datetime] = []
        self._lock = Lock()  # deliveries are rendered while the next ones are planned

    @property
    def any(self) -> bool:
        return next(self.times(datetime.min), None) is not None  # noqa: DTZ901  # a wall-clock time

    def times(self, since: datetime) -> Iterator[datetime]:
        """Yield them, oldest first, from one on."""
        index = bisect_left(self._found, since)
        while self._reaches(index):
            if self._found[index] >= since:
                yield self._found[index]
            index += 1

    def _reaches(self, index: int) -> bool:
        with self._lock:
            while len(self._found) <= index and (wall := next(self._walls, None)) is not None:
                self._found.append(wall)
            return len(self._found) > index


@lru_cache(maxsize=4096)
def _expand(rule: str, start: datetime, zone: str | None) -> _Expansion:
    """Expand on the wall clock."""
    parts = split_rule(rule)
    if until := parts.get("UNTIL"):
        try:
            parts["UNTIL"] = _until(until, zone)
        except ValueError:
            raise InputError(f"UNTIL={until}: there is no such date or time") from None
    try:
        return _Expansion(_walls(parts, start))
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"the rule {rule} cannot be read: {error}") from None


def _walls(parts: dict[str, str], start: datetime) -> Iterator[datetime]:
    """What RFC 5545 (3.3.10) gives, where the library reads it otherwise.

    A place in the set of a week (BYSETPOS) is one in the whole week, that of the start as well; the library counts in
    what is left of it. A week of the year without a weekday has that of the start; the library gives all seven.
    """
    if "BYWEEKNO" in parts and not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"}:
        parts = parts | {"BYDAY": tuple(_DAYS)[start.weekday()]}
    if parts["FREQ"] != "WEEKLY" or "BYSETPOS" not in parts:
        return iter(_read(parts, start))
    days = tuple(_DAYS)
    parts = {"BYDAY": days[start.weekday()]} | parts
    count = int(parts.pop("COUNT")) if "COUNT" in parts else None
    into_week = (start.weekday() - days.index(parts.get("WKST", "MO"))) % 7
    whole = (wall for wall in _read(parts, start - timedelta(days=into_week)) if wall >= start)
    return islice(whole, count)


def _read(parts: Mapping[str, str], start: datetime) -> Iterable[datetime]:
    return rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)


def _until(text: str, zone: str | None) -> str:
    """The last wall-clock time: that of the zone for a time in UTC; all of a day that is named alone."""
    if "T" not in text:
        return f"{datetime.strptime(text, '%Y%m%d').date():%Y%m%d}T235959"  # noqa: DTZ007  # civil
    wall = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  # made aware below
    if text.endswith("Z") and zone:
        wall = wall.replace(tzinfo=UTC).astimezone(zone_info(zone)).replace(tzinfo=None)
    return wall.strftime("%Y%m%dT%H%M%S").zfill(15)


@lru_cache(maxsize=65536)
def _point(recurrence: Recurrence, name: str) -> Point | None:
    """The point of an occurrence, if it is one; kept, because finding it means counting from the start."""
    timed = isinstance(recurrence.start, datetime)
    try:
        wall = datetime.fromisoformat(name)
        canonical = name_occurrence(wall if timed else wall.date()) == name
        if not canonical or name in recurrence.without or not recurrence.holds(wall):
            return None
    except (ValueError, TypeError, OverflowError):
        return None
    if not timed:
        return Day(wall.date(), recurrence.zone)
    return Instant(at_wall(wall, zone_info(recurrence.zone or "UTC")), recurrence.zone)
