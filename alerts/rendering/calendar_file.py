"""A calendar file with one deadline, attached to a mail (RFC 5545; METHOD as in RFC 5546)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event

from alerts.core.icalendar import NUMBERS, PRODUCT
from alerts.core.notifications import ReminderContext
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Day

Times = tuple[date, date | None]


def publish(context: ReminderContext, title: str, text: str, now: datetime) -> str | None:
    """Return the calendar of a deadline, with a title and a description; `now` (aware) is its DTSTAMP.

    Return None for what has no date and had none before the change, for what recurs (each occurrence has an entry),
    and without `context.entry`, which has UID and SEQUENCE. What is closed, or has lost its date, is CANCELLED.

    There is no ORGANIZER, though RFC 5546 §3.2.1 asks for one: a program could take the entry for an invitation.
    """
    tracked, entry = context.tracked, context.entry
    dated = _times(tracked.bounds)
    times = dated or (_times(context.change.before) if context.change and context.change.before else None)
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


def _times(bounds: Bounds) -> Times | None:
    """Return DTSTART and the exclusive DTEND, both days or both instants (RFC 5545 §3.6.1).

    They are the ends of a window, else the day or instant that leads count from.
    """
    named = bounds.named
    if named is None:
        return None
    first, last = (bounds.first, bounds.last) if bounds.first and bounds.last else (named, named)
    if isinstance(first, Day) and isinstance(last, Day) and first.date <= last.date:  # in different zones it may not be
        return first.date, last.date + timedelta(days=1)
    begins, ends = first.counted_start.astimezone(UTC), last.counted_end.astimezone(UTC)
    return begins, ends if begins < ends else None
