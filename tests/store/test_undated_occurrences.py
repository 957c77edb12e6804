"""Occurrences without any date: each comes on the day that names it, and is reviewed from then on."""

from __future__ import annotations

from datetime import datetime, timedelta

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


def test_each_is_reviewed_from_the_day_that_names_it(store: Store) -> None:
    load(store, VISIT, CARE, CLAIM, now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-04-16")
    assert sent(store, "claim") == [
        "2026-03-01 review P14D, Sun 15 Mar",
        "2026-03-01 review P28D, Sun 29 Mar",
        "2026-03-01 review P42D, Sun 12 Apr",
        "2026-04-01 review P14D, Wed 15 Apr",
    ]
    found = tracked(store, "claim")
    assert list(found.relevant_occurrences(at("2026-04-16"))) == ["2026-03-01", "2026-04-01", "2026-05-01"]
    assert found.current.occurrence == "2026-03-01"
    standing = [describe_standing(found.at(name), at("2026-04-16"), "UTC") for name in ("2026-04-01", "2026-05-01")]
    assert standing == ["under review", "under review in 15 days"]
    assert found.at("2026-05-01").bounds.text == "no date is known"


def test_they_count_by_their_names_also_where_they_would_lie_far_from_them(store: Store) -> None:
    load(store, VISIT, CARE, CLAIM, entry("early", "P2Y before claim"), now=at("2026-02-10"))
    load(store, entry("late", "P2Y after claim"), now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-03-16")
    for key in ("early", "late"):
        assert sent(store, key) == ["2026-03-01 review P14D, Sun 15 Mar"]


def test_of_one_that_ended_those_that_had_come_are_left(store: Store) -> None:
    load(store, VISIT, CARE, CLAIM, entry("paper", "until claim"), now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-04-09")
    close(store, "claim", now=at("2026-04-10"))
    tick(store, "2026-04-10", "2026-07-16")
    assert {one.split(" ")[0] for one in sent(store, "paper")} == {"2026-03-01", "2026-04-01"}


def test_one_that_moved_with_another_is_reviewed_though_its_name_is_of_the_past(store: Store) -> None:
    load(store, VISIT, CARE, now=at("2026-01-10"))
    acting.move(store, "visit", "2026-06-01", change(at("2026-01-11")), "2026-01-01")
    load(store, CLAIM, now=at("2026-02-10"))
    tick(store, "2026-02-10", "2026-02-26")
    assert sent(store, "claim") == ["2026-01-01 review P14D, Tue 24 Feb"]


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
