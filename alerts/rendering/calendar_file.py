"""A calendar file with one deadline, attached to a mail (RFC 5545; METHOD as in RFC 5546).

Its lines are made here: `icalendar` makes the same in ten times the time, a tenth of all that a mail costs.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from alerts.core.icalendar import NUMBERS, PRODUCT, event_times
from alerts.core.notifications import ReminderContext

FOLDED_AT = 75  # octets
_ESCAPES = (
    ("\\N", "\n"), ("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")
)  # fmt: skip


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
    begins, ends = times
    status = "CONFIRMED" if dated and tracked.open else "CANCELLED"
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"SUMMARY:{_text(title)}", _time("DTSTART", begins), *([_time("DTEND", ends)] if ends else ()),
        _time("DTSTAMP", now.astimezone(UTC)), f"UID:{_text(entry.uid)}", f"SEQUENCE:{entry.sequence}",
        f"DESCRIPTION:{_text(text)}", f"PRIORITY:{NUMBERS[tracked.commitment.priority]}", f"STATUS:{status}",
        "TRANSP:TRANSPARENT",  # a deadline keeps nobody busy
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return "\r\n".join(map(_folded, lines)) + "\r\n"


def _time(name: str, at: date) -> str:
    """Return a line with a DATE, or with a DATE-TIME in UTC for an instant."""
    day = f"{at.year:04}{at.month:02}{at.day:02}"
    if not isinstance(at, datetime):
        return f"{name};VALUE=DATE:{day}"
    return f"{name}:{day}T{at.hour:02}{at.minute:02}{at.second:02}Z"


def _text(value: str) -> str:
    r"""Return a TEXT value (RFC 5545 §3.3.11); `\N` in it stands for the end of a line, as `icalendar` has it."""
    for sign, written in _ESCAPES:
        value = value.replace(sign, written)
    return value


def _folded(line: str) -> str:
    """Fold a line at fewer than 75 octets (RFC 5545 §3.1), not after a backslash, whose next letter goes with it."""
    is_ascii = line.isascii()
    if is_ascii and len(line) < FOLDED_AT:
        return line
    pieces, start = list[str](), 0
    while (end := start + FOLDED_AT - 1 if is_ascii else _fold(line, start)) < len(line):
        end -= end > start + 1 and line[end - 1] in "\\^"
        pieces.append(line[start:end])
        start = end
    return "\r\n ".join([*pieces, line[start:]])


def _fold(line: str, start: int) -> int:
    """Return where a line is folded next: no character is cut in two."""
    size = 0
    for place in range(start, len(line)):
        size += len(line[place].encode())
        if size >= FOLDED_AT and place > start:
            return place
    return len(line)
