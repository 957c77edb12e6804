"""Channels and recipients that no live process has any more: told after an hour, dead after their time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import update

from alerts.core.commitments import Person
from alerts.core.deliveries import Outcome
from alerts.failure_handling import handle_failures
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables
from alerts.store.outbox.reach import ServedRecipients
from tests.factories import LEASE, NOW, at, claim, close, entry, load, remind, rule

NINE = at("2025-11-03T09:00")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RULE = rule(remind=remind(before=("P7D",)), fallback="chat", digest=False)
DEADLINE = at("2025-11-11")


def channel(*recipients: str, default: bool = False) -> Any:
    return SimpleNamespace(one_at_a_time=False, default=default, recipients=recipients)


def channels(*desk: str, **more: Any) -> dict[str, Any]:
    """A chat, somebody who hears of failures, and a mail where there is anybody to mail."""
    mail = {"mail": channel(*desk)} if desk else {}
    return {"chat": channel(""), "ops": channel("ops@example.org")} | mail | more


RENAMED = channels(post=channel("desk@example.org"))
BEFORE = channels("desk@example.org")


def due(store: Store, mine: Mapping[str, Any] = BEFORE) -> str:
    load(store, entry())
    store.watches.register([RULE], NOW)
    plan(store, ScheduledRule.all([RULE]), mine, NOW)
    assert plan(store, ScheduledRule.all([RULE]), mine, NINE) == 1
    return str(store.ledger.deliveries()[0]["id"])


def sweep(store: Store, mine: Mapping[str, Any], now: datetime) -> int:
    return handle_failures(store, ScheduledRule.all([RULE]), mine, ["ops"], now)


def process(store: Store, mine: Mapping[str, Any], now: datetime, name: str = "pass:other:7:a") -> None:
    """Leave the sign of life of another process."""
    workers = {
        one: {"seen_at": now.isoformat(), "out": None}
        | ServedRecipients(recipients=it.recipients, owners=it.default).to_json()
        for one, it in mine.items()
    }
    store.ledger.record_fact(name, json.dumps(workers), now)


def states(store: Store) -> list[tuple[str, str, str]]:
    return sorted((one["channel"], one["recipient"], one["state"]) for one in store.ledger.deliveries())


TOLD = [("chat", "", "pending"), ("mail", "desk@example.org", "pending"), ("ops", "ops@example.org", "pending")]


def test_what_waits_for_a_channel_that_was_renamed_goes_to_fallback_and_operators_after_an_hour(store):
    due(store)
    assert [sweep(store, RENAMED, NINE + after) for after in (0 * HOUR, HOUR - MINUTE)] == [0, 0]
    assert sweep(store, RENAMED, NINE + HOUR) == 1
    assert states(store) == TOLD
    assert sweep(store, RENAMED, NINE + HOUR + MINUTE) == 0
    notice = claim(store, NINE + HOUR, channel="ops")[0].notice
    assert notice is not None
    assert notice.failures[0].error == "no running process has channel mail"


def test_what_waits_for_a_recipient_who_was_removed_goes_there_too_and_not_to_them(store):
    due(store)
    now = channels("new@example.org")
    for after in (0 * HOUR, HOUR):
        sweep(store, now, NINE + after)
    assert states(store) == TOLD
    new = ServedRecipients(recipients=("new@example.org",))
    assert store.outbox.claim("mail", NINE + HOUR, 9, LEASE, served=new) == []
    assert store.outbox.pause("mail", NINE + HOUR, new) is None
    (mail,) = [one for one in store.ledger.deliveries() if one["channel"] == "mail"]
    assert mail["last_error"] == "no running process sends to desk@example.org through mail"


def test_a_rename_that_is_taken_back_within_the_hour_loses_and_repeats_nothing(store):
    due(store)
    sweep(store, RENAMED, NINE)
    sweep(store, BEFORE, NINE + HOUR - MINUTE)
    sweep(store, RENAMED, NINE + HOUR)  # the hour counts anew
    assert states(store) == [("mail", "desk@example.org", "pending")]
    assert [one.contexts[0].reminder.kind for one in claim(store, NINE + HOUR)] == ["before"]


def test_an_hour_of_failures_before_the_rename_does_not_count(store):
    due(store)
    assert sweep(store, RENAMED, NINE + 5 * HOUR) == 0
    assert sweep(store, RENAMED, NINE + 6 * HOUR - MINUTE) == 0
    assert sweep(store, RENAMED, NINE + 6 * HOUR) == 1


def test_the_hour_goes_on_across_a_restart(database_url):
    first, second = Store(database_url), Store(database_url)
    due(first)
    sweep(first, RENAMED, NINE)
    first.close()
    assert sweep(second, RENAMED, NINE + HOUR) == 1
    second.close()


def test_what_another_live_process_has_is_not_missing(store):
    due(store)
    for minutes in range(0, 125, 5):
        now = NINE + minutes * MINUTE
        process(store, BEFORE, now)
        assert sweep(store, RENAMED, now) == 0
        assert store.unserved.waiting(now) == []
    down = NINE + 120 * MINUTE + timedelta(minutes=6)
    assert [sweep(store, RENAMED, down), sweep(store, RENAMED, down + HOUR)] == [0, 1]


def test_a_process_of_an_earlier_version_has_whom_it_does_not_name(store):
    due(store)
    store.ledger.record_fact("pass:old:7:a", json.dumps({"mail": {"seen_at": NINE.isoformat(), "out": None}}), NINE)
    sweep(store, RENAMED, NINE)
    assert store.unserved.waiting(NINE + HOUR) == []


def test_an_owner_who_has_another_address_is_gone_and_one_who_has_not_is_there(store):
    both = channels("desk@example.org", mail=channel(default=True))
    due(store)
    store.people.register([Person(key="ann", name="Ann", email="Desk@example.org")])
    for after in (0 * HOUR, HOUR):
        assert sweep(store, both, NINE + after) == 0
    assert store.outbox.pause("mail", NINE, ServedRecipients(recipients=(), owners=True)) is not None
    store.people.register([Person(key="ann", name="Ann", email="ann@example.org")])
    assert [sweep(store, both, NINE + after * HOUR) for after in (1, 2)] == [0, 1]


def test_after_its_time_it_is_dead_and_told_again(store):
    due(store)
    for after in (0 * HOUR, HOUR):
        sweep(store, RENAMED, NINE + after)
    assert sweep(store, RENAMED, DEADLINE - MINUTE) == 0
    assert sweep(store, RENAMED, DEADLINE) == 1
    assert ("mail", "desk@example.org", "dead") in states(store)


def test_what_was_retried_has_its_time_again(store):
    one = due(store)
    sweep(store, RENAMED, NINE)
    sweep(store, RENAMED, DEADLINE)
    store.ledger.retry(one, DEADLINE)
    sweep(store, RENAMED, DEADLINE)
    for days, state in ((2, "retry"), (3, "dead")):
        sweep(store, RENAMED, DEADLINE + timedelta(days=days))
        assert ("mail", "desk@example.org", state) in states(store)


def test_what_is_stale_by_then_is_told_to_nobody(store):
    due(store)
    sweep(store, RENAMED, NINE)
    close(store, "truce", now=NINE)
    assert sweep(store, RENAMED, NINE + HOUR) == 0
    assert states(store) == [("mail", "desk@example.org", "superseded")]


def test_what_a_dead_process_left_leased_is_not_forgotten(store):
    due(store)
    claim(store, NINE)
    sweep(store, RENAMED, NINE)
    assert sweep(store, RENAMED, NINE + HOUR) == 0  # its lease goes by the real clock
    with store.database.write() as connection:
        connection.execute(update(delivery_tables.deliveries).values(lease_until=NOW))
    assert sweep(store, RENAMED, NINE + HOUR) == 1
    assert ("mail", "desk@example.org", "retry") in states(store)


def test_health_names_it_while_deliveries_wait(store):
    one = due(store)
    sweep(store, RENAMED, NINE)
    assert store.unserved.waiting(NINE + 4 * MINUTE) == []
    process(store, RENAMED, NINE + 5 * MINUTE)
    (waiting,) = store.unserved.waiting(NINE + 5 * MINUTE)
    assert (waiting.text, waiting.since, waiting.count) == ("no running process has channel mail", NINE, 1)
    store.ledger.dismiss(one, NINE + 5 * MINUTE)
    assert store.unserved.waiting(NINE + 5 * MINUTE) == []


def test_a_clock_that_was_ahead_does_not_put_it_off(store):
    due(store)
    sweep(store, RENAMED, NINE + timedelta(days=30))
    assert [sweep(store, RENAMED, NINE + after * HOUR) for after in (0, 1)] == [0, 1]


def test_a_process_with_other_rules_leaves_failures_to_those_who_know_the_fallback(store):
    due(store)
    store.outbox.record_outcomes([(one, Outcome(state="dead", error="550"), NINE, NINE) for one in claim(store, NINE)])
    strange = rule("strange", remind=remind(before=("P1D",)))
    assert handle_failures(store, ScheduledRule.all([strange]), RENAMED, ["ops"], NINE) == 0
    assert sweep(store, BEFORE, NINE) == 1
    assert ("chat", "", "pending") in states(store)
