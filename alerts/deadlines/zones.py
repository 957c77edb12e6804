"""Civil days and instants, and the zones that tie one to the other."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.posix_zones import is_rule, zone_of

AOE = "AoE"  # anywhere on earth, UTC-12 (IEEE 802.16's convention for deadlines)
FIRST_PLACE = timezone(timedelta(hours=14))  # Kiritimati: a day starts here first
OTHER_FORMS = ("posix/", "right/")  # folders that hold all zones again
NO_ZONES = ("posixrules", "localtime", "Factory")  # the first two are what a machine is set to, the last means "unset"
FIXED = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
OFFSET = re.compile(
    r"(?:UTC|GMT)?(?P<sign>[+\-\u2212])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?", re.ASCII | re.IGNORECASE
)
LAST_PLACE = timezone(timedelta(hours=-12))  # Baker Island: a day ends here last


@lru_cache(maxsize=1024)
def zone_info(name: str) -> tzinfo:
    """Return the zone of an IANA name, of AoE, an offset (`+08:00`) or a rule. Raises InputError for another name."""
    if name == AOE:
        return LAST_PLACE
    if name in ("UTC", "Z"):
        return UTC
    try:
        if name in NO_ZONES or name.startswith(OTHER_FORMS):
            raise KeyError(name)
        if FIXED.fullmatch(name):
            return datetime.strptime(name, "%z").tzinfo or UTC
        return zone_of(name) if is_rule(name) else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"unknown time zone {name!r}: expected an IANA name such as America/New_York{_suggest(name)}"
        ) from None


def _suggest(name: str) -> str:
    """Return the end of the error for an unknown zone: how to write an offset, or the nearest name."""
    if found := OFFSET.fullmatch(name):
        return f", or an offset: write {name_offset(found)!r}"
    return did_you_mean(name, set(available_timezones()).difference(NO_ZONES))


def name_offset(found: re.Match[str]) -> str:
    """Return the zone of an offset as people mean it: `UTC+8` is `+08:00`, ahead of UTC. Raises InputError."""
    hours, minutes = int(found["hours"]), int(found["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise InputError(f"there is no such offset from UTC as {found.group()}")
    if not hours and not minutes:
        return "UTC"
    return f"{'+' if found['sign'] == '+' else '-'}{hours:02}:{minutes:02}"


@lru_cache(maxsize=65536)
def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the first instant that exists on a civil day (midnight may not), in UTC."""
    midnight = datetime.combine(day, time(), zone)
    after = midnight.astimezone(UTC)
    if after.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return after
    # Midnight lies in a gap: the day starts where the gap ends. Reading it with either offset brackets that instant.
    before = midnight.replace(fold=1).astimezone(UTC)
    before, after = min(before, after), max(before, after)
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle <= before:
            break
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def at_wall(wall: datetime, zone: tzinfo) -> datetime:
    """Return the instant of a naive wall-clock time: in a gap moved forward by it, when doubled the first, in UTC."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
