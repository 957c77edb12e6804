"""Mails that came back: each report changes what it should, once, whenever it comes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from alerts.core.bounce_tokens import SentMail
from alerts.core.deliveries import Delivery, Outcome
from alerts.failure_handling import handle_failures
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables
from alerts.store.outbox.bounces import STAYED, Bounces
from tests.factories import NOW, at, claim, close, entries, entry, load, plan_at, remind, rule
from tests.store.outbox.test_fail_over import CHANNELS

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), fallback="chat", digest=False)
SENT = Outcome(state="sent", remote="250 2.0.0 Ok: queued as 4ZX")
DEAD = Outcome(state="dead", error="550 no such user")
AGAIN = Outcome(state="retry", next_at=NINE, error="timed out")
GONE = "no such mailbox (5.1.1): 550 5.1.1 User unknown"
D = delivery_tables.deliveries


def due(store: Store, count: int = 1) -> None:
    load(store, *(entries(count) if count > 1 else [entry()]))
    plan_at(store, NOW, LEAD)
    assert plan_at(store, NINE, LEAD) == count


def end(store: Store, outcome: Outcome, one: Delivery) -> Delivery:
    store.outbox.record_outcomes([(one, outcome, NINE, NINE)])
    return one


def sent(store: Store, outcome: Outcome = SENT) -> Delivery:
    due(store)
    return end(store, outcome, claim(store, NINE)[0])


def bounce(store: Store, one: Delivery, **more: Any) -> str:
    mail = SentMail(one.id, more.get("attempt", one.attempt))
    return store.bounces.record(mail, more.get("error", GONE), more.get("now", NINE)).effect


def state(store: Store, one: Delivery) -> Any:
    with store.database.read() as connection:
        return connection.execute(select(D).where(D.c.id == one.id)).mappings().one()


def relief(store: Store, now: Any = NINE) -> int:
    return handle_failures(store, ScheduledRule.all([LEAD]), CHANNELS, ("ops",), now)


def states(store: Store) -> list[tuple[str, str, str]]:
    return sorted((one["channel"], one["recipient"], one["state"]) for one in store.ledger.deliveries())


OPERATORS = [("ops", "night@example.org", "pending"), ("ops", "ops@example.org", "pending")]


def test_what_comes_back_goes_to_the_fallback_and_the_operators_hear_of_it(store):
    one = sent(store)
    assert bounce(store, one) == "bounced"
    assert relief(store) == 1
    assert states(store) == [("chat", "", "pending"), ("mail", "desk@example.org", "bounced"), *OPERATORS]
    (chat,) = claim(store, NINE, channel="chat")
    assert chat.fallback_for is not None
    assert (chat.fallback_for.state, chat.fallback_for.error) == ("bounced", GONE)
    notice = claim(store, NINE, channel="ops")[0].notice
    assert notice is not None
    assert [(one.state, one.error, one.fallback_channels) for one in notice.failures] == [("bounced", GONE, ("chat",))]


def test_a_report_that_comes_twice_is_told_once(store):
    one = sent(store)
    assert bounce(store, one) == "bounced"
    assert relief(store) == 1
    later = NINE + timedelta(days=3)
    assert bounce(store, one, now=later, error="another text") == "repeated"
    assert relief(store, later) == 0
    row = state(store, one)
    assert (row["state"], row["last_error"], row["ended_at"]) == ("bounced", GONE, NINE)


def test_a_report_that_comes_before_the_outcome_of_its_mail_is_recorded_stands(store):
    """The mail server may return a mail faster than its `250` is written down."""
    due(store)
    (one,) = claim(store, NINE)
    assert bounce(store, one) == "bounced"
    end(store, SENT, one)
    assert state(store, one)["state"] == "bounced"
    assert claim(store, NINE + timedelta(days=1)) == []
    assert relief(store) == 1


def test_reports_and_outcomes_that_are_recorded_at_once_leave_every_delivery_bounced(store, database_url):
    due(store, 40)
    claims, other = claim(store, NINE), Store(database_url)
    start = threading.Barrier(2, timeout=60)

    def returned() -> list[str]:
        start.wait()
        return [other.bounces.record(SentMail(one.id, one.attempt), GONE, NINE).effect for one in claims]

    with ThreadPoolExecutor(1) as thread:
        effects = thread.submit(returned)
        start.wait()
        for one in claims:
            end(store, SENT, one)
        assert set(effects.result()) == {"bounced"}
    other.close()
    assert {one["state"] for one in store.ledger.deliveries()} == {"bounced"}
    assert relief(store) == 40


def test_a_mail_that_was_taken_in_an_attempt_that_seemed_to_fail_ends_the_tries(store):
    one = sent(store, AGAIN)
    assert bounce(store, one) == "bounced"
    assert claim(store, NINE + timedelta(hours=2)) == []


def test_a_report_on_an_earlier_attempt_of_the_same_tries_counts(store):
    first = sent(store, AGAIN)
    (second,) = claim(store, NINE)
    end(store, SENT, second)
    assert bounce(store, first) == "bounced"


def test_a_report_from_before_a_person_sent_it_again_changes_nothing(store):
    first = sent(store)
    bounce(store, first)
    relief(store)
    store.ledger.retry(str(first.id), NINE)
    assert bounce(store, first) == "resent"
    (second,) = claim(store, NINE)
    assert bounce(store, first) == "resent"
    end(store, SENT, second)
    assert bounce(store, first) == "resent"
    assert state(store, first)["state"] == "sent"
    assert relief(store) == 0


def test_what_was_sent_again_and_comes_back_again_is_told_to_the_operators_again_and_to_the_fallback_once(store):
    first = sent(store)
    bounce(store, first)
    relief(store)
    store.ledger.retry(str(first.id), NINE)
    second = end(store, SENT, claim(store, NINE)[0])
    assert bounce(store, second) == "bounced"
    assert relief(store) == 1
    assert [one[0] for one in states(store)] == ["chat", "mail", "ops", "ops", "ops", "ops"]


def test_what_a_person_sends_through_another_channel_stays_dismissed(store):
    one = sent(store)
    bounce(store, one)
    store.ledger.retry_through(str(one.id), "chat", ("",), NINE)
    assert bounce(store, one) == "ended"
    assert [row[0::2] for row in states(store)] == [("chat", "pending"), ("mail", "dismissed")]


@pytest.mark.parametrize("ended", ["dead", "superseded", "dismissed"])
def test_what_ended_otherwise_stays_so(store, ended):
    one = sent(store)
    with store.database.write() as connection:
        connection.execute(update(D).values(state=ended))
    assert bounce(store, one) == "ended"
    assert state(store, one)["state"] == ended


def test_a_dead_delivery_of_which_an_attempt_was_taken_after_all_is_not_told_twice(store):
    one = sent(store, DEAD)
    assert relief(store) == 1
    assert bounce(store, one) == "ended"
    assert relief(store) == 0


def test_a_delivery_that_is_not_there_is_unknown(store):
    one = sent(store)
    assert bounce(store, replace(one, id=uuid4())) == "unknown"
    assert state(store, one)["state"] == "sent"


def test_what_is_closed_meanwhile_is_not_told_by_the_fallback(store):
    one = sent(store)
    close(store, "truce", now=NINE)
    bounce(store, one)
    relief(store)
    assert claim(store, NINE, channel="chat") == []
    assert ("chat", "", "superseded") in states(store)


def test_a_notice_that_comes_back_makes_no_other(store):
    bounce(store, sent(store))
    relief(store)
    for one in claim(store, NINE, channel="ops"):
        end(store, SENT, one)
        assert bounce(store, one) == "bounced"
    assert relief(store) == 0


def test_the_key_is_made_once_and_shared(store):
    assert store.bounces.known_key() is None
    key = store.bounces.key()
    assert len(key) == 32
    assert Bounces(store.database).key() == Bounces(store.database).known_key() == key


def test_an_address_bounces_until_a_mail_to_it_has_stayed_for_a_day(store):
    due(store, 3)
    first, second, third = claim(store, NINE)
    for one in (first, second):
        end(store, SENT, one)
        bounce(store, one, error=f"{GONE} ({one.id})")
    (address,) = store.bounces.addresses(NINE)
    assert (address.channel, address.recipient, address.count) == ("mail", "desk@example.org", 2)
    last = max((first, second), key=lambda one: one.id)
    assert address.reason == f"{GONE} ({last.id})"
    hour = NINE + timedelta(hours=1)
    store.outbox.record_outcomes([(third, SENT, hour, hour)])
    assert len(store.bounces.addresses(hour + STAYED - timedelta(seconds=1))) == 1
    assert store.bounces.addresses(hour + STAYED) == []


def test_a_mail_from_before_the_last_bounce_proves_nothing(store):
    due(store, 2)
    first, second = claim(store, NINE)
    end(store, SENT, first)
    end(store, SENT, second)
    bounce(store, second, now=NINE + timedelta(minutes=1))
    assert len(store.bounces.addresses(NINE + STAYED * 10)) == 1
    store.ledger.dismiss(str(second.id), NINE)
    assert store.bounces.addresses(NINE + STAYED * 10) == []
