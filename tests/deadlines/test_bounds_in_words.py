"""How bounds are said, what is assumed for them, and what holds for all of them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice


def bounds_of(text: str, zone: str | None = "America/New_York", known: dict[str, Bounds] | None = None) -> Bounds:
    return resolve(parse(text), ZoneChoice(zone), known or {})


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("2025-10-30", True, True), ("after 2025-10-30", True, False), ("by 2025-10-30T09:00", False, True)],
)
def test_where_no_zone_is_stated_the_assumption_says_what_that_does_to_each_end(
    text: str, first: bool, last: bool
) -> None:
    (said,) = bounds_of(text, None).assumptions
    assert ("the first place on earth" in said, "the last place on earth" in said) == (first, last)


def test_what_is_assumed_follows_whoever_hangs_on_it() -> None:
    place = bounds_of("2025-10-30", None)
    found = bounds_of("P1D after x", known={"x": place}).assumptions
    assert found == (f"x: {place.assumptions[0]}",)


def test_a_zone_is_an_assumption_only_where_nobody_stated_it() -> None:
    owner = resolve(parse("2025-11-10"), ZoneChoice("Asia/Shanghai", "that of China (assumed)"), {})
    assert owner.assumptions == ("time zone Asia/Shanghai, that of China (assumed)",)
    assert bounds_of("2025-11-10").assumptions == bounds_of("2025-11-10T12:00Z", None).assumptions == ()


def test_the_three_ways_of_having_no_date_are_told_apart() -> None:
    explanation = [bounds_of(text).explanation for text in ("undated", "undated (tbd)", "undated (none)")]
    assert explanation == [("no date is stated",), ("its date is to be decided",), ("it explicitly has no date",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2025-11-10", "Mon 10 Nov 2025"),
        ("2025-11-10T12:01", "Mon 10 Nov 2025 12:01 America/New_York"),
        ("after 2025-11-10", "holds through Mon 10 Nov 2025; open from Tue 11 Nov 2025; no end is stated"),
        ("until 2025-11-10", "through Mon 10 Nov 2025"),
        ("between 2025-11-28 and 2025-12-28", "Fri 28 Nov 2025 to Sun 28 Dec 2025"),
        ("undated", "no date is known"),
    ],
)
def test_a_window_is_said_without_an_exclusive_bound(text: str, said: str) -> None:
    assert describe_bounds(bounds_of(text)) == said


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("2025-11-10", False), ("2025-11-10T12:00", False), ("by 2025-11-10", False), ("undated", False),
        ("after 2025-11-10", True), ("between 2025-11-10 and 2025-11-11", True),
        ("between 2025-11-10T09:00 and 2025-11-10T17:00", False),
    ],
)  # fmt: skip
def test_an_opening_is_a_moment_of_its_own_where_the_window_spans_days_or_has_no_end(text: str, opens: bool) -> None:
    assert bounds_of(text).opens is opens


def test_the_mark_changes_with_the_window_and_not_with_the_words() -> None:
    assert bounds_of("2025-11-10").fingerprint == bounds_of("between 2025-11-10 and 2025-11-10").fingerprint
    assert bounds_of("until after 2025-11-10").fingerprint == bounds_of("after 2025-11-10").fingerprint
    assert (
        len({bounds_of(text).fingerprint for text in ("2025-11-10", "by 2025-11-10", "after 2025-11-10", "undated")})
        == 4
    )


DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
STAMPS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda wall: f"{wall:%Y-%m-%dT%H:%M}")  # noqa: DTZ001
TERMS = DAYS.map(str) | DAYS.map("{} AoE".format) | STAMPS
LEADS = st.sampled_from(["P1D", "P1M", "P7D", "P1Y", "P6M", "PT48H", "PT1M", "P1DT6H"])
ZONES = st.sampled_from([None, "UTC", "AoE", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo"])
WINDOWS = st.one_of(
    TERMS,
    st.builds("{} {}".format, st.sampled_from(["after", "by", "until"]), TERMS),
    st.builds("between {} and {}".format, TERMS, TERMS),
    st.builds("within {} of {}".format, LEADS, TERMS),
    st.builds("{} {} {}".format, LEADS, st.sampled_from(["after", "before"]), TERMS),
)


@settings(max_examples=250, deadline=None)
@given(WINDOWS, ZONES)
def test_a_window_never_ends_before_it_begins_and_survives_storage(text: str, zone: str | None) -> None:
    try:
        found = bounds_of(text, zone)
    except InputError:
        assume(False)
    assert found.earliest is None or found.latest is None or found.earliest <= found.latest
    assert Bounds.from_json(found.to_json()) == found


@settings(max_examples=100, deadline=None)
@given(WINDOWS, ZONES)
def test_during_has_the_same_bounds_as_what_it_hangs_on(text: str, zone: str | None) -> None:
    try:
        found = bounds_of(text, zone)
    except InputError:
        assume(False)
    follows = bounds_of("during x", "Asia/Tokyo", {"x": found})
    assert (follows.earliest, follows.latest) == (found.earliest, found.latest)
