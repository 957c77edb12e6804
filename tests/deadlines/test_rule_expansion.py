"""Rules that began long ago: what comes now is found without all that came before."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from itertools import islice

import pytest

from alerts.deadlines.rule_expansion import expand, expand_near

LONG_AGO = datetime(1, 1, 1)  # noqa: DTZ001  # wall-clock times, as all below
NOW = datetime(2026, 11, 28)  # noqa: DTZ001
TIMES = 20 if os.environ.get("SIMULATE") == "whole" else 6  # from each start
RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;INTERVAL=9999", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=DAILY;INTERVAL=2;BYDAY=MO,FR", "FREQ=DAILY;UNTIL=20100101", "FREQ=DAILY;COUNT=5000",
    "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=SU", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYSETPOS=1", "FREQ=WEEKLY;BYDAY=SU,MO;BYSETPOS=1;WKST=SU",
    "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=5", "FREQ=MONTHLY;INTERVAL=12", "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;INTERVAL=7;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=3", "FREQ=YEARLY;BYMONTHDAY=-1", "FREQ=YEARLY;BYMONTH=2,8",
    "FREQ=YEARLY;BYWEEKNO=1,53", "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO,TH,SU",
    "FREQ=YEARLY;BYWEEKNO=20;INTERVAL=3", "FREQ=YEARLY;BYYEARDAY=366;INTERVAL=2",
    "FREQ=YEARLY;BYDAY=1MO,-1SU", "FREQ=YEARLY;INTERVAL=100",
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_what_comes_from_a_time_on_is_what_counting_from_the_start_gives(rule: str) -> None:
    chosen = random.Random(rule)
    for month, day in ((1, 1), (1, 29), (1, 31), (2, 29), (3, 30), (12, 31)):
        start = datetime(1952, month, day, 9)  # noqa: DTZ001
        for _ in range(TIMES):
            since = start + timedelta(minutes=chosen.randrange(-1000, 60 * 24 * 365 * 99))
            near = islice(expand_near(rule, start, None, since).times(since), 6)
            assert list(near) == list(islice(expand(rule, start, None).times(since), 6)), (start, since)


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY;BYDAY=MO,TU,WE", "FREQ=YEARLY;BYDAY=MO,TU"]
)
def test_of_two_thousand_years_twenty_at_most_are_expanded(rule: str) -> None:
    """All of them took seconds of each who previewed `every day from 0001-01-01`."""
    first = next(expand_near(rule, LONG_AGO, None, NOW).times(LONG_AGO))
    assert NOW - first < timedelta(days=20 * 366)
