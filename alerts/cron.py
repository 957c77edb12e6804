"""Standard cron text, and the instants at which it fires.

A firing is an instant of the wall clock in the rule's zone: one that falls into a gap of the clock is moved forward by
the gap, one that the clock shows twice fires once, the first time. APScheduler knows the calendar of the fields; zones
are ours, because its own trigger fires twice in an overlap and names times that do not exist in a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from alerts.core.calendars import at_wall, zone_info
from alerts.core.errors import InputError

FIELDS = ("minute", "hour", "day", "month", "day_of_week")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
EXAMPLE = "expected five fields such as `0 9 * * mon-fri` (minute hour day month weekday)"
LONGEST_PAUSE = timedelta(days=366 * 9)  # 29 February, across a century that has none
WIDEST_GAP = timedelta(hours=25)  # Samoa left out a whole day


def check(text: str) -> None:
    """Raise InputError unless `text` is a cron expression that fires at all."""
    _trigger(text)


class Cron:
    """The firings of a cron expression in a zone. Raises InputError for one that cannot be read or never fires."""

    def __init__(self, text: str, timezone: str) -> None:
        self._trigger = _trigger(text)
        self._zone = zone_info(timezone)
        self.at_or_after = lru_cache(maxsize=65536)(self._at_or_after)
        self.before = lru_cache(maxsize=65536)(self._before)

    def _at_or_after(self, at: datetime) -> datetime | None:
        """The first firing at or after an instant; None where the calendar ends."""
        try:
            return self._search(at)
        except OverflowError:  # the zone's calendar has not begun, or has ended
            return None

    def _search(self, at: datetime) -> datetime | None:
        wall = at.astimezone(self._zone).replace(tzinfo=None)
        best: datetime | None = None
        for candidate in self._walls(wall - self._gap(at)):
            if best is not None and candidate >= best.astimezone(self._zone).replace(tzinfo=None):
                break
            firing = at_wall(candidate, self._zone)
            if firing >= at and (best is None or firing < best):
                best = firing
        return best

    def _before(self, at: datetime) -> datetime | None:
        """The last firing before an instant; None where there was none for nine years."""
        span = self._pause_after(at)
        while span < 2 * LONGEST_PAUSE:
            try:
                firing = self._at_or_after(at - span)
            except OverflowError:
                return None
            if firing is not None and firing < at:
                return self._last_between(firing, at)
            span *= 2
        return None

    def _last_between(self, firing: datetime, at: datetime) -> datetime:
        """The last firing before an instant, from an earlier one on: a few steps, then by halves."""
        high, step = at, timedelta(seconds=1)
        for steps in range(200):
            middle = firing + step if steps < 8 else max(firing + (high - firing) / 2, firing + step)
            found = self._at_or_after(middle)
            if found is not None and found < at:
                firing = found
            else:
                high = middle
            if high - firing <= step:
                break
        return firing

    def _pause_after(self, at: datetime) -> timedelta:
        """How far apart the next two firings are: a first guess at how far back the last one lies."""
        one = self.at_or_after(at)
        other = self.at_or_after(one + timedelta(seconds=1)) if one else None
        return other - one if one and other else timedelta(days=1)

    def _gap(self, at: datetime) -> timedelta:
        """How far the clock was set forward shortly before an instant: firings of the gap may still be to come."""
        try:
            earlier = at - WIDEST_GAP
            now, then = (moment.astimezone(self._zone).utcoffset() for moment in (at, earlier))
        except OverflowError:
            return timedelta()
        return max((now or timedelta()) - (then or timedelta()), timedelta())

    def _walls(self, since: datetime) -> Iterator[datetime]:
        """Wall-clock firings at or after a naive time, in order."""
        start = since.replace(tzinfo=UTC)
        previous = None
        while True:
            found: datetime | None = self._trigger.get_next_fire_time(previous, start)
            if found is None:
                return
            yield found.replace(tzinfo=None)
            previous, start = found, found + timedelta(seconds=1)


class Firings(BaseTrigger):  # type: ignore[misc]  # apscheduler publishes no types
    """A Cron as a trigger for APScheduler's scheduler, so that the daemon and the core mean the same instants."""

    def __init__(self, cron: Cron) -> None:
        self._cron = cron

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The next firing after the previous one, never one that has passed."""
        start = now.astimezone(UTC)
        if previous is not None:
            start = max(start, previous.astimezone(UTC) + timedelta(seconds=1))
        return self._cron.at_or_after(start)


@lru_cache(maxsize=256)
def _trigger(text: str) -> CronTrigger:
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise InputError(f"the cron {text!r} has {len(fields)} fields: {EXAMPLE}")
    if fields[2] != "*" and fields[4] != "*":
        raise InputError(
            f"the cron {text!r} names a day of the month and a weekday: cron would fire on either, which is seldom "
            "meant; leave one of them `*`, and write a second rule for the other"
        )
    values = dict(zip(FIELDS, fields, strict=True)) | {"day_of_week": _weekdays(fields[4], text)}
    try:
        trigger = CronTrigger(timezone=UTC, **values)
    except ValueError as error:
        raise InputError(f"the cron {text!r} cannot be read: {str(error).rstrip('.')}; {EXAMPLE}") from None
    start = datetime(2001, 1, 1, tzinfo=UTC)
    bounded = CronTrigger(timezone=UTC, end_date=start + LONGEST_PAUSE, **values)
    if bounded.get_next_fire_time(None, start) is None:
        raise InputError(f"the cron {text!r} never fires: there is no such day")
    return trigger


def _weekdays(field: str, text: str) -> str:
    """Translate standard cron weekdays (0 and 7 are Sunday) to names, which APScheduler does not number from Monday."""
    if field == "*":
        return "*"
    days: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            low, high = (0, 6) if span == "*" else (_weekday(first), _weekday(last) if dash else _weekday(first))
            every = int(step) if "/" in part else 1
            if step and not dash:
                high = 6
            if dash and high == 0 and low > 0:
                high = 7
            if every < 1 or high < low:
                raise ValueError(part)
        except ValueError:
            raise InputError(f"the cron {text!r} has no weekday in {part!r}: 0-7 or sun-sat") from None
        days |= {day % 7 for day in range(low, high + 1, every)}
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _weekday(text: str) -> int:
    if text in WEEKDAYS:
        return WEEKDAYS.index(text)
    number = int(text)
    if not 0 <= number <= 7:
        raise ValueError(text)
    return number
