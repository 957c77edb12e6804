"""Reads and writes commitments as calendars (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from alerts.deadlines.errors import InputError
from alerts.interchange.entry_collector import Reading
from alerts.interchange.file_contents import File, Known
from alerts.interchange.ics.calendar_entries import CalendarEntry, read_entry
from alerts.interchange.ics.calendar_lines import Block, read_blocks
from alerts.interchange.ics.calendar_writer import write
from alerts.interchange.ics.calendar_zones import Zones
from alerts.interchange.ics.event_entry import number_of
from alerts.interchange.ics.event_times import first, time_of
from alerts.interchange.ics.itip_methods import SILENT, note_cancelled, note_silent
from alerts.interchange.ics.series_entries import RecurringComponent, take_series
from alerts.interchange.uid_keys import key_of
from alerts.interchange.whole_files import read_bytes
from alerts.strict_yaml.yaml_events import Steps

__all__ = ["read", "write"]

LARGEST = 16 * 2**20  # bytes; about forty thousand components
TRACKED = ("VTODO", "VEVENT")
PARTS = (
    "VALARM",
    "VTIMEZONE",
    "STANDARD",
    "DAYLIGHT",
    "AVAILABLE",
    "VCALENDAR",
    "PARTICIPANT",
    "VLOCATION",
    "VRESOURCE",
)
NAMES = {"key": "UID", "title": "SUMMARY", "note": "DESCRIPTION", "tags": "CATEGORIES"}


def read(path: Path, *, known: Known, progress: Callable[[int], None]) -> File:
    """Read the VTODOs and VEVENTs of a calendar; see `alerts.interchange.gather`.

    One that cannot be read is left out with a line that names it, and the others are read.
    """
    reading = Reading(str(path), known, progress, _name, keeps_rest=True)
    try:
        blocks = read_blocks(path, read_bytes(path, LARGEST))
    except InputError as error:
        reading.stopped_reading(str(error))
        return reading.file(whole=False)
    series: dict[str, RecurringComponent] = {}
    older: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for calendar in blocks:
        others.update(one.name for one in calendar.walk() if one.name not in (*PARTS, *TRACKED))
        for entry in _entries(reading, calendar):
            if entry.method in SILENT:
                note_silent(reading, entry)
            elif entry.method == "CANCEL":
                note_cancelled(reading, entry)
            else:
                _sort_in(reading, series, older, entry)
    for one in series.values():
        if not one.is_unreadable:
            take_series(reading, one)
    if others:
        reading.notes.append("left out " + ", ".join(f"{count} {name}" for name, count in sorted(others.items())))
    if older:
        uids = ", ".join(f'"{uid}"' for uid in list(older)[:3]) + (" …" if len(older) > 3 else "")
        reading.notes.append(
            f"left out {older.total()} of an older SEQUENCE than another of the same UID in the file: {uids}"
        )
    if not reading.has_anything and not others:
        reading.stopped_reading(f"{path}: holds no component at all: expected VTODO or VEVENT")
    return reading.file()


def _name(steps: Steps) -> str:
    first_step = str(steps[0]) if steps else ""
    return NAMES.get(first_step, first_step)


def _entries(reading: Reading, calendar: Block) -> Iterator[CalendarEntry]:
    """Yield the components that state deadlines, in order. What cannot be read, or has no UID, is left out."""
    zones = Zones(one for one in calendar.walk() if one.name == "VTIMEZONE")
    method = calendar.value("METHOD").upper()
    for block in (one for one in calendar.walk() if one.name in TRACKED):
        try:
            entry = read_entry(block, zones, method)
        except InputError as error:
            uid = block.value("UID")
            reading.leave_out(block.line, f"{block.name}: {error}", key_of(uid) if uid else "")
            continue
        if entry.uid:
            yield entry
        else:
            reading.leave_out(entry.line, f"{entry.name} has no UID, by which it could be known again")


def _sort_in(
    reading: Reading, series: dict[str, RecurringComponent], older: Counter[str], entry: CalendarEntry
) -> None:
    """Add a component to the others of its UID. If it occurs twice, the higher SEQUENCE wins."""
    uid = entry.uid
    try:
        number = number_of(entry.component)
        original = time_of(entry.component, "RECURRENCE-ID")
        if original is None and entry.method == "ADD":
            original = time_of(entry.component, "DTSTART")
        one = series.setdefault(uid, RecurringComponent(uid))
        changed = _range(entry) if original is not None and entry.method != "ADD" else ""
        if changed and changed != "THISANDFUTURE":
            one.is_unreadable = True  # its other dates would be wrong
            raise InputError(f'RECURRENCE-ID with RANGE={changed} is not read: all of "{uid}" is left out')
        if original is not None and changed:
            one.changes.append((original, entry))
            return
        if original is not None:
            one.occurrences.append((original, entry))
            return
        kept = one.own
        if kept is not None and number == number_of(kept.component) and entry.lines != kept.lines:
            raise InputError(f'the UID "{uid}" is used twice, first on line {kept.line}')
    except InputError as error:
        reading.leave_out(entry.line, f"{entry.name}: {error}", key_of(uid))
        return
    if kept is not None and number != number_of(kept.component):
        older[uid] += 1
    if kept is None or number > number_of(kept.component):
        one.own = entry


def _range(entry: CalendarEntry) -> str:
    return str(first(entry.component, "RECURRENCE-ID").params.get("RANGE", "")).upper()
