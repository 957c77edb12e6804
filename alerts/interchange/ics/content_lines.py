"""Content lines of a calendar: escaped, folded, and ended by CRLF (RFC 5545, sections 3.1 and 3.3.11)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

from alerts.deadlines.posix_zones import is_rule

OCTETS = 75  # the longest line, without its end
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # no TEXT may hold them (section 3.3.11)


def escaped(text: str) -> str:
    """Return a TEXT value."""
    if not text.isprintable():
        text = CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def stamp(at: date) -> str:
    """Return a DATE, a DATE-TIME in UTC for what is aware, or else one on the wall clock."""
    day = f"{at.year:04}{at.month:02}{at.day:02}"
    if not isinstance(at, datetime):
        return day
    utc = at.astimezone(UTC) if at.tzinfo else at
    if utc.date() != at.date():
        day = f"{utc.year:04}{utc.month:02}{utc.day:02}"
    return f"{day}T{utc.hour:02}{utc.minute:02}{utc.second:02}{'Z' if at.tzinfo else ''}"


def tzid_of(zone: str) -> str:
    """Return the TZID of a zone: its name, or of a zone that a rule defines a name without the signs of a rule."""
    return f"Zone{re.sub('[^A-Za-z0-9+-]', '_', zone)}" if is_rule(zone) else zone


def time_property(name: str, ats: Iterable[date], zone: str | None = None) -> str:
    """Return a line with one or more times of the same type; `zone` is that of wall-clock times."""
    ats = list(ats)
    tzid = tzid_of(zone) if zone else ""
    parameter = f';TZID="{tzid}"' if ":" in tzid else f";TZID={tzid}" if zone else ""  # RFC 5545, section 3.1
    if not isinstance(ats[0], datetime):
        parameter = ";VALUE=DATE"
    return f"{name}{parameter}:{','.join(map(stamp, ats))}"


def folded(lines: Iterable[str]) -> bytes:
    """Return lines as they are sent."""
    return b"".join(map(_folded, lines))


def _folded(line: str) -> bytes:
    data = line.encode("utf-8", "replace")
    if len(data) <= OCTETS:
        return data + b"\r\n"
    pieces, start, room = [], 0, OCTETS
    while len(data) - start > room:
        end = start + room
        while data[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        pieces.append(data[start:end])
        start, room = end, OCTETS - 1  # a continuation begins with a space
    return b"\r\n ".join([*pieces, data[start:]]) + b"\r\n"
