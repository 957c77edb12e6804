"""Calendars that recur: the rule and the days that it leaves out, and the turns that stand by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.interchange import gather
from tests.interchange.test_ics import Calendar, calendar, deadlines, event, ics  # noqa: F401  # `calendar` is a fixture

BERLIN = ["DTSTART;TZID=Europe/Berlin:20251103T003000", "RRULE:FREQ=WEEKLY;BYDAY=MO"]
MONTHLY = ["DTSTART;VALUE=DATE:20251130", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"]


def test_a_rule_recurs_from_its_start_and_leaves_out_days(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(event(*MONTHLY, "EXDATE;VALUE=DATE:20251231,20260131", "EXDATE;VALUE=DATE:20260228"))
    assert deadlines(found) == {
        "a": "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30 except 2025-12-31, 2026-01-31, 2026-02-28"
    }


def test_a_day_that_is_left_out_is_that_of_the_zone_in_which_it_recurs(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(event(*BERLIN, "EXDATE:20251109T233000Z"))
    assert deadlines(found) == {
        "a": "every FREQ=WEEKLY;BYDAY=MO from 2025-11-03T00:30[Europe/Berlin] except 2025-11-10T00:30"
    }


def test_a_turn_that_differs_is_a_commitment_of_its_own(calendar: Calendar) -> None:  # noqa: F811
    turn = event("RECURRENCE-ID;VALUE=DATE:20251231", "DTSTART;VALUE=DATE:20260102")
    gone = event("RECURRENCE-ID;VALUE=DATE:20260131", "DTSTART;VALUE=DATE:20260131", "STATUS:CANCELLED")
    found = calendar(turn, event(*MONTHLY), gone)
    assert deadlines(found) == {
        "a": "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30 except 2025-12-31, 2026-01-31",
        "a.2025-12-31": "2026-01-02",
    }
    assert [one.key for one in found.ended] == ["a.2026-01-31"]


def test_a_turn_without_its_series_stands_alone(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(event("RECURRENCE-ID;VALUE=DATE:20251231", "DTSTART;VALUE=DATE:20260102"))
    assert deadlines(found) == {"a.2025-12-31": "2026-01-02"}


def test_days_beside_the_rule_are_commitments_of_their_own(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(
        event("DTSTART;VALUE=DATE:20251130", "RDATE;VALUE=DATE:20251130,20251215"),
        event(*MONTHLY, "RDATE;VALUE=DATE:20251215", uid="b"),
    )
    assert deadlines(found) == {
        "a": "2025-11-30",
        "a.2025-12-15": "2025-12-15",
        "b": "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30 except 2025-12-15",
        "b.2025-12-15": "2025-12-15",
    }


def test_a_series_of_several_days_says_that_the_first_is_tracked(calendar: Calendar) -> None:  # noqa: F811
    (entry,) = calendar(event(*MONTHLY, "DURATION:P3D")).entries
    assert entry.commitment.assumptions == ("each occurrence lasts 3 days, of which the first is tracked",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["DTSTART;VALUE=DATE:20251101", "DUE;VALUE=DATE:20251110"], ("it recurs from DTSTART and is due on another "
         "day, which is not read: state DUE only")),
        (["DTSTART;VALUE=DATE:20251101"], "it recurs and has no DUE: nothing of it can be due"),
    ],
)  # fmt: skip
def test_a_todo_that_recurs_and_of_which_it_is_not_clear_when_it_is_due_is_refused(
    here: Path, lines: list[str], said: str
) -> None:
    Path("x.ics").write_text(ics(event(*lines, "RRULE:FREQ=DAILY", kind="VTODO")))
    assert [problem.message for problem in gather(Path("x.ics")).left_out] == [f"x.ics:4: VTODO: {said}"]
