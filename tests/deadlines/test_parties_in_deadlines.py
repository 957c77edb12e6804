"""The office hours and the fiscal year of who owes it."""

from __future__ import annotations

import pytest

from alerts.core.chosen_zones import obligor_of
from alerts.core.commitments import Party
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.fiscal_years import FiscalYear
from alerts.deadlines.grammar import parse
from alerts.deadlines.opening_hours import OpeningHours
from alerts.deadlines.zone_choice import ZoneChoice


def resolved(text: str, *, hours: str | None = None, fiscal_year: str | None = None) -> tuple[str, tuple[str, ...]]:
    party = Party(key="acme", name="Acme", hours=hours, fiscal_year=fiscal_year)
    found = resolve(parse(text), ZoneChoice("UTC", obligor=obligor_of(party)), {})
    return found.text, found.explanation[:-1]


@pytest.mark.parametrize(
    ("fiscal_year", "text", "found"),
    [
        ("FY2027 from 2027-04-01", "FY2027", "Thu 1 Apr 2027 to Fri 31 Mar 2028"),
        ("FY2027 from 2026-10-01", "FY2028 Q1", "Fri 1 Oct 2027 to Fri 31 Dec 2027"),
        ("FY2027 from 2026-10-01", "end of FY2027", "Thu 30 Sep 2027"),
        ("04-06", "FY2026/27 Q1", "Mon 6 Apr 2026 to Sun 5 Jul 2026"),
        ("04-06", "end of FY2026/27", "Mon 5 Apr 2027"),
        ("07-01", "FY2026/27 H2", "Fri 1 Jan 2027 to Wed 30 Jun 2027"),
        ("01-01", "FY2027 Q2", "Thu 1 Apr 2027 to Wed 30 Jun 2027"),
        ("04-06", "the fiscal quarter of 2027-04-05", "Wed 6 Jan 2027 to Mon 5 Apr 2027"),
        ("04-06", "the fiscal quarter of 2027-04-06", "Tue 6 Apr 2027 to Mon 5 Jul 2027"),
        ("04-06", "the 2nd fiscal quarter before 2027-04-06", "Tue 6 Oct 2026 to Tue 5 Jan 2027"),
        ("10-01", "the fiscal year of 2027-09-30", "Thu 1 Oct 2026 to Thu 30 Sep 2027"),
        ("10-01", "the fiscal half-year of 2027-10-01", "Fri 1 Oct 2027 to Fri 31 Mar 2028"),
    ],
)
def test_a_fiscal_period_is_that_of_who_owes_it(fiscal_year: str, text: str, found: str) -> None:
    assert resolved(text, fiscal_year=fiscal_year)[0] == found


def test_the_explanation_names_the_days_of_the_period_and_whose_it_is() -> None:
    assert resolved("by end of FY2027 Q2", fiscal_year="FY2027 from 2026-04-01")[1] == (
        "fiscal Q2 2027 of Acme: Wed 1 Jul 2026 to Wed 30 Sep 2026",
        "the last day from Wed 1 Jul 2026 to Wed 30 Sep 2026 is Wed 30 Sep 2026",
    )


@pytest.mark.parametrize(
    ("fiscal_year", "text", "says"),
    [
        (
            "04-01",
            "FY2027 Q2",
            "FY2027 can begin on 2026-04-01 or on 2027-04-01: write FY2026/27 or FY2027/28, or state which",
        ),
        (None, "the fiscal year of 2027-01-01", "`the fiscal year` needs the fiscal year of who owes it"),
        (None, "FY2027 Q2", "`fiscal Q2 2027` needs the fiscal year of who owes it"),
        ("01-01", "FY2026/27", "the fiscal year is the calendar year"),
        ("FY2027 from 2026-04-01", "fiscal year 0001", "leaves the years 1 to 9999"),
    ],
)
def test_a_fiscal_year_that_could_be_two_is_refused_with_both(fiscal_year: str | None, text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        resolved(text, fiscal_year=fiscal_year)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "text", ["4-1", "13-01", "04-31", "02-29", "04-30", "FY2027 from 2024-04-01", "april", "FY2027"]
)
def test_what_is_no_start_of_a_fiscal_year_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="fiscal year"):
        FiscalYear.parse(text)


def test_close_of_business_and_business_hours_are_those_of_who_owes_it() -> None:
    hours = "office hours of Acme: 09:00-17:30"
    assert resolved("close of business on 31 March 2027", hours="9:00-17:30") == ("Wed 31 Mar 2027 17:30 UTC", (hours,))
    text, explanation = resolved("2 business hours after 2027-03-31 17:00 UTC", hours="09:00-17:30")
    assert text == "Thu 1 Apr 2027 10:30 UTC"
    assert explanation[0] == hours


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("close of business on 31 March 2027", "states no hour: write one, as in `close of business (17:30)`"),
        ("2 business hours after 31 March 2027", "business hours need their hours"),
    ],
)
def test_without_office_hours_they_are_refused(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        resolved(text)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["9-5", "17:00-09:00", "09:00-24:00", "09:00", "09:00-09:00"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected hours"):
        OpeningHours.parse(text)


def test_more_business_hours_than_can_be_counted_are_refused() -> None:
    with pytest.raises(InputError, match="more than 9,999 business days"):
        resolved("9999 business hours after 31 March 2027", hours="09:00-09:01")
