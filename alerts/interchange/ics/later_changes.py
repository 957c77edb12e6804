"""Changes of a series from one date on (RANGE=THISANDFUTURE; RFC 5545, sections 3.2.13 and 3.8.4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from alerts.deadlines.errors import InputError
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.rule_parts import CLOCK_PARTS, split_rule, without_end
from alerts.interchange.ics.calendar_entries import CalendarEntry
from alerts.interchange.ics.event_entry import number_of
from alerts.interchange.ics.event_times import Time, Times, times
from alerts.interchange.ics.recurrence_set import clock_of, rule_of
from alerts.interchange.ics.series_clock import SeriesClock

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SeriesPart:
    """A series as it is from one change on, until the next: the original starts of its occurrences are from `since`."""

    entry: CalendarEntry
    times: Times
    since: date


def split_series(
    own: CalendarEntry, whole: Times, clock: SeriesClock, changes: Sequence[tuple[Time, CalendarEntry]]
) -> tuple[Times | None, list[SeriesPart]]:
    """Return the times of a series until its first change (None: it is changed from its first day on), and its parts.

    Raises InputError where the later dates cannot be stated as a series of their own.
    """
    newest = _newest(clock, changes)
    rule, begins, last = _rule_and_end(own, whole, clock)
    base = Recurrence(rule, begins, clock.zone)
    for day in newest:
        if not base.holds(_wall(day, begins)):
            raise InputError(f"RECURRENCE-ID with RANGE names {day}, which is no date of its series")
    days = sorted(newest)
    if any(day_of(clock.wall(clock.moment(one, own.zones))) >= days[0] for one in whole.more):
        raise InputError("RECURRENCE-ID with RANGE also changes dates of RDATE, which is not read")
    endless = without_end(rule)
    ends = [*(day - A_DAY for day in days[1:]), last]
    excluded = [(one, day_of(clock.wall(clock.moment(one, own.zones)))) for one in whole.without]
    without = [Time(day) for _, day in excluded]
    parts = [_part(newest[day], day, _until(endless, end), without) for day, end in zip(days, ends, strict=True)]
    if days[0] <= day_of(begins):
        return None, parts
    earlier = tuple(one for one, day in excluded if day < days[0])
    return replace(whole, rule=_until(endless, days[0] - A_DAY), without=earlier), parts


def day_of(at: date) -> date:
    """Return the civil day of a day or of a time."""
    return at.date() if isinstance(at, datetime) else at


def _newest(clock: SeriesClock, changes: Sequence[tuple[Time, CalendarEntry]]) -> dict[date, CalendarEntry]:
    """Return the changes by their day. Of two of one day that with the higher SEQUENCE counts."""
    found: dict[date, CalendarEntry] = {}
    for original, entry in changes:
        day = day_of(clock.wall(clock.moment(original, entry.zones)))
        if day not in found or number_of(entry.component) > number_of(found[day].component):
            found[day] = entry
    return found


def _rule_and_end(own: CalendarEntry, whole: Times, clock: SeriesClock) -> tuple[str, date, date | None]:
    """Return the rule of a series, where it begins, and its last day; None for one without an end."""
    begins = clock.wall(clock.moment(whole.at, own.zones)) if whole.at else date.min
    rule, _ = rule_of(own, whole.rule, begins)
    if rule is None or whole.at is None:
        raise InputError("RECURRENCE-ID with RANGE changes the later dates of a series, and there is no rule")
    parts = split_rule(rule)
    if clock.timed and parts.keys() & CLOCK_PARTS:
        raise InputError("RECURRENCE-ID with RANGE changes a series of several times a day, which is not read")
    if not parts.keys() & {"COUNT", "UNTIL"}:
        return rule, begins, None
    *_, last = Recurrence(rule, begins, clock.zone).names()
    return rule, begins, date.fromisoformat(last[:10])


def _part(entry: CalendarEntry, since: date, rule: str, without: Sequence[Time]) -> SeriesPart:
    """Return a part of a series. Raises InputError where its dates fall on other days than those of the rule."""
    stated = replace(times(entry, recurs=False), rule=rule)
    clock = clock_of(entry, stated)
    if stated.at is None or day_of(clock.wall(clock.moment(stated.at, entry.zones))) != since:
        raise InputError(
            "RECURRENCE-ID with RANGE moves the later dates to other days, which is not read: end the series with "
            "UNTIL, and state another one"
        )
    later = tuple(one for one in without if one.wall >= since)
    return SeriesPart(entry, replace(stated, without=later), since)


def _until(rule: str, last: date | None) -> str:
    return f"{rule};UNTIL={last:%Y%m%d}" if last else rule


def _wall(day: date, begins: date) -> datetime:
    return datetime.combine(day, begins.time() if isinstance(begins, datetime) else time())
