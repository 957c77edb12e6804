"""What an audit reads on both databases: each try once, and each end that no try made."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from alerts.core.bounce_tokens import SentMail
from alerts.core.deliveries import Outcome
from alerts.store import Store, delivery_tables
from alerts.store.audit_records import changes_between, tries_between
from tests.factories import at, claim, entries, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
HOUR = timedelta(hours=1)
LEAD = rule(remind=remind(before=("P7D",)), digest=False)


def found(store: Store, since: datetime, until: datetime) -> list[tuple[datetime, str, int | None, str | None]]:
    return [(one.at, one.outcome, one.number, one.server) for one in tries_between(store.database, since, until)]


def test_tries_and_ends_stand_once_in_the_order_of_time(store: Store) -> None:
    load(store, *entries(3))
    plan_at(store, NINE - HOUR, LEAD)
    plan_at(store, NINE, LEAD)
    one, two, three = claim(store, NINE)
    store.outbox.record_outcomes(
        [
            (one, Outcome(state="sent", remote="250 ok", server="mx.example.org"), NINE, NINE),
            (two, Outcome(state="retry", error="busy", next_at=NINE + HOUR), NINE, NINE),
            (three, Outcome(state="dead", error="no such user"), NINE, NINE),
        ]
    )
    store.bounces.record(SentMail(delivery=one.id, attempt=1), "it came back", NINE + HOUR)
    store.ledger.dismiss(str(two.id), NINE + 2 * HOUR)
    all_of_them = found(store, NINE, NINE + 3 * HOUR)
    assert sorted(all_of_them[:3], key=lambda each: each[1]) == [
        (NINE, "dead", 1, None), (NINE, "retry", 1, None), (NINE, "sent", 1, "mx.example.org")
    ]  # fmt: skip
    assert all_of_them[3:] == [(NINE + HOUR, "bounced", None, None), (NINE + 2 * HOUR, "dismissed", None, None)]
    keys = {one.id: [context.tracked.commitment.key for context in one.contexts] for one in (one, two, three)}
    assert all(each.keys == keys[each.delivery["id"]] for each in tries_between(store.database, NINE, NINE + HOUR))


def test_the_first_moment_counts_and_the_last_does_not(store: Store) -> None:
    load(store, *entries(1))
    plan_at(store, NINE - HOUR, LEAD)
    plan_at(store, NINE, LEAD)
    (one,) = claim(store, NINE)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), NINE, NINE)])
    assert len(found(store, NINE, NINE + HOUR)) == 1
    assert found(store, NINE - HOUR, NINE) == []
    ((changed,),) = changes_between(store.database, at("2025-01-01"), at("2026-01-01"))
    recorded = changed.history[0].recorded_at
    assert list(changes_between(store.database, recorded, recorded + HOUR)) == [[changed]]
    assert list(changes_between(store.database, recorded - HOUR, recorded)) == []


def test_what_is_deleted_while_it_is_read_is_left_out(store: Store) -> None:
    """Tries are read 500 at a time, and the ledger may end in between."""
    load(store, *entries(501))
    plan_at(store, NINE - HOUR, LEAD)
    plan_at(store, NINE, LEAD)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), NINE, NINE) for one in claim(store, NINE, 501)])
    lines = tries_between(store.database, NINE, NINE + HOUR)
    first = next(lines)
    with store.database.write() as connection:
        connection.execute(delete(delivery_tables.deliveries))
    assert first.outcome == "sent"
    assert len(list(lines)) == 499
