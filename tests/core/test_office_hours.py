"""Office hours: when they open next, on their own clock and calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from alerts.settings import load_settings
from alerts.strict_yaml.office_hours_entry import OfficeHoursEntry

SHUT = {"opens": "09:00", "closes": "17:30"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "zone", "now", "opens"),
    [
        ({}, "UTC", "2025-11-03T10:00", "2025-11-03T10:00"),
        ({}, "UTC", "2025-11-03T09:00", "2025-11-03T09:00"),
        ({}, "UTC", "2025-11-03T08:59", "2025-11-03T09:00"),
        ({}, "UTC", "2025-11-03T17:30", "2025-11-04T09:00"),
        ({}, "UTC", "2025-11-07T18:00", "2025-11-10T09:00"),  # over a weekend
        ({}, "America/New_York", "2025-10-31T22:00", "2025-11-03T14:00"),  # and a change of clocks
        ({"timezone": "Asia/Tokyo"}, "UTC", "2025-11-02T20:00", "2025-11-03T00:00"),
        ({"days": "sun-thu"}, "UTC", "2025-11-07T10:00", "2025-11-09T09:00"),
        ({"days": "sat-mon"}, "UTC", "2025-11-04T10:00", "2025-11-08T09:00"),
        ({"days": "wed"}, "UTC", "2025-11-03T10:00", "2025-11-05T09:00"),
        ({"calendar": "US"}, "UTC", "2025-12-25T10:00", "2025-12-26T09:00"),
        ({"closes": "24:00"}, "UTC", "2025-11-03T23:59", "2025-11-03T23:59"),
        ({}, "UTC", "9999-12-31T20:00", "9999-12-31T20:00"),  # where the calendar ends
    ],
)
def test_they_open_next(stated: dict[str, str], zone: str, now: str, opens: str) -> None:
    hours = OfficeHoursEntry.model_validate(SHUT | stated).hours(zone)
    assert hours.next_open(at(now)) == at(opens)


@pytest.mark.parametrize(
    "stated", [{"opens": "9"}, {"closes": "08:00"}, {"closes": "24:30"}, {"days": "monday"}, {"calendar": "XX"}]
)
def test_what_is_no_hours_is_refused(stated: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        OfficeHoursEntry.model_validate(SHUT | stated)


def test_people_of_the_settings_state_them(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text(
        "channels: {box: {kind: maildir, path: mail, to: [desk@example.org]}}\n"
        "people:\n  - {key: ann, name: Ann, email: Ann@example.org, timezone: Asia/Tokyo,\n"
        '     hours: {opens: "09:00", closes: "17:00"}}\n'
    )
    found = load_settings(tmp_path, None, {}).hours
    assert {to: one.timezone for to, one in found.items()} == {"ann@example.org": "Asia/Tokyo"}
