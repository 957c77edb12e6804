"""Business days in deadlines, rolls and leads. Expected days were counted by hand on the calendars."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from alerts.core.chosen_zones import choose_zone
from alerts.core.commitments import Commitment, Party
from alerts.core.rules import Remind, Rule
from alerts.core.schedule.moments import one_time_moments
from alerts.cron import Cron
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.business_days import Roll
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.points import Day, Instant
from alerts.deadlines.zone_choice import ZoneChoice

NEW_YORK = "America/New_York"


def bounds_of(text: str, calendars: str = "", roll: Roll = "none", known: dict[str, Bounds] | None = None) -> Bounds:
    return resolve(parse(text), ZoneChoice(NEW_YORK, calendars=tuple(calendars.split()), roll=roll), known or {})


def days(bounds: Bounds) -> tuple[str | None, str | None]:
    first, last = bounds.first, bounds.last
    return (str(first.date) if first else None, str(last.date) if last else None)


@pytest.mark.parametrize(
    ("text", "calendars", "first", "last"),
    [
        ("10 business days after 2025-11-03", "", "2025-11-17", "2025-11-17"),
        ("10 business days after 2025-11-03", "US", "2025-11-18", "2025-11-18"),  # past Veterans Day, 11 November
        ("5 business days before 2025-11-28", "US", "2025-11-20", "2025-11-20"),  # 26, 25, 24, 21, 20; 27 is off
        ("1 business day after 2025-11-08", "", "2025-11-10", "2025-11-10"),  # from a Saturday: Monday is the first
        ("1 business day before 2025-11-09", "", "2025-11-07", "2025-11-07"),
        ("3 business days after 2025-09-26", "CN", "2025-09-30", "2025-09-30"),  # Sunday 28, 29, 30
        ("3 business days after 2025-09-26", "US CN", "2025-10-09", "2025-10-09"),  # 29, 30, then after 1 to 8 October
        ("2 business days after 2025-11-07T23:30-05:00[America/New_York]", "US", "2025-11-12", "2025-11-12"),
        ("2 business days after 2025-11-08T03:00Z", "US", "2025-11-12", "2025-11-12"),  # Friday there
        ("within 10 business days of 2025-11", "", "2025-11-01", "2025-12-12"),
        ("1 business day after 2025-11", "", "2025-11-03", "2025-12-01"),
        ("2 business days after talks", "US", "2025-11-12", "2025-11-14"),  # 7 to 12 November: 10, 12 and 13, 14
        ("2 business days after unset", "US", None, None),
        ("2 business days after open", "US", "2025-11-12", None),
    ],
)  # fmt: skip
def test_business_days_are_counted_from_the_first_after_the_base(
    text: str, calendars: str, first: str | None, last: str | None
) -> None:
    known = {
        "talks": bounds_of("between 2025-11-07 and 2025-11-12"),
        "unset": bounds_of("undated"),
        "open": bounds_of("2025-11-07/.."),
    }
    assert days(bounds_of(text, calendars, known=known)) == (first, last)


def test_the_result_is_a_whole_civil_day_in_the_zone_of_the_base() -> None:
    found = bounds_of("1 business day after 2025-11-07T12:00[Asia/Tokyo]")
    assert found.first == found.last == found.named == Day(date(2025, 11, 10), "Asia/Tokyo")


def test_the_basis_names_the_holidays_that_were_passed() -> None:
    found = bounds_of("10 business days after 2025-12-19", "US CN")
    assert found.explanation[0] == (
        "10 business days after Fri 19 Dec 2025 is Wed 7 Jan 2026, passing Thu 25 Dec 2025 (Christmas Day in US), "
        "Thu 1 Jan 2026 (New Year's Day in US and CN), Fri 2 Jan 2026 (Day off (substituted from 01/04/2026) in CN)"
    )


def test_of_many_holidays_the_basis_names_the_first() -> None:
    assert (
        bounds_of("300 business days after 2025-01-01", "US")
        .explanation[0]
        .endswith("(Independence Day in US), 8 more")
    )


@pytest.mark.parametrize(
    ("calendars", "said"),
    [
        ("", ("no calendar is stated: business days are Monday to Friday, without holidays",)),
        ("US", ()),
    ],
)
def test_where_nobody_states_a_calendar_that_is_said(calendars: str, said: tuple[str, ...]) -> None:
    assert bounds_of("P7D after 2025-11-03", calendars).assumptions == ()
    assert bounds_of("7 business days after 2025-11-03", calendars).assumptions == said


@pytest.mark.parametrize(
    ("text", "calendars", "roll", "first", "last"),
    [
        ("2026-01-01", "US", "following", "2026-01-02", "2026-01-02"),
        ("2026-01-31", "US", "none", "2026-01-31", "2026-01-31"),
        ("2026-01-31", "US", "following", "2026-02-02", "2026-02-02"),  # a Saturday at the end of its month
        ("2026-01-31", "US", "modified following", "2026-01-30", "2026-01-30"),
        ("2026-01-31", "US", "preceding", "2026-01-30", "2026-01-30"),
        ("2026-01-31", "", "preceding", "2026-01-30", "2026-01-30"),
        ("2026-01-24", "US", "modified following", "2026-01-26", "2026-01-26"),
        ("2025-10-01", "CN", "following", "2025-10-09", "2025-10-09"),
        ("2025-10-01", "CN", "preceding", "2025-09-30", "2025-09-30"),
        ("2026-02-14", "CN", "following", "2026-02-14", "2026-02-14"),  # a Saturday on which China works
        ("by 2026-01-31", "US", "following", None, "2026-02-02"),
        ("after 2026-01-31", "US", "following", "2026-02-01", None),
        ("undated", "US", "following", None, None),
        ("2026-01", "US", "following", "2026-01-01", "2026-02-02"),
        ("between 2026-01-28 and 2026-01-31", "US", "following", "2026-01-28", "2026-02-02"),
        ("between 2026-01-31 and 2026-02-01", "US", "preceding", "2026-01-30", "2026-01-30"),
        ("between 2026-01-31T09:00 and 2026-01-31T17:00", "US", "preceding", "2026-01-30", "2026-01-30"),
        ("earlier of (2026-01-31; 2026-03-01)", "US", "following", "2026-02-02", "2026-02-02"),
    ],
)
def test_the_last_day_is_rolled(text: str, calendars: str, roll: Roll, first: str | None, last: str | None) -> None:
    found = bounds_of(text, calendars, roll)
    assert days(found) == (first, last)
    assert found.last is None or found.named == found.last


def test_an_instant_keeps_its_wall_clock_when_it_is_rolled() -> None:
    found = bounds_of("2025-11-01T17:00", "US", "following")  # 21:00Z; on Monday the clocks have gone back: 22:00Z
    assert found.first == found.last == found.named == Instant(datetime.fromisoformat("2025-11-03T22:00Z"), NEW_YORK)


def test_the_basis_names_what_rolled_it() -> None:
    said = "rolled from Thu 1 Jan 2026 (New Year's Day in US) to Fri 2 Jan 2026"
    assert bounds_of("2026-01-01", "US", "following").explanation == (said, "Fri 2 Jan 2026")
    assert "(weekend) to Mon 2 Feb 2026" in bounds_of("2026-01-31", "", "following").explanation[0]


def test_whoever_hangs_on_it_sees_the_rolled_bounds() -> None:
    rolled = bounds_of("2026-01-31", "US", "following")
    assert days(bounds_of("P1D after x", known={"x": rolled})) == ("2026-02-03", "2026-02-03")


@pytest.mark.parametrize(
    "text",
    ["1 business day after 9999-12-31T12:00", "9999 business days before 0001-01-10", "9999 business days after 9990"],
)
def test_counting_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="leaves the years 1 to 9999"):
        bounds_of(text)


@pytest.mark.parametrize(
    ("deadline", "calendars", "at"),
    [
        ("2025-11-28", "US", "2025-11-20T05:00Z"),  # 26, 25, 24, 21, 20
        ("2025-11-28", "", "2025-11-21T05:00Z"),
        ("2025-11-28T12:00", "US", "2025-11-20T17:00Z"),
        ("after 2025-11-28", "US", "2025-11-20T05:00Z"),
        ("2025-11-04", "", "2025-10-28T04:00Z"),  # 3 Nov, 31, 30, 29, 28; in summer time
    ],
)
def test_a_lead_in_business_days_counts_back_from_the_named_day(deadline: str, calendars: str, at: str) -> None:
    rule = Rule(name="desk", cron="* * * * *", remind=Remind(before=("5 business days",)))
    (found,) = one_time_moments(rule, bounds_of(deadline, calendars), Cron("* * * * *", "UTC"))
    assert (found.kind, found.at, found.offset) == ("before", datetime.fromisoformat(at), "5 business days")


def test_a_change_of_calendars_alone_moves_nothing() -> None:
    one, other = bounds_of("2025-11-28", "US"), bounds_of("2025-11-28", "CN")
    assert (one.calendars, other.calendars) == (("US",), ("CN",))
    assert one.fingerprint == other.fingerprint


def test_bounds_without_calendars_are_stored_as_they_were_before_there_were_any() -> None:
    assert "calendars" not in bounds_of("2025-11-28").to_json()
    kept = bounds_of("2025-11-28", "US DE-BY")
    assert Bounds.from_json(kept.to_json()) == kept


CHINA = Party(key="cn", name="China", timezone="Asia/Shanghai", calendar="CN")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, ZoneChoice("UTC", "the default of the settings (assumed)")),
        ({"by": ("cn",)}, ZoneChoice("Asia/Shanghai", *["that of China, who owes it (assumed)"], ("CN",),
                                     "that of China, who owes it (assumed)")),
        ({"by": ("cn",), "timezone": "UTC", "calendars": ("US",), "roll": "preceding"},
         ZoneChoice("UTC", None, ("US",), None, "preceding")),
        ({"by": ("cn", "us")}, ZoneChoice("UTC", "the default of the settings (assumed)")),
        ({"by": ("cn",), "timezone": "UTC"}, ZoneChoice("UTC", None, ("CN",), "that of China, who owes it (assumed)")),
    ],
)  # fmt: skip
def test_calendars_are_the_commitments_else_its_one_obligors(stated: dict[str, object], expected: ZoneChoice) -> None:
    promise = Commitment(key="k", title="A promise", deadline="undated", **stated)  # type: ignore[arg-type]
    assert choose_zone(promise, {"cn": CHINA, "us": Party(key="us", name="US")}, "UTC") == expected


def test_an_assumed_calendar_is_said_like_an_assumed_zone() -> None:
    choice = ZoneChoice("UTC", None, ("CN",), "that of China, who owes it (assumed)")
    found = resolve(parse("1 business day after 2025-11-10"), choice, {})
    assert found.assumptions == ("calendar CN, that of China, who owes it (assumed)",)
