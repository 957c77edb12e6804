"""A deadline as people read it, which reads back as the same deadline."""

from __future__ import annotations

import pytest
from hypothesis import given

from alerts.deadlines.expressions import Deadline, Every
from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_text import deadline_in_words
from tests.deadlines.test_grammar_properties import DEADLINES, thorough


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ("2025-11-10", "2025-11-10"),
        ("by P30D after summit", "by 30 days after summit"),
        ("within P6M of 2025-10-28", "within 6 months of 2025-10-28"),
        ("between P2M before x and P1M before x", "between 2 months before x and 1 month before x"),
        ("between P1DT1S after x and y", "between 1 day and 1 second after x and y"),
        ("P1Y2M after P14D (FRCP 6) after P7D", "1 year and 2 months after 14 days (FRCP 6) after P7D"),
        ("earlier of (P7D after x; 2025)", "earlier of (7 days after x; 2025)"),
        ("every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30 except 2025-12-31",
         "every month on the last day, from 2025-11-30 except 2025-12-31"),
        ("every FREQ=YEARLY;BYMONTH=1,4,7,10 on the 3rd business day from 2027-01-01",
         "every quarter on the third business day, from 2027-01-01"),
        ("no deadline at all!", "no deadline at all!"),
    ],
)  # fmt: skip
def test_durations_and_rules_are_words(stored: str, words: str) -> None:
    assert deadline_in_words(stored) == words
    if not stored.endswith(("P7D", "!")):
        assert str(parse(words)) == stored


@thorough(150)
@given(DEADLINES)
def test_what_people_read_means_the_same(deadline: Deadline) -> None:
    if not isinstance(deadline, Every):  # of what recurs, some rules have no words that are read
        assert parse(deadline_in_words(str(deadline))) == deadline
