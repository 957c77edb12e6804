"""Months and years, EDTF's intervals, and the earlier and later of several. Expected instants worked out by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice

NEW_YORK = "America/New_York"


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def bounds_of(text: str, zone: str | None = NEW_YORK, known: dict[str, Bounds] | None = None) -> Bounds:
    return resolve(parse(text), ZoneChoice(zone), known or {})


KNOWN = {"unset": bounds_of("undated (tbd)"), "month": bounds_of("2025-11")}


@pytest.mark.parametrize(
    ("text", "zone", "earliest", "latest"),
    [
        ("2025-11", NEW_YORK, "2025-11-01T04:00Z", "2025-12-01T05:00Z"),  # the clocks go back on 2 November
        ("2025-11", None, "2025-10-31T10:00Z", "2025-12-01T12:00Z"),
        ("2025-11[Asia/Tokyo]", NEW_YORK, "2025-10-31T15:00Z", "2025-11-30T15:00Z"),
        ("2025-11 AoE", NEW_YORK, "2025-11-01T12:00Z", "2025-12-01T12:00Z"),
        ("2024-02", "UTC", "2024-02-01T00:00Z", "2024-03-01T00:00Z"),
        ("1900-02", "UTC", "1900-02-01T00:00Z", "1900-03-01T00:00Z"),  # no leap year: 28 days
        ("2025", "UTC", "2025-01-01T00:00Z", "2026-01-01T00:00Z"),
        ("2025-11~", "UTC", "2025-11-01T00:00Z", "2025-12-01T00:00Z"),  # a doubt widens nothing
        ("2025-11-10?", "UTC", "2025-11-10T00:00Z", "2025-11-11T00:00Z"),
        ("2025-11-XX", "UTC", "2025-11-01T00:00Z", "2025-12-01T00:00Z"),
        ("after 2025-11", "UTC", "2025-12-01T00:00Z", None),
        ("after 2025", "UTC", "2026-01-01T00:00Z", None),
        ("by 2025-11", "UTC", None, "2025-12-01T00:00Z"),
        ("until 2025", "UTC", None, "2026-01-01T00:00Z"),
        ("between 2025-11 and 2026", "UTC", "2025-11-01T00:00Z", "2027-01-01T00:00Z"),
        ("within P1M of 2025-11", "UTC", "2025-11-01T00:00Z", "2025-12-31T00:00Z"),  # 30 November + P1M
        ("P1M after 2025-01", "UTC", "2025-02-01T00:00Z", "2025-03-01T00:00Z"),  # 31 January + P1M, clamped
        ("P1Y before 2025", "UTC", "2024-01-01T00:00Z", "2025-01-01T00:00Z"),
        ("after month", "UTC", "2025-12-01T05:00Z", None),
        ("2025-11-28/2025-12-28", "UTC", "2025-11-28T00:00Z", "2025-12-29T00:00Z"),
        ("2025-11/2025-12", "UTC", "2025-11-01T00:00Z", "2026-01-01T00:00Z"),
        ("2025-11-11/..", "UTC", "2025-11-11T00:00Z", None),
        ("2025-11/", "UTC", "2025-11-01T00:00Z", None),
        ("../2025-11-10", "UTC", None, "2025-11-11T00:00Z"),
        ("/2025-11", "UTC", None, "2025-12-01T00:00Z"),
        ("2025-11-10T09:00/2025-11-10T17:00", NEW_YORK, "2025-11-10T14:00Z", "2025-11-10T22:00Z"),
        # the earlier: it can begin with whichever begins first, and ends with what ends first
        ("earlier of (2025-11-10; 2025-12-01)", "UTC", "2025-11-10T00:00Z", "2025-11-11T00:00Z"),
        ("earlier of (2025-11; 2025-11-15)", "UTC", "2025-11-01T00:00Z", "2025-11-16T00:00Z"),
        ("earlier of (by 2025-11-10; 2025-12-01)", "UTC", None, "2025-11-11T00:00Z"),
        ("earlier of (after 2025-11-10; 2025-12-01)", "UTC", "2025-11-11T00:00Z", "2025-12-02T00:00Z"),
        ("earlier of (after 2025-11-10; after 2025-12-01)", "UTC", "2025-11-11T00:00Z", None),
        ("earlier of (P1D after unset; 2025-12-01)", "UTC", None, "2025-12-02T00:00Z"),
        ("earlier of (2025-11-10; 2025-11-10[Asia/Tokyo])", NEW_YORK, "2025-11-09T15:00Z", "2025-11-10T15:00Z"),
        # the later: it cannot begin before any of them can, and ends with what ends last
        ("later of (2025-11-10; 2025-12-01)", "UTC", "2025-12-01T00:00Z", "2025-12-02T00:00Z"),
        ("later of (2025-11; 2025-11-15)", "UTC", "2025-11-15T00:00Z", "2025-12-01T00:00Z"),
        ("later of (by 2025-11-10; 2025-10-01)", "UTC", "2025-10-01T00:00Z", "2025-11-11T00:00Z"),
        ("later of (after 2025-11-10; 2025-12-01)", "UTC", "2025-12-01T00:00Z", None),
        ("later of (undated; 2025-12-01)", "UTC", "2025-12-01T00:00Z", None),
        ("later of (undated; undated (none))", "UTC", None, None),
        ("earlier of (2025-12-24; later of (2025-11-10; 2025-12-01))", "UTC", "2025-12-01T00:00Z", "2025-12-02T00:00Z"),
        # on the calendar the hour comes after the day in the first place on earth, but nobody knows where that hour is
        ("earlier of (2025-11-10T20:00; 2025-11-10[Etc/GMT-14])", None, "2025-11-09T10:00Z", "2025-11-10T10:00Z"),
        ("earlier of (2025-11-10T10:00; 2025-11-10T09:00Z)", None, "2025-11-09T20:00Z", "2025-11-10T09:00Z"),
    ],
)  # fmt: skip
def test_a_window_is_resolved_to_its_ends(
    text: str, zone: str | None, earliest: str | None, latest: str | None
) -> None:
    found = bounds_of(text, zone, KNOWN)
    assert (found.earliest, found.latest) == (at(earliest), at(latest))
    assert Bounds.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    "text", ["2025-12/2025-11", "earlier of (2025; between 2025-12-28 and 2025-11-28)", "2025-11-28/2025-11-27"]
)
def test_a_reversed_window_is_refused_wherever_it_stands(text: str) -> None:
    with pytest.raises(InputError, match="ends before it begins"):
        bounds_of(text)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("2025-11", "2025-11-30"), ("2025-11-11/..", "2025-11-11"), ("../2025-11", "2025-11-30"),
        ("after 2025-11", "2025-11-30"), ("later of (2025-11; after 2025-12-24)", "2025-12-25"),
        ("earlier of (2025-11; after 2025-12-24)", "2025-11-30"),
    ],
)  # fmt: skip
def test_leads_count_from_the_last_point_else_from_the_first(text: str, counted: str) -> None:
    named = bounds_of(text).named
    assert named is not None
    assert str(named.date) == counted


def test_a_doubt_is_kept_and_said() -> None:
    found = bounds_of("between 2025-11~ and 2025-12-28%[UTC]")
    assert found.assumptions == (
        "2025-11 is stated as approximate", "2025-12-28[UTC] is stated as approximate and uncertain"
    )  # fmt: skip
    assert bounds_of("by x", known={"x": bounds_of("2025?")}).assumptions == ("x: 2025 is stated as uncertain",)


def test_the_basis_says_each_part_and_which_decided() -> None:
    assert bounds_of("earlier of (2025-11-10; by 2025-12-01)").explanation == (
        "`2025-11-10`: Mon 10 Nov 2025",
        "`by 2025-12-01`: by Mon 1 Dec 2025",
        "its beginning is not known",
        "its end is that of `2025-11-10`",
        "through Mon 10 Nov 2025",
    )
    assert "`2025-12-01` is the later" in bounds_of("later of (2025-11-10; 2025-12-01)").explanation


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2025-11", "Sat 1 Nov 2025 to Sun 30 Nov 2025"),
        ("2025-11-11/..", "from Tue 11 Nov 2025; no end is known"),
        ("../2025-11-10", "by Mon 10 Nov 2025"),
        ("after 2025-11", "holds through Sun 30 Nov 2025; open from Mon 1 Dec 2025; no end is stated"),
    ],
)
def test_a_window_is_said_without_an_exclusive_bound(text: str, said: str) -> None:
    assert describe_bounds(bounds_of(text)) == said
