"""While sending is held after a restore, nothing is claimed, whatever is due; afterwards everything is."""

from datetime import timedelta

from tests import acting
from tests.factories import NOW, at, change, claim, entry, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)))


def test_nothing_is_claimed_until_sending_is_resumed(store):
    load(store, entry(), now=NOW)
    plan_at(store, NOW, LEAD)
    assert plan_at(store, NINE, LEAD) == 1
    (row,) = store.ledger.deliveries()
    assert store.outbox.pause(row["channel"], NINE) == timedelta()
    store.held_sending.hold(NOW, NINE)
    assert claim(store, NINE) == []
    assert store.outbox.pause(row["channel"], NINE) is None, "a worker would ask again and again"
    store.held_sending.release(NINE)
    assert len(claim(store, NINE)) == 1


def test_a_claim_that_began_before_cannot_follow_a_hold(store):
    """A lease that has ended is claimed again, which a hold keeps from happening too."""
    load(store, entry(), now=NOW)
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    assert len(claim(store, NINE)) == 1
    store.outbox.free_leases()
    store.held_sending.hold(NOW, NINE)
    assert claim(store, NINE) == []


def test_what_has_waited_for_the_end_of_a_hold_is_tried_as_long_as_what_is_new(store):
    load(store, entry(), now=NOW)
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    store.held_sending.hold(NOW, NINE)
    resumed = NINE + timedelta(days=4)
    store.held_sending.release(resumed)
    (row,) = store.ledger.deliveries()
    assert not store.outbox.note_outage(row["channel"], "no answer", resumed)
    (found,) = claim(store, resumed)
    assert found.first_due == resumed


def test_the_end_of_a_hold_ends_no_snooze(store):
    load(store, entry(), now=NOW)
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    (found,) = claim(store, NINE)
    later = NINE + timedelta(days=1)
    acting.snooze(store, "truce", later, change(NINE), recipient=found.recipient)
    store.outbox.free_leases()
    assert claim(store, NINE) == []
    store.held_sending.hold(NOW, NINE)
    store.held_sending.release(NINE + timedelta(hours=1))
    (row,) = store.ledger.deliveries()
    assert row["held_until"] == later
