"""A new link for one that has expired: the alert of the end goes out again, once a day, to the same recipient."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.core.deliveries import Delivery, Outcome
from alerts.store import Store
from tests import acting
from tests.factories import NOW, change, claim, close, entry, load, plan_at, remind, rule, tracked

CLOSED_AT = NOW + timedelta(days=1)
MONTH_LATER = CLOSED_AT + timedelta(days=31)
WITH_ENDS = rule(remind=remind(closed=True))


def sent(store: Store, now: datetime) -> list[Delivery]:
    """Claim what is due, and record it as sent."""
    found = claim(store, now)
    store.outbox.record_outcomes([(one, Outcome(state="sent", remote="250"), now, now) for one in found])
    return found


@pytest.fixture
def ended(store: Store) -> Delivery:
    """The alert of an end, which its recipient has got."""
    load(store, entry())
    plan_at(store, NOW, WITH_ENDS)
    sent(store, NOW)
    close(store, "truce", now=CLOSED_AT)
    plan_at(store, CLOSED_AT, WITH_ENDS, register=False)
    (found,) = sent(store, CLOSED_AT)
    assert found.contexts[0].reminder.kind == "closed"
    return found


def asked(store: Store, ended: Delivery, now: datetime) -> bool:
    return store.linked_deliveries.send_new_link(ended.id, tracked(store), now)


def test_it_goes_to_the_same_recipient_by_the_same_rule_once_a_day(store: Store, ended: Delivery) -> None:
    assert [asked(store, ended, MONTH_LATER) for _ in range(2)] == [True, False]
    (again,) = sent(store, MONTH_LATER)
    before, after = ended.contexts[0], again.contexts[0]
    assert (again.channel, again.recipient, after.reminder.rule) == (
        ended.channel,
        ended.recipient,
        before.reminder.rule,
    )
    assert (after.reminder.kind, after.change) == ("closed", before.change)
    assert asked(store, ended, MONTH_LATER + timedelta(days=1))
    assert len(sent(store, MONTH_LATER + timedelta(days=1))) == 1


def test_it_is_not_sent_where_it_was_opened_again_meanwhile(store: Store, ended: Delivery) -> None:
    asked(store, ended, MONTH_LATER)
    acting.reopen(store, "truce", change(MONTH_LATER, reason="by mistake"))
    assert sent(store, MONTH_LATER) == []


def test_it_does_not_come_between_a_later_reopening_and_its_alert(store: Store, ended: Delivery) -> None:
    asked(store, ended, MONTH_LATER)
    sent(store, MONTH_LATER)
    later = MONTH_LATER + timedelta(minutes=5)
    acting.reopen(store, "truce", change(later, reason="by mistake"))
    plan_at(store, later, WITH_ENDS, register=False)
    (reopened,) = sent(store, later)
    assert reopened.contexts[0].reminder.kind == "reopened"
