"""The zones that a calendar uses (RFC 5545, section 3.8.3.1): IANA's, Windows', and those that it defines itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from alerts.deadlines.errors import InputError
from alerts.deadlines.zones import zone_info


class Zones:
    """The zones of one VCALENDAR, by TZID."""

    def __init__(self, calendar: Any) -> None:
        self._defined = {str(one.get("TZID", "")): one for one in calendar.subcomponents if one.name == "VTIMEZONE"}

    def iana(self, tzid: str) -> str | None:
        """Return the IANA name of a zone; None if unknown. Its name or its definition may contain it."""
        lives = str(self._defined[tzid].get("X-LIC-LOCATION", "")) if tzid in self._defined else ""
        parts = tzid.strip("/").split("/")
        ends = ("/".join(parts[-count:]) for count in (3, 2)) if tzid.startswith("/") else ()
        for name in (tzid, WINDOWS_TO_OLSON.get(tzid), *ends, lives):
            if name and _is_known(name):
                return str(name)
        return None

    def offset(self, tzid: str, wall: datetime) -> timedelta:
        """Return the offset from UTC at a wall-clock time, by the definition. Raises InputError if it is unknown."""
        zone = self._defined.get(tzid)
        if zone is None:
            raise InputError(f'the time zone "{tzid}" is not an IANA or Windows name, and the file does not define it')
        rules = [str(rule) for part in zone.subcomponents for rule in _all(part.get("RRULE")) for rule in rule["FREQ"]]
        if set(rules) - {"YEARLY"}:
            raise InputError(f'the time zone "{tzid}" is defined by other than yearly rules, which are not read')
        try:
            found = wall.replace(tzinfo=zone.to_tz(lookup_tzid=False)).utcoffset()
        except Exception as error:  # a wrong definition can raise anything
            raise InputError(f'the time zone "{tzid}" is defined wrongly ({type(error).__name__})') from error
        if found is None or found % timedelta(minutes=1) or abs(found) >= timedelta(hours=24):
            raise InputError(f'the time zone "{tzid}" is defined with an offset that is not in whole minutes')
        return found


def _is_known(name: str) -> bool:
    try:
        zone_info(name)
    except InputError:
        return False
    return name != "Z"


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
