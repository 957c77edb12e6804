"""The counts and ages that monitoring reads, on both kinds of database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from alerts.core.deliveries import Delivery, Outcome
from alerts.store import Store, delivery_tables
from alerts.store.measurements import DELAYS, Backlog
from tests.factories import NOW, at, claim, close, entries, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), digest=False)


def ended(store: Store, one: Delivery, outcome: Outcome, after: timedelta) -> None:
    store.outbox.record_outcomes([(one, outcome, NINE, NINE + after)])


def test_an_empty_database_has_nothing_to_count(store: Store) -> None:
    found = store.measure(NOW)
    assert (found.commitments, found.reminders, found.deliveries, found.backlog) == ({}, {}, {}, {})
    assert (found.overdue_watches, found.oldest_watch, found.sum_of_delays) == (0, None, 0.0)
    assert list(found.delays) == [0] * (len(DELAYS) + 1)


def test_commitments_reminders_deliveries_and_delays_are_counted(store: Store) -> None:
    load(store, *entries(5))
    plan_at(store, NOW, LEAD)
    close(store, "c00004", "fulfilled", NOW)
    plan_at(store, NINE, LEAD)
    first, second, third, _ = claim(store, NINE)
    ended(store, first, Outcome(state="sent"), timedelta(seconds=3))
    ended(store, second, Outcome(state="sent"), timedelta(minutes=2))
    ended(store, third, Outcome(state="dead", error="550 no such user"), timedelta(seconds=1))
    found = store.measure(NINE + timedelta(minutes=10))
    assert found.commitments == {"open": 4, "fulfilled": 1}
    assert found.reminders == {("before", True): 4}
    assert found.deliveries == {
        ("mail", "sent", ""): 2,
        ("mail", "dead", "refused"): 1,
        ("mail", "leased", ""): 1,
    }
    assert found.backlog == {"mail": Backlog(count=1, oldest=NINE)}
    assert dict(zip(DELAYS, found.delays, strict=False)) == {
        1: 0, 5: 1, 15: 1, 60: 1, 300: 2, 900: 2, 3600: 2, 14400: 2, 86400: 2,
    }  # fmt: skip
    assert found.delays[-1] == 2
    assert found.sum_of_delays == pytest.approx(123.0, abs=0.01)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("550 no such user", "refused"),
        ("451 not now (given up after 9 attempts)", "gave up"),
        ("channel mail is off: 410 Gone", "channel gone"),
        ("no running process has channel mail (given up: too old)", "channel gone"),
    ],
)
def test_why_something_is_dead_is_one_of_few_reasons(error: str, reason: str, store: Store) -> None:
    load(store, *entries(1))
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    (one,) = claim(store, NINE)
    ended(store, one, Outcome(state="dead", error=error), timedelta())
    assert store.measure(NINE).deliveries == {("mail", "dead", reason): 1}


def test_what_is_snoozed_is_no_backlog(store: Store) -> None:
    load(store, *entries(1))
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    with store.database.write() as connection:
        connection.execute(update(delivery_tables.deliveries).values(held_until=NINE + timedelta(days=1)))
    assert store.measure(NINE).backlog == {}
    assert store.measure(NINE + timedelta(days=2)).backlog == {
        "mail": Backlog(count=1, oldest=NINE + timedelta(days=1))
    }


def test_planning_that_stands_still_shows(store: Store) -> None:
    load(store, *entries(3))
    plan_at(store, NOW, LEAD)
    assert store.measure(NINE - timedelta(seconds=1)).overdue_watches == 0
    found = store.measure(NINE + timedelta(hours=2))
    assert (found.overdue_watches, found.oldest_watch) == (3, NINE)
