"""Reads and writes commitments as calendars (iCalendar, RFC 5545)."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from icalendar import Component

from alerts.deadlines.errors import InputError
from alerts.interchange.entry_collector import Reading
from alerts.interchange.file_contents import EndedEntry, File, Known
from alerts.interchange.ics.calendar_writer import write
from alerts.interchange.ics.calendar_zones import Zones
from alerts.interchange.ics.event_entry import entry_of, is_over, number_of
from alerts.interchange.ics.event_times import Time, Times, time_of, times
from alerts.interchange.uid_keys import key_of, occurrence_key
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
BEGIN = re.compile(r"BEGIN:(?:VTODO|VEVENT)[ \t]*", re.IGNORECASE)
NAMES = {"key": "UID", "title": "SUMMARY", "note": "DESCRIPTION", "tags": "CATEGORIES"}


@dataclass(slots=True)
class RecurringComponent:
    """What a file holds under one UID: the component itself, and occurrences that differ from it."""

    uid: str
    zones: Zones
    own: Any = None
    line: int = 0
    occurrences: dict[Time, tuple[Any, int]] = field(default_factory=dict)  # by the original start


def read(path: Path, *, known: Known, progress: Callable[[int], None]) -> File:
    """Read the VTODOs and VEVENTs of a calendar; see `alerts.interchange.gather`."""
    reading = Reading(str(path), known, progress, _name)
    try:
        text = _decoded(path)
        calendars = _parsed(path, text)
    except InputError as error:
        reading.stopped_reading(str(error))
        return reading.file(whole=False)
    lines = iter([number for number, line in enumerate(text.split("\n"), 1) if BEGIN.fullmatch(line)])
    series: dict[str, RecurringComponent] = {}
    older: list[str] = []
    others: Counter[str] = Counter()
    for calendar in calendars:
        zones = Zones(calendar)
        for component in _walk(calendar):
            if component.name in TRACKED:
                _sort_in(reading, series, older, component, line=next(lines, 1), zones=zones)
            elif component.name not in PARTS:
                others[component.name] += 1
        if reading.full:
            return reading.file(whole=False)
    for one in series.values():
        _take(reading, one)
        if reading.full:
            return reading.file(whole=False)
    if others:
        reading.notes.append("left out " + ", ".join(f"{count} {name}" for name, count in sorted(others.items())))
    if older:
        reading.notes.append(f"left out {len(older)} of an older SEQUENCE than another of the same UID in the file")
    if not series and not others and not reading.problems:
        reading.stopped_reading(f"{path}: holds no component at all: expected VTODO or VEVENT")
    return reading.file()


def _name(steps: Steps) -> str:
    first = str(steps[0]) if steps else ""
    return NAMES.get(first, first)


def _decoded(path: Path) -> str:
    data = read_bytes(path, LARGEST)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: is not UTF-8 text, which calendars are (RFC 5545, section 3.1.4)") from None
    if not text.strip():
        raise InputError(f"{path}: is empty, expected a calendar")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parsed(path: Path, text: str) -> list[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about guessed zones; `calendar_zones` decides the zone
            return Component.from_ical(text.replace("\n", "\r\n").encode(), multiple=True)
    except Exception as error:  # a broken calendar can raise anything, and the library's messages vary
        message = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: is not a calendar ({message or type(error).__name__})") from error


def _walk(component: Any) -> Iterator[Any]:
    """Yield a component and all components in it, in order."""
    todo = [component]
    while todo:
        one = todo.pop()
        yield one
        todo += reversed(one.subcomponents)


def _sort_in(
    reading: Reading,
    series: dict[str, RecurringComponent],
    older: list[str],
    component: Any,
    *,
    line: int,
    zones: Zones,
) -> None:
    """Add a component to the others of its UID. If it occurs twice, the higher SEQUENCE wins."""
    uid = str(component.get("UID") or "").strip()
    if not uid:
        reading.add_problem(line, f"{component.name} has no UID, by which it could be known again")
        return
    one = series.setdefault(uid, RecurringComponent(uid, zones))
    try:
        occurrence = time_of(component, "RECURRENCE-ID")
        if occurrence is not None and component["RECURRENCE-ID"].params.get("RANGE"):
            raise InputError("RECURRENCE-ID with RANGE is not read: state each occurrence that differs")
        number = number_of(component)
        kept, at = one.occurrences.get(occurrence, (None, 0)) if occurrence else (one.own, one.line)
        if kept is not None:
            if number == number_of(kept):
                raise InputError(f'the UID "{uid}" is used twice, first on line {at}')
            older.append(uid)
            if number < number_of(kept):
                return
    except InputError as error:
        reading.unread_keys.add(key_of(uid))
        reading.add_problem(line, f"{component.name}: {error}")
        return
    if occurrence:
        one.occurrences[occurrence] = (component, line)
    else:
        one.own, one.line, one.zones = component, line, zones


def _zone(component: Any, zones: Zones) -> str | None:
    """Return the zone in which the occurrences of a component have their days."""
    start = time_of(component, "DTSTART")
    return zones.iana(start.tzid) if start and start.tzid else None


def _take(reading: Reading, series: RecurringComponent) -> None:
    """Create one commitment for a component, and one for each occurrence that differs."""
    key = key_of(series.uid)
    stated = [(series.own, series.line)] if series.own is not None else [*series.occurrences.values()]
    try:
        whole = times(series.own) if series.own is not None else None
        differing = _by_start(series, whole)
        if whole:
            _take_whole(reading, series, key, whole, differing)
    except InputError as error:
        reading.unread_keys.add(key)
        reading.add_problem(stated[0][1], f"{stated[0][0].name}: {error}")
        return
    for start, (component, line) in differing.items():
        key = occurrence_key(series.uid, _suffix(start))
        try:
            when = times(component)
            deadline = when.deadline(series.zones)
        except InputError as error:
            reading.unread_keys.add(key)
            reading.add_problem(line, f"{component.name}: {error}")
            continue
        _add(reading, key, component, deadline, line=line, when=when)


def _by_start(series: RecurringComponent, whole: Times | None) -> dict[date, tuple[Any, int]]:
    """Return the occurrences that differ by their original start in the zone of the series, or else in their own."""
    found: dict[date, tuple[Any, int]] = {}
    for time, (component, line) in series.occurrences.items():
        zone = _zone(component if series.own is None else series.own, series.zones)
        start = whole.start_of(time, zone) if whole else time.day(zone)
        if start in found:
            raise InputError(f'the UID "{series.uid}" is used twice for {start}, first on line {found[start][1]}')
        found[start] = (component, line)
    return found


def _take_whole(
    reading: Reading, series: RecurringComponent, key: str, whole: Times, differing: Collection[date]
) -> None:
    """Create the commitment of a component, and those of RDATEs that its rule does not include. Raises InputError."""
    zone = _zone(series.own, series.zones)
    extra = {whole.start_of(one, zone): one for one in whole.more}
    extra = {start: one for start, one in extra.items() if start not in differing}
    left_out = whole.left_out(series.zones, {*differing, *extra})
    deadline = whole.deadline(series.zones, left_out)
    _add(reading, key, series.own, deadline, line=series.line, when=whole, left_out=left_out)
    for start, at in extra.items():
        if at != whole.at:
            _add_occurrence(reading, series, start, at)


def _suffix(start: date) -> str:
    """Return what the key of an occurrence ends with: its day, and its time where there may be several on a day."""
    return start.strftime("%Y-%m-%dT%H%M").zfill(15) if isinstance(start, datetime) else start.isoformat()


def _add_occurrence(reading: Reading, series: RecurringComponent, start: date, at: Time) -> None:
    """Add an occurrence from RDATE that the rule does not include."""
    try:
        deadline = at.say(series.zones)
    except InputError as error:
        reading.add_problem(series.line, f"RDATE: {error}")
        return
    _add(reading, occurrence_key(series.uid, _suffix(start)), series.own, deadline, line=series.line)


def _add(
    reading: Reading,
    key: str,
    component: Any,
    deadline: str,
    *,
    line: int,
    when: Times | None = None,
    left_out: Sequence[str] = (),
) -> None:
    if is_over(component):
        reading.ended.append(EndedEntry(key, f"{reading.path}:{line}"))
        return
    assumed = when.assumed if when else ()
    entry = entry_of(component, key, deadline, assumed, own=when is not None, left_out=left_out)
    reading.take(entry, lambda _: line, number_of(component))
