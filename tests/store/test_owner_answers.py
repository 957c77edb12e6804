"""Since when people who are sent alerts have recorded nothing, on each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.core.commitments import Person
from alerts.core.deliveries import Outcome
from alerts.store import Store
from alerts.store.owner_answers import unanswered_since
from tests import acting
from tests.factories import NOW, at, change, claim, entry, load, plan_at, remind, rule

ANN = Person(key="ann", name="Ann Lee", email="Ann@example.org")
BO = Person(key="bo", name="Bo", email="bo@example.org")
LEADS = rule(remind=remind(before=("P7D", "P3D")))
FIRST, SECOND = at("2025-11-03T09:00"), at("2025-11-07T09:00")


@pytest.fixture
def told(store: Store) -> Store:
    """Have two alerts sent to Ann, and one that failed for good to Bo."""
    load(store, entry())
    plan_at(store, NOW, LEADS, to=("ann@example.org", "bo@example.org"))
    for now in (FIRST, SECOND):
        plan_at(store, now, LEADS, register=False, to=("ann@example.org", "bo@example.org"))
        for one in claim(store, now):
            state = "sent" if one.recipient == "ann@example.org" else "dead"
            store.outbox.record_outcomes([(one, Outcome(state=state), now, now)])  # type: ignore[arg-type]
    return store


def test_it_counts_from_the_first_alert_that_was_sent(told: Store) -> None:
    assert unanswered_since(told.database, [ANN, BO], SECOND) == {"ann": FIRST}


@pytest.mark.parametrize("by", ["ann", "Ann Lee", "ann@example.org", "a link sent to ann@example.org"])
def test_an_answer_begins_it_anew_however_they_are_named(told: Store, by: str) -> None:
    acting.acknowledge(told, "truce", None, change(FIRST + timedelta(hours=1), by=by))
    assert unanswered_since(told.database, [ANN, BO], SECOND) == {"ann": SECOND}


def test_the_answer_of_somebody_else_does_not(told: Store) -> None:
    acting.acknowledge(told, "truce", None, change(FIRST + timedelta(hours=1), by="bo"))
    assert unanswered_since(told.database, [ANN], SECOND) == {"ann": FIRST}


def test_only_where_somebody_was_sent_an_alert_so_long_ago_are_records_read(told: Store, statements) -> None:
    with statements() as heard:
        assert unanswered_since(told.database, [ANN, BO], FIRST - timedelta(seconds=1)) == {}
    assert not any("revisions" in statement for statement, _ in heard)


def test_an_answer_to_the_last_alert_leaves_none(told: Store) -> None:
    acting.acknowledge(told, "truce", None, change(SECOND + timedelta(hours=1), by="ann"))
    assert unanswered_since(told.database, [ANN], SECOND) == {}
