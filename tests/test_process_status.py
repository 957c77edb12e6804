"""A process among others: what it says of rules that nobody plans, and when that fails the health."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.core.liveness import ALIVE
from alerts.core.registration import RuleSet
from alerts.core.rules import Rule
from alerts.process_status import PATIENCE, Process
from alerts.store import Store
from tests.factories import NOW, rule

MINUTE = timedelta(minutes=1)
A, B = rule("a"), rule("b")


def process(store: Store, name: str, *rules: Rule) -> Process:
    return Process(store, name, RuleSet(rules={one.name: one for one in rules}))


def problems(store: Store, one: Process) -> list[str]:
    (found,) = [row for row in store.registrations.processes(NOW, ALIVE) if row.name == one.name]
    return list(found.problems)


def test_a_process_that_runs_what_is_registered_is_well(store: Store) -> None:
    one = process(store, "one", A)
    one.register(NOW)
    one.report(NOW)
    assert problems(store, one) == []
    assert one.is_well(NOW + PATIENCE)


def test_a_rule_that_is_not_registered_stops_the_heartbeat_after_five_minutes(store: Store) -> None:
    old, new = process(store, "old", A), process(store, "new", B)
    for one in (old, new):
        one.register(NOW)
        one.report(NOW)
    old.report(NOW)
    (line,) = problems(store, old)
    assert line.startswith("rule a of ")
    assert "is not what is registered" in line
    assert problems(store, new) == []
    assert old.is_well(NOW + PATIENCE - MINUTE)
    old.report(NOW + PATIENCE)
    assert not old.is_well(NOW + PATIENCE), "it is as old as it was when it was first seen"


def test_a_registered_rule_that_no_live_process_plans_stops_every_heartbeat(store: Store) -> None:
    old = process(store, "old", A)
    old.register(NOW)
    process(store, "a tick", A, B).register(NOW)  # which is no process that lives
    old.report(NOW)
    assert problems(store, old) == ["no live process plans what is registered as rule b: start one that has it"]
    assert not old.is_well(NOW + PATIENCE)


def test_it_takes_its_rules_back_once_nobody_runs_the_others(store: Store) -> None:
    old, new = process(store, "old", A), process(store, "new", B)
    for one in (old, new):
        one.register(NOW)
        one.report(NOW)
    old.renew(NOW + MINUTE)
    assert set(store.watches.registered()) == {"b"}
    store.registrations.sign_off("new")
    taken = old.renew(NOW + MINUTE)
    assert taken is not None
    assert taken.is_mine, "its zone is to be taken, too"
    assert old.renew(NOW + MINUTE) is None
    old.report(NOW + MINUTE)
    assert set(store.watches.registered()) == {"a"}
    assert old.is_well(NOW + 2 * PATIENCE)


def test_a_reload_that_cannot_be_written_down_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one = process(store, "one", A)
    one.register(NOW)
    monkeypatch.setattr(store.registrations, "register", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        one.take_over(RuleSet(rules={"b": B}), NOW)
    assert one.mine.hashes == {"a": A.hash}


def test_files_that_changed_only_warn_and_are_forgotten_when_they_change_back(store: Store) -> None:
    one = process(store, "one", A)
    one.register(NOW)
    one.files_changed(changed=True, now=NOW)
    one.report(NOW)
    (found,) = store.registrations.processes(NOW, ALIVE)
    assert found.warnings[0].endswith("have changed since 09:00 UTC: `alerts reload` takes them over")
    assert one.is_well(NOW + 2 * PATIENCE)
    one.files_changed(changed=False, now=NOW)
    one.report(NOW)
    assert store.registrations.processes(NOW, ALIVE)[0].warnings == []


def test_a_hold_is_logged_at_each_start_and_stops_the_heartbeat_until_it_ends(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.held_sending.hold(NOW - timedelta(days=1), NOW)
    for name in ("first start", "next start"):
        one = process(store, name, A)
        one.register(NOW)
        one.report(NOW)
        one.report(NOW + MINUTE)
        assert not one.is_well(NOW + MINUTE)
        lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert len(lines) == 1
        assert lines[0].startswith("sending is held, so no alert goes out: the database was restored on ")
        caplog.clear()
    store.held_sending.release(NOW)
    one.report(NOW + MINUTE)
    assert one.is_well(NOW + MINUTE)
    assert [record.getMessage() for record in caplog.records] == ["sending is resumed: alerts go out again"]
