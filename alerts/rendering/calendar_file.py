"""A calendar file with one deadline, attached to a mail (RFC 5545; METHOD as in RFC 5546)."""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar, Event

from alerts.core.icalendar import NUMBERS, PRODUCT, event_times
from alerts.core.notifications import ReminderContext


def publish(context: ReminderContext, title: str, text: str, now: datetime) -> str | None:
    """Return the calendar of a deadline, with a title and a description; `now` (aware) is its DTSTAMP.

    Return None for what has no date and had none before the change, for what recurs (each occurrence has an entry),
    and without `context.entry`, which has UID and SEQUENCE. What is closed, or has lost its date, is CANCELLED.

    There is no ORGANIZER, though RFC 5546 §3.2.1 asks for one: a program could take the entry for an invitation.
    """
    tracked, entry = context.tracked, context.entry
    dated = event_times(tracked.bounds)
    times = dated or (event_times(context.change.before) if context.change and context.change.before else None)
    if times is None or entry is None:
        return None
    event = Event()
    event.add("UID", entry.uid)
    event.add("DTSTAMP", now.astimezone(UTC))
    event.add("SEQUENCE", entry.sequence)
    event.add("SUMMARY", title)
    event.add("DESCRIPTION", text)
    event.add("DTSTART", times[0])
    if times[1]:
        event.add("DTEND", times[1])
    event.add("PRIORITY", NUMBERS[tracked.commitment.priority])
    event.add("STATUS", "CONFIRMED" if dated and tracked.open else "CANCELLED")
    event.add("TRANSP", "TRANSPARENT")  # a deadline keeps nobody busy
    calendar = Calendar()
    for header, value in (("PRODID", PRODUCT), ("VERSION", "2.0"), ("METHOD", "PUBLISH")):
        calendar.add(header, value)
    calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")
