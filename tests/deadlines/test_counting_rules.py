"""How days are counted by a rule: the explanation names each day that is left out, and why."""

from __future__ import annotations

import pytest

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice


def bounds_of(text: str, calendars: str = "US") -> Bounds:
    return resolve(parse(text), ZoneChoice("UTC", calendars=tuple(calendars.split())), {})


@pytest.mark.parametrize(
    ("text", "explains"),
    [
        (
            "13 days after 2027-01-31 under FRCP 6",
            (("13 days after Sun 31 Jan 2027, counted by FRCP 6 (Federal Rules of Civil Procedure, rule 6(a)): "
             "Mon 1 Feb 2027 is day 1, Sat 13 Feb 2027 the last"),
             "Sat 13 Feb 2027 is no business day (weekend in US): it ends on Tue 16 Feb 2027",
             ("left out: Sun 31 Jan 2027 (the day of the event), Sat 13 Feb 2027 to Sun 14 Feb 2027 (weekend in US), "
             "Mon 15 Feb 2027 (Washington's Birthday in US)")),
        ),
        (
            "12 days after 2027-01-31 under FRCP 6 by mail",
            (("12 days after Sun 31 Jan 2027, counted by FRCP 6 by mail (Federal Rules of Civil Procedure, rules 6(a) "
             "and 6(d)): Mon 1 Feb 2027 is day 1, Fri 12 Feb 2027 the last"),
             "3 days are added: Mon 15 Feb 2027",
             "Mon 15 Feb 2027 is no business day (Washington's Birthday in US): it ends on Tue 16 Feb 2027",
             "left out: Sun 31 Jan 2027 (the day of the event), Mon 15 Feb 2027 (Washington's Birthday in US)"),
        ),
        (
            "2 days before 2027-05-17 under EU 1182/71",
            (("2 days before Mon 17 May 2027, counted by EU 1182/71 (Regulation (EEC, Euratom) No 1182/71, Article 3): "
             "Sun 16 May 2027 is day 1, Sat 15 May 2027 the last"),
             ("a period of two days or more has two business days, and these are none: Sat 15 May 2027 to Sun 16 May "
             "2027 (weekend in US). The second is Thu 13 May 2027"),
             "left out: Mon 17 May 2027 (the day of the event)"),
        ),
        (
            "1 clear day before 2027-05-14",
            (("1 day before Fri 14 May 2027, counted by clear days (Companies Act 2006, section 360): Thu 13 May 2027 "
             "is day 1, Thu 13 May 2027 the last"),
             "the days are clear ones, which lie between the two events: so this one is Wed 12 May 2027",
             "left out: Fri 14 May 2027 (the day of the event)"),
        ),
        (
            "3 days (CPR 2.8; served by 14:00) after 2027-01-29 15:00 UTC",
            ("served on Fri 29 Jan 2027 (at 15:00, after 14:00): counted from Mon 1 Feb 2027",
             ("3 days after Mon 1 Feb 2027, counted by CPR 2.8 (Civil Procedure Rules, rule 2.8): Tue 2 Feb 2027 is "
             "day 1, Thu 4 Feb 2027 the last"),
             ("left out: Fri 29 Jan 2027 (served too late on it), Sat 30 Jan 2027 to Sun 31 Jan 2027 (weekend in US), "
             "Mon 1 Feb 2027 (the day of the event)")),
        ),
        (
            "3 days (served by 14:00) after 2027-02-15",
            ("served on Mon 15 Feb 2027 (no business day: Washington's Birthday in US): counted from Tue 16 Feb 2027",
             "3 days after Tue 16 Feb 2027: Wed 17 Feb 2027 is day 1, Fri 19 Feb 2027 the last",
             "left out: Mon 15 Feb 2027 (Washington's Birthday in US), Tue 16 Feb 2027 (the day of the event)"),
        ),
        (
            "8 business hours (09:00-17:00) after 2027-02-12 15:00 UTC",
            ("8 business hours (09:00-17:00) after it is Tue 16 Feb 2027 15:00",
             ("left out: Sat 13 Feb 2027 to Sun 14 Feb 2027 (weekend in US), Mon 15 Feb 2027 (Washington's Birthday in "
             "US)")),
        ),
        (
            "30 business days after 2027-01-31 excluding 2027-02-03",
            ("30 business days after Sun 31 Jan 2027: Mon 1 Feb 2027 is day 1, Tue 16 Mar 2027 the last",
             ("left out: Sun 31 Jan 2027 (the day of the event), Wed 3 Feb 2027 (excluded), Mon 15 Feb 2027 "
             "(Washington's Birthday in US), the 6 weekends from Sat 6 Feb 2027 to Sun 14 Mar 2027")),
        ),
    ],
)  # fmt: skip
def test_the_explanation_names_each_day_that_is_left_out(text: str, explains: tuple[str, ...]) -> None:
    assert bounds_of(text).explanation[:-1] == explains


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("12 days after 2027-01-31 under FRCP 6", "2027-02-16"),  # 12 February: Lincoln's Birthday in New York
        ("14 days before 2027-02-26 under FRCP 6", "2027-02-12"),  # rule 6(a)(6)(C): only after an event
        ("11 days before 2027-02-26 under FRCP 6", "2027-02-12"),  # Monday 15 is off in the whole country
    ],
)
def test_a_holiday_of_a_state_counts_only_after_an_event(text: str, last: str) -> None:
    found = bounds_of(text, "US-NY").last
    assert found is not None
    assert str(found.date) == last
