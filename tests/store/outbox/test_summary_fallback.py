"""Summaries that do not get through: whom the fallback tells, once, and what the operators read of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from alerts.core.commitments import Person
from alerts.core.deliveries import Outcome
from alerts.core.delivery_failures import DeliveryFailure
from alerts.core.rules import Remind, Rule
from alerts.failure_handling import handle_failures
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from tests.factories import NOW, at, claim, entry, load, rule

ANA = Person(key="ana", name="Ana", email="ana@example.org")
NINE = at("2025-10-29T09:00")
TEN = NINE + timedelta(hours=1)
TOMORROW = NINE + timedelta(days=1)
LATE = Outcome(state="retry", next_at=TEN + timedelta(hours=1), error="refused", late=True)
CHANNELS: Any = {
    "chat": SimpleNamespace(one_at_a_time=False, default=False, recipients=("",)),
    "mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=(ANA.email,)),
    "ops": SimpleNamespace(one_at_a_time=False, default=False, recipients=("",)),
}


def sums(*notify: str, **more: Any) -> Rule:
    return rule("weekly", remind=Remind(), summary="P30D", notify=notify, fallback="mail", **more)


def begin(store: Store, mine: Rule) -> int:
    store.watches.register([mine], NOW)
    return plan(store, ScheduledRule.all([mine]), CHANNELS, NINE)


def refuse(store: Store, now: datetime = NINE) -> None:
    """Let the chat refuse what is due."""
    store.outbox.record_outcomes([(one, LATE, now, now) for one in claim(store, now, channel="chat")])


def failures(store: Store, mine: Rule, now: datetime) -> list[DeliveryFailure]:
    """What the operators read."""
    handle_failures(store, ScheduledRule.all([mine]), CHANNELS, ("ops",), now)
    return [one for held in claim(store, now, channel="ops") if held.notice for one in held.notice.failures]


def test_whoever_has_the_whole_does_not_get_it_again_from_the_fallback(store):
    mine = sums("chat", "mail")
    assert begin(store, mine) == 2
    refuse(store)
    (failure,) = failures(store, mine, TEN)
    assert (failure.channel, failure.fallback_channels) == ("chat", ())
    assert [one.fallback_for for one in claim(store, TEN, channel="mail")] == [None]


def test_whoever_has_only_their_own_gets_the_whole_from_the_fallback(store):
    load(store, entry("a", owner="ana"), entry("b"), people=[ANA])
    mine = sums("chat", "owner")
    assert begin(store, mine) == 2
    refuse(store)
    (failure,) = failures(store, mine, TEN)
    assert failure.fallback_channels == ("mail",)
    found = claim(store, TEN, channel="mail")
    assert sorted((one.summary.owners, bool(one.fallback_for)) for one in found if one.summary) == [
        ((), True),
        (("ana",), False),
    ]


def test_one_that_the_next_firing_has_overtaken_goes_to_no_fallback_and_operators_read_that_it_failed(store):
    mine = sums("chat")
    assert begin(store, mine) == 1
    refuse(store)
    assert plan(store, ScheduledRule.all([mine]), CHANNELS, TOMORROW) == 1
    refuse(store, TOMORROW)  # what is overtaken is set aside when the next is claimed
    found = failures(store, mine, TOMORROW + timedelta(hours=1))
    assert sorted((one.state, one.fallback_channels) for one in found) == [("retry", ("mail",)), ("superseded", ())]
    (only,) = claim(store, TOMORROW + timedelta(hours=1), channel="mail")
    assert only.summary is not None
    assert only.summary.firing == TOMORROW


def test_one_that_is_overtaken_and_not_yet_set_aside_goes_to_no_fallback_either(store):
    mine = sums("chat")
    assert begin(store, mine) == 1
    refuse(store)
    assert plan(store, ScheduledRule.all([mine]), CHANNELS, TOMORROW) == 1
    (failure,) = failures(store, mine, TOMORROW)
    assert (failure.state, failure.fallback_channels) == ("retry", ())
