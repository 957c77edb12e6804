"""Migration 0015 renames columns and what is stored under names: each is read under its new one.

`test_schemas.py` shows that nothing is lost or sent anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import (
    Connection,
    TableClause,
    Text,
    Uuid,
    column,
    delete,
    insert,
    inspect,
    select,
    table,
    update,
)

from alerts.core.deliveries import Outcome
from alerts.store import Store, delivery_tables, planning_tables, table_types, tables
from alerts.store.database import MIGRATIONS, Database
from tests.factories import at, claim, entry, load, message, plan_at, remind, rule, tracked

DESK = rule(remind=remind(before=("P7D",)), digest=False)
TWIN = rule("twin", remind=remind(before=("P7D",)), digest=False)  # what it plans, DESK has sent already
DUE = at("2025-11-03T09:00")
RETRY, LEASED, SENT, DEAD, PENDING, FALLBACK = (
    f"{name}@example.org" for name in ("bo", "cy", "di", "eve", "ann", "fay")
)
READERS = (RETRY, LEASED, SENT, DEAD, PENDING, FALLBACK)
NOTICE = UUID(int=7)
FAILURE = {"id": str(UUID(int=8)), "channel": "mail", "recipient": DEAD, "state": "dead", "error": "550",
           "attempts": 3, "about": ["truce before"], "instead": ["chat"]}  # fmt: skip
_D, _W = delivery_tables.deliveries.c, planning_tables.watches.c

# Written out here, so that a name that the migration leaves out is missed.
OLD_COLUMNS = {
    "commitments": {"fingerprint": "mark"},
    "watches": {"fingerprint": "mark", "latest_moment": "spoken"},
    "reminders": {"fingerprint": "mark"},
    "references": {"depends_on": "hangs_on"},
    "deliveries": {
        "next_alert_at": "speaks_next",
        "fallback_for": "instead_of",
        "failure_level": "trouble",
        "reported_level": "told",
    },
}
OLD_REASONS = {
    "already sent by another rule": "told by another rule",
    "no recipient": "there was nobody to tell",
    "sent with the reopening": "told with the reopening",
    "moved back before an alert went out": "moved there and back before it was told",
}
ALERT = ("commitment_id", "occurrence", "bounds_version", "kind", "moment", "channel", "recipient")
Rows = dict[str, list[dict[str, Any]]]


@dataclass
class Upgraded:
    """A store that was upgraded from 0014, with all rows as they were before, under the new names."""

    store: Store
    before: Rows


def all_rows(connection: Connection) -> Rows:
    return {
        one.name: [dict(row) for row in connection.execute(select(one).order_by(*one.primary_key.c)).mappings()]
        for one in table_types.metadata.sorted_tables
    }


def fill(store: Store) -> None:
    """Bring about a delivery in each state, a fallback, a notice, skipped reminders and a dependant."""
    load(store, entry(), entry("answer", "P10D after truce"))
    assert plan_at(store, DUE, DESK, TWIN, to=READERS) == len(READERS)
    claims = {one.recipient: one for one in claim(store, DUE)}
    store.outbox.keep({one.id: (one.fence, message(f"to {one.recipient}"), None) for one in claims.values()})
    outcomes = {
        RETRY: Outcome(state="retry", next_at=DUE, error="451"),
        SENT: Outcome(state="sent", remote="250 ok"),
        DEAD: Outcome(state="dead", error="550"),
    }
    store.outbox.record_outcomes([(claims[to], outcome, DUE, DUE) for to, outcome in outcomes.items()])
    waiting = {"state": "pending", "attempts": 0, "lease_until": None, "next_at": DUE}
    notice = {"id": NOTICE, "channel": "ops", "recipient": "", "state": "pending", "attempts": 0, "fence": 0,
              "created_at": DUE, "next_at": DUE, "next_alert_at": {},
              "notice": {"troubles": [FAILURE], "more": 0}}  # fmt: skip
    with store.database.write() as connection:
        deliveries = delivery_tables.deliveries
        never_rendered = {**waiting, "payload": None, "payload_hash": None}
        connection.execute(update(deliveries).where(_D.recipient == PENDING).values(never_rendered))
        connection.execute(update(deliveries).where(_D.recipient == FALLBACK).values(**waiting, fallback_for=FAILURE))
        connection.execute(update(deliveries).where(_D.recipient == LEASED).values(lease_until=DUE))
        connection.execute(insert(deliveries), notice)


def old_table(name: str, there: Collection[str]) -> TableClause:
    """A table of 0014 with the columns that are there, typed as they are now; ids as they were."""
    old, columns = OLD_COLUMNS.get(name, {}), table_types.metadata.tables[name].c
    named = {old.get(one.name, one.name): one.type for one in columns}
    if name == "delivery_reminders":
        of_reminders = planning_tables.reminders.c
        named |= {one: of_reminders[one].type for one in ALERT[:-2]} | dict.fromkeys(ALERT[-2:], Text())
    ids = {one: Uuid() for one, its_type in named.items() if isinstance(getattr(its_type, "impl", None), Uuid)}
    return table(name, *(column(one, its_type) for one, its_type in (named | ids).items() if one in there))


def old_links(rows: Rows) -> list[dict[str, Any]]:
    """The links of deliveries and reminders as they were: with what they repeated of both, and without a digest."""
    reminders, deliveries = ({row["id"]: row for row in rows[name]} for name in ("reminders", "deliveries"))
    return [
        {"delivery_id": row["delivery_id"], "reminder_id": row["reminder_id"]}
        | {name: reminders[row["reminder_id"]][name] for name in ALERT[:-2]}
        | {name: deliveries[row["delivery_id"]][name] for name in ALERT[-2:]}
        for row in rows["delivery_reminders"]
    ]


def make_database_of_0014(url: str, rows: Rows) -> None:
    """Let Alembic build the tables of 0014, and put rows there under the names of that time."""
    database, config = Database(url), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0014")
        there = inspect(connection).get_table_names()
        for one in (one for one in reversed(table_types.metadata.sorted_tables) if one.name in there):
            connection.execute(delete(one))  # what migrations put there, such as the installation
        for name, found in (rows | {"delivery_reminders": old_links(rows)}).items():
            old = OLD_COLUMNS.get(name, {})
            columns = {one["name"] for one in inspect(connection).get_columns(name)} if name in there else set()
            written = [{old.get(key, key): value for key, value in row.items()} for row in found]
            renamed = [{key: value for key, value in row.items() if key in columns} for row in written]
            for row in renamed if name == "reminders" else ():
                row["skipped"] = OLD_REASONS.get(row["skipped"], row["skipped"])
            if renamed:
                connection.execute(insert(old_table(name, columns)), renamed)
    database.close()


@pytest.fixture
def upgraded(empty_url: str, tmp_path: Path) -> Iterator[Upgraded]:
    newest = Store(f"sqlite:///{tmp_path}/newest.db")
    fill(newest)
    with newest.database.read() as connection:
        before = all_rows(connection)
    newest.close()
    make_database_of_0014(empty_url, before)
    store = Store(empty_url)
    yield Upgraded(store, before)
    store.close()


def test_what_the_new_names_hold(upgraded):
    store = upgraded.store
    truce, answer = tracked(store), tracked(store, "answer")
    reasons = {one["skipped"] for one in store.ledger.reminders(truce.id)}
    assert reasons == {None, "already sent by another rule"}
    with store.database.read() as connection:
        references = tables.references.c
        depends = select(references.commitment_id, references.depends_on)
        assert connection.execute(depends).all() == [(answer.id, truce.id)]
        watch = select(_W.latest_moment, _W.fingerprint).where(_W.commitment_id == truce.id, _W.rule == DESK.name)
        assert connection.execute(watch).all() == [(at("2025-11-03T00:00"), truce.bounds.fingerprint)]
        levels = select(_D.failure_level, _D.reported_level).where(_D.recipient == DEAD)
        assert connection.execute(levels).one() == (3, 0)


@pytest.mark.parametrize(("new", "old"), OLD_REASONS.items())
def test_each_old_reason_reads_as_the_new_one(empty_url, tmp_path, new, old):
    newest = Store(f"sqlite:///{tmp_path}/newest.db")
    fill(newest)
    with newest.database.write() as connection:
        skipped = planning_tables.reminders.c.skipped
        connection.execute(update(planning_tables.reminders).where(skipped.is_not(None)).values(skipped=new))
        rows = all_rows(connection)
    newest.close()
    make_database_of_0014(empty_url, rows)
    before = Database(empty_url)
    with before.read() as connection:
        assert old in connection.execute(select(column("skipped")).select_from(table("reminders"))).scalars().all()
    before.close()
    store = Store(empty_url)
    assert {one["skipped"] for one in store.ledger.reminders(tracked(store).id)} == {None, new}
    store.close()


def test_failures_that_were_stored_under_old_keys_are_read(upgraded):
    (notice,) = claim(upgraded.store, DUE, channel="ops")
    assert (notice.id, notice.notice.more) == (NOTICE, 0)
    assert notice.notice.failures[0].fallback_channels == ("chat",)
    (fallback,) = (one for one in claim(upgraded.store, DUE) if one.recipient == FALLBACK)
    assert fallback.fallback_for.fallback_channels == ("chat",)
    assert fallback.fallback_for.id == UUID(FAILURE["id"])
