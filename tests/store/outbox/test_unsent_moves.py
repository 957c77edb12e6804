"""Moves that a recipient was not told of yet: one alert, from the old date to the present one, with all reasons."""

from __future__ import annotations

import pytest

from alerts.core.changes import Change
from alerts.core.deliveries import Outcome
from alerts.store import Store
from tests import acting
from tests.factories import NOW, at, claim, entry, load, plan_at, remind, rule

TELLS = rule(remind=remind(moved=True))
FIRST, SECOND, THIRD = (at(f"2025-11-03T{hour}:00") for hour in ("09", "10", "11"))
SENT, FAILED = Outcome(state="sent"), Outcome(state="retry", next_at=SECOND, error="421")


@pytest.fixture
def followed(store: Store) -> Store:
    load(store, entry("a"), entry("b", "P1D after a"))
    plan_at(store, NOW, TELLS)
    return store


def move(store: Store, deadline: str, now, reason: str | None = None) -> None:
    acting.move(store, "a", deadline, Change(now=now, by=f"at {now:%H:%M}", reason=reason))


def told(store: Store, now, key: str = "a"):
    found = [one for one in claim(store, now) if one.contexts[0].reminder.commitment == key]
    return [(one, one.contexts[0].change) for one in found]


@pytest.mark.parametrize(("key", "days"), [("a", ("11-11", "12-21")), ("b", ("11-12", "12-22"))])
def test_two_moves_before_a_tick_are_one_with_all_reasons_dependants_too(followed, key, days):
    move(followed, "2025-12-10", FIRST, "a typing error.")
    move(followed, "2025-12-20", FIRST.replace(minute=1), "agreed")
    assert plan_at(followed, SECOND, TELLS) == 2
    ((_, change),) = told(followed, SECOND, key)
    assert (change.before.latest, change.after.latest) == tuple(at(f"2025-{day}") for day in days)
    assert (change.reason, change.recorded_by) == ("a typing error; agreed", "at 09:00, at 09:01")


@pytest.mark.parametrize(("outcome", "start"), [(SENT, "12-11"), (FAILED, "11-11")], ids=["sent", "failed"])
def test_a_move_starts_from_what_the_recipient_was_last_told(followed, outcome, start):
    move(followed, "2025-12-10", FIRST)
    plan_at(followed, FIRST, TELLS)
    ((one, _),) = told(followed, FIRST)
    followed.outbox.record_outcomes([(one, outcome, FIRST, FIRST)])
    move(followed, "2025-12-20", SECOND)
    plan_at(followed, SECOND, TELLS)
    ((_, change),) = told(followed, SECOND)
    assert (change.before.latest, change.after.latest) == (at(f"2025-{start}"), at("2025-12-21"))


def test_a_move_back_that_is_told_after_one_that_did_not_get_through_tells_itself(followed):
    move(followed, "2025-12-10", FIRST)
    plan_at(followed, FIRST, TELLS)
    move(followed, "2025-11-10", SECOND)
    plan_at(followed, SECOND, TELLS)
    ((_, change),) = told(followed, SECOND)
    assert (change.before.latest, change.after.latest) == (at("2025-12-11"), at("2025-11-11"))
