"""What is foretold for a span is what is foretold for its parts, one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.core.forecast import forecast_reminders
from alerts.core.reminders import Reminder
from tests.core.conftest import DESK, NEW_YORK, WEEKDAYS, Followed
from tests.deadlines.test_grammar_properties import thorough

START = datetime(2025, 10, 28, 16, tzinfo=UTC)
DEADLINES = st.sampled_from(
    [
        "2025-11-10", "2025-11-10T00:01", "after 2025-11-10", "by 2025-12-01", "2025-12", "2025-10-01", "undated",
        "between 2025-11-28 and 2025-12-28", "earlier of (2025-12-01; after 2025-11-10)",
        "10 business days after 2025-11-10",
        "every FREQ=WEEKLY from 2025-11-03", "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-01-31",
        "every FREQ=DAILY;COUNT=5 from 2025-11-10T09:00", "every FREQ=DAILY;INTERVAL=3 from 2025-11-01",
    ]
)  # fmt: skip
CRONS = st.sampled_from([WEEKDAYS, "0 * * * *", "30 6 1 * *", "15 9 * * mon"])
CUTS = st.lists(st.integers(1, 120 * 24), min_size=1, max_size=3, unique=True).map(sorted)
END = START + timedelta(days=121)


def words(followed: Followed, until: datetime) -> list[Reminder]:
    """What is foretold from where all its watches stand."""
    name = followed.rule.name
    found = forecast_reminders(
        [(followed.watch, followed.tracked)], {name: followed.rule}, {name: followed.cron}, until
    )
    return [word.reminder for word in found]


@thorough(25)
@given(DEADLINES, CRONS, CUTS)
def test_the_plan_of_a_span_is_that_of_its_parts(deadline: str, cron: str, cuts: list[int]) -> None:
    followed = Followed(deadline, DESK, START.isoformat(), cron, NEW_YORK)
    whole = words(followed, END)
    for end in (*(START + timedelta(hours=hours) for hours in cuts), END):
        assert words(followed, end) == [word for word in whole if word.send_at < end]
