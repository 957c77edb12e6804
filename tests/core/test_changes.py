"""What is said when a commitment moves, ends or is acknowledged, and when its rule changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alerts.core.rules import Overdue

Follow = Callable[..., Any]
DAY_AND_EVE = ["before P1D Fri 7 Nov 14:00 early", "on_the_day Mon 10 Nov 14:00"]


def test_a_move_is_told_at_once_and_the_new_bounds_speak_from_then_on(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-04T00:00Z")
    found.move("2025-11-20", "2025-11-05T10:00Z")
    assert found.until("2025-11-20T00:00Z") == [
        "moved Wed 5 Nov 10:00",
        "before P7D Thu 13 Nov 14:00",
        "before P1D Wed 19 Nov 14:00",
    ]
    assert (found.reminders[-1].bounds_version, found.reminders[-1].fingerprint) == (
        2,
        found.tracked.bounds.fingerprint,
    )


def test_there_and_back_before_it_was_told_is_recorded_and_not_said(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-04T00:00Z")
    found.move("2025-12-10", "2025-11-05T10:00Z")
    found.move("2025-11-10", "2025-11-05T10:05Z")
    assert found.tick("2025-11-05T10:06Z") == []
    assert [(word.kind, word.skipped) for word in found.skipped] == [
        ("moved", "moved back before an alert went out")
    ] * 2
    assert found.until("2025-11-11T00:00Z") == DAY_AND_EVE


def test_there_and_back_after_it_was_told_is_told_again(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-04T00:00Z")
    found.move("2025-12-10", "2025-11-05T10:00Z")
    assert found.tick("2025-11-05T10:00Z") == ["moved Wed 5 Nov 10:00"]
    found.move("2025-11-10", "2025-11-06T10:00Z")
    assert found.until("2025-11-11T00:00Z") == ["moved Thu 6 Nov 10:00", *DAY_AND_EVE]


def test_two_moves_before_a_tick_are_told_as_one(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-04T00:00Z")
    found.move("2025-12-10", "2025-11-05T10:00Z")
    found.move("2025-12-11", "2025-11-05T10:05Z")
    assert found.tick("2025-11-05T12:00Z") == ["moved Wed 5 Nov 10:05"]
    one, merged = found.reminders[-1], found.skipped[-1]
    assert (one.bounds_version, one.first_revision, one.revision) == (3, merged.revision, merged.revision + 1)
    assert merged.skipped == "merged into the alert that it was moved (2025-11-05T10:05Z)"


@pytest.mark.parametrize(
    ("moved", "expected"),
    [(True, "moved Wed 5 Nov 20:00"), (False, "before P7D Wed 5 Nov 20:00 catching up")],
)
def test_moved_nearer_one_word_stands_for_the_lead_that_was_missed(follow: Follow, moved: bool, expected: str) -> None:
    found = follow("2026-03-10", "2025-11-05T16:00Z", moved=moved)
    found.until("2025-11-05T17:00Z")
    found.move("2025-11-10", "2025-11-05T20:00Z")
    assert found.until("2025-11-11T00:00Z") == [expected, *DAY_AND_EVE]
    assert found.skipped == []


def test_an_undated_promise_that_gets_its_date_says_moved_and_is_reviewed_no_more(follow: Follow) -> None:
    found = follow("undated (tbd)")
    assert found.until("2025-11-13T00:00Z") == ["review P14D Wed 12 Nov 14:00"]
    found.move("2026-10-30", "2025-11-20T10:00Z")
    assert found.until("2026-10-24T00:00Z") == [
        "moved Thu 20 Nov 10:00", "before P30D Wed 30 Sep 13:00", "before P7D Fri 23 Oct 13:00",
    ]  # fmt: skip


@pytest.mark.parametrize(("closed", "expected"), [(True, ["closed Wed 5 Nov 10:00"]), (False, [])])
def test_an_end_is_told_once_and_nothing_follows(follow: Follow, closed: bool, expected: list[str]) -> None:
    found = follow("2025-11-10", closed=closed)
    found.until("2025-11-04T00:00Z")
    found.close("2025-11-05T10:00Z")
    assert found.until("2027-01-01T00:00Z") == expected
    assert found.watch.next_at is None


def test_an_end_right_after_a_move_tells_both(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-04T00:00Z")
    found.move("2025-11-11", "2025-11-05T10:00Z")
    found.close("2025-11-05T10:01Z")
    assert found.tick("2025-11-05T11:00Z") == ["moved Wed 5 Nov 10:00", "closed Wed 5 Nov 10:01"]


def test_a_watch_that_is_new_is_not_told_of_what_was_before_it(follow: Follow) -> None:
    found = follow("2025-11-10", before=())
    found.move("2025-11-20", "2025-10-28T17:00Z")
    assert found.until("2025-11-19T00:00Z") == []


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, ["overdue Thu 20 Nov 14:00", "overdue P9D Fri 21 Nov 14:00", "overdue P16D Fri 28 Nov 14:00"]),
        ("2025-11-21T00:00Z", ["overdue P9D Fri 21 Nov 14:00", "overdue P16D Fri 28 Nov 14:00"]),
        ("2025-11-21T14:00Z", ["overdue P9D Fri 21 Nov 14:00", "overdue P16D Fri 28 Nov 14:00"]),
        ("2025-11-21T14:01Z", ["overdue Mon 24 Nov 14:00", "overdue P16D Fri 28 Nov 14:00"]),
    ],
)
def test_an_acknowledgement_silences_repeats_for_a_week_or_until_and_then_one_alert_goes_out(
    follow: Follow, until: str | None, expected: list[str]
) -> None:
    found = follow("2025-11-11", before=(), on_the_day=False, overdue=Overdue(at_most=3, then="P7D"))
    assert found.until("2025-11-13T00:00Z") == ["overdue P0D Wed 12 Nov 14:00"]
    found.acknowledge("2025-11-13T09:00Z", until)
    assert found.until("2025-12-01T00:00Z") == expected


def test_an_acknowledgement_silences_no_lead_no_day_no_opening_no_move(follow: Follow) -> None:
    found = follow("after 2025-11-10", before=("P7D",))
    found.acknowledge("2025-10-29T09:00Z")
    assert found.until("2025-11-26T00:00Z") == [
        "before P7D Mon 3 Nov 14:00", "on_the_day Mon 10 Nov 14:00", "opens Tue 11 Nov 14:00",
        "review P14D Tue 25 Nov 14:00",  # it was ahead that somebody had seen it
    ]  # fmt: skip
    found.acknowledge("2025-11-26T09:00Z", "2026-06-01T00:00Z")
    assert found.until("2026-02-01T00:00Z") == []
    found.move("after 2026-02-10", "2026-02-02T09:00Z")  # ends the silence, too
    assert found.until("2026-03-01T00:00Z")[0] == "moved Mon 2 Feb 09:00"
    assert found.until("2026-03-01T00:00Z") == []
    assert found.until("2026-03-15T00:00Z") != []


def test_a_new_lead_that_was_missed_is_said_once_and_what_was_said_is_not_repeated(follow: Follow) -> None:
    found = follow("2025-11-10")
    assert found.until("2025-11-04T00:00Z")[-1] == "before P7D Mon 3 Nov 14:00"
    found.change_rule("2025-11-05T16:00Z", before=("P30D", "P10D", "P7D", "P6D", "P1D"))
    assert [word.split(" ")[1] for word in found.until("2025-11-06T00:00Z")] == ["P6D"]
    assert found.until("2025-11-11T00:00Z") == DAY_AND_EVE


@pytest.mark.parametrize("before", [("P30D", "P7D"), ("P30D", "P20D", "P8D", "P7D", "P1D")])
def test_a_rule_that_changes_without_anything_newly_missed_says_nothing(
    follow: Follow, before: tuple[str, ...]
) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-04T00:00Z")
    found.change_rule("2025-11-05T16:00Z", before=before)
    assert found.until("2025-11-07T00:00Z") == []


def test_a_cron_that_is_now_earlier_loses_no_moment_that_had_not_gone_out(follow: Follow) -> None:
    found = follow("2025-11-20", before=("P15D", "P7D"), cron="0 9 * * fri")  # 5 November, due out on the 7th
    assert found.until("2025-11-06T00:00Z") == []
    found.acknowledge("2025-11-05T20:00Z")  # looked at after the moment, before its firing
    assert found.tick("2025-11-05T20:00Z") == []
    found.change_rule("2025-11-06T10:00Z", cron="0 9 * * *")
    assert found.until("2025-11-07T00:00Z") == ["before P15D Thu 6 Nov 10:00 catching up"]
    assert found.until("2025-11-14T00:00Z") == ["before P7D Thu 13 Nov 14:00"]


def test_a_deadline_at_midnight_is_late_the_same_day_though_the_day_itself_was_said_early(follow: Follow) -> None:
    found = follow("2025-11-10T00:00")  # both begin at 05:00Z; the day is said on Friday, since 9:00 would be too late
    assert found.until("2025-11-12T00:00Z")[-3:] == [
        "on_the_day Fri 7 Nov 14:00 early",
        "overdue P0D Mon 10 Nov 14:00",
        "overdue P1D Tue 11 Nov 14:00",
    ]


@pytest.mark.parametrize("touch", [lambda found: found.acknowledge("2025-11-05T16:00Z"), lambda _found: None])
def test_an_opening_after_a_move_is_said_whatever_else_happens_before_the_next_tick(
    follow: Follow, touch: Callable[[Any], None]
) -> None:
    found = follow("2025-11-20")
    found.tick("2025-10-28T16:00Z")
    found.move("between 2025-11-04 and 2025-11-25", "2025-11-03T16:00Z")
    touch(found)
    assert found.tick("2025-11-06T16:00Z") == ["moved Mon 3 Nov 16:00", "opens Tue 4 Nov 14:00"]


def test_what_was_silenced_stays_so_after_a_move_there_and_back(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-11T20:00Z")
    found.acknowledge("2025-11-11T20:00Z", "2025-12-31T00:00Z")
    found.tick("2025-11-11T20:01Z")
    found.move("2025-12-01", "2025-11-20T20:00Z")
    found.move("2025-11-10", "2025-11-20T20:10Z")
    assert found.tick("2025-11-20T20:20Z") == []
    assert found.until("2025-12-01T00:00Z") == [
        "overdue P16D Thu 27 Nov 14:00"
    ]  # the date was touched: it speaks again


def test_moved_into_the_past_it_is_late_at_once_and_the_move_says_so(follow: Follow) -> None:
    found = follow("2025-11-20")
    found.tick("2025-10-28T16:00Z")
    found.move("2025-11-03", "2025-11-06T16:00Z")
    assert found.until("2025-11-14T00:00Z") == ["moved Thu 6 Nov 16:00", "overdue P9D Thu 13 Nov 14:00"]


def test_moved_into_the_past_without_a_word_of_moves_the_latest_that_was_missed_is_said(follow: Follow) -> None:
    found = follow("2025-11-20", moved=False)
    found.tick("2025-10-28T16:00Z")
    found.move("2025-11-03", "2025-11-06T16:00Z")
    assert found.tick("2025-11-06T16:01Z") == ["overdue P2D Thu 6 Nov 16:00 catching up"]
