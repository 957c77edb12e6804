"""The definition of a zone in a calendar gives the offsets of the zone data, past and to come."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from icalendar import Component

from alerts.deadlines.zones import zone_info
from alerts.interchange.ics.content_lines import folded
from alerts.interchange.ics.timezone_writer import timezone_lines

ZONES = ["America/New_York", "Africa/Casablanca", "Asia/Shanghai", "Europe/Dublin", "Australia/Lord_Howe",
         "Pacific/Apia", "Etc/GMT+12", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut"]  # fmt: skip


def offsets(zone: object, hours: int) -> dict[datetime, timedelta | None]:
    """The offsets of a zone at wall-clock times about a day and more apart, from 1975 to 2035."""
    walls = (
        datetime.fromisoformat("1975-01-01T00:13") + timedelta(hours=hour) for hour in range(0, 60 * 365 * 24, hours)
    )
    return {wall: wall.replace(tzinfo=zone).utcoffset() for wall in walls}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_has_the_offsets_of_the_zone_data(name: str) -> None:
    defined = Component.from_ical(folded(timezone_lines(name)).decode()).to_tz(lookup_tzid=False)  # type: ignore[attr-defined]
    real, found = offsets(zone_info(name), 29), offsets(defined, 29)
    wrong = [wall for wall, offset in real.items() if found[wall] != offset]
    # In the hours that a change skips or repeats, programs differ; and Samoa had no 30 December 2011.
    about = [wall for wall in wrong if not _changes_near(real, wall)]
    assert about == []


def _changes_near(real: dict[datetime, timedelta | None], wall: datetime) -> bool:
    return any(real.get(wall + timedelta(hours=29 * step)) != real[wall] for step in (-1, 1))


def test_a_zone_is_defined_by_yearly_rules_where_there_are_some() -> None:
    assert "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU" in timezone_lines("America/New_York")
    assert "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" in timezone_lines("Europe/Berlin")
    assert not [line for line in timezone_lines("Asia/Shanghai") if "RRULE" in line and "UNTIL" not in line]
