"""Occurrences without any date: each stands where the one that it counts from begins, and is reviewed from then on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.core.rules import Overdue
from alerts.core.stage_wording import describe_standing
from alerts.store import Store
from tests import acting
from tests.factories import at, change, close, entry, load, move, plan_at, remind, rule, tracked
from tests.store.test_dependent_series import sent

REVIEW = rule(remind=remind(before=("P7D",), review="P14D"))
VISIT = entry("visit", "every FREQ=MONTHLY;BYMONTHDAY=1;COUNT=120 from 2026-01-01")
CARE = entry("care", "after visit")  # with no end
CLAIM = entry("claim", "until care")


def tick(store: Store, start: str, end: str) -> None:
    first, last = at(start) + timedelta(hours=9), at(end) + timedelta(days=1)
    now: datetime = first
    while now < last:
        plan_at(store, now, REVIEW, register=now == first)
        now += timedelta(days=1)


def test_each_is_reviewed_from_when_the_other_begins(store: Store) -> None:
    load(store, VISIT, CARE, CLAIM, now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-04-16")
    assert sent(store, "claim") == [
        "2026-03-01 review P14D, Mon 16 Mar",
        "2026-03-01 review P28D, Mon 30 Mar",
        "2026-03-01 review P42D, Mon 13 Apr",
        "2026-04-01 review P14D, Thu 16 Apr",
    ]
    found = tracked(store, "claim")
    assert list(found.relevant_occurrences(at("2026-04-16"))) == ["2026-03-01", "2026-04-01", "2026-05-01"]
    assert found.current.occurrence == "2026-03-01"
    standing = [describe_standing(found.at(name), at("2026-04-16"), "UTC") for name in ("2026-04-01", "2026-05-01")]
    assert standing == ["under review", "under review in 16 days"]
    assert found.at("2026-05-01").bounds.text == "no date is known"


def test_those_that_would_lie_far_from_what_they_count_from_are_found(store: Store) -> None:
    load(store, VISIT, CARE, CLAIM, entry("early", "P2Y before claim"), now=at("2026-02-10"))
    load(store, entry("late", "P2Y after claim"), now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-03-17")
    for key in ("early", "late"):
        assert sent(store, key) == ["2026-03-01 review P14D, Mon 16 Mar"]


def test_of_one_that_ended_those_that_had_come_are_left(store: Store) -> None:
    load(store, VISIT, CARE, CLAIM, entry("paper", "until claim"), now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-04-09")
    close(store, "claim", now=at("2026-04-10"))
    tick(store, "2026-04-10", "2026-07-16")
    assert {one.split(" ")[0] for one in sent(store, "paper")} == {"2026-03-01", "2026-04-01"}


def test_one_that_was_moved_along_before_it_was_recorded_is_reviewed_from_there(store: Store) -> None:
    load(store, VISIT, CARE, now=at("2026-01-10"))
    acting.move(store, "visit", "2026-06-01", change(at("2026-01-11")), "2026-01-01")
    load(store, CLAIM, now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-06-16")
    assert [one for one in sent(store, "claim") if "2026-01-01" in one] == ["2026-01-01 review P14D, Tue 16 Jun"]


@pytest.mark.parametrize(
    ("moved_to", "first"),
    [("2026-01-20", "Thu 12 Feb"), ("2026-03-03", "Wed 18 Mar"), ("2026-04-03", "Sat 18 Apr")],
    ids=["into-the-past", "by-two-days", "by-a-month"],
)
def test_one_that_is_moved_along_later_is_reviewed_from_there(store: Store, moved_to: str, first: str) -> None:
    load(store, VISIT, CARE, CLAIM, now=at("2026-01-10"))
    tick(store, "2026-01-10", "2026-02-11")
    acting.move(store, "visit", moved_to, change(at("2026-02-11T12:00")), "2026-03-01")
    tick(store, "2026-02-12", "2026-04-20")
    mine = [one for one in sent(store, "claim") if "2026-03-01" in one]
    assert mine[0] == f"2026-03-01 review P14D, {first}"


def test_one_under_review_that_is_moved_along_is_not_reviewed_before_it_begins(store: Store) -> None:
    load(store, VISIT, CARE, CLAIM, now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-03-16")
    acting.move(store, "visit", "2026-06-01", change(at("2026-03-16T12:00")), "2026-03-01")
    tick(store, "2026-03-17", "2026-06-16")
    mine = [one for one in sent(store, "claim") if "2026-03-01" in one]
    assert mine == ["2026-03-01 review P14D, Mon 16 Mar", "2026-03-01 review P14D, Tue 16 Jun"]


@pytest.mark.parametrize(
    ("stated", "reviews"),
    [
        ("2026-03-06T12:00", ["P28D, Fri 20 Mar", "P42D, Fri 3 Apr"]),
        ("2026-03-26T12:00", ["P14D, Mon 16 Mar", "P42D, Fri 3 Apr"]),
    ],
    ids=["not-under-review", "under-review"],
)
def test_one_that_stands_earlier_is_not_reviewed_for_days_before_that_was_stated(
    store: Store, stated: str, reviews: list[str]
) -> None:
    before = (entry("prep", "P10D before visit"), entry("setup", "after prep"))
    load(store, VISIT, CARE, CLAIM, *before, now=at("2026-02-10"))
    day = at(stated).replace(hour=0)
    tick(store, "2026-02-10", f"{day - timedelta(days=1):%F}")
    move(store, "claim", "until setup", at(stated))
    tick(store, f"{day + timedelta(days=1):%F}", "2026-04-03")
    mine = [one for one in sent(store, "claim") if "2026-03-01" in one]
    assert mine == [f"2026-03-01 review {one}" for one in reviews]


def test_what_has_been_history_is_not_taken_up_after_a_move(store: Store) -> None:
    overdue = rule(remind=remind(before=("P1D",), overdue=Overdue(every="P7D")))
    load(store, VISIT, entry("care", "P90D after visit"), now=at("2026-01-10"))
    acting.move(store, "care", "2026-01-20", change(at("2026-01-11")), "2026-01-01")
    load(store, entry("claim", "P1D after care"), now=at("2026-02-10"))
    plan_at(store, at("2026-02-10T09:00"), overdue, register=True)
    move(store, "claim", "P3D after care", at("2026-02-10T12:00"))
    for day in range(1, 31):
        plan_at(store, at("2026-02-10T09:00") + timedelta(days=day), overdue)
    assert sent(store, "claim") == []
