"""What is said when something that was closed is open again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

Follow = Callable[..., Any]


def closed(follow: Follow, **remind: Any) -> Any:
    """A truce to 10 November that was told to be over on the fifth."""
    found = follow("2025-11-10", **remind)
    found.until("2025-11-05T00:00Z")
    found.close("2025-11-05T10:00Z")
    found.until("2025-11-12T00:00Z")
    return found


def test_it_is_told_once_and_stands_for_what_was_missed(follow: Follow) -> None:
    found = closed(follow)
    found.reopen("2025-11-12T10:00Z")
    assert found.until("2025-11-14T00:00Z") == ["reopened Wed 12 Nov 10:00", "overdue P1D Wed 12 Nov 14:00",
                                                "overdue P2D Thu 13 Nov 14:00"]  # fmt: skip
    assert found.reminders[-1].bounds_version == 2


def test_a_rule_that_does_not_tell_ends_says_the_latest_that_was_missed(follow: Follow) -> None:
    found = closed(follow, closed=False)
    found.reopen("2025-11-11T22:00Z")
    assert found.tick("2025-11-11T22:00Z") == ["overdue P0D Tue 11 Nov 22:00 catching up"]
    assert found.until("2025-11-13T00:00Z") == ["overdue P1D Wed 12 Nov 14:00"]


def test_what_was_told_before_the_end_is_not_told_again(follow: Follow) -> None:
    found = closed(follow, closed=False)
    found.reopen("2025-11-06T10:00Z")
    assert found.until("2025-11-08T00:00Z") == ["before P1D Fri 7 Nov 14:00 early"]


def test_closed_and_reopened_before_a_tick_tells_nothing(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-05T00:00Z")
    found.close("2025-11-05T10:00Z")
    found.reopen("2025-11-05T10:05Z")
    assert found.tick("2025-11-05T10:06Z") == []
    assert found.until("2025-11-08T00:00Z") == ["before P1D Fri 7 Nov 14:00 early"]


@pytest.mark.parametrize("again", [1, 2])
def test_of_several_ends_before_a_tick_the_last_is_told(follow: Follow, again: int) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-05T00:00Z")
    for hour in range(again):
        found.close(f"2025-11-05T1{hour}:00Z")
        found.reopen(f"2025-11-05T1{hour}:30Z")
    found.close("2025-11-05T15:00Z")
    assert found.tick("2025-11-05T16:00Z") == ["closed Wed 5 Nov 15:00"]


def test_reopened_and_closed_before_a_tick_tells_the_end(follow: Follow) -> None:
    found = closed(follow)
    found.reopen("2025-11-12T10:00Z")
    found.close("2025-11-12T11:00Z")
    assert found.tick("2025-11-12T12:00Z") == ["closed Wed 12 Nov 11:00"]


@pytest.mark.parametrize(
    ("remind", "expected"),
    [
        ({}, ["reopened Wed 12 Nov 10:00"]),
        ({"closed": False}, ["moved Wed 12 Nov 10:00"]),
        ({"closed": False, "moved": False}, ["before P30D Wed 12 Nov 10:00 catching up"]),
    ],
)
def test_with_another_date_one_alert_says_so(follow: Follow, remind: Any, expected: list[str]) -> None:
    found = closed(follow, **remind)
    found.reopen("2025-11-12T10:00Z")
    found.move("2025-11-25", "2025-11-12T10:00Z")
    assert found.tick("2025-11-12T10:00Z") == expected
    assert found.until("2025-11-25T00:00Z") == ["before P7D Tue 18 Nov 14:00", "before P1D Mon 24 Nov 14:00"]


def test_a_move_that_was_told_at_its_end_stands_for_what_was_missed(follow: Follow) -> None:
    found = closed(follow, closed=False)
    found.reopen("2025-11-12T10:00Z")
    found.move("2025-11-25", "2025-11-12T10:00Z")
    found.close("2025-11-12T10:05Z")
    assert found.tick("2025-11-12T10:06Z") == ["moved Wed 12 Nov 10:00"]
    found.reopen("2025-11-12T11:00Z")
    assert found.until("2025-11-25T00:00Z") == ["before P7D Tue 18 Nov 14:00", "before P1D Mon 24 Nov 14:00"]


def test_an_acknowledgement_ends_with_it(follow: Follow) -> None:
    found = follow("2025-11-10")
    found.until("2025-11-12T00:00Z")
    found.acknowledge("2025-11-12T08:00Z")
    found.close("2025-11-12T10:00Z")
    found.tick("2025-11-12T10:00Z")
    found.reopen("2025-11-13T10:00Z")
    assert found.until("2025-11-14T00:00Z") == ["reopened Thu 13 Nov 10:00", "overdue P2D Thu 13 Nov 14:00"]


@pytest.mark.parametrize("since", ["2025-11-10T08:00Z", "2025-11-12T10:00Z"])  # the latter where a tick saw it closed
def test_what_was_late_and_acknowledged_before_its_first_alert_is_overdue_once_it_is_open_again(
    follow: Follow, since: str
) -> None:
    found = follow("2025-11-03", loaded="2025-11-10T08:00Z", on_the_day=True, closed=False)
    found.acknowledge("2025-11-10T09:00Z", "2025-12-01T00:00Z")
    found.close("2025-11-10T10:00Z")
    found.reopen("2025-11-12T10:00Z")
    found.watch = replace(found.watch, since=datetime.fromisoformat(since))
    assert [text.split()[0] for text in found.tick("2025-11-12T10:00Z")] == ["overdue"]


def test_how_often_it_is_looked_at_makes_no_difference(follow: Follow) -> None:
    often, seldom = closed(follow), closed(follow)
    for found in (often, seldom):
        found.reopen("2025-11-11T10:00Z")
    often.until("2025-11-13T00:00Z")
    seldom.tick("2025-11-11T10:00Z")
    seldom.tick("2025-11-13T00:00Z")
    assert [word.kind for word in often.reminders[-3:]] == ["reopened", "overdue", "overdue"]
    assert [word.kind for word in seldom.reminders[-2:]] == ["reopened", "overdue"]
