"""Migration 0015 renames columns: nothing is sent anew, and what is in flight goes out once, as it was."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, func, insert, select, text

from alerts.core.deliveries import Outcome
from alerts.store import Store, delivery_tables, planning_tables, tables
from tests.factories import at, claim, entry, load, message, plan_at, remind, rule, tracked

DESK = rule(remind=remind(before=("P7D", "P1D"), moved=True), digest=False)
DUE = at("2025-11-03T09:00")
READERS = ("ann@example.org", "bo@example.org", "cy@example.org", "di@example.org")
NOTICE = UUID(int=7)
FAILED = {"id": str(UUID(int=8)), "channel": "mail", "recipient": "eve@example.org", "state": "dead", "error": "550",
          "attempts": 3, "about": ["truce before"], "instead": ["chat"]}  # fmt: skip


def as_before(connection: Connection) -> None:
    """Give the columns, indexes and reasons the names that they had at revision 0014."""
    names = import_module("alerts.store.migrations.versions.0015_plain_names")
    op = Operations(MigrationContext.configure(connection))
    op.drop_index("ix_deliveries_unreported", "deliveries")
    op.drop_index("ix_references_depends_on", "references")
    op.drop_index("uq_delivery_reminders_alert", "delivery_reminders")
    if connection.dialect.name == "sqlite":
        with op.batch_alter_table("references", recreate="always") as batch:
            batch.drop_constraint("fk_references_depends_on", type_="foreignkey")
            batch.create_foreign_key("fk_references_hangs_on", "commitments", ["depends_on"], ["id"])
    else:
        op.execute('ALTER TABLE "references" RENAME CONSTRAINT fk_references_depends_on TO fk_references_hangs_on')
    for table, old, new in names.COLUMNS:
        op.execute(f'ALTER TABLE "{table}" RENAME COLUMN {new} TO {old}')
    due = text("trouble > told")
    op.create_index("ix_deliveries_relief", "deliveries", ["created_at"], postgresql_where=due, sqlite_where=due)
    op.create_index("ix_references_hangs_on", "references", ["hangs_on"])
    op.create_index("uq_told", "delivery_reminders", list(names.ALERT), unique=True)
    for old, new in names.REASONS:
        connection.execute(text("UPDATE reminders SET skipped = :old WHERE skipped = :new"), {"old": old, "new": new})
    connection.execute(text("UPDATE alembic_version SET version_num = '0014'"))


def counts(store: Store) -> tuple[int, int]:
    with store.database.read() as connection:
        found = [
            connection.execute(select(func.count()).select_from(one)).scalar_one()
            for one in (planning_tables.reminders, delivery_tables.deliveries)
        ]
    return found[0], found[1]


@pytest.fixture
def upgraded(empty_url: str) -> Any:
    """A store that was upgraded from 0014, with what it held before: claimed, sent, waiting and a notice."""
    store = Store(empty_url)
    load(store, entry(), entry("answer", "P10D after truce"))
    twin = rule("twin", remind=remind(before=("P7D",)), digest=False)
    plan_at(store, at("2025-10-28T09:00"), DESK, twin, to=READERS)
    plan_at(store, DUE, DESK, twin, to=READERS)
    claims = {one.recipient: one for one in claim(store, DUE, limit=3)}
    for one in claims.values():
        store.outbox.keep({one.id: (one.fence, message(f"to {one.recipient}"), None)})
    sent, again, leased = list(claims.values())
    store.outbox.record_outcomes(
        [(sent, Outcome(state="sent"), DUE, DUE), (again, Outcome(state="retry", next_at=DUE), DUE, DUE)]
    )
    with store.database.write() as connection:
        row = {
            "id": NOTICE,
            "channel": "ops",
            "recipient": "",
            "state": "pending",
            "attempts": 0,
            "created_at": DUE,
            "next_at": DUE,
            "next_alert_at": {},
            "fence": 0,
            "notice": {"troubles": [FAILED], "more": 0},
        }
        connection.execute(insert(delivery_tables.deliveries), row)
    before = counts(store)
    with store.database.write() as connection:
        as_before(connection)
    store.close()
    store = Store(empty_url)
    yield store, before, {"again": again.id, "leased": leased.id}, twin
    store.close()


def test_nothing_is_sent_anew(upgraded):
    store, before, _, twin = upgraded
    assert counts(store) == before
    assert plan_at(store, DUE, DESK, twin, register=False, to=READERS) == 0
    assert counts(store) == before


def test_what_waits_goes_out_once_with_the_bytes_that_it_had(upgraded):
    store, _, flying, _ = upgraded
    later = DUE + timedelta(hours=1)
    with store.database.write() as connection:  # an hour on the clock of the database, too
        table = delivery_tables.deliveries
        connection.execute(table.update().where(table.c.state == "leased").values(lease_until=DUE))
    found = {one.id: one for one in claim(store, later)}
    assert len(found) == 3
    assert set(flying.values()) < set(found)
    for one in (found[flying["again"]], found[flying["leased"]]):
        assert one.message is not None
        assert one.message.text == f"to {one.recipient}"
        assert [context.reminder.commitment for context in one.contexts] == ["truce"]
    assert claim(store, later) == []


def test_what_was_stored_under_old_names_is_read(upgraded):
    store, _, _, _ = upgraded
    (notice,) = claim(store, DUE, channel="ops")
    assert notice.notice is not None
    assert notice.notice.failures[0].fallback_channels == ("chat",)
    reasons = {one["skipped"] for one in store.ledger.reminders(tracked(store).id)}
    assert reasons == {None, "already sent by another rule"}
    with store.database.read() as connection:
        depends = select(tables.references.c.commitment_id, tables.references.c.depends_on)
        assert connection.execute(depends).all() == [(tracked(store, "answer").id, tracked(store).id)]
        watch = select(planning_tables.watches.c.latest_moment, planning_tables.watches.c.fingerprint)
        watch = watch.where(planning_tables.watches.c.rule == DESK.name)
        assert connection.execute(watch.order_by(planning_tables.watches.c.commitment_id)).first()[1]
