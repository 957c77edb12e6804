"""Digests over several batches: one for each recipient, whoever plans them, and wherever that is interrupted."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from alerts.core.registration import RuleSet
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, planning_tables
from alerts.store.outbox.contents import carried
from alerts.store.registry import ProcessStatus
from alerts.store.rows import CHUNK
from tests.factories import NOW, at, claim, entries, entry, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
BOTH = ("a@example.org", "b@example.org")
LEAD = rule(remind=remind(before=("P7D",)))
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=BOTH)}


class KilledError(Exception):
    """The process is no more."""


def planned(store: Store, count: int, *rules: Any) -> Store:
    load(store, *entries(count))
    plan_at(store, NOW, *rules or (LEAD,), to=BOTH)
    return store


def turn(store: Store, *rules: Any, now: Any = NINE, **how: Any) -> int:
    return plan(store, ScheduledRule.all(rules or (LEAD,)), CHANNELS, now, **how)


def digests(store: Store, now: Any = NINE) -> list[tuple[str, int]]:
    """Who has which deliveries, with the number of entries; nothing waits any more."""
    with store.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(delivery_tables.gathered)).scalar_one() == 0
    return sorted((one.recipient, len(one.contexts)) for one in claim(store, now))


def test_a_digest_of_a_thousand_is_read_at_once_where_postgresql_has_seen_reminders_only_empty(
    postgresql_url: str,
) -> None:
    """It takes hundredths of a second. Where the reminders are joined, each is compared with all others for minutes."""
    with closing(Store(f"{postgresql_url}&options=-c%20statement_timeout%3D5s")) as store:
        planned(store, 1001)
        turn(store)
        with store.database.write() as connection:
            for one in ("deliveries", "reminders"):
                connection.execute(text(f"DELETE FROM pg_statistic WHERE starelid = '{one}'::regclass"))
                seen_empty = "UPDATE pg_class SET reltuples = 0, relpages = 1"
                connection.execute(text(f"{seen_empty} WHERE oid = '{one}'::regclass"))
            connection.execute(text("ANALYZE delivery_reminders"))
        with store.database.read() as connection:
            rows = connection.execute(select(delivery_tables.deliveries)).mappings().all()
        contents, stale = carried(store.database.read, rows)
        assert ([len(one) for one in contents.values()], stale) == ([1001, 1001], {})


def skipped(store: Store, **which: str) -> list[str | None]:
    """Why some reminders were not sent."""
    row = planning_tables.reminders.c
    with store.database.read() as connection:
        query = select(row.skipped).where(*(row[name] == value for name, value in which.items()))
        return list(connection.execute(query).scalars())


def killed_after(batches: int) -> Any:
    left = [batches]

    def on_batch() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError

    return on_batch


def test_several_batches_due_at_one_firing_are_one_digest_for_each_recipient(store):
    many = 2 * CHUNK + 1
    planned(store, many)
    assert turn(store) == 2
    assert digests(store) == [("a@example.org", many), ("b@example.org", many)]


@pytest.mark.usefixtures("batches_of_five")
@pytest.mark.parametrize("boundary", range(7))
def test_killed_between_any_two_batches_the_next_process_still_makes_one_digest(store, boundary):
    planned(store, 17)
    try:
        turn(store, on_batch=killed_after(boundary))
    except KilledError:
        turn(store, now=at("2025-11-03T10:00"))
    assert digests(store, at("2025-11-03T10:00")) == [("a@example.org", 17), ("b@example.org", 17)]


@pytest.mark.usefixtures("batches_of_five")
def test_what_is_critical_or_never_digested_leaves_with_its_batch(store):
    alone = rule("alone", remind=remind(before=("P7D",)), digest=False)
    planned(store, 17, alone)
    with pytest.raises(KilledError):
        turn(store, alone, on_batch=killed_after(0))
    assert len(claim(store, NINE)) == 10  # of five commitments, to two recipients


@pytest.mark.usefixtures("batches_of_five")
def test_three_replicas_at_once_make_one_digest(replicas, together):
    planned(replicas[0], 43)
    together(*(lambda one=one: turn(one) for one in replicas))
    for one in replicas:  # whoever was the last to see something due leaves the rest to the next turn
        turn(one)
    assert digests(replicas[0]) == [("a@example.org", 43), ("b@example.org", 43)]


@pytest.mark.usefixtures("batches_of_five")
def test_what_waits_joins_what_is_due_by_then_and_the_latest_of_one_state_goes_out(store):
    both = rule(remind=remind(before=("P7D", "P1D")), digest=True)
    planned(store, 12, both)
    with pytest.raises(KilledError):
        turn(store, both, on_batch=killed_after(1))
    later = at("2025-11-09T09:00")
    assert turn(store, both, now=later) == 2
    found = claim(store, later)
    assert {told.reminder.offset for one in found for told in one.contexts} == {"P1D"}
    assert sorted(len(one.contexts) for one in found) == [12, 12]
    assert set(skipped(store, offset="P7D")) == {"merged into the later one of 2025-11-09T00:00Z"}


@pytest.mark.usefixtures("batches_of_five")
def test_two_rules_in_several_batches_tell_one_state_once(store):
    rules = [rule(name, remind=remind(before=(lead,)), digest=False) for name, lead in (("a", "P7D"), ("b", "P1D"))]
    planned(store, 13, *rules)
    later = at("2025-11-09T09:00")
    assert turn(store, *rules, now=later) == 26
    found = claim(store, later)
    assert {told.reminder.rule for one in found for told in one.contexts} == {"b"}
    assert set(skipped(store, rule="a")) == {"merged into the later one of 2025-11-09T00:00Z"}


@pytest.mark.usefixtures("batches_of_five")
def test_a_replica_that_holds_on_to_what_is_due_is_waited_for_but_not_for_ever(replicas):
    one, other, _ = replicas
    planned(one, 8)
    assert len(one.watches.claim_due({LEAD.name: LEAD}, NINE).watches) == 5  # and there it stops
    assert turn(other) == 0
    assert turn(other, now=at("2025-11-03T09:01")) == 0
    assert turn(other, now=at("2025-11-03T09:02")) == 6


@pytest.mark.usefixtures("batches_of_five")
def test_what_comes_due_while_a_digest_is_worked_out_is_waited_for(store, monkeypatch):
    planned(store, 17)
    with pytest.raises(KilledError):
        turn(store, on_batch=killed_after(1))
    watches, write = planning_tables.watches, store.database.write
    with write() as connection:
        due = connection.execute(watches.update().where(watches.c.next_at <= NINE).values(next_at=None)).rowcount
    assert due > 0

    def some_come_due_and_write() -> Any:
        with write() as connection:
            connection.execute(watches.update().where(watches.c.next_at.is_(None)).values(next_at=NINE))
        return write()

    with monkeypatch.context() as patch:
        patch.setattr(store.database, "write", some_come_due_and_write)
        assert list(store.gathering.seal(lambda: [LEAD.name], NINE)) == []
    turn(store)
    assert digests(store) == [("a@example.org", 17), ("b@example.org", 17)]


def lives(store: Store, *rules: Any) -> None:
    """Let a daemon be alive that plans these rules."""
    mine = RuleSet(rules={one.name: one for one in rules})
    status = ProcessStatus(
        name="daemon", host="h", pid=1, rule_set=mine.hash, folder=None, rules=mine.hashes, channels=[], seen_at=NINE
    )
    store.registrations.report(status)


@pytest.mark.usefixtures("batches_of_five")
def test_a_tick_with_other_rules_seals_nothing_that_a_daemon_still_gathers(store):
    other = rule("other", remind=remind(before=("P1D",)))
    planned(store, 17, LEAD, other)
    lives(store, LEAD, other)
    with pytest.raises(KilledError):
        turn(store, LEAD, other, on_batch=killed_after(1))
    assert turn(store, other) == 0  # it shares one rule with the daemon, and has nothing due
    assert plan(store, {}, CHANNELS, NINE) == 0  # and this one shares none
    turn(store, LEAD, other)
    assert digests(store) == [("a@example.org", 17), ("b@example.org", 17)]


@pytest.mark.usefixtures("batches_of_five")
def test_reminders_of_a_process_that_has_nothing_due_join_the_digest_of_one_that_has(store):
    other = rule("other", remind=remind(before=("P7D",)), match={"tags": ("urgent",)})
    most = replace(LEAD, match={"tags": ("calm",)})
    load(store, *entries(17, tags=("calm",)), *(entry(f"u{number}", tags=("urgent",)) for number in range(2)))
    plan_at(store, NOW, most, other, to=BOTH)
    lives(store, most)
    assert turn(store, other) == 0
    turn(store, most)
    assert digests(store) == [("a@example.org", 19), ("b@example.org", 19)]
