"""Which days are business days. Each was looked up in what the country or market itself has published."""

from __future__ import annotations

from datetime import date

import pytest
from holidays.version import __version__ as release

from alerts.deadlines.business_days import BusinessCalendar, check_calendar, check_roll, supported_calendars
from alerts.deadlines.errors import InputError

DECREED = f"are not published in holidays {release}: its fixed holidays and weekends only (provisional)"
UNKNOWN = f"are not published in holidays {release}: weekends only (provisional)"


@pytest.mark.parametrize(
    ("calendars", "day", "why"),
    [
        ("", "2025-11-11", None),
        ("", "2025-11-08", "weekend"),
        ("US", "2025-11-11", "Veterans Day in US"),
        ("US", "2025-11-08", "weekend in US"),
        ("US", "2021-12-31", "New Year's Day (observed) in US"),  # 1 January 2022 was a Saturday
        ("CN", "2025-10-01", "National Day in CN"),
        ("CN", "2025-10-08", "Day off (substituted from 10/11/2025) in CN"),
        ("CN", "2025-09-28", None),  # Sundays and Saturdays that were made up for the holidays beside them
        ("CN", "2025-10-11", None),
        ("CN", "2026-02-14", None),
        ("CN", "2026-10-10", None),
        ("CN", "2025-10-12", "weekend in CN"),
        ("CN US", "2025-10-11", "weekend in US"),
        ("US CN", "2025-10-01", "National Day in CN"),
        ("US CN", "2025-11-08", "weekend in US and CN"),
        ("US CN", "2026-01-01", "New Year's Day in US and CN"),
        ("DE", "2026-01-06", None),
        ("DE-BY", "2026-01-06", "Epiphany in DE-BY"),
        ("US", "2026-04-03", None),
        ("XNYS", "2026-04-03", "Good Friday in XNYS"),
        ("NYSE", "2026-04-03", "Good Friday in NYSE"),
        ("XECB", "2026-05-01", "Labour Day in XECB"),
        ("SA", "2025-11-07", "weekend in SA"),  # Friday and Saturday
        ("SA", "2025-11-09", None),
    ],
)
def test_a_day_is_off_or_not_and_why(calendars: str, day: str, why: str | None) -> None:
    assert BusinessCalendar(tuple(calendars.split())).why_off(date.fromisoformat(day)) == why


@pytest.mark.parametrize(
    ("calendars", "day", "said"),
    [
        ("US", "2027-06-01", []),
        ("CN", "2026-12-31", []),
        ("CN", "2027-01-04", [f"the holidays of CN in 2027 {DECREED}"]),
        ("XSHG US", "2027-01-04", [f"the holidays of XSHG in 2027 {DECREED}"]),
        ("US CN", "1900-01-02", [f"the holidays of CN in 1900 {UNKNOWN}"]),
        ("AE", "2027-03-08", ["Eid al-Fitr (estimated) of AE in 2027 may fall a day earlier or later (provisional)"]),
        ("AE", "2027-03-15", []),
    ],
)  # fmt: skip
def test_what_is_not_published_or_only_estimated_is_said_where_it_is_touched(
    calendars: str, day: str, said: list[str]
) -> None:
    asked = BusinessCalendar(tuple(calendars.split()))
    asked.why_off(date.fromisoformat(day))
    assert asked.provisional == said


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("us", "a country such as US, a part of one such as DE-BY, or a market such as XNYS; did you mean 'US'?"),
        ("NYS", "did you mean 'XNYS'?"),
        ("DE-by", "DE is known, but no such part of it; did you mean 'BY'?"),
        ("DE-", "DE is known, but no such part of it"),
        ("", "expected a country"),
        ("US\0", "expected a country"),
    ],
)  # fmt: skip
def test_a_calendar_that_there_is_not_is_refused(code: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        check_calendar(code)
    assert str(caught.value).startswith(f"unknown calendar {code!r}: ")
    assert says in str(caught.value)


def test_a_calendar_that_the_library_has_lost_is_refused_where_it_decides_and_loses_no_lead() -> None:
    with pytest.raises(InputError, match="unknown calendar 'XXXX'"):
        BusinessCalendar(("XXXX",)).why_off(date(2025, 11, 10))
    assert supported_calendars(("US", "XXXX", "DE-BY", "XECB")) == ("US", "DE-BY", "XECB")


def test_a_roll_that_there_is_not_is_refused() -> None:
    assert check_roll("modified following") == "modified following"
    with pytest.raises(InputError, match="no such roll as 'precedng'; did you mean 'preceding'"):
        check_roll("precedng")


def test_names_are_in_english_whatever_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    assert BusinessCalendar(("AT",)).why_off(date(2025, 12, 25)) == "Christmas Day in AT"
