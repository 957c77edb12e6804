"""What counts from a series: an occurrence for each of the other's, in a range that is known beforehand."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.ended_series import ended_series
from alerts.deadlines.errors import InputError
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.grammar import parse
from alerts.deadlines.opening_hours import OpeningHours
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.zone_choice import Obligor, ZoneChoice

CHOICE = ZoneChoice("Europe/Brussels", calendars=("US", "CN"))
SERIES = {
    "month": "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30",
    "lease": "every FREQ=YEARLY from 2024-02-29",
    "call": "every FREQ=WEEKLY;BYDAY=MO,TH from 2025-11-30T17:30",
}
COUNTED = (
    "during {}", "P90D before {}", "P1Y2M10D after {}", "P1M before {}", "PT36H before {}", "PT200H after {}",
    "250 business days after {}", "3 business days before {}", "8 business hours (09:00-17:00) after {}",
    "P30D (FRCP 6) after {}", "P10D (not 2026-08-01 to 2026-08-31) after {}", "P3D (CPR 2.8) before {}",
    "P14D (clear days; served by 16:30) after {}", "2 business days (EU 1182/71) after {}",
    "after {}", "before {}", "by P30D before {}", "from P30D after {}", "until P2W after {}",
    "between P60D before {} and P30D before {}", "within P6M of {}", "within 5 business days of {}",
    "the month of {}", "the quarter of {}", "the 4th month after {}", "the 2nd year before {}", "the week of {}",
    "15th day of the 4th month after {}", "last business day of the quarter of {}", "1st day of the 1st year before {}",
    "3rd Monday after {}", "2nd Friday before {}", "17:00 on 3 business days before {}",
    "earlier of (P1D after {}; P1M before {})", "later of (by P30D before {}; after {})",
    "3 business days after P14D after {}",
)  # fmt: skip
CASES = [(text, base) for text in COUNTED for base in SERIES]


def known(choice: ZoneChoice = CHOICE) -> dict[str, Bounds]:
    return {key: resolve(parse(text), choice, {}) for key, text in SERIES.items()}


def counted(text: str, base: str, choice: ZoneChoice = CHOICE) -> Bounds:
    return resolve(parse(text.replace("{}", base)), choice, known())


def some(bounds: Bounds, number: int = 40) -> list[tuple[str, Bounds]]:
    assert bounds.recurrence
    return [(name, occurrence_bounds(bounds, name)) for name in islice(bounds.recurrence.names(), number)]


@pytest.mark.parametrize(("text", "base"), CASES)
def test_each_occurrence_is_what_is_counted_from_that_of_the_other(text: str, base: str) -> None:
    found, other = counted(text, base), known()[base]
    for name, one in some(found, PERIODS_COMPARED):
        expected = resolve(parse(text.replace("{}", base)), CHOICE, {base: occurrence_bounds(other, name)})
        assert (one.fingerprint, one.text, one.form) == (expected.fingerprint, expected.text, expected.form)


@pytest.mark.parametrize(("text", "base"), CASES)
def test_each_occurrence_lies_within_the_range_and_after_the_one_before(text: str, base: str) -> None:
    found = counted(text, base)
    assert found.recurrence
    first, last = found.recurrence.displacement
    ends: list[datetime] = []
    for name, one in some(found):
        order = found.recurrence.order(name)
        for point in filter(None, (one.first, one.last, one.named)):
            assert order + first - timedelta(days=1) <= point.counted_start
            assert point.counted_end <= order + last + timedelta(days=2)
        ends.append(min(filter(None, (one.earliest, one.latest))))
    assert all(one <= other for one, other in pairwise(ends))
    for name in islice(found.recurrence.names(), 3, 8):
        one = occurrence_bounds(found, name)
        begins = min(filter(None, (one.earliest, one.latest)))
        assert name in list(islice(found.recurrence.names_about(begins - timedelta(days=1)), 400))
        assert not found.recurrence.begins_after(name, begins)


@pytest.mark.parametrize(("text", "base"), CASES)
def test_what_is_stored_is_read_back(text: str, base: str) -> None:
    found = counted(text, base)
    chained = resolve(parse("P10D after notice"), CHOICE, {"notice": found})
    assert Bounds.from_json(found.to_json()) == found
    assert Bounds.from_json(chained.to_json()) == chained
    assert [name for name, _ in some(found, 9)] == [name for name, _ in some(known()[base], 9)]


def test_it_is_told_in_words() -> None:
    found = counted("P1M10D before {}", "lease")
    assert found.text == (
        "1 month and 10 days before each occurrence of lease: Fri 19 Jan 2024, Wed 19 Jan 2028, Mon 19 Jan 2032, …"
    )
    assert occurrence_bounds(found, "2028-02-29").explanation[:2] == (
        "1 month and 10 days before each occurrence of lease, for the occurrence of 2028-02-29",
        "lease: Tue 29 Feb 2028",
    )


def test_what_counts_from_what_counts_from_a_series_has_both_ranges() -> None:
    first = counted("P90D before {}", "month")
    second = resolve(parse("P10D before notice"), CHOICE, {"notice": first})
    assert isinstance(second.recurrence, DependentSeries)
    assert (second.recurrence.earliest, second.recurrence.latest) == (-104, -96)
    assert occurrence_bounds(second, "2026-03-31").text == "Sun 21 Dec 2025"


def test_each_is_rolled_by_itself_after_the_other_was() -> None:
    rolled = ZoneChoice("Europe/Brussels", calendars=("US",), roll="preceding")
    base = resolve(parse(SERIES["month"]), ZoneChoice("UTC", calendars=("US",), roll="following"), {})
    found = resolve(parse("P2D before month"), rolled, {"month": base})
    # Sat 28 Feb moves to Mon 2 March; two days before that is Sat 28 Feb, which moves back to Friday
    assert occurrence_bounds(found, "2026-02-28").text == "Fri 27 Feb 2026"
    assert found.fingerprint.endswith("US rolled preceding US")


@pytest.mark.parametrize(
    ("text", "closed", "left"),
    [
        ("during month", "2026-02-15T00:00", ["2025-11-30", "2025-12-31", "2026-01-31"]),
        ("P20D before month", "2026-02-15T00:00", ["2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28"]),
        ("P45D after month", "2026-02-15T00:00", ["2025-11-30", "2025-12-31"]),
        ("P45D after month", "2025-02-15T00:00", []),
    ],
)
def test_a_series_that_was_closed_has_what_had_come_by_then(text: str, closed: str, left: list[str]) -> None:
    base = counted(text.replace("month", "{}"), "month")
    ended = ended_series(base, datetime.fromisoformat(closed).replace(tzinfo=UTC))
    found = resolve(parse("P1D after base"), CHOICE, {"base": ended})
    assert found.recurrence
    assert list(found.recurrence.names()) == left
    assert not found.recurrence.has("2026-03-31")
    assert Bounds.from_json(found.to_json()) == found
    assert left or found.text == "1 day after each occurrence of base: no occurrence is left"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("later of (P90D before lease; 2026-05-01)", "lease recurs, so .* cannot count from 2026-05-01 as well"),
        ("between lease and month", "lease recurs, so .* cannot count from month as well"),
        ("P9000Y after lease", "leaves the years 1 to 9999"),
        ("between P30D before lease and P60D before lease", "ends before it begins"),
    ],
)
def test_what_cannot_be_worked_out_for_each_is_refused(text: str, refusal: str) -> None:
    with pytest.raises(InputError, match=refusal):
        resolve(parse(text), CHOICE, known())


PERIODS = {
    "month": "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30",
    "quarter": "every FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1 from 2025-11-30",
    "half-year": "every FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=-1 from 2025-11-30",
    "year": "every FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31 from 2025-11-30",
    "fiscal quarter": "every FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=5 from 2025-11-30",
    "fiscal year": "every FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=5 from 2025-11-30",
}
ACME = Obligor("Acme", OpeningHours.parse("09:00-17:30"), FiscalYear.parse("04-06"))
OWED = ZoneChoice("Europe/Brussels", calendars=("US", "CN"), roll="following", obligor=ACME)
PERIODS_COMPARED = 12 if os.environ.get("SIMULATE") == "whole" else 5  # of quarters, more than a year
ENDS = [(text, unit) for text in COUNTED if text != "during {}" for unit in PERIODS]


@pytest.mark.parametrize(("text", "unit"), ENDS)
def test_what_counts_from_the_end_of_each_period_is_what_counts_from_a_series_of_them(text: str, unit: str) -> None:
    stated = resolve(parse(PERIODS[unit]), replace(OWED, roll="none"), {})
    expected = resolve(parse(text.replace("{}", "ends")), OWED, {"ends": stated})
    found = resolve(parse(text.replace("{}", f"last day of each {unit} from 2025-11-30")), OWED, {})
    assert [(name, one.fingerprint, one.form) for name, one in some(found, PERIODS_COMPARED)] == [
        (name, one.fingerprint, one.form) for name, one in some(expected, PERIODS_COMPARED)
    ]
    endless = resolve(parse(text.replace("{}", f"last day of each {unit}")), OWED, {})
    assert all(
        occurrence_bounds(endless, name).fingerprint == one.fingerprint for name, one in some(found, PERIODS_COMPARED)
    )
    assert Bounds.from_json(endless.to_json()) == endless


@pytest.mark.parametrize(
    "text",
    [
        "close of business on P3D before {}", "8 business hours after {}", "last day of the fiscal quarter of {}",
        "15th day of the 1st fiscal year after {}",
    ],
)  # fmt: skip
def test_each_occurrence_has_the_hours_and_the_fiscal_year_of_who_owes_it(text: str) -> None:
    stated = parse(text.replace("{}", "lease"))
    found = Bounds.from_json(resolve(stated, OWED, known()).to_json())
    for name, one in some(found, 3):
        expected = resolve(stated, OWED, {"lease": occurrence_bounds(known()["lease"], name)})
        assert one.fingerprint == expected.fingerprint


def test_a_series_moves_with_the_hours_of_who_owes_it_and_not_with_its_name() -> None:
    text = "close of business on P3D before {}"
    earlier = replace(OWED, obligor=replace(ACME, hours=OpeningHours.parse("09:00-16:00")))
    renamed = replace(OWED, obligor=replace(ACME, name="Acme Ltd", fiscal_year=None))
    found = counted(text, "lease", OWED).fingerprint
    assert counted(text, "lease", earlier).fingerprint != found
    assert counted(text, "lease", renamed).fingerprint == found
