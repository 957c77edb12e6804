"""Deliveries of long ago are deleted with their attempts and links, unless what they carry is still open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update

from alerts.core.bounce_tokens import SentMail
from alerts.core.deliveries import Delivery, FailureLevel, Outcome
from alerts.core.retention import Retention
from alerts.store import Store, delivery_tables, planning_tables, tables
from alerts.store.new_deliveries import new_delivery
from alerts.store.outbox import old_deliveries
from alerts.store.outbox.old_deliveries import PLACE, OldDeliveries
from alerts.store.outbox.tidying import tidy
from tests import acting
from tests.factories import at, change, claim, close, entries, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), digest=False)
HOUR, DAY, KEPT = timedelta(hours=1), timedelta(days=1), Retention().ledger
LATER = NINE + KEPT + HOUR
D = delivery_tables.deliveries


def sent(store: Store, count: int = 1, outcome: str = "sent", *, closed: int | None = None) -> list[Delivery]:
    """Send an alert about each of some commitments, of which the first ones are closed then (all, unless stated)."""
    load(store, *entries(count))
    plan_at(store, NINE - HOUR, LEAD)
    plan_at(store, NINE, LEAD)
    found = sorted(claim(store, NINE), key=lambda one: one.contexts[0].tracked.commitment.key)
    ended = Outcome(state=outcome, next_at=NINE + HOUR if outcome == "retry" else None)  # type: ignore[arg-type]
    store.outbox.record_outcomes([(one, ended, NINE, NINE) for one in found])
    for number in range(count if closed is None else closed):
        close(store, f"c{number:05}", now=NINE + HOUR)
    reported(store)
    return found


def reported(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(update(D).values(unseen=False, reported_level=D.c.failure_level))


def put(store: Store, number: int, **values: Any) -> None:
    """Put a delivery without reminders that was sent."""
    row = new_delivery(UUID(int=number), "mail", "desk@example.org", NINE)
    with store.database.write() as connection:
        connection.execute(insert(D), row | {"state": "sent", "ended_at": NINE, "unseen": False} | values)


def count(store: Store, table: Any) -> int:
    with store.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def ids(store: Store) -> set[UUID]:
    with store.database.read() as connection:
        return set(connection.execute(select(D.c.id)).scalars())


def delete(store: Store, now: datetime = LATER, **more: Any) -> int:
    return OldDeliveries(store.database).delete(now, KEPT, **more)


@pytest.mark.parametrize("outcome", ["sent", "dead"])
def test_after_its_period_a_delivery_goes_with_its_attempts_and_links_and_the_reminder_stays(
    store: Store, outcome: str
) -> None:
    sent(store, 2, outcome)
    assert delete(store, NINE + KEPT) == 0, "it ended that long ago, not longer"
    assert delete(store) == 2
    assert [count(store, table) for table in (D, delivery_tables.attempts, delivery_tables.delivery_reminders)] == [
        0
    ] * 3
    assert count(store, planning_tables.reminders) == 2
    assert count(store, tables.commitments) == 2


def test_an_alert_is_not_sent_again_after_its_delivery_is_gone(store: Store) -> None:
    """Neither at once, nor when its commitment is opened again with the same date, nor by a rule that is put back."""
    sent(store)
    assert delete(store) == 1
    assert plan_at(store, LATER + HOUR, LEAD) == 0
    with store.database.write() as connection:  # whatever makes a planner look at the alert again
        connection.execute(update(planning_tables.watches).values(next_at=LATER, cursor=NINE - DAY, since=NINE - DAY))
        connection.execute(update(tables.commitments).values(status="open"))
    plan_at(store, NINE + DAY, LEAD, register=False)
    assert claim(store, LATER + DAY) == []
    assert count(store, planning_tables.reminders) == 1


def test_what_carries_an_open_commitment_stays_until_that_is_closed(store: Store) -> None:
    done, still_open = sent(store, 2, closed=1)
    assert delete(store) == 1
    assert ids(store) == {still_open.id}
    assert done.id != still_open.id
    close(store, "c00001", now=LATER)
    assert delete(store, LATER + HOUR) == 0, "the round has passed it"
    assert delete(store, LATER + DAY) == 1


def test_a_digest_stays_while_one_of_its_commitments_is_open(store: Store) -> None:
    digest = replace(LEAD, digest=True)
    load(store, *entries(3))
    plan_at(store, NINE - HOUR, digest)
    plan_at(store, NINE, digest)
    (one,) = claim(store, NINE)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), NINE, NINE)])
    reported(store)
    for key in ("c00000", "c00002"):
        close(store, key, now=NINE + HOUR)
    assert delete(store) == 0
    assert count(store, delivery_tables.delivery_reminders) == 3
    close(store, "c00001", now=LATER)
    assert delete(store, LATER + DAY) == 1


def test_notices_summaries_and_events_go_as_well(store: Store) -> None:
    load(store, *entries(1))
    put(store, 1, notice={"failures": []})
    put(store, 2, summary={"firing": NINE.isoformat()})
    put(store, 3, event={"name": "moved", "key": "c00000"}, event_revision=1)
    put(store, 4, notice={"failures": []}, ended_at=LATER - DAY)
    assert delete(store) == 3
    assert ids(store) == {UUID(int=4)}


@pytest.mark.parametrize(
    "kept",
    [
        {"state": "pending", "ended_at": None},
        {"state": "leased", "ended_at": None},
        {"state": "retry", "ended_at": None},
        {"state": "retry"},
        {"state": "dead", "failure_level": int(FailureLevel.DEAD)},
        {"state": "bounced", "failure_level": int(FailureLevel.DEAD), "reported_level": int(FailureLevel.LATE)},
        {"unseen": True},
    ],
)
def test_what_may_still_be_sent_or_reported_stays(store: Store, kept: dict[str, Any]) -> None:
    put(store, 1, **kept)
    assert delete(store) == 0
    assert ids(store) == {UUID(int=1)}


def test_what_another_process_changes_meanwhile_stays(store: Store) -> None:
    """Between the look at them one mail comes back, and one commitment is opened again; the third one goes."""
    back, reopened, _ = sent(store, 3)

    def meanwhile() -> bool:
        store.bounces.record(SentMail(back.id, back.attempt), "no such mailbox", LATER)
        acting.reopen(store, "c00001", change(LATER))
        return False

    assert delete(store, stop=meanwhile) == 1
    assert ids(store) == {back.id, reopened.id}


def test_what_another_replica_holds_is_passed_over(replicas: list[Store]) -> None:
    """Nobody waits for the other's lock, and each delivery is deleted once."""
    one, other, _ = replicas
    found = sent(one, 3)
    with other.database.write() as connection:
        connection.execute(select(D.c.id).where(D.c.id == found[1].id).with_for_update())
        assert delete(one) == 2
    assert ids(one) == {found[1].id}
    assert delete(other, LATER + DAY) == 1


