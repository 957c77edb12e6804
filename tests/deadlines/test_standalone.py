"""A deadline that stands alone: whatever was stated, it resolves to the same bounds without anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Deadline, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.standalone import standalone
from alerts.deadlines.zone_choice import ZoneChoice
from tests.deadlines.test_grammar_properties import CHOICES, DEADLINES, KNOWN, PLACES, near, thorough

NEW_YORK = ZoneChoice("America/New_York", calendars=("US",))
SUMMIT = resolve(parse("between 2025-11-10 and 2025-11-12[Asia/Tokyo]"), NEW_YORK, {})


def again(bounds: Bounds, zone: str | None = None) -> Bounds:
    """The bounds of what stands alone, read from its text in another database."""
    return resolve(parse(str(standalone(bounds))), ZoneChoice(zone), {})


@pytest.mark.parametrize(
    ("stated", "alone"),
    [
        ("2025-11-10", "2025-11-10[America/New_York]"),
        ("2025-11", "between 2025-11-01[America/New_York] and 2025-11-30[America/New_York]"),
        ("2025-11-10 AoE", "2025-11-10 AoE"),
        ("2025-11-02T01:30-05:00", "2025-11-02T01:30-05:00[America/New_York]"),
        ("2025-11-02T01:30", "2025-11-02T01:30-04:00[America/New_York]"),
        ("2025-11-10T12:00[AoE]", "2025-11-10T12:00-12:00[AoE]"),
        ("1850-11-10T12:00[America/New_York]", "1850-11-10T16:56:02Z"),
        ("by 2025-11-10", "by 2025-11-10[America/New_York]"),
        ("until 2025-11-10", "until 2025-11-10[America/New_York]"),
        ("after 2025-11-10", "after 2025-11-10[America/New_York]"),
        ("after 2025-11-10T12:00Z", "after 2025-11-10T07:00-05:00[America/New_York]"),
        ("2025-11-10/..", "2025-11-10[America/New_York]/.."),
        ("10 business days after 2025-11-03", "2025-11-18[America/New_York]"),
        ("P1M after summit", "between 2025-12-10[America/New_York] and 2025-12-12[Asia/Tokyo]"),
        ("after summit", "after 2025-11-12[Asia/Tokyo]"),
        ("earlier of (2025-11-10; P7D after summit)", "2025-11-10[America/New_York]"),
        ("undated (tbd)", "undated"),
        ("every FREQ=DAILY from 2025-11-01T09:30 except 2025-11-03T09:30",
         "every FREQ=DAILY from 2025-11-01T09:30[America/New_York] except 2025-11-03T09:30"),
    ],
)  # fmt: skip
def test_what_was_stated_stands_alone(stated: str, alone: str) -> None:
    bounds = resolve(parse(stated), NEW_YORK, {"summit": SUMMIT})
    assert str(standalone(bounds)) == alone
    assert again(bounds).fingerprint == bounds.fingerprint


@pytest.mark.parametrize("stated", ["2025-11-10", "by 2025-11-10T12:00", "every FREQ=DAILY from 2025-11-01T09:30"])
def test_where_no_zone_is_known_none_is_stated(stated: str) -> None:
    bounds = resolve(parse(stated), ZoneChoice(), {})
    assert str(standalone(bounds)) == stated
    assert again(bounds).fingerprint == bounds.fingerprint


@thorough(300)
@given(DEADLINES.map(near), CHOICES, PLACES)
def test_any_bounds_come_back(deadline: Deadline, choice: ZoneChoice, elsewhere: str | None) -> None:
    try:
        bounds = resolve(deadline, choice, KNOWN)
    except InputError:
        assume(False)
    assume(not isinstance(bounds.recurrence, DependentSeries))  # each of its dates stands alone, not the whole
    if bounds.recurrence:
        bounds = replace(bounds, recurrence=replace(bounds.recurrence, roll="none", calendars=()))
    alone = standalone(bounds)
    assert references(alone) == frozenset()
    points = [bounds.first, bounds.last, bounds.named]
    known = all(point.zone for point in points if point) and (not bounds.recurrence or bounds.recurrence.zone)
    found = resolve(parse(str(alone)), ZoneChoice(elsewhere if known else None, roll="none"), {})
    assert (found.fingerprint, found.opens) == (bounds.fingerprint, bounds.opens)
    assert resolve(parse(str(standalone(found))), ZoneChoice(), {}).fingerprint == bounds.fingerprint
