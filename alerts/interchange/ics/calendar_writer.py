"""Writes a calendar of commitments that other programs can read and that loads again without loss."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from icalendar import Calendar, Component, Todo, vRecur, vText

from alerts.core.icalendar import NUMBERS, PRODUCT
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.points import Day, Point
from alerts.deadlines.posix_zones import is_rule
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.zones import zone_info
from alerts.interchange import cells
from alerts.interchange.ics.content_lines import tzid_of
from alerts.interchange.ics.event_entry import TIMES, own_name, times_as_written
from alerts.interchange.ics.timezone_writer import timezone_lines

STANDARD = {"key", "title", "tags", "note"}


def write(tracked: Iterable[tuple[Tracked, int | None]], now: datetime) -> str:
    """Write a VTODO for each commitment, with the SEQUENCE from its last load if there is one."""
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    rules = set()
    for one, sequence in tracked:
        calendar.add_component(_todo(one, sequence, now))
        if (recurs := one.bounds.recurrence) and recurs.zone and is_rule(recurs.zone):
            rules.add(recurs.zone)
    calendar.add_missing_timezones()
    for rule in sorted(rules):
        calendar.subcomponents.insert(0, Component.from_ical("\r\n".join((*timezone_lines(rule), ""))))
    return str(calendar.to_ical(), "utf-8")


def _todo(tracked: Tracked, sequence: int | None, now: datetime) -> Todo:
    commitment = tracked.commitment
    todo = Todo()
    todo.add("UID", commitment.key)
    todo.add("DTSTAMP", now)
    todo.add("CREATED", tracked.recorded_at)
    todo.add("SEQUENCE", max(sequence or 0, tracked.bounds_version - 1))
    todo.add("SUMMARY", commitment.title)
    todo.add("STATUS", "NEEDS-ACTION")
    todo.add("PRIORITY", NUMBERS[commitment.priority])
    if commitment.note:
        todo.add("DESCRIPTION", commitment.note)
    if commitment.tags:
        todo.add("CATEGORIES", list(commitment.tags))
    for name, at in _times(_next_of(tracked)).items():
        todo.add(name, at)
    if tracked.bounds.recurrence and not isinstance(tracked.bounds.recurrence, DependentSeries):
        _recurring(todo, tracked.bounds.recurrence)
    for name, value in cells.cells_of(commitment).items():
        for text in (value if isinstance(value, tuple) else (value,)) if name not in STANDARD else ():
            todo.add(own_name(name), vText(text))
    todo.add(TIMES, vText(times_as_written(todo)))
    return todo


def _next_of(tracked: Tracked) -> Bounds:
    """Return the open occurrence of what no rule can state, because it counts from another series."""
    return tracked.current.bounds if isinstance(tracked.bounds.recurrence, DependentSeries) else tracked.bounds


def _recurring(todo: Todo, recurs: Recurrence) -> None:
    """Add DTSTART and DUE of the first occurrence, the rule, and its exceptions; one day, like other programs.

    What no rule can state has the first occurrence only, so that it is read back as one commitment.
    """
    first = recurs.open_name or next(recurs.names(), None)
    if first is None:
        return
    # A zone that a rule defines has no name that the library could write.
    zone = {"TZID": tzid_of(recurs.zone)} if recurs.zone and is_rule(recurs.zone) else {}
    todo.add("DTSTART", _local(recurs, first), parameters=zone)
    todo.add("DUE", _local(recurs, first), parameters=zone)
    if not recurs.is_rule:
        return
    todo.add("RRULE", vRecur.from_ical(recurs.rule))
    for name in recurs.without:
        todo.add("EXDATE", _local(recurs, name), parameters=zone)


def _local(recurs: Recurrence, name: str) -> date:
    """Return the day of an occurrence, or its wall-clock time in the zone, which recurrence uses."""
    local = recurs.local(name)
    if isinstance(local, datetime) and recurs.zone and not is_rule(recurs.zone):
        return local.replace(tzinfo=zone_info(recurs.zone))
    return local


def _times(bounds: Bounds) -> dict[str, date]:
    """Return DUE if it is known, DTSTART if it opens before; both of the same type (RFC 5545, section 3.8.2.3)."""
    start, due = (_time(point) for point in (bounds.first, bounds.last))
    found = {"DUE": due} if due else {}
    if start and (due is None or (type(start) is type(due) and start < due)):
        found["DTSTART"] = start
    return found


def _time(point: Point | None) -> date | None:
    if point is None:
        return None
    return point.date if isinstance(point, Day) else point.at.astimezone(UTC)