def test_a_sweep_looks_at_one_page_and_the_next_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_deliveries, "BATCH", 2)
    monkeypatch.setattr(old_deliveries, "PAGE", 4)
    sent(store, 10)
    assert delete(store, stop=lambda: True) == 0
    assert [delete(store) for _ in range(4)] == [4, 4, 2, 0]


def test_what_stays_is_not_looked_at_in_each_sweep(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one planning time, with ten that stay in between: the round goes past them, and begins again a day later."""
    monkeypatch.setattr(old_deliveries, "PAGE", 4)
    sent(store, 10, closed=0)
    for number in range(10, 15):
        put(store, number, created_at=NINE + HOUR, ended_at=NINE + HOUR)
    last = LATER + HOUR
    assert [delete(store, last) for _ in range(5)] == [0, 0, 2, 3, 0]
    before = place(store)
    assert before is not None
    assert before[0].split() == [(NINE + HOUR).isoformat()], "all of that time: no sweep searches it again"
    put(store, 1, created_at=NINE - DAY, ended_at=NINE - DAY)
    assert delete(store, last + HOUR) == 0
    assert place(store) == before, "nothing is written where there is nothing to do"
    assert [delete(store, last + DAY) for _ in range(4)] == [1, 0, 0, 0]
    put(store, 2, created_at=NINE - DAY, ended_at=NINE - DAY)
    assert delete(store, last) == 1, "a clock that was ahead has recorded the place"


def place(store: Store) -> tuple[str, datetime] | None:
    with store.database.read() as connection:
        row = connection.execute(
            select(tables.meta.c.value, tables.meta.c.at).where(tables.meta.c.name == PLACE)
        ).first()
    return (row.value, row.at) if row else None


def test_a_mail_that_comes_back_after_its_delivery_is_gone_is_unknown(store: Store) -> None:
    (one,) = sent(store)
    delete(store)
    assert store.bounces.record(SentMail(one.id, one.attempt), "no such mailbox", LATER).effect == "unknown"
    assert store.linked_deliveries.find(one.id) is None


def test_a_turn_as_of_a_later_day_deletes_nothing_before_its_time(store: Store) -> None:
    sent(store)
    tidy(store.database, LATER, Retention(), real=NINE + DAY)
    assert count(store, D) == 1
    tidy(store.database, LATER, Retention())
    assert count(store, D) == 0


def test_a_page_is_found_by_the_time_of_planning(sqlite_url: str, statements: Any) -> None:
    store = Store(sqlite_url)
    sent(store, 3, closed=1)
    with statements() as heard:
        delete(store)
        delete(store)
    with store.database.read() as connection:
        ways = [
            row[-1]
            for statement, values in heard
            if "deliveries" in statement and statement.startswith(("SELECT", "DELETE"))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    found = [way for way in ways if way.startswith(("SEARCH", "SCAN"))]
    assert any("ix_deliveries_created_at" in way for way in found)
    assert [way for way in found if way.startswith("SCAN")] == []
    store.close()
