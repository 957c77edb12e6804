"""Zones that a rule defines instead of a name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alerts.deadlines.errors import InputError
from alerts.deadlines.posix_zones import label_of, zone_of
from alerts.deadlines.zones import at_wall, zone_info

BERLIN = "<+01>-1<+02>-2,M3.5.0/2,M10.5.0/3"
NEW_YORK = "<-05>5<-04>4,M3.2.0/2,M11.1.0/2"
SYDNEY = "<+10>-10<+11>-11,M10.1.0/2,M4.1.0/3"
DAYS = [f"2027-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 7, 14, 28, 30) if (month, day) != (2, 30)]
WALLS = [
    f"{day}T{hour:02}:30" for day in (*DAYS, "2027-10-31") for hour in (0, 2, 12)
]  # with skipped and repeated hours


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (BERLIN, "Europe/Berlin"),
        (NEW_YORK, "America/New_York"),
        (SYDNEY, "Australia/Sydney"),
        ("<+0545>-5:45", "Asia/Kathmandu"),
    ],
)
def test_a_rule_gives_the_same_instants_as_a_zone_with_that_rule(rule: str, name: str) -> None:
    for wall in map(datetime.fromisoformat, WALLS):
        assert at_wall(wall, zone_info(rule)) == at_wall(wall, zone_info(name)), wall


@pytest.mark.parametrize("text", ["<+01>", "<+01>-1<+02>", "<+01>-1<+02>,M13.1.0,M4.1.0", "<x>-1", "<+01>-1\nZZZ0"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="unknown time zone"):
        zone_info(text)


def test_people_read_the_offset() -> None:
    at = datetime(2027, 7, 1, 12, tzinfo=UTC)
    assert label_of(BERLIN, at.astimezone(zone_of(BERLIN))) == "UTC+02:00"
    assert label_of(NEW_YORK, at.astimezone(zone_of(NEW_YORK))) == "UTC-04:00"
    assert label_of("Europe/Berlin", at.astimezone(zone_info("Europe/Berlin"))) == "Europe/Berlin"
