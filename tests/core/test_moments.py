"""When each moment of a rule goes out, on a weekday cron at nine in New York. Written out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.core.commitments import Commitment
from alerts.core.rules import Overdue, Remind, Rule
from alerts.core.schedule.moments import Moment, RepeatingMoments, one_time_moments, repeating_moments
from alerts.core.tracked import Tracked
from alerts.cron import Cron
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice

NEW_YORK = "America/New_York"
DESK = Cron("0 9 * * mon-fri", NEW_YORK)
RECORDED = datetime(2025, 10, 28, 16, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def bounds_of(deadline: str, zone: str | None = NEW_YORK) -> Bounds:
    return resolve(parse(deadline), ZoneChoice(zone), {})


def rule_of(**remind: object) -> Rule:
    return Rule(name="desk", cron="0 9 * * mon-fri", timezone=NEW_YORK, remind=Remind(**remind))  # type: ignore[arg-type]


def line(moment: Moment) -> str:
    name = f"{moment.kind} {moment.offset}" if moment.offset else moment.kind
    return f"{name}: {moment.at:%d %H:%M} at {moment.send_at:%a %d %H:%M}{' early' * moment.early}"


@pytest.mark.parametrize(
    ("deadline", "zone", "expected"),
    [
        ("2025-11-13", NEW_YORK, ["before P1D: 12 05:00 at Wed 12 14:00", "on_the_day: 13 05:00 at Thu 13 14:00"]),
        ("2025-11-13", None, ["before P1D: 12 00:00 at Wed 12 14:00", "on_the_day: 13 00:00 at Thu 13 14:00"]),
        ("2025-11-13 AoE", NEW_YORK, ["before P1D: 12 12:00 at Wed 12 14:00", "on_the_day: 13 12:00 at Thu 13 14:00"]),
        # in Tokyo that Monday begins on Sunday afternoon in New York: the day before is warned of on Friday
        (
            "2025-11-10",
            "Asia/Tokyo",
            ["before P1D: 08 15:00 at Fri 07 14:00 early", "on_the_day: 09 15:00 at Mon 10 14:00"],
        ),
        (
            "2025-11-10",
            NEW_YORK,
            ["before P1D: 09 05:00 at Fri 07 14:00 early", "on_the_day: 10 05:00 at Mon 10 14:00"],
        ),
        (
            "2025-11-09",
            NEW_YORK,
            ["before P1D: 08 05:00 at Fri 07 14:00 early", "on_the_day: 09 05:00 at Fri 07 14:00 early"],
        ),
        (
            "2025-11-10T00:01",
            NEW_YORK,
            ["before P1D: 09 05:01 at Fri 07 14:00 early", "on_the_day: 10 05:00 at Fri 07 14:00 early"],
        ),
        (
            "2025-11-13T12:01",
            NEW_YORK,
            ["before P1D: 12 17:01 at Wed 12 14:00 early", "on_the_day: 13 05:00 at Thu 13 14:00"],
        ),
        (
            "after 2025-11-12",
            NEW_YORK,
            [
                "before P1D: 11 05:00 at Tue 11 14:00",
                "on_the_day: 12 05:00 at Wed 12 14:00",
                "opens: 13 05:00 at Thu 13 14:00",
            ],
        ),
        (
            "after 2025-11-12T17:00Z",
            NEW_YORK,
            ["before P1D: 11 17:00 at Tue 11 14:00 early", "opens: 12 17:00 at Thu 13 14:00"],
        ),
        (
            "between 2025-11-15 and 2025-11-19",
            NEW_YORK,
            [
                "before P1D: 18 05:00 at Tue 18 14:00",
                "on_the_day: 19 05:00 at Wed 19 14:00",
                "opens: 15 05:00 at Mon 17 14:00",
            ],
        ),
        ("by 2025-11-13", NEW_YORK, ["before P1D: 12 05:00 at Wed 12 14:00", "on_the_day: 13 05:00 at Thu 13 14:00"]),
        ("undated", NEW_YORK, []),
    ],
)
def test_a_moment_goes_out_at_the_next_firing_or_early_where_that_is_too_late(
    deadline: str, zone: str | None, expected: list[str]
) -> None:
    rule = rule_of(before=("P1D",), on_the_day=True, opens=True)
    assert [line(moment) for moment in one_time_moments(rule, bounds_of(deadline, zone), DESK)] == expected


def test_a_lead_is_civil_across_the_change_of_the_clocks_and_hours_are_exact() -> None:
    rule = rule_of(before=("P7D", "PT168H"))  # the clocks go back on 2 November
    found = one_time_moments(rule, bounds_of("2025-11-05"), Cron("* * * * *", "UTC"))
    assert [moment.at for moment in found] == [at("2025-10-29T04:00Z"), at("2025-10-29T05:00Z")]


def test_hours_before_an_instant_are_in_time_on_the_day_itself() -> None:
    found = one_time_moments(rule_of(before=("PT3H",)), bounds_of("2025-11-13T13:00"), DESK)
    assert [line(moment) for moment in found] == ["before PT3H: 13 15:00 at Thu 13 14:00 early"]


def test_a_lead_that_begins_before_the_year_1_has_no_moment() -> None:
    assert one_time_moments(rule_of(before=("P9000Y",)), bounds_of("2025-11-10"), DESK) == []


def repeats(deadline: str, *, review_every: str | None = None, **remind: object) -> RepeatingMoments:
    promise = Commitment(key="k", title="A promise", deadline=deadline, review_every=review_every)
    tracked = Tracked(id=1, commitment=promise, bounds=bounds_of(deadline), bounds_version=1, recorded_at=RECORDED)
    found = repeating_moments(rule_of(**remind), tracked, DESK)
    assert found is not None
    return found


def first(count: int, found: RepeatingMoments) -> list[str]:
    return [
        f"{moment.offset}: {moment.send_at:%a %d %b}"
        for moment, _ in zip(found.after(None), range(count), strict=False)
    ]


@pytest.mark.parametrize(
    ("overdue", "expected"),
    [
        (
            Overdue(every="P1D", at_most=2, then="P7D"),
            "P0D: Thu 13 Nov, P1D: Fri 14 Nov, P8D: Fri 21 Nov, P15D: Fri 28 Nov",
        ),
        (
            Overdue(every="P1D", at_most=1, then="P7D"),
            "P0D: Thu 13 Nov, P7D: Thu 20 Nov, P14D: Thu 27 Nov, P21D: Thu 04 Dec",
        ),
        (Overdue(after="P1D", at_most=None), "P1D: Fri 14 Nov, P2D: Mon 17 Nov, P3D: Mon 17 Nov, P4D: Mon 17 Nov"),
        (Overdue(every="P1M", at_most=None), "P0D: Thu 13 Nov, P1M: Mon 15 Dec, P2M: Tue 13 Jan, P3M: Fri 13 Feb"),
    ],
)
def test_overdue_repeats_every_so_often_and_then_slower_for_ever(overdue: Overdue, expected: str) -> None:
    assert ", ".join(first(4, repeats("2025-11-12", overdue=overdue))) == expected


@pytest.mark.parametrize(
    ("deadline", "review_every", "expected"),
    [
        ("undated", None, ["P14D: Wed 12 Nov", "P28D: Wed 26 Nov"]),  # from 28 October 12:00 New York on
        ("undated (none)", "P7D", ["P7D: Wed 05 Nov", "P14D: Wed 12 Nov"]),
        ("after 2025-11-10", None, ["P14D: Tue 25 Nov", "P28D: Tue 09 Dec"]),  # from the opening on
    ],
)
def test_reviews_count_from_the_opening_else_from_when_it_was_recorded(
    deadline: str, review_every: str | None, expected: list[str]
) -> None:
    assert first(2, repeats(deadline, review_every=review_every, review="P14D", overdue=Overdue())) == expected


def test_what_has_no_latest_is_never_overdue_and_what_has_one_is_not_reviewed() -> None:
    assert repeats("after 2025-11-10", review="P14D", overdue=Overdue()).kind == "review"
    assert repeats("by 2025-11-10", review="P14D", overdue=Overdue()).kind == "overdue"


SERIES = st.builds(
    repeats,
    st.sampled_from(["2025-11-12", "2025-01-31", "2025-03-08T07:30Z", "by 2025-10-31 AoE"]),
    overdue=st.builds(
        Overdue,
        after=st.sampled_from(["P0D", "P3D", "PT36H"]),
        every=st.sampled_from(["P1D", "PT12H", "P1M"]),
        at_most=st.sampled_from([None, 1, 3]),
        then=st.sampled_from(["P7D", "P1M"]),
    ),
)


@settings(max_examples=40, deadline=None)
@given(SERIES, st.integers(0, 60 * 24 * 90).map(lambda minutes: RECORDED + timedelta(minutes=minutes)))
def test_what_has_gone_out_and_what_is_to_come_are_all_there_is(found: RepeatingMoments, now: datetime) -> None:
    everything = found.after(None)
    gone = list(takewhile(lambda moment: moment.send_at <= now, everything))
    assert found.last_due_by(now) == (gone[-1] if gone else None)
    assert [moment.at for moment in gone] == sorted(moment.at for moment in gone)
    assert all(moment.send_at > now for moment in islice(found.due_after(now), 2))
    assert len(list(takewhile(lambda moment: moment.send_at <= now, found.due_after(RECORDED)))) == sum(
        moment.send_at > RECORDED for moment in gone
    )
