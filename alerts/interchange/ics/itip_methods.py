"""What a calendar is sent for (METHOD; RFC 5546): some state dates, some withdraw them, others do neither."""

from __future__ import annotations

from alerts.deadlines.errors import InputError
from alerts.interchange.entry_collector import Reading
from alerts.interchange.file_contents import EndedEntry
from alerts.interchange.ics.calendar_entries import CalendarEntry
from alerts.interchange.ics.event_entry import number_of
from alerts.interchange.ics.event_times import first, time_of
from alerts.interchange.ics.series_clock import SeriesClock
from alerts.interchange.uid_keys import key_of

SILENT = {
    "COUNTER": "proposes another date, which its organizer may accept",
    "REPLY": "answers an invitation",
    "REFRESH": "asks for the newest version",
    "DECLINECOUNTER": "refuses a proposal",
}


def note_silent(reading: Reading, entry: CalendarEntry) -> None:
    """Report a component that states no date of its own."""
    reading.notes.append(
        f"line {entry.line}: METHOD:{entry.method} {SILENT[entry.method]}: nothing changes for {entry.uid}"
    )
    reading.unread_keys.add(key_of(entry.uid))


def note_cancelled(reading: Reading, entry: CalendarEntry) -> None:
    """Record that a component, or one of its occurrences, is withdrawn."""
    try:
        original = time_of(entry.component, "RECURRENCE-ID")
        number, moment = number_of(entry.component), None
        if original is not None:
            if first(entry.component, "RECURRENCE-ID").params.get("RANGE"):
                raise InputError("RECURRENCE-ID with RANGE is not read: close what it cancels with `alerts close`")
            floats = original.tzid is None
            moment = SeriesClock(not original.is_day, None if floats else "UTC").moment(original, entry.zones)
    except InputError as error:
        reading.leave_out(entry.line, f"{entry.name}: {error}", key_of(entry.uid))
        return
    place = f"{reading.path}:{entry.line}"
    reading.ended.append(EndedEntry(key_of(entry.uid), place, withdrawn=True, sequence=number, original=moment))
