"""A new date without a zone is taken in the zone that the one before stated."""

from __future__ import annotations

import pytest

from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_zones import keep_zone

SEOUL = "2025-10-30[Asia/Seoul]"
KEPT = [
    (SEOUL, "2025-11-14", "2025-11-14[Asia/Seoul]"),
    (SEOUL, "by 2025-11-14T09:00", "by 2025-11-14T09:00[Asia/Seoul]"),
    (SEOUL, "after 2025-11", "after 2025-11[Asia/Seoul]"),
    (SEOUL, "2025-11-01/..", "2025-11-01[Asia/Seoul]/.."),
    (SEOUL, "within P6M of 2025-11-01", "within P6M of 2025-11-01[Asia/Seoul]"),
    (SEOUL, "earlier of (2025-11-01; P1D after x)", "earlier of (2025-11-01[Asia/Seoul]; P1D after x)"),
    ("between 2025-10-01[Asia/Seoul] and 2025-11", "2025-11-03/2025-11-05",
     "between 2025-11-03[Asia/Seoul] and 2025-11-05[Asia/Seoul]"),
    ("2025-10-30 AoE", "until 2025-11-14", "until 2025-11-14 AoE"),
    ("every FREQ=WEEKLY from 2025-11-03T09:30[Asia/Seoul]", "2025-11-11T10:00", "2025-11-11T10:00[Asia/Seoul]"),
    ("every FREQ=WEEKLY from 2025-11-03T09:30[Asia/Seoul]", "every FREQ=WEEKLY from 2025-11-04T09:30",
     "every FREQ=WEEKLY from 2025-11-04T09:30[Asia/Seoul]"),
]  # fmt: skip
LEFT = [
    (SEOUL, "2025-11-14[Europe/Paris]"),
    (SEOUL, "2025-11-14 AoE"),
    (SEOUL, "2025-11-14T09:00Z"),
    (SEOUL, "between 2025-11-14[Europe/Paris] and 2025-11-20"),
    (SEOUL, "undated"),
    (SEOUL, "P1D after x"),
    ("2025-10-30", "2025-11-14"),
    ("between 2025-10-01[Asia/Seoul] and 2025-11-01[Europe/Paris]", "2025-11-14"),
    ("2025-10-30 AoE", "2025-11-14T09:00"),
    ("2025-10-30 AoE", "2025-11-01/.."),
]


@pytest.mark.parametrize(("old", "new", "kept"), KEPT)
def test_the_zone_is_kept(old: str, new: str, kept: str) -> None:
    found, zone = keep_zone(parse(old), parse(new))
    assert (str(found), zone) == (kept, "AoE" if "AoE" in kept else "Asia/Seoul")
    assert parse(str(found)) == found


@pytest.mark.parametrize(("old", "new"), LEFT)
def test_a_date_that_names_its_own_or_cannot_have_it_stays_as_it_is(old: str, new: str) -> None:
    assert keep_zone(parse(old), parse(new)) == (parse(new), None)
