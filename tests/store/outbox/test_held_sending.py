"""While sending is held after a restore, nothing is claimed, whatever is due; afterwards everything is."""

from datetime import timedelta

from tests.factories import NOW, at, claim, entry, load, plan_at, remind, rule

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
    store.held_sending.release()
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
