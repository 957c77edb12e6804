"""The occurrences that a recurrence rule gives (RFC 5545 §3.3.10)."""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from threading import Lock

from alerts.deadlines.errors import InputError
from alerts.deadlines.rule_parts import DAYS, is_month_of_start, split_rule
from alerts.deadlines.zones import zone_info

A_DECADE = timedelta(days=3653)
_DAYS, _MONTHS = {"DAILY": 1, "WEEKLY": 7}, {"MONTHLY": 1, "YEARLY": 12}  # of the periods of rules


def wall_of(start: date | datetime) -> datetime:
    return start if isinstance(start, datetime) else datetime.combine(start, time())


class Expansion:
    """The wall-clock times that a rule gives, expanded on demand and kept.

    The library's own `cache` keeps its lock at the end of a rule, which blocks every other reader for ever.
    """

    def __init__(self, walls: Iterator[datetime]) -> None:
        self._walls = walls
        self._found: list[datetime] = []
        self._lock = Lock()  # deliveries are rendered while the next ones are planned

    @property
    def any(self) -> bool:
        return next(self.times(datetime.min), None) is not None  # noqa: DTZ901  # a wall-clock time

    def times(self, since: datetime) -> Iterator[datetime]:
        """Yield the times, oldest first, from one on."""
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
def expand(rule: str, start: datetime, zone: str | None) -> Expansion:
    """Expand on the wall clock."""
    parts = split_rule(rule)
    if until := parts.get("UNTIL"):
        try:
            parts["UNTIL"] = last_wall(until, zone)
        except ValueError:
            raise InputError(f"UNTIL={until}: there is no such date or time") from None
    try:
        return Expansion(_walls(parts, start))
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"the rule {rule} cannot be read: {error}") from None


def expand_near(rule: str, start: datetime, zone: str | None, since: datetime) -> Expansion:
    """Expand on the wall clock what comes from a time on; of what comes before it, some years at most.

    Two thousand years of days would take seconds, and memory for as long as the process lives.
    """
    return expand(rule, _later_start(split_rule(rule), start, since), zone)


def _later_start(parts: Mapping[str, str], start: datetime, since: datetime) -> datetime:
    """Return the last start some whole decades later from which the rule gives the same times, at most `since`."""
    counts_from_start = "BYWEEKNO" in parts and ("INTERVAL" in parts or "BYDAY" not in parts)  # years, or a weekday
    if "COUNT" in parts or counts_from_start or since <= start:
        return start
    each = int(parts.get("INTERVAL", "1"))
    days, months = _DAYS.get(parts["FREQ"], 0) * each, _MONTHS.get(parts["FREQ"], 0) * each
    if days:
        jump = timedelta(days=days * -(-A_DECADE.days // days))
        return start + (since - start) // jump * jump
    jump_months = months * -(-120 // months)
    ahead = (since.year - start.year) * 12 + since.month - start.month - 1  # the last month may begin after `since`
    for jumps in range(ahead // jump_months, 0, -1):
        years, month = divmod(start.month - 1 + jumps * jump_months, 12)
        if start.day <= monthrange(start.year + years, month + 1)[1]:  # the 29th to the 31st: not in each month
            return start.replace(year=start.year + years, month=month + 1)
    return start


def _walls(parts: dict[str, str], start: datetime) -> Iterator[datetime]:
    """Return the times that RFC 5545 (3.3.10) gives, also where the library reads it differently.

    A place in the set of a week (BYSETPOS) is one in the whole week, that of the start as well; the library counts in
    what is left of it. A week of the year without a weekday has that of the start; the library gives all seven. A day
    of the month alone is one of the month of the start; the library gives it in each month.
    """
    if "BYWEEKNO" in parts and not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYYEARDAY"}:
        parts = parts | {"BYDAY": tuple(DAYS)[start.weekday()]}
    if is_month_of_start(parts):
        parts = parts | {"BYMONTH": str(start.month)}
    if "BYWEEKNO" in parts and parts.get("INTERVAL", "1") != "1":
        return _in_years_of_weeks(parts, start)
    if parts["FREQ"] != "WEEKLY" or "BYSETPOS" not in parts:
        return iter(_read(parts, start))
    days = tuple(DAYS)
    parts = {"BYDAY": days[start.weekday()]} | parts
    count = int(parts.pop("COUNT")) if "COUNT" in parts else None
    into_week = (start.weekday() - days.index(parts.get("WKST", "MO"))) % 7
    whole = (wall for wall in _read(parts, start - timedelta(days=into_week)) if wall >= start)
    return islice(whole, count)


def _in_years_of_weeks(parts: dict[str, str], start: datetime) -> Iterator[datetime]:
    """Return times in weeks of every few years: a week belongs to the year that has most of its days (ISO 8601).

    Years are counted from that of the first week; where the rule does not give the start, from the year of the start.
    """
    first = tuple(DAYS).index(parts.get("WKST", "MO"))
    each = {name: value for name, value in parts.items() if name not in ("INTERVAL", "COUNT")}
    is_given = next(iter(_read(each, start)), None) == start
    begins, step = _year_of_week(start, first) if is_given else start.year, int(parts["INTERVAL"])
    found = (wall for wall in _read(each, start) if (_year_of_week(wall, first) - begins) % step == 0)
    return islice(found, int(parts["COUNT"]) if "COUNT" in parts else None)


def _year_of_week(wall: datetime, first: int) -> int:
    try:
        return (wall + timedelta(days=3 - (wall.weekday() - first) % 7)).year
    except OverflowError:
        return wall.year


def _read(parts: Mapping[str, str], start: datetime) -> Iterable[datetime]:
    from dateutil.rrule import rrulestr  # here: most deadlines do not recur

    return rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)


def last_wall(text: str, zone: str | None) -> str:
    """Return the last wall-clock time: that of the zone for a time in UTC; all of a day that is named alone."""
    if "T" not in text:
        return f"{datetime.strptime(text, '%Y%m%d').date():%Y%m%d}T235959"  # noqa: DTZ007  # civil
    wall = datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  # made aware below
    if text.endswith("Z") and zone:
        wall = wall.replace(tzinfo=UTC).astimezone(zone_info(zone)).replace(tzinfo=None)
    return wall.strftime("%Y%m%dT%H%M%S").zfill(15)
