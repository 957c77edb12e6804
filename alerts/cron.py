"""Standard cron expressions, and the instants at which they fire.

cronsim decides what fires when; it follows Debian's cron at clock changes. A cron whose minutes or hours begin with `*`
fires whenever the wall clock shows such a time: in both passes of a repeated hour, and never in a skipped one. A cron
at fixed times fires once: in the first pass, or right after the gap.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from cronsim import CronSim, CronSimError

from alerts.deadlines.errors import InputError
from alerts.deadlines.zones import zone_info

FIELDS = ("minute", "hour", "day", "month", "day_of_week")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
EXAMPLE = "expected five fields such as `0 9 * * mon-fri` (minute hour day month weekday)"
SECOND = timedelta(seconds=1)
ENDS = (StopIteration, OverflowError)  # no firing within fifty years, or an end of the calendar


def check(text: str) -> None:
    """Raise InputError unless `text` is a cron expression that fires at all."""
    _standard(text)


class Cron:
    """The firings of a cron expression in a zone. Raises InputError for one that cannot be read or never fires."""

    def __init__(self, text: str, timezone: str) -> None:
        self._text = _standard(text)
        zone = zone_info(timezone)
        self._zone: tzinfo = UTC if timezone == "UTC" else zone  # cronsim is faster with this UTC
        self.at_or_after = lru_cache(maxsize=65536)(self._at_or_after)
        self.before = lru_cache(maxsize=65536)(self._before)

    def _at_or_after(self, at: datetime) -> datetime | None:
        """Return the first firing at or after an instant; None at the end of the calendar."""
        try:
            start = (at - timedelta(microseconds=1)).astimezone(self._zone)
            firings = _Firings(self._text, start)
            while (firing := next(firings).astimezone(UTC)) < at:
                pass  # at fixed times, cronsim begins the second pass of an hour with the firings of the first
        except ENDS:
            return None
        return firing

    def _before(self, at: datetime) -> datetime | None:
        """Return the last firing before an instant; None if there was none for fifty years."""
        try:
            firings = _Firings(self._text, at.astimezone(self._zone), reverse=True)
            while (firing := next(firings).astimezone(UTC)) >= at:
                pass
        except ENDS:
            return None
        # Backwards, cronsim skips a few in the hours around a clock change; forwards it finds them.
        while (later := self._at_or_after(firing + SECOND)) is not None and later < at:
            firing = later
        return firing


class _Firings(CronSim):
    """A cronsim in which a step that lands in a skipped hour continues at the matching instant.

    Without this, it skips everything up to the next whole hour: in Havana, where the clocks skip midnight, and on
    Lord Howe Island, where they change by half an hour.
    """

    def advance_day(self) -> bool:
        return self._settled(moved=super().advance_day())

    def reverse_day(self) -> bool:
        return self._settled(moved=super().reverse_day())

    def advance_month(self) -> None:
        super().advance_month()
        self._settled(moved=True)

    def reverse_month(self) -> None:
        super().reverse_month()
        self._settled(moved=True)

    def advance_hour(self) -> bool:
        if self.dt.hour in self.hours:
            return False
        while self.dt.hour not in self.hours:
            self.tick(seconds=3600 - 60 * self.dt.minute - self.dt.second)
            if self.dt.hour == 0:
                break  # the next one is on another day
        return True

    def _settled(self, *, moved: bool) -> bool:
        if moved and self.dt.tzinfo not in (None, UTC):
            self.dt = self.dt.astimezone(UTC).astimezone(self.dt.tzinfo)
        return moved


@lru_cache(maxsize=256)
def _standard(text: str) -> str:
    """Return the cron in the form that cronsim reads. Raises InputError if it is invalid or never fires."""
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise InputError(f"the cron {text!r} has {len(fields)} fields: {EXAMPLE}")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise InputError(
            f"the cron {text!r} names a day of the month and a weekday: cron would fire on either, which is seldom "
            "meant; leave one of them `*`, and write a second rule for the other"
        )
    day = "L" if day == "last" else day
    weekday = _weekdays(weekday, text)
    start = datetime(2001, 1, 1, tzinfo=UTC)
    try:
        CronSim(f"{minute} {hour} {day} * {weekday}", start)
        CronSim(f"{minute} {hour} * {month} {weekday}", start)
    except CronSimError as error:
        raise InputError(f"the cron {text!r} cannot be read: {str(error).lower()}; {EXAMPLE}") from None
    found = f"{minute} {hour} {day} {month} {weekday}"
    try:
        next(CronSim(found, start))
    except (CronSimError, StopIteration):
        raise InputError(f"the cron {text!r} never fires: there is no such day") from None
    return found


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
