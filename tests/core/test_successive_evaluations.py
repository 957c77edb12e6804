"""It makes no difference to what is said when ticks come: what is late is said or recorded, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.core.reminders import MERGEABLE_KINDS
from alerts.core.rules import Overdue, Remind

Follow = Callable[..., Any]
LOADED, END = "2025-10-28T16:00Z", "2025-12-06T00:00Z"
START = datetime.fromisoformat(LOADED)
MINUTES = 38 * 24 * 60

DEADLINES = st.sampled_from(
    """2025-11-10|2025-11-09|2025-11-10T00:01|2025-11-03T08:59|2025-11-08 AoE|2025-10-01|2025-10-28|by 2025-11-15
    |after 2025-11-10|after 2025-10-20|after 2025-11-12T17:00Z|until 2025-11-02|between 2025-11-01 and 2025-11-16
    |between 2025-11-15 and 2025-11-17|within P1M of 2025-10-28|undated|undated (tbd)|by 2025-11-02T01:30""".replace(
        "\n    ", ""
    ).split("|")
)
LEADS = st.lists(st.sampled_from("P30D P7D P5D P1D PT3H PT36H".split()), unique=True, max_size=4).map(tuple)
OVERDUE = st.none() | st.builds(
    Overdue,
    after=st.sampled_from(["P0D", "P3D"]),
    every=st.sampled_from(["P1D", "PT12H", "P2D"]),
    at_most=st.sampled_from([None, 1, 3]),
    then=st.just("P7D"),
)
FLAGS = st.booleans()
REMINDS = st.builds(
    Remind,
    before=LEADS,
    on_the_day=FLAGS,
    opens=FLAGS,
    overdue=OVERDUE,
    moved=st.just(True),
    review=st.sampled_from([None, "P1D", "P7D"]),
    closed=st.just(True),
)
CRONS = st.sampled_from(["0 9 * * mon-fri", "0 9 * * *", "30 1 * * *", "0 * * * *", "0 9 * * fri", "0 18 1,15 * *"])
ZONES = st.sampled_from([None, "America/New_York", "Asia/Tokyo"])
LATE = st.lists(st.integers(0, MINUTES), max_size=12, unique=True).map(sorted)


def keys(words: list[Any]) -> list[tuple[str, datetime]]:
    return [(word.kind, word.moment) for word in words]


@settings(max_examples=80, deadline=None)
@given(deadline=DEADLINES, remind=REMINDS, cron=CRONS, zone=ZONES, late=LATE)
def test_whenever_ticks_come_nothing_is_lost_and_nothing_is_said_twice(
    follow: Follow, *, deadline: str, remind: Remind, cron: str, zone: str | None, late: list[int]
) -> None:
    def track() -> Any:
        return follow(deadline, LOADED, desk=remind, cron=cron, zone=zone)

    prompt = track()
    prompt.until(END)
    tardy = track().ticks(START + timedelta(minutes=minute) for minute in [*late, MINUTES])
    tardy.until(END)
    assert set(keys(tardy.reminders + tardy.skipped)) == set(keys(prompt.reminders + prompt.skipped))
    assert set(keys(tardy.reminders)) <= set(keys(prompt.reminders))
    assert all(times == 1 for times in Counter(keys(tardy.reminders)).values())
    assert all(word.kind in MERGEABLE_KINDS or word.catching_up for word in tardy.skipped)


@settings(max_examples=25, deadline=None)
@given(DEADLINES, REMINDS, CRONS)
def test_a_tick_every_hour_says_what_a_tick_at_every_firing_says(
    follow: Follow, deadline: str, remind: Remind, cron: str
) -> None:
    prompt, hourly = (follow(deadline, LOADED, desk=remind, cron=cron) for _ in range(2))
    prompt.until(END)
    hourly.every(timedelta(hours=1), "2025-10-28T16:59Z", "2025-12-05T23:59Z")
    assert keys(hourly.reminders) == keys(prompt.reminders)
    assert [word.id for word in hourly.reminders] == [word.id for word in prompt.reminders]


@settings(max_examples=60, deadline=None)
@given(deadline=DEADLINES, other=DEADLINES, remind=REMINDS, late=LATE, moved=st.integers(0, MINUTES))
def test_a_move_is_told_whenever_ticks_come(
    follow: Follow, *, deadline: str, other: str, remind: Remind, late: list[int], moved: int
) -> None:
    found, when = follow(deadline, LOADED, desk=remind), START + timedelta(minutes=moved)
    found.tick(START)
    found.ticks(START + timedelta(minutes=minute) for minute in late if minute < moved)
    found.move(other, when.isoformat())
    found.ticks(START + timedelta(minutes=minute) for minute in late if minute >= moved)
    found.until(END)
    same = found.tracked.bounds.fingerprint == follow(deadline).tracked.bounds.fingerprint
    assert [word.kind for word in found.reminders].count("moved") == (0 if same else 1)
    assert all(times == 1 for times in Counter(word.id for word in found.reminders).values())


@settings(max_examples=40, deadline=None)
@given(DEADLINES, REMINDS, CRONS, LATE)
def test_a_clock_that_jumps_about_never_makes_anything_be_said_twice(
    follow: Follow, deadline: str, remind: Remind, cron: str, times: list[int]
) -> None:
    found = follow(deadline, LOADED, desk=remind, cron=cron)
    forth_and_back = [minute for one in times for minute in (one, max(0, one - 2 * 24 * 60))]
    found.ticks(START + timedelta(minutes=minute) for minute in forth_and_back)
    found.until(END)
    assert all(count == 1 for count in Counter(word.id for word in found.reminders).values())
