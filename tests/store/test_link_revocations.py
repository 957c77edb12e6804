"""Which links a revocation makes void, and what becomes of messages that are not sent yet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts.store import Store, delivery_tables
from tests.factories import NOW, claim, entry, load, message, plan_at, rule

LATER = NOW + timedelta(days=14)
MINUTE = timedelta(minutes=1)


def rendered(store: Store, *recipients: str) -> None:
    """Plan an alert to each recipient, and store its message."""
    load(store, entry())
    plan_at(store, NOW, rule())
    plan_at(store, LATER, rule(), register=False, to=recipients)
    claims = claim(store, LATER)
    store.outbox.keep({one.id: (one.fence, message(now=LATER), None) for one in claims})
    store.outbox.return_claims(claims, LATER)


def with_payload(store: Store) -> set[str]:
    table = delivery_tables.deliveries.c
    with store.database.read() as connection:
        return set(connection.execute(select(table.recipient).where(table.payload.is_not(None))).scalars())


def test_it_concerns_what_was_rendered_until_then_and_nobody_else(store: Store) -> None:
    store.link_revocations.revoke("Ann@Example.org", NOW)
    voided = store.link_revocations.voided
    assert voided("ann@example.org", NOW - MINUTE)
    assert voided("ANN@example.org", NOW)
    assert not voided("ann@example.org", NOW + MINUTE)
    assert not voided("bob@example.org", NOW - MINUTE)


def test_a_second_one_counts_from_its_own_time(store: Store) -> None:
    for at in (NOW, NOW + MINUTE):
        store.link_revocations.revoke("ann@example.org", at)
    assert store.link_revocations.voided("ann@example.org", NOW + MINUTE)
    assert [(one.recipient, one.revoked_at) for one in store.link_revocations.all()] == [
        ("ann@example.org", NOW + MINUTE)
    ]


def test_what_waits_for_that_recipient_is_rendered_anew(store: Store) -> None:
    rendered(store, "Ann@example.org", "bob@example.org")
    assert with_payload(store) == {"Ann@example.org", "bob@example.org"}
    store.link_revocations.revoke("ann@example.org", LATER)
    assert with_payload(store) == {"bob@example.org"}
    assert store.link_revocations.recipients() == ["Ann@example.org", "bob@example.org"]


@pytest.mark.parametrize("name", ["mail", "Mail"])
def test_a_chat_is_named_by_its_channel(store: Store, name: str) -> None:
    rendered(store, "", "bob@example.org")
    store.link_revocations.revoke(name, LATER)
    assert with_payload(store) == {"bob@example.org"}
    assert store.link_revocations.recipients() == ["bob@example.org", "mail"]
