"""Where calendars and clocks trap. Each expected instant was worked out by hand; the comment beside it says how."""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.core.dependency_order import dependency_order
from alerts.core.rules import Remind, Rule
from alerts.core.schedule.moments import one_time_moments
from alerts.cron import Cron
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from tests.core.conftest import Follow, line

NEW_YORK, APIA, LORD_HOWE = "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"
CASABLANCA, CAIRO, BEIRUT, SAO_PAULO = "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "America/Sao_Paulo"


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def bounds_of(text: str, zone: str | None, known: dict[str, Bounds] | None = None) -> Bounds:
    return resolve(parse(text), ZoneChoice(zone), known or {})


@pytest.mark.parametrize(
    ("text", "zone", "earliest", "latest"),
    [
        # months have ends
        ("P1Y after 2024-02-29", "UTC", "2025-02-28T00:00Z", "2025-03-01T00:00Z"),  # no 29 February 2025
        ("P4Y after 2024-02-29", "UTC", "2028-02-29T00:00Z", "2028-03-01T00:00Z"),
        ("P1Y before 2024-02-29", "UTC", "2023-02-28T00:00Z", "2023-03-01T00:00Z"),
        ("P1M after 2025-01-31", "UTC", "2025-02-28T00:00Z", "2025-03-01T00:00Z"),
        ("P1M after 2025-01-30", "UTC", "2025-02-28T00:00Z", "2025-03-01T00:00Z"),  # a whole day, not an empty window
        ("within P1M of 2025-01-31", "UTC", "2025-01-31T00:00Z", "2025-03-01T00:00Z"),
        ("P1M before 2025-03-31", "UTC", "2025-02-28T00:00Z", "2025-03-01T00:00Z"),
        # Samoa was at UTC-10 up to the end of 29 December 2011, then at UTC+14: 10:00Z on the 30th, both times
        ("2011-12-29", APIA, "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        ("2011-12-30", APIA, "2011-12-30T10:00Z", "2011-12-30T10:00Z"),  # no such day: it is over as it begins
        ("P1D after 2011-12-29", APIA, "2011-12-30T10:00Z", "2011-12-30T10:00Z"),
        ("P2D after 2011-12-29", APIA, "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
        ("by 2011-12-30", APIA, None, "2011-12-30T10:00Z"),
        ("between 2011-12-29 and 2011-12-31", APIA, "2011-12-29T10:00Z", "2011-12-31T10:00Z"),
        ("2011-12-30T12:00", APIA, "2011-12-30T22:00Z", "2011-12-30T22:00Z"),  # moved by 24 h: 31st 12:00 at UTC+14
        ("P1D after 2011-12-29T12:00", APIA, "2011-12-30T22:00Z", "2011-12-30T22:00Z"),
        ("PT24H after 2011-12-29T12:00", APIA, "2011-12-30T22:00Z", "2011-12-30T22:00Z"),  # 22:00Z + 24 h: the same
        # Lord Howe: +10:30 up to 5 October 2025 02:00, then +11: half an hour is left out
        ("2025-10-05", LORD_HOWE, "2025-10-04T13:30Z", "2025-10-05T13:00Z"),
        ("2025-10-05T02:15", LORD_HOWE, "2025-10-04T15:45Z", "2025-10-04T15:45Z"),  # 02:15 at +10:30, that is 02:45
        ("P1D after 2025-10-04T02:15", LORD_HOWE, "2025-10-04T15:45Z", "2025-10-04T15:45Z"),
        ("PT24H after 2025-10-04T12:00", LORD_HOWE, "2025-10-05T01:30Z", "2025-10-05T01:30Z"),  # 12:30 there
        ("P1D after 2025-10-04T12:00", LORD_HOWE, "2025-10-05T01:00Z", "2025-10-05T01:00Z"),  # 12:00 at +11
        ("2025-04-06T01:45", LORD_HOWE, "2025-04-05T14:45Z", "2025-04-05T14:45Z"),  # twice: the first, at +11
        # Casablanca is at +1 and goes to 0 for Ramadan: on 23 February 2025 at 03:00, back on 6 April at 02:00
        ("2025-02-23", CASABLANCA, "2025-02-22T23:00Z", "2025-02-24T00:00Z"),
        ("2025-04-06", CASABLANCA, "2025-04-06T00:00Z", "2025-04-06T23:00Z"),
        ("2025-04-06T02:30", CASABLANCA, "2025-04-06T02:30Z", "2025-04-06T02:30Z"),  # in the gap: 03:30 at +1
        ("P1D after 2025-02-22T12:00", CASABLANCA, "2025-02-23T12:00Z", "2025-02-23T12:00Z"),
        # midnights that do not exist: the clocks went from 00:00 to 01:00, so the day begins at 01:00 there
        ("2023-04-28", CAIRO, "2023-04-27T22:00Z", "2023-04-28T21:00Z"),  # 01:00 at +3 is 22:00Z
        ("2023-04-28T00:00", CAIRO, "2023-04-27T22:00Z", "2023-04-27T22:00Z"),
        ("by 2023-04-27", CAIRO, None, "2023-04-27T22:00Z"),
        ("2022-03-27", BEIRUT, "2022-03-26T22:00Z", "2022-03-27T21:00Z"),
        ("after 2022-03-26", BEIRUT, "2022-03-26T22:00Z", None),
        ("2018-11-04", SAO_PAULO, "2018-11-04T03:00Z", "2018-11-05T02:00Z"),  # 01:00 at -2 is 03:00Z
        ("2018-11", SAO_PAULO, "2018-11-01T03:00Z", "2018-12-01T02:00Z"),
        ("P1D after 2018-11-03T00:30", SAO_PAULO, "2018-11-04T03:30Z", "2018-11-04T03:30Z"),  # 00:30 at -3: 01:30
        # the ends of the calendar
        ("0001-01-01", "UTC", "0001-01-01T00:00Z", "0001-01-02T00:00Z"),
        ("0001-01-01", NEW_YORK, "0001-01-01T04:56:02Z", "0001-01-02T04:56:02Z"),  # local mean time: -4:56:02
        ("0001", "UTC", "0001-01-01T00:00Z", "0002-01-01T00:00Z"),
        ("by 0001-01", "UTC", None, "0001-02-01T00:00Z"),
        ("9999-12-30", "UTC", "9999-12-30T00:00Z", "9999-12-31T00:00Z"),
        ("9999-11", "UTC", "9999-11-01T00:00Z", "9999-12-01T00:00Z"),
        ("2025/9999-12-30", "UTC", "2025-01-01T00:00Z", "9999-12-31T00:00Z"),
        ("9999-12-31/..", "UTC", "9999-12-31T00:00Z", None),
        ("9999-12-31T23:59:59Z", "UTC", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)  # fmt: skip
def test_bounds_where_the_calendar_or_the_clock_traps(
    text: str, zone: str | None, earliest: str | None, latest: str | None
) -> None:
    found = bounds_of(text, zone)
    assert (found.earliest, found.latest) == (at(earliest), at(latest))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("9999-12-31", "UTC"), ("9999-12-31", "Asia/Tokyo"), ("9999", "UTC"), ("9999-12", NEW_YORK),
        ("after 9999-12", "UTC"),
        ("9999-12-31T23:59-05:00", None), ("9999-12-31T20:00", NEW_YORK), ("P1D after 9999-12-31", "UTC"),
        ("0001-01-01", None), ("0001", "Asia/Tokyo"), ("P1D before 0001-01-01", "UTC"), ("0001-01-01/..", None),
        ("0001-01-01T00:00+00:01", None), ("earlier of (2025; 9999-12-31)", "UTC"), ("between 2025 and 9999", "UTC"),
    ],
)  # fmt: skip
def test_what_leaves_the_years_1_to_9999_is_refused(text: str, zone: str | None) -> None:
    with pytest.raises(InputError, match="leaves the years 1 to 9999"):
        bounds_of(text, zone)


@pytest.mark.parametrize(
    ("deadline", "zone", "lead", "moment"),
    [
        ("2011-12-31", APIA, "P1D", "2011-12-30T10:00Z"),  # the day before was left out: it starts when this one does
        ("2011-12-31", APIA, "P2D", "2011-12-29T10:00Z"),
        ("2025-10-06T12:00", LORD_HOWE, "P1D", "2025-10-05T01:00Z"),
        ("2025-10-06T12:00", LORD_HOWE, "PT24H", "2025-10-05T01:00Z"),
        ("2025-10-05T12:00", LORD_HOWE, "PT24H", "2025-10-04T01:00Z"),  # 11:30 there, at +10:30
        ("2023-04-29", CAIRO, "P1D", "2023-04-27T22:00Z"),
        ("2018-11-05T00:30", SAO_PAULO, "P1D", "2018-11-04T03:30Z"),
        ("2025-02-24", CASABLANCA, "P1D", "2025-02-22T23:00Z"),
        ("2025-11-10", NEW_YORK, "P7D", "2025-11-03T05:00Z"),
        ("2025-11-05", NEW_YORK, "P7D", "2025-10-29T04:00Z"),  # still summer time
    ],
)
def test_leads_where_the_clock_traps(deadline: str, zone: str, lead: str, moment: str) -> None:
    rule = Rule(name="desk", cron="* * * * *", remind=Remind(before=(lead,)))
    (found,) = one_time_moments(rule, bounds_of(deadline, zone), Cron("* * * * *", "UTC"))
    assert found.at == at(moment)


def test_a_chain_of_twenty_references_ends_twenty_days_on() -> None:
    known = {"d0": bounds_of("2025-11-10", "UTC")}
    for number in range(20):
        known[f"d{number + 1}"] = bounds_of(f"P1D after d{number}", None, known)
    assert known["d20"].latest == at("2025-12-01T00:00Z")  # the end of 30 November


def test_commitments_that_hang_on_each_other_are_refused_with_the_circle() -> None:
    with pytest.raises(InputError, match="a → b → c → a"):
        dependency_order({"a": ["b"], "b": ["c"], "c": ["a"]})


def test_after_an_event_without_a_date_nothing_is_known() -> None:
    found = bounds_of("after talks", "UTC", {"talks": bounds_of("undated (tbd)", "UTC")})
    assert (found.earliest, found.latest, found.named) == (None, None, None)
    assert found.explanation == ("talks has no date itself, so nothing follows from it yet",)


@pytest.mark.parametrize(
    ("deadline", "said"),
    [
        # Monday 00:01 in New York: no firing of that day comes before it, so Friday at nine is the last
        ("2025-11-10T00:01", ["before P1D Fri 7 Nov 14:00 early", "on_the_day Fri 7 Nov 14:00 early"]),
        # a Sunday: likewise
        ("2025-11-09", ["before P1D Fri 7 Nov 14:00 early", "on_the_day Fri 7 Nov 14:00 early"]),
        ("2025-11-08", ["before P1D Fri 7 Nov 14:00", "on_the_day Fri 7 Nov 14:00 early"]),
    ],
)
def test_no_warning_is_swallowed_by_a_weekend(follow: Follow, deadline: str, said: list[str]) -> None:
    found = follow(deadline, before=("P1D",), overdue=None, opens=False)
    found.until("2025-11-12T00:00Z")
    assert sorted(line(word) for word in (*found.reminders, *found.skipped)) == said


def test_hours_count_from_where_the_days_have_led() -> None:
    # The clock of Beirut went from 00:00 to 01:00 on 31 March 2019. Two days before is 29 March, which has a midnight:
    # 22:00Z on the 28th; six hours before that is 16:00Z, and not an hour later because another day began at 01:00.
    found = resolve(parse("P2DT6H before 2019-03-31"), ZoneChoice(BEIRUT), {})
    assert found.latest == at("2019-03-28T16:00Z")
