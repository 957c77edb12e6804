"""What is said of a commitment over time, on a weekday cron at nine in New York. Written out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.core.rules import Overdue

Follow = Callable[..., Any]
CAUGHT_UP = "before P30D Tue 28 Oct 16:00 catching up"  # tracked since 28 October, less than thirty days ahead


@pytest.mark.parametrize("zone", ["America/New_York", None])
def test_the_truce_is_announced_held_opened_and_reviewed_and_never_overdue(follow: Follow, zone: str | None) -> None:
    truce = follow("after 2025-11-10", zone=zone)
    assert truce.until("2026-01-01T00:00Z") == [
        CAUGHT_UP,
        "before P7D Mon 3 Nov 14:00",
        "before P1D Fri 7 Nov 14:00 early",
        "on_the_day Mon 10 Nov 14:00",
        "opens Tue 11 Nov 14:00",
        "review P14D Tue 25 Nov 14:00",
        "review P28D Tue 9 Dec 14:00",
        "review P42D Tue 23 Dec 14:00",
    ]
    assert truce.skipped == []


@pytest.mark.parametrize("deadline", ["2025-11-10T00:01", "2025-11-09"])
def test_a_deadline_before_monday_nine_is_warned_of_on_friday_in_one_word(follow: Follow, deadline: str) -> None:
    found = follow(deadline)
    assert found.until("2025-11-21T00:00Z") == [
        CAUGHT_UP,
        "before P7D Mon 3 Nov 14:00",
        "on_the_day Fri 7 Nov 14:00 early",
        "overdue P0D Mon 10 Nov 14:00",
        "overdue P1D Tue 11 Nov 14:00",
        "overdue P2D Wed 12 Nov 14:00",
        "overdue P9D Wed 19 Nov 14:00",
    ]
    assert [(word.kind, word.offset) for word in found.skipped] == [("before", "P1D")]
    assert found.skipped[0].skipped.startswith("merged into the later one of 2025-11-")


def test_a_deadline_on_monday_that_is_loaded_on_saturday_is_warned_of_at_once(follow: Follow) -> None:
    assert follow("2025-11-10", "2025-11-08T15:00Z").until("2025-11-12T00:00Z") == [
        "before P1D Sat 8 Nov 15:00 early catching up",
        "on_the_day Mon 10 Nov 14:00",
        "overdue P0D Tue 11 Nov 14:00",
    ]


@pytest.mark.parametrize(
    ("deadline", "overdue", "expected"),
    [
        ("2025-10-01", Overdue(every="P1D", at_most=3, then="P7D"),
         ["overdue P23D Tue 28 Oct 16:00 catching up", "overdue P30D Mon 3 Nov 14:00"]),
        ("2025-10-01", None, ["on_the_day Tue 28 Oct 16:00 catching up"]),
        ("after 2025-10-01", None, ["review P14D Tue 28 Oct 16:00 catching up", "review P28D Thu 30 Oct 13:00"]),
        ("between 2025-10-25 and 2027-01-01", None, ["opens Tue 28 Oct 16:00 catching up"]),
    ],
)  # fmt: skip
def test_what_has_passed_when_it_is_loaded_gets_one_word(
    follow: Follow, deadline: str, overdue: Overdue | None, expected: list[str]
) -> None:
    found = follow(deadline, overdue=overdue)
    assert found.until("2025-11-04T00:00Z") == expected
    assert found.skipped == []


def test_a_firing_at_the_very_instant_of_loading_is_due_and_not_missed(follow: Follow) -> None:
    found = follow("2025-11-10", "2025-11-03T14:00Z", before=("P7D",), on_the_day=False)
    assert found.tick("2025-11-03T14:00Z") == ["before P7D Mon 3 Nov 14:00"]


@pytest.mark.parametrize(
    ("deadline", "every", "expected"),
    [
        ("undated", None, ["review P14D Wed 12 Nov 14:00", "review P28D Wed 26 Nov 14:00"]),
        ("undated (tbd)", "P21D", ["review P21D Wed 19 Nov 14:00"]),
        ("undated (none)", "P1M", ["review P1M Mon 1 Dec 14:00"]),  # 28 November is past nine on a Friday
    ],
)
def test_what_is_undated_is_only_ever_reviewed(
    follow: Follow, deadline: str, every: str | None, expected: list[str]
) -> None:
    assert follow(deadline, review_every=every).until("2025-12-02T00:00Z") == expected


def test_a_window_opens_and_is_warned_of_before_its_last_day(follow: Follow) -> None:
    found = follow("between 2025-11-28 and 2025-12-28", before=("P7D",))
    assert found.until("2025-12-30T00:00Z") == [
        "opens Fri 28 Nov 14:00",
        "before P7D Mon 22 Dec 14:00",
        "on_the_day Fri 26 Dec 14:00 early",
        "overdue P0D Mon 29 Dec 14:00",
    ]


def test_overdue_is_said_at_most_so_often_and_then_slower(follow: Follow) -> None:
    found = follow("2025-11-12", before=(), on_the_day=False, overdue=Overdue(at_most=2, then="P7D"))
    assert found.until("2025-12-01T00:00Z") == [
        "overdue P0D Thu 13 Nov 14:00",
        "overdue P1D Fri 14 Nov 14:00",
        "overdue P8D Fri 21 Nov 14:00",
        "overdue P15D Fri 28 Nov 14:00",
    ]


def test_a_fortnight_of_outage_becomes_one_word_and_the_others_are_recorded(follow: Follow) -> None:
    found = follow("after 2025-11-10")
    found.until("2025-10-29T00:00Z")
    assert found.tick("2025-11-12T03:00Z") == ["opens Tue 11 Nov 14:00"]
    assert [(word.kind, word.offset, word.skipped) for word in found.skipped] == [
        ("before", "P7D", "merged into the later one of 2025-11-11T05:00Z"),
        ("before", "P1D", "merged into the later one of 2025-11-11T05:00Z"),
        ("on_the_day", None, "merged into the later one of 2025-11-11T05:00Z"),
    ]
    assert found.reminders[-1].late_by(found.watch.cursor) == timedelta(hours=13)


def test_after_an_outage_across_the_deadline_only_the_latest_overdue_word_is_said(follow: Follow) -> None:
    found = follow("2025-11-12", overdue=Overdue(at_most=None))
    found.until("2025-10-29T00:00Z")
    assert found.tick("2025-11-17T20:00Z") == ["overdue P4D Mon 17 Nov 14:00"]
    assert [word.offset or word.kind for word in found.skipped] == [
        "P7D",
        "P1D",
        "on_the_day",
        *["P0D", "P1D", "P2D", "P3D"],
    ]


def test_of_a_very_long_outage_the_latest_hundred_are_recorded(follow: Follow) -> None:
    found = follow("2025-11-12", overdue=Overdue(at_most=None))
    found.until("2025-11-14T00:00Z")
    assert len(found.tick("2026-11-14T00:00Z")) == 1
    assert len(found.skipped) == 100
    assert found.skipped[-1].moment == found.reminders[-1].moment - timedelta(days=1)


def test_a_clock_that_steps_back_two_days_makes_nothing_be_said_twice(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-04T00:00Z")
    found.watch = replace(found.watch, next_at=found.watch.since)  # as though something had woken it
    assert found.tick("2025-11-02T00:00Z") == []
    assert found.until("2025-11-11T00:00Z") == ["before P1D Fri 7 Nov 14:00 early", "on_the_day Mon 10 Nov 14:00"]


def test_a_lead_in_business_days_goes_out_like_any_other(follow) -> None:  # type: ignore[no-untyped-def]
    found = follow("2025-11-10", "2025-10-28T16:00Z", before=("2 business days",))
    assert found.until("2025-11-08T00:00Z") == ["before 2 business days Thu 6 Nov 14:00"]
