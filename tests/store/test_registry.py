"""Registrations: a history of sets, and what a new one leaves out ends after an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from alerts.core.commitments import Person
from alerts.core.registration import GRACE, SHIPPED, Registered, RuleSet, daemon_may_register
from alerts.core.rules import Rule
from alerts.store import Store, planning_tables, tables
from alerts.store.registry import ProcessStatus
from tests.factories import NOW, at, entry, load, plan_at, remind, rule, settle

ALIVE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
NINE = at("2025-11-03T09:00")
ANA = Person(key="ana", name="Ana", email="ana@example.org")


def register(store: Store, *rules: Rule, now: datetime = NOW, by: str = "one", people: Any = ()) -> Registered:
    mine = RuleSet(rules={one.name: one for one in rules}, people=people)
    return store.registrations.register(mine, now, by=by, alive=ALIVE, may=partial(daemon_may_register, mine))


def lives(store: Store, name: str, *rules: Rule, seen_at: datetime = NOW) -> None:
    mine = RuleSet(rules={one.name: one for one in rules})
    store.registrations.report(
        ProcessStatus(
            name=name, host="h", pid=1, rule_set=mine.hash, folder=None, rules=mine.hashes, channels=[], seen_at=seen_at
        )
    )


A, B = rule("a", remind=remind(before=("P7D",))), rule("b", remind=remind(before=("P3D",)))


def test_an_old_process_that_restarts_takes_nothing_from_one_that_replaced_it(store):
    assert register(store, A, by="old").is_mine
    lives(store, "old", A)
    assert register(store, B, by="new").is_mine
    lives(store, "new", B)
    found = register(store, A, by="old")
    assert (found.is_mine, found.left_alone) == (False, ("a", "b"))
    assert set(store.watches.registered()) == {"b"}


def test_it_takes_them_back_when_that_one_has_gone(store):
    register(store, A, by="old")
    register(store, B, by="new")
    lives(store, "new", B)
    assert not register(store, A, by="old").is_mine
    store.registrations.sign_off("new")
    found = register(store, A, by="old")
    assert (found.is_mine, found.is_new, found.removed) == (True, True, ("b",))


def test_one_that_was_killed_counts_as_alive_for_five_minutes(store):
    register(store, A, by="old")
    register(store, B, by="new")
    lives(store, "new", B)
    assert not register(store, A, by="old", now=NOW + ALIVE).is_mine
    assert register(store, A, by="old", now=NOW + ALIVE + MINUTE).is_mine


def test_replicas_that_register_at_once_agree(replicas, together):
    found = together(*(partial(register, one, rule(f"r{n}"), by=f"p{n}") for n, one in enumerate(replicas)))
    assert all(one.is_mine for one in found)
    (last,) = replicas[0].watches.registered()
    assert replicas[0].registrations.history()[-1].rules.keys() == {last}


def test_what_a_set_leaves_out_keeps_its_watches_for_an_hour(store):
    load(store, entry())
    register(store, A, B)
    settle(store)
    assert register(store, B, now=NOW + MINUTE).removed == ("a",)
    assert set(store.watches.registered()) == {"b"}
    assert store.registrations.end_removed(NOW + MINUTE + GRACE - timedelta(seconds=1)) == []
    assert watches_of(store, "a") == 1
    assert store.registrations.end_removed(NOW + MINUTE + GRACE) == ["a"]
    assert watches_of(store, "a") == 0


def test_put_back_within_the_hour_nothing_has_ended_and_nothing_is_lost_or_repeated(store):
    load(store, entry())
    register(store, A, B)
    plan_at(store, NOW, A, B, register=False)
    register(store, B, now=NINE - MINUTE)
    assert plan_at(store, NINE, A, B, register=False) == 0, "nobody plans it meanwhile"
    assert register(store, A, B, now=NINE + MINUTE).removed == ()
    assert plan_at(store, NINE + MINUTE, A, B, register=False) == 1, "the lead that came meanwhile"
    assert plan_at(store, NINE + 2 * MINUTE, A, B, register=False) == 0
    assert store.registrations.end_removed(NINE + 2 * GRACE) == []


def test_what_changed_meanwhile_is_known_to_a_rule_that_is_put_back(store):
    moved = rule("a", remind=remind(moved=True))
    load(store, entry())
    register(store, moved, B)
    plan_at(store, NOW, moved, B, register=False)
    register(store, B, now=NOW + MINUTE)
    load(store, entry(deadline="2026-01-10"), now=NOW + 2 * MINUTE)
    assert plan_at(store, NOW + 2 * MINUTE, B, register=False) == 0
    register(store, moved, B, now=NOW + 3 * MINUTE)
    assert plan_at(store, NOW + 3 * MINUTE, moved, B, register=False) == 1


def test_the_default_rule_takes_over_what_ended_from_when_it_was_left_out(store):
    default = rule("default", remind=remind(before=("P7D",)))
    load(store, entry())
    register(store, A, default)
    plan_at(store, NOW, A, default, register=False)
    assert watches_of(store, "default") == 0
    register(store, default, now=NINE - MINUTE)
    assert plan_at(store, NINE, default, register=False) == 0
    later = NINE + GRACE
    store.registrations.end_removed(later)
    assert plan_at(store, later, default, register=False) == 1, "the lead of nine o'clock is not lost"


def test_a_rule_that_comes_back_after_it_ended_begins_anew(store):
    load(store, entry())
    register(store, A, B)
    settle(store)
    register(store, B, now=NOW)
    store.registrations.end_removed(NOW + GRACE)
    register(store, A, B, now=NOW + 2 * GRACE)
    settle(store)
    assert watches_of(store, "a") == 1


def test_a_rule_is_ended_in_batches(store, monkeypatch):
    monkeypatch.setattr("alerts.store.registry.CHUNK", 2)
    load(store, *(entry(f"c{number}") for number in range(5)))
    register(store, A, B)
    settle(store)
    register(store, B)
    assert store.registrations.end_removed(NOW + GRACE) == ["a"]
    assert (watches_of(store, "a"), watches_of(store, "b")) == (0, 5)


def test_people_who_are_left_out_can_be_told_for_an_hour(store):
    register(store, A, people=[ANA])
    load(store, entry(owner="ana"))
    register(store, A, B, people=[])
    assert people(store) == {"ana"}
    store.registrations.end_removed(NOW + GRACE)
    assert people(store) == set()


def test_a_person_who_is_put_back_is_not_forgotten(store):
    register(store, A, people=[ANA])
    register(store, A, B, people=[])
    register(store, A, people=[ANA])
    store.registrations.end_removed(NOW + GRACE)
    assert people(store) == {"ana"}


def test_a_load_changes_nobody_who_is_registered(store):
    register(store, A, people=[ANA])
    other = Person(key="ana", name="Ana", email="elsewhere@example.org")
    store.people.add([other, Person(key="bo", name="Bo", email="bo@example.org")])
    with store.database.read() as connection:
        found = dict(connection.execute(select(tables.people.c.key, tables.people.c.email)).tuples().all())
    assert found == {"ana": "ana@example.org", "bo": "bo@example.org"}


def test_what_is_next_leaves_out_what_nobody_plans(store):
    load(store, entry())
    register(store, A, B)
    settle(store)
    register(store, B)
    with store.database.write() as connection:
        connection.execute(planning_tables.watches.delete().where(planning_tables.watches.c.rule == "b"))
    assert store.watches.next_alert() is None
    assert store.ledger.next_alert_at(range(100)) == {}


def people(store: Store) -> set[str]:
    with store.database.read() as connection:
        return set(connection.execute(select(tables.people.c.key)).scalars())


def watches_of(store: Store, name: str) -> int:
    with store.database.read() as connection:
        query = select(func.count()).where(planning_tables.watches.c.rule == name)
        return connection.execute(query).scalar_one()


@pytest.mark.parametrize("meaning", ["0 10 * * *", "0 9 * * *"])
def test_one_that_is_put_back_with_another_meaning_is_settled_anew(store, meaning):
    load(store, entry())
    register(store, A, B)
    plan_at(store, NOW, A, B, register=False)
    register(store, B)
    again = rule("a", remind=A.remind, cron=meaning)
    register(store, again, B, now=NOW + MINUTE)
    assert (settle(store) > 0) is (meaning != A.cron)


def test_the_folder_of_a_set_follows_where_it_was_moved(store):
    def go(folder: str) -> str | None:
        mine = RuleSet(rules={"a": A}, folder=folder)
        store.registrations.register(mine, NOW, by="one", alive=ALIVE, may=partial(daemon_may_register, mine))
        (last,) = store.registrations.history()
        return last.folder

    assert [go("/one"), go("/two"), go(SHIPPED)] == ["/one", "/two", "/two"]
    lives(store, "daemon", A)
    assert go("/three") == "/two", "a daemon lives: a tick from elsewhere changes nothing"
