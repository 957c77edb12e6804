"""Transactions: what belongs together is written together, or not at all; what must be there once the database says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from alerts.core.deliveries import Outcome
from alerts.failure_handling import handle_failures
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, planning_tables, tables
from tests.factories import NOW, at, claim, entry, load, plan_at, remind, rule
from tests.store.outbox.test_fail_over import CHANNELS

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), fallback="chat", digest=False)


@pytest.fixture
def planned(store: Store) -> Store:
    """A store with a word that falls due at NINE."""
    load(store, entry())
    assert plan_at(store, NOW, LEAD) == 0
    return store


@contextmanager
def failing(statement: str) -> Iterator[None]:
    """Let the disk be full, or the process be killed, when a statement that begins so is about to be executed."""

    def fail(_c: object, _k: object, text: str, *_: object) -> None:
        if text.startswith(statement):
            raise ZeroDivisionError

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(ZeroDivisionError):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", fail)


STEPS = {
    "reminders": "INSERT INTO reminders ",
    "deliveries": "INSERT INTO deliveries ",
    "carried": "INSERT INTO delivery_reminders ",
    "claims": "UPDATE watches SET claimed_by",
    "watches": "UPDATE watches SET since",
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_batch_that_fails_half_way_is_planned_whole_the_next_time(planned, step):
    with failing(step):
        plan_at(planned, NINE, LEAD, register=False)
    assert planned.ledger.counts() == {"open": 1}
    assert plan_at(planned, NINE, LEAD, register=False) == 1
    (one,) = claim(planned, NINE)
    assert [told.reminder.kind for told in one.contexts] == ["before"]


TELLING = {name: STEPS[name] for name in ("deliveries", "carried")} | {"told": "UPDATE deliveries "}


@pytest.mark.parametrize("step", TELLING.values(), ids=TELLING)
def test_a_failure_whose_telling_fails_is_told_the_next_time(planned, step):
    plan_at(planned, NINE, LEAD, register=False)
    dead = Outcome(state="dead", error="550 no such user")
    planned.outbox.record_outcomes([(one, dead, NINE, NINE) for one in claim(planned, NINE)])
    with failing(step):
        handle_failures(planned, ScheduledRule.all([LEAD]), CHANNELS, ["ops"], NINE)
    assert [one["channel"] for one in planned.ledger.deliveries()] == ["mail"]
    assert handle_failures(planned, ScheduledRule.all([LEAD]), CHANNELS, ["ops"], NINE) == 1
    assert len(claim(planned, NINE, channel="chat")) == 1
    (failure,) = claim(planned, NINE, channel="ops")[0].notice.failures
    assert failure.fallback_channels == ("chat",)


def test_a_reminder_under_another_id_is_refused(planned):
    plan_at(planned, NINE, LEAD, register=False)
    with planned.database.read() as connection:
        row = connection.execute(select(planning_tables.reminders)).mappings().one()
    with pytest.raises(IntegrityError), planned.database.write() as connection:
        connection.execute(insert(planning_tables.reminders).values({**row, "id": uuid4()}))


def test_a_write_keeps_others_out_from_its_first_look(sqlite_url):
    """Else another could write between what is read and what is made of it."""
    store = Store(sqlite_url)
    with store.database.write() as connection, closing(sqlite3.connect(store.database.path, timeout=0)) as other:
        connection.execute(select(tables.meta)).all()
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
    store.close()
