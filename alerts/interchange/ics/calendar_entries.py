"""The components of a calendar that state deadlines: VEVENTs and VTODOs, read one by one."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Any

from icalendar import Component

from alerts.deadlines.errors import InputError
from alerts.interchange.ics.calendar_lines import Block
from alerts.interchange.ics.calendar_zones import Zones

TIMED = frozenset(("DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "STATUS"))
READ = TIMED | {"SUMMARY", "DESCRIPTION", "CATEGORIES", "PRIORITY", "COMPLETED", "SEQUENCE", "EXRULE"}
OURS = (b"X-ALERTS-", b"X-MICROSOFT-CDO-ALLDAYEVENT")
PROPERTY = re.compile(rb"[ \t]*([A-Za-z0-9-]+)[ \t]*[;:]")


@dataclass(slots=True)
class CalendarEntry:
    """A VEVENT or a VTODO: its properties, its line in the file, and the zones and the METHOD of its calendar."""

    component: Any
    line: int
    zones: Zones
    method: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.component.name)

    @property
    def uid(self) -> str:
        return str(self.component.get("UID") or "").strip()

    def stated(self, name: str) -> str:
        """Return the first line of a property as it stands in the file."""
        return next((line for line in self.lines if _property(line.encode()) == name), name)


def read_entry(block: Block, zones: Zones, method: str) -> CalendarEntry:
    """Read what deadlines need of a component: what else it holds may be wrong. Raises InputError."""
    if not block.closed:
        raise InputError(f"has no END:{block.name}")
    lines = block.texts(_is_read)
    text = "\r\n".join([f"BEGIN:{block.name}", *lines, f"END:{block.name}", ""])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about guessed zones; `calendar_zones` decides the zone
            component: Any = Component.from_ical(text.encode())
    except Exception as error:  # what is broken can raise anything, and the library's messages vary
        message = " ".join(str(error).split())[:120]
        raise InputError(f"cannot be read ({message or type(error).__name__})") from error
    for line in lines:  # the library passes over lines that it cannot read
        if (
            (name := _property(line.encode())) in TIMED
            and component.get(name) is None
            and line.partition(":")[2].strip()
        ):
            raise InputError(f"`{line[:60]}` cannot be read")
    return CalendarEntry(component, block.line, zones, method, lines)


def _is_read(line: bytes) -> bool:
    return _property(line) in READ or line.lstrip().upper().startswith(OURS)


def _property(line: bytes) -> str:
    found = PROPERTY.match(line)
    return found[1].decode().upper() if found else ""
