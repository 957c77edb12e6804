"""Occurrences that are moved along, through series that are stated anew: where they stand, and which are history."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.core.rules import Overdue
from alerts.store import Store
from tests import acting
from tests.factories import at, change, close, entry, load, move, plan_at, remind, rule, tracked
from tests.store.test_dependent_series import sent

MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=1 from 2026-01-01"
VISIT = entry("visit", MONTHLY)
OVERDUE = rule(remind=remind(before=("P1D",), overdue=Overdue(every="P30D")))
ONE = "2026-03-01"


def stands(store: Store, key: str) -> str:
    return tracked(store, key).at(ONE).bounds.text


def listed(store: Store, key: str) -> list[str]:
    return list(tracked(store, key).relevant_occurrences(at("2026-02-27")))


def test_one_counts_from_where_the_other_stands_now_and_not_from_where_it_stood(store: Store) -> None:
    load(store, VISIT, entry("care", "P45D after visit"), now=at("2026-01-10"))
    acting.move(store, "visit", "2026-03-05", change(at("2026-01-11")), ONE)
    acting.move(store, "visit", ONE, change(at("2026-01-12")), ONE)
    load(store, entry("survey", "P5D after care"), entry("claim", "P1D after survey"), now=at("2026-01-13"))
    move(store, "care", "P10D after visit", at("2026-01-14"))
    assert (stands(store, "care"), stands(store, "survey")) == ("Wed 11 Mar 2026", "Mon 16 Mar 2026")
    assert stands(store, "claim") == "Tue 17 Mar 2026"
    move(store, "survey", "P6D after care", at("2026-01-15"))
    assert stands(store, "claim") == "Wed 18 Mar 2026"


def test_what_follows_stays_where_it_is_though_the_series_with_the_moved_one_is_stated_anew(store: Store) -> None:
    load(store, VISIT, entry("care", "P10D after visit"), entry("survey", "P5D after care"), now=at("2026-01-10"))
    acting.move(store, "visit", "2026-03-03", change(at("2026-01-11")), ONE)
    move(store, "visit", f"{MONTHLY} except 2026-09-01", at("2026-01-12"))
    assert (stands(store, "care"), stands(store, "survey")) == ("Fri 13 Mar 2026", "Wed 18 Mar 2026")


@pytest.mark.parametrize("seen", [False, True], ids=["unseen", "seen"])
def test_history_that_was_ahead_for_a_day_is_history_unless_somebody_was_told(store: Store, seen: bool) -> None:
    load(store, VISIT, entry("care", "P90D after visit"), now=at("2026-01-10"))
    acting.move(store, "care", "2026-01-20", change(at("2026-01-11")), "2026-01-01")
    load(store, entry("claim", "P1D after care"), now=at("2026-02-10"))
    plan_at(store, at("2026-02-10T09:00"), OVERDUE, register=True)
    move(store, "claim", "P60D after care", at("2026-02-11"))
    if seen:
        plan_at(store, at("2026-02-11T09:00"), OVERDUE)
    move(store, "claim", "P3D after care", at("2026-02-12"))
    move(store, "claim", "P4D after care", at("2026-02-13"))
    for day in range(14, 28):
        plan_at(store, at(f"2026-02-{day}") + timedelta(hours=9), OVERDUE)
    assert [one for one in sent(store, "claim") if one.startswith("2026-01-01")] == (
        ["2026-01-01 overdue P0D, Sat 14 Feb", "2026-01-01 overdue P30D, Tue 24 Feb"] if seen else []
    )
    assert ("2026-01-01" in listed(store, "claim")) == seen


def test_what_lay_ahead_when_it_was_moved_along_is_alerted_whatever_comes_before_the_next_turn(store: Store) -> None:
    load(store, VISIT, entry("care", "P20D after visit"), entry("claim", "P1D after care"), now=at("2026-01-10"))
    plan_at(store, at("2026-01-10T09:00"), OVERDUE, register=True)
    acting.move(store, "visit", "2026-01-20", change(at("2026-01-11")), "2026-01-01")
    move(store, "care", "P19D after visit", at("2026-01-12"))
    move(store, "care", "P21D before visit", at("2026-01-13"))
    plan_at(store, at("2026-01-14T09:00"), OVERDUE)
    assert [one for one in sent(store, "claim") if one.startswith("2026-01-01")] == [
        "2026-01-01 overdue P0D, Wed 14 Jan"
    ]
    assert "2026-01-01" in listed(store, "claim")


def test_history_that_was_moved_along_for_an_hour_is_not_reported(store: Store) -> None:
    telling = rule(remind=remind(before=("P1D",), overdue=Overdue(every="P30D"), moved=True))
    load(store, VISIT, entry("care", "P20D after visit"), entry("claim", "P1D after care"), now=at("2026-02-10"))
    plan_at(store, at("2026-02-10T09:00"), telling, register=True)
    acting.move(store, "care", "2026-04-01", change(at("2026-02-11T09:00")), "2026-01-01")
    move(store, "claim", "P80D before care", at("2026-02-11T10:00"))
    for day in range(12, 20):
        plan_at(store, at(f"2026-02-{day}") + timedelta(hours=9), telling)
    assert [one for one in sent(store, "claim") if one.startswith("2026-01-01")] == []
    assert [one for one in sent(store, "care") if one.startswith("2026-01-01")] == ["2026-01-01 moved, Thu 12 Feb"]


def test_history_that_was_moved_along_is_history_if_what_it_counts_from_ends_before_anybody_was_told(
    store: Store,
) -> None:
    load(store, VISIT, entry("claim", "P14D before visit"), now=at("2026-02-10"))
    plan_at(store, at("2026-02-10T09:00"), OVERDUE, register=True)
    acting.move(store, "visit", "2026-01-25", change(at("2026-02-11")), "2026-01-01")
    close(store, "visit", now=at("2026-02-12"))
    plan_at(store, at("2026-02-13T09:00"), OVERDUE)
    assert [one for one in sent(store, "claim") if one.startswith("2026-01-01")] == []
    assert "2026-01-01" not in listed(store, "claim")
