"""A long digest that waits as a whole is held some hundred at a time: others may write in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import time
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from alerts.core.deliveries import LATE, FailureLevel, Outcome
from alerts.core.office_hours import WEEKDAYS, OfficeHours
from alerts.core.silences import Silence
from alerts.store import Store, delivery_tables
from alerts.store.database import Database
from alerts.store.outbox import holds
from alerts.store.outbox.held_back import GATHERED_AT_ONCE, ChannelHours
from tests.factories import LEASE, NOW, at, claim, entries, entry, load, plan_at, remind, rule

NINE, END = at("2025-11-03T09:00"), at("2025-11-05T09:00")
LEAD = rule(remind=remind(before=("P7D",)))
DESKS = ("ann@example.org", "bo@example.org", "cy@example.org")
D = delivery_tables.deliveries
EACH = GATHERED_AT_ONCE * 3 // 5
Gathers = Callable[[Connection, Sequence[tuple[Any, Mapping[Any, Any]]], Sequence[Any]], None]


@pytest.fixture
def silenced(store: Store) -> Store:
    """Three digests that are due, each shorter than what is gathered at once, and a silence for all of them."""
    load(store, *entries(EACH))
    plan_at(store, NOW, LEAD, to=DESKS)
    assert plan_at(store, NINE, LEAD, register=False, to=DESKS) == len(DESKS)
    store.silences.add(Silence(match={}, since=NOW, until=END, reason="the office moves", by="ann"))
    return store


def waiting(store: Store) -> tuple[int, int]:
    """Return how many reminders are gathered, and how many wait in deliveries."""
    with store.database.read() as connection:
        tables = (delivery_tables.gathered, delivery_tables.delivery_reminders)
        gathered, carried = (connection.scalar(select(func.count()).select_from(table)) for table in tables)
        return gathered or 0, carried or 0


def check_sent_once(store: Store) -> None:
    plan_at(store, END, LEAD, register=False, to=DESKS)
    found = claim(store, END)
    assert sorted((one.recipient, len(one.contexts)) for one in found) == [(desk, EACH) for desk in DESKS]


def test_no_transaction_gathers_more_than_some_hundred_and_all_goes_out_at_the_end(
    silenced: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gather(connection: Connection, held: Sequence[tuple[Any, Mapping[Any, Any]]], whole: Sequence[Any]) -> None:
        gathered.append(sum(len(waits) for _, waits in held))
        original(connection, held, whole)

    @contextmanager
    def write(database: Database) -> Any:
        before = len(gathered)
        with begin(database) as connection:
            yield connection
        for_each.append(sum(gathered[before:]))

    gathered, for_each, original, begin = list[int](), list[int](), holds.gather_held, Database.write
    monkeypatch.setattr(holds, "gather_held", gather)
    monkeypatch.setattr(Database, "write", write)
    assert claim(silenced, NINE) == []
    assert [one for one in for_each if one] == [GATHERED_AT_ONCE, 3 * EACH - GATHERED_AT_ONCE]
    assert waiting(silenced) == (3 * EACH, 0)
    check_sent_once(silenced)


def test_what_was_not_held_when_a_process_was_killed_is_held_by_the_next(
    silenced: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gather(*arguments: Any) -> None:
        if waiting(silenced)[0]:
            raise KeyboardInterrupt
        original(*arguments)

    original: Gathers = holds.gather_held
    with monkeypatch.context() as killed:
        killed.setattr(holds, "gather_held", gather)
        with pytest.raises(KeyboardInterrupt):
            claim(silenced, NINE)
    assert waiting(silenced) == (GATHERED_AT_ONCE, 3 * EACH - GATHERED_AT_ONCE)
    assert claim(silenced, NINE) == []
    assert waiting(silenced) == (3 * EACH, 0)
    check_sent_once(silenced)


def test_of_a_silence_that_is_ended_in_between_each_alert_still_goes_out_once(
    silenced: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(database: Database) -> Any:
        if waiting(silenced)[0]:
            monkeypatch.undo()
            for one in silenced.silences.lasting(NINE):
                silenced.silences.end(one.id, NINE, "ann", "shell")
        return begin(database)

    begin = Database.write
    monkeypatch.setattr(Database, "write", write)
    found = claim(silenced, NINE)
    assert found
    silenced.outbox.record_outcomes([(one, Outcome(state="sent"), NINE, NINE) for one in found])
    plan_at(silenced, NINE, LEAD, register=False, to=DESKS)
    found += claim(silenced, NINE)
    sent = Counter((one.recipient, each.reminder.commitment) for one in found for each in one.contexts)
    assert set(sent.values()) == {1}
    assert len(sent) == 3 * EACH


def test_an_outage_reports_what_is_late_behind_long_digests_that_wait_for_office_hours(store: Store) -> None:
    urgent = "desk@example.org"
    load(store, *entries(EACH))
    plan_at(store, NOW, LEAD, to=(*DESKS, urgent))
    assert plan_at(store, NINE, LEAD, register=False, to=(*DESKS, urgent)) == len(DESKS) + 1
    closed = OfficeHours(opens=time(12), closes=time(17), days=WEEKDAYS, timezone="UTC")
    hours = ChannelHours(of=lambda recipient: None if recipient == urgent else closed)
    assert store.outbox.note_outage("mail", "refused", NINE + LATE, hours)
    assert waiting(store) == (len(DESKS) * EACH, EACH)
    with store.database.read() as connection:
        late = connection.execute(select(D.c.recipient, D.c.failure_level)).tuples().all()
    assert late == [(urgent, int(FailureLevel.LATE))]


def test_critical_alerts_go_out_before_long_digests_are_held_as_a_whole(store: Store) -> None:
    load(store, *entries(2 * EACH), *(entry(f"urgent-{number}", priority="critical") for number in range(4)))
    plan_at(store, NOW, LEAD, to=DESKS)
    assert plan_at(store, NINE, LEAD, register=False, to=DESKS) == 5 * len(DESKS)
    closed = OfficeHours(opens=time(12), closes=time(17), days=WEEKDAYS, timezone="UTC")
    found = store.outbox.claim("mail", NINE, 100, LEASE, hours=ChannelHours(of=lambda _: closed))
    assert len(found) == 4 * len(DESKS)
    assert waiting(store)[0] < 2 * len(DESKS) * EACH
