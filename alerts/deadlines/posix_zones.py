"""Zones that a rule defines instead of a name: `<+01>-1<+02>,M3.5.0,M10.5.0/3` (POSIX.1, 8.3, as RFC 9636 extends it).

Calendars define zones that no database has. A rule in the name itself keeps a stored deadline whole.
"""

from __future__ import annotations

import io
import re
import struct
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_OFFSET = r"[+-]?\d{1,2}(?::[0-5]\d){0,2}"
_DAY = r"(?:M(?:[1-9]|1[0-2])\.[1-5]\.[0-6]|J[1-9]\d{0,2})(?:/[+-]?\d{1,3}(?::[0-5]\d){0,2})?"
_ABBREVIATION = r"<[+-]\d{2,6}>"
RULE = re.compile(rf"{_ABBREVIATION}{_OFFSET}(?:{_ABBREVIATION}(?:{_OFFSET})?,{_DAY},{_DAY})?", re.ASCII)
_COUNTS = ">4s1s15x6l"  # magic, version, and how many of each there are (RFC 9636, section 3.1)


def is_rule(name: str) -> bool:
    """Return whether the name of a zone is a rule."""
    return name.startswith("<")


@lru_cache(maxsize=1024)
def zone_of(rule: str) -> tzinfo:
    """Return the zone of a rule. Raises ValueError for anything else."""
    if not RULE.fullmatch(rule):
        raise ValueError(rule)
    first = struct.pack(_COUNTS, b"TZif", b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">lbB4s", 0, 0, 0, b"UTC\0")
    return ZoneInfo.from_file(io.BytesIO(first + first + f"\n{rule}\n".encode("ascii")), key=rule)


def offset_text(offset: timedelta) -> str:
    """Return an offset as people write it: `UTC+05:30`."""
    minutes = int(abs(offset) / timedelta(minutes=1))
    return f"UTC{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def label_of(name: str, at: datetime) -> str:
    """Return how people read the zone of an aware time: its name, or the offset where a rule defines it."""
    return offset_text(at.utcoffset() or timedelta()) if is_rule(name) else name
