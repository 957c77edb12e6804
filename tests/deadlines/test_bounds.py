"""What deadlines resolve to. Expected instants were worked out by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice

NEW_YORK = "America/New_York"
TOKYO = "Asia/Tokyo"


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def bounds_of(text: str, zone: str | None = NEW_YORK, known: dict[str, Bounds] | None = None) -> Bounds:
    return resolve(parse(text), ZoneChoice(zone), known or {})


SUMMIT = bounds_of("2025-10-30", "Asia/Seoul")  # 2025-10-29T15:00Z to 2025-10-30T15:00Z
TRUCE = bounds_of("after 2025-11-10")
KNOWN = {"summit": SUMMIT, "truce": TRUCE, "unset": bounds_of("undated (tbd)"), "talks": bounds_of("by 2025-11-10")}


@pytest.mark.parametrize(
    ("text", "zone", "earliest", "latest"),
    [
        ("2025-11-10", NEW_YORK, "2025-11-10T05:00Z", "2025-11-11T05:00Z"),
        ("2025-11-10", None, "2025-11-09T10:00Z", "2025-11-11T12:00Z"),
        ("2025-11-10[Asia/Tokyo]", NEW_YORK, "2025-11-09T15:00Z", "2025-11-10T15:00Z"),
        ("2025-11-10 AoE", NEW_YORK, "2025-11-10T12:00Z", "2025-11-11T12:00Z"),
        ("2025-11-10T12:01", NEW_YORK, "2025-11-10T17:01Z", "2025-11-10T17:01Z"),
        ("2025-11-10T12:01", None, "2025-11-09T22:01Z", "2025-11-11T00:01Z"),
        ("2025-11-10T12:01[America/New_York]", TOKYO, "2025-11-10T17:01Z", "2025-11-10T17:01Z"),
        ("2025-11-10T12:01-05:00", TOKYO, "2025-11-10T17:01Z", "2025-11-10T17:01Z"),
        ("2025-11-10T17:01Z", None, "2025-11-10T17:01Z", "2025-11-10T17:01Z"),
        ("2025-11-02T01:30-05:00[America/New_York]", None, "2025-11-02T06:30Z", "2025-11-02T06:30Z"),  # the second
        ("after 2025-11-10", NEW_YORK, "2025-11-11T05:00Z", None),
        ("until after 2025-11-10", None, "2025-11-10T10:00Z", None),
        ("after 2025-11-10T17:00Z", None, "2025-11-10T17:00Z", None),
        ("by 2025-11-10", NEW_YORK, None, "2025-11-11T05:00Z"),
        ("until 2025-11-10", NEW_YORK, None, "2025-11-11T05:00Z"),
        ("by 2025-11-10", None, None, "2025-11-11T12:00Z"),
        ("until 2025-11-10T12:00", NEW_YORK, None, "2025-11-10T17:00Z"),
        ("between 2025-11-28 and 2025-12-28", NEW_YORK, "2025-11-28T05:00Z", "2025-12-29T05:00Z"),
        ("between 2025-11-10 and 2025-11-10", NEW_YORK, "2025-11-10T05:00Z", "2025-11-11T05:00Z"),
        ("between 2025-11-11[Asia/Tokyo] and 2025-11-10", NEW_YORK, "2025-11-10T15:00Z", "2025-11-11T05:00Z"),
        ("within P6M of 2025-10-28", NEW_YORK, "2025-10-28T04:00Z", "2026-04-29T04:00Z"),
        ("within P1M of 2025-01-31", "UTC", "2025-01-31T00:00Z", "2025-03-01T00:00Z"),
        ("P1Y after 2025-10-30", NEW_YORK, "2026-10-30T04:00Z", "2026-10-31T04:00Z"),
        ("P7D before 2025-11-03", NEW_YORK, "2025-10-27T04:00Z", "2025-10-28T04:00Z"),
        ("P1Y after 2024-02-29", "UTC", "2025-02-28T00:00Z", "2025-03-01T00:00Z"),
        ("P1M after 2025-01-31", "UTC", "2025-02-28T00:00Z", "2025-03-01T00:00Z"),
        ("P1M after 2025-01-30", "UTC", "2025-02-28T00:00Z", "2025-03-01T00:00Z"),
        ("P1M after 2025-02-08T07:30Z", NEW_YORK, "2025-03-08T07:30Z", "2025-03-08T07:30Z"),
        ("P1M after 2025-02-09T07:30Z", NEW_YORK, "2025-03-09T07:30Z", "2025-03-09T07:30Z"),  # 02:30 is in the gap
        ("PT48H after 2025-03-08T12:00", NEW_YORK, "2025-03-10T17:00Z", "2025-03-10T17:00Z"),  # exact: 13:00 there
        ("P2D after 2025-03-08T12:00", NEW_YORK, "2025-03-10T16:00Z", "2025-03-10T16:00Z"),
        ("PT48H after 2025-11-10", NEW_YORK, "2025-11-13T05:00Z", "2025-11-13T05:00Z"),
        ("PT48H before 2025-11-10", NEW_YORK, "2025-11-08T05:00Z", "2025-11-08T05:00Z"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-30T10:00Z"),
        ("0001-01-01", "UTC", "0001-01-01T00:00Z", "0001-01-02T00:00Z"),
        ("9999-12-30", "UTC", "9999-12-30T00:00Z", "9999-12-31T00:00Z"),
        ("9999-12-31T23:59Z", "UTC", "9999-12-31T23:59Z", "9999-12-31T23:59Z"),
        ("undated", NEW_YORK, None, None),
        ("undated (tbd)", NEW_YORK, None, None),
        ("undated (none)", NEW_YORK, None, None),
        ("during summit", NEW_YORK, "2025-10-29T15:00Z", "2025-10-30T15:00Z"),
        ("P1Y after summit", NEW_YORK, "2026-10-29T15:00Z", "2026-10-30T15:00Z"),
        ("after summit", NEW_YORK, "2025-10-30T15:00Z", None),
        ("by summit", NEW_YORK, None, "2025-10-30T15:00Z"),
        ("within P1M of summit", NEW_YORK, "2025-10-29T15:00Z", "2025-11-30T15:00Z"),
        ("between summit and 2025-12-28", NEW_YORK, "2025-10-29T15:00Z", "2025-12-29T05:00Z"),
        ("P1D before talks", NEW_YORK, None, "2025-11-10T05:00Z"),
        ("during truce", NEW_YORK, "2025-11-11T05:00Z", None),
        ("P1M after truce", NEW_YORK, "2025-12-11T05:00Z", None),
        ("by truce", NEW_YORK, None, None),
        ("after unset", NEW_YORK, None, None),
        ("P1Y after unset", NEW_YORK, None, None),
        ("between 2025-11-28 and unset", NEW_YORK, "2025-11-28T05:00Z", None),
    ],
)  # fmt: skip
def test_a_deadline_resolves_to_its_bounds(
    text: str, zone: str | None, earliest: str | None, latest: str | None
) -> None:
    found = bounds_of(text, zone, KNOWN)
    assert (found.earliest, found.latest) == (at(earliest), at(latest))
    assert Bounds.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("text", "zone", "says"),
    [
        ("2025-11-10T12:01-04:00[America/New_York]", None, "contradicts its zone, which is at -05:00"),
        ("2025-03-09T02:30-05:00[America/New_York]", None, "contradicts its zone, which is at -04:00"),
        ("2025-11-10T12:01Z[Asia/Kathmandu]", None, r"contradicts its zone, which is at \+05:45"),
        ("between 2025-12-28 and 2025-11-28", NEW_YORK, "ends before it begins"),
        ("between 2025-11-10T12:00 and 2025-11-10T11:59", NEW_YORK, "ends before it begins"),
        ("during nowhere", None, "no commitment has the key 'nowhere'"),
        ("9999-12-31", "UTC", "leaves the years 1 to 9999"),
        ("9999-12-31", None, "leaves the years 1 to 9999"),
        ("after 9999-12-31", "UTC", "leaves the years 1 to 9999"),
        ("0001-01-01", None, "leaves the years 1 to 9999"),
        ("0001-01-01", TOKYO, "leaves the years 1 to 9999"),
        ("0001-01-01T00:00+05:00", None, "leaves the years 1 to 9999"),
        ("P1Y after 9999-01-01", "UTC", "leaves the years 1 to 9999"),
        ("P2025Y before 2025-01-01", "UTC", "leaves the years 1 to 9999"),
        ("PT87840000H after 9999-01-01T00:00", "UTC", "leaves the years 1 to 9999"),
    ],
)
def test_what_cannot_be_resolved_is_refused(text: str, zone: str | None, says: str) -> None:
    with pytest.raises(InputError, match=says):
        bounds_of(text, zone)
