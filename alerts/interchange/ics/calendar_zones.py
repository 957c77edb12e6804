"""The zones that a calendar uses (RFC 5545, section 3.8.3.1): IANA's, Windows', and those that it defines itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from alerts.deadlines.errors import InputError
from alerts.deadlines.zones import at_wall, zone_info
from alerts.interchange.ics.calendar_lines import Block
from alerts.interchange.ics.zone_definition import ZoneDefinition, read_definition

COMPARED = [datetime(year, month, day) for year in range(2024, 2032) for month in range(1, 13) for day in (1, 15)]  # noqa: DTZ001  # wall-clock times


class Zones:
    """The zones of one VCALENDAR, by TZID."""

    def __init__(self, defined: Iterable[Block] = ()) -> None:
        self._blocks = {block.value("TZID"): block for block in defined}
        self._definitions: dict[str, ZoneDefinition] = {}
        self._named: dict[str, str | None] = {}

    def iana(self, tzid: str) -> str | None:
        """Return the IANA name of a zone; None if it has none. Its name or its definition may contain it.

        What looks like an abbreviation (`GMT`, `EST`), or is written in letters of another case, names a zone only as
        far as its definition in the file agrees.
        """
        if tzid not in self._named:
            self._named[tzid] = next((found for found in self._find(tzid) if self._is_meant(tzid, found)), None)
        return self._named[tzid]

    def _is_meant(self, tzid: str, found: str) -> bool:
        if tzid not in self._blocks or ("/" in found and found in self._spellings(tzid)):
            return True
        return self._agrees(tzid, found)

    def _find(self, tzid: str) -> Iterator[str]:
        """Yield the names that a zone may have, the surest first."""
        for name in self._spellings(tzid):
            if name and (found := _known(name)):
                yield found

    def _spellings(self, tzid: str) -> tuple[str, ...]:
        """Return the texts that may name a zone."""
        lives = self._blocks[tzid].value("X-LIC-LOCATION") if tzid in self._blocks else ""
        parts = tzid.strip("/").split("/")
        ends = ("/".join(parts[-count:]) for count in (3, 2)) if tzid.startswith("/") else ()
        return (tzid, _windows().get(tzid.lower(), ""), *ends, lives)

    def _agrees(self, tzid: str, name: str) -> bool:
        zone = zone_info(name)
        try:
            definition = self._definition(tzid)
        except InputError:
            return True
        return all(wall.replace(tzinfo=zone).utcoffset() == definition.offset(wall) for wall in COMPARED)

    def is_defined_here(self, tzid: str) -> bool:
        """Return whether the definition in the file counts, and no name."""
        return tzid in self._blocks and self.iana(tzid) is None

    def offset(self, tzid: str, wall: datetime) -> timedelta:
        """Return the offset from UTC at a wall-clock time, by the definition. Raises InputError if it is unknown."""
        found = self._definition(tzid).offset(wall)
        if found % timedelta(minutes=1) or abs(found) >= timedelta(hours=24):
            raise InputError(f'the time zone "{tzid}" is defined with an offset that is not in whole minutes')
        return found

    def instant(self, tzid: str, wall: datetime) -> datetime:
        """Return the instant of a wall-clock time; a `tzid` that is empty is UTC. Raises InputError."""
        if not tzid:
            return wall.replace(tzinfo=UTC)
        if name := self.iana(tzid):
            return at_wall(wall, zone_info(name))
        return (wall - self.offset(tzid, wall)).replace(tzinfo=UTC)

    def series_zone(self, tzid: str, since: datetime) -> str:
        """Return the zone in which something recurs from a wall-clock time on: a name, or the rule of its definition.

        Raises InputError where the file does not define it, or changes its rules later.
        """
        if name := self.iana(tzid):
            return name
        rule = self._definition(tzid).rule_from(since)
        if rule is None:
            raise InputError(
                f'it recurs in the time zone "{tzid}", whose definition in the file has other than two yearly rules '
                "from then on, which is not read"
            )
        zone_info(rule)
        return rule

    def _definition(self, tzid: str) -> ZoneDefinition:
        if tzid not in self._definitions:
            if tzid not in self._blocks:
                raise InputError(
                    f'the time zone "{tzid}" is not an IANA or Windows name, and the file does not define it'
                )
            try:
                self._definitions[tzid] = read_definition(self._blocks[tzid])
            except InputError as error:
                raise InputError(f'the time zone "{tzid}" {error}') from None
        return self._definitions[tzid]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=1)
def _windows() -> dict[str, str]:
    return {name.lower(): zone for name, zone in WINDOWS_TO_OLSON.items()}


def _known(name: str) -> str | None:
    """Return the IANA name that a text is, in letters of any case."""
    for spelled in (name, _names().get(name.lower())):
        try:
            if spelled and spelled != "Z" and zone_info(spelled):
                return spelled
        except InputError:
            continue
    return None
