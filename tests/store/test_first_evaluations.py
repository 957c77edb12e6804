"""Which new watches are evaluated as they are made, and which are left due, to be claimed and evaluated later."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from alerts import planning
from alerts.core.rules import Rule, Unanswered
from alerts.core.schedule.evaluation import evaluate
from alerts.core.schedule.watches import Evaluation
from alerts.core.tracked import Tracked
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, planning_tables, settling, tables
from tests import acting
from tests.factories import NOW, at, change, entries, entry, load, plan_at, remind, rule, settle

W, C, R = planning_tables.watches.c, tables.commitments.c, planning_tables.rules.c


def evaluated(store: Store, *rules: Rule, now: datetime = NOW) -> set[tuple[str, str]]:
    """Settle, and return the rules and keys of the watches that were evaluated with that: the others are due."""
    list(planning.settle(store, ScheduledRule.all(rules), now))
    with store.database.read() as connection:
        watches = connection.execute(select(W.rule, C.key, W.cursor, W.next_at, W.since).join(tables.commitments)).all()
    assert all((one.next_at == one.since) == (one.cursor is None) for one in watches)
    assert all(one.next_at is None or one.next_at > now for one in watches if one.cursor)
    return {(one.rule, one.key) for one in watches if one.cursor}


DESK, OTHER = rule(), rule("other", remind=remind(before=("P7D",)))


def test_what_sends_something_at_once_is_left_due(store):
    load(store, entry("due", "2025-11-03"), entry("missed", "2025-10-20"), entry("later", "2025-12-01"), entry("t"))
    store.watches.register([DESK, OTHER], NOW)
    assert evaluated(store, DESK, OTHER) == {
        ("desk", "later"), ("other", "later"), ("desk", "t"), ("other", "t")
    }  # fmt: skip


def test_what_needs_more_than_is_read_to_evaluate_is_left_due(store):
    load(store, entry("plain"), entry("edited"), entry("series", "every FREQ=YEARLY from 2031-01-01"))
    acting.edit(store, "edited", lambda one: replace(one, note="anew"), change(NOW))
    follows = rule("follows", remind=remind(before=("P7D",), unanswered=Unanswered(after="P2D")))
    store.watches.register([DESK, follows], NOW)
    assert evaluated(store, DESK, follows) == {("desk", "plain")}


def test_rules_of_another_meaning_or_left_out_or_unknown_are_left_due(store):
    load(store, entry())
    store.watches.register([DESK, OTHER, rule("gone"), rule("unknown")], NOW)
    with store.database.write() as connection:
        connection.execute(update(planning_tables.rules).where(R.name == "gone").values(removed_at=NOW))
    assert evaluated(store, DESK, rule("other"), rule("gone")) == {("desk", "truce")}


def test_a_rule_that_is_still_to_be_matched_with_all_is_left_due(store):
    """That wakes its watches, and those that were never evaluated keep their start."""
    settle(store, DESK)
    load(store, entry())
    store.watches.register([DESK, OTHER], at("2025-10-28T09:05"))
    with store.database.write() as connection:
        connection.execute(update(planning_tables.rules).where(R.name == "desk").values(settled_to=0))
    turns = planning.settle(store, ScheduledRule.all([DESK, OTHER]), at("2025-10-28T09:10"))
    next(turns)
    with store.database.read() as connection:
        assert dict(connection.execute(select(W.rule, W.cursor)).tuples().all()) == {
            "desk": at("2025-10-28T09:10"), "other": None,
        }  # fmt: skip


def test_what_begins_only_later_is_left_due(store):
    load(store, entry())
    store.watches.register([DESK], NOW)
    assert evaluated(store, DESK, now=NOW - timedelta(days=1)) == set()


def test_a_watch_that_takes_over_from_another_is_left_due(store):
    """It sends the alert of the move that caused it."""
    old, new = (rule(name, match={"tags": (name,)}) for name in ("old", "new"))
    load(store, entry(tags=("old",)))
    store.watches.register([old, new], NOW)
    assert evaluated(store, old, new) == {("old", "truce")}
    load(store, entry(deadline="2026-01-10", tags=("new",)), now=at("2025-10-29"))
    assert evaluated(store, old, new, now=at("2025-10-29")) == set()


def test_what_cannot_be_evaluated_is_left_due_for_the_turn_that_reports_it(store, monkeypatch, caplog):
    load(store, entry("breaks"), entry("plain"))
    store.watches.register([DESK], NOW)

    def breaks(made: Rule, item: Tracked, *more: Any) -> Evaluation:
        if item.commitment.key == "breaks":
            raise ZeroDivisionError
        return evaluate(made, item, *more)

    monkeypatch.setattr(planning, "evaluate", breaks)
    assert evaluated(store, DESK) == {("desk", "plain")}
    assert not caplog.records
    plan_at(store, NOW, DESK, register=False)
    assert [one.getMessage() for one in caplog.records] == [
        "rule desk cannot evaluate breaks; trying again in an hour"
    ]  # fmt: skip


def test_what_was_evaluated_with_its_watch_is_neither_claimed_nor_read_again(store, statements):
    load(store, *entries(20, "2026-01-05"))
    store.watches.register([DESK], NOW)
    with statements() as heard:
        plan_at(store, NOW, DESK, register=False)
    said = [statement for statement, _ in heard]
    assert not [one for one in said if one.startswith("UPDATE watches")]
    assert len([one for one in said if one.startswith("SELECT") and "commitments.bounds" in one]) == 1


def test_the_more_rules_the_fewer_commitments_a_transaction_holds(store, monkeypatch):
    monkeypatch.setattr(settling, "PAIRS", 12)
    monkeypatch.setattr(settling, "FEWEST", 1)
    load(store, *entries(7))
    store.watches.register([rule(str(number)) for number in range(4)], NOW)
    assert list(store.watches.settle()) == [3, 3, 1]
    load(store, *entries(7, "2026-01-05"), now=at("2025-10-29"))
    assert list(store.watches.settle()) == [3, 3, 1]


def test_a_hundred_rules_make_no_hundred_times_as_many_transactions(store):
    """All rules are read for each: the first tick took four times as long."""
    load(store, *entries(60, tags=("t1",)))
    store.watches.register([rule(str(number), match={"tags": (f"t{number}",)}) for number in range(100)], NOW)
    assert list(store.watches.settle()) == [50, 10]


def test_a_rule_that_changes_while_a_replica_evaluates_wakes_what_that_has_made(replicas, just_before, begin):
    """The watch is there, but not committed yet, when the rule is to change."""
    one, two, _ = replicas
    load(one, entry("a", "2026-01-05"))
    settle(one, DESK)
    load(one, entry("b", "2026-01-05"))
    changed = rule(remind=remind(before=("P100D",)))
    begun: list[Future[int]] = []
    just_before("UPDATE commitments", lambda: begun.append(begin(lambda: settle(two, changed))))
    list(planning.settle(one, ScheduledRule.all([DESK]), NOW))
    begun[0].result(60)
    with one.database.read() as connection:
        found = connection.execute(select(C.key, W.changed, W.next_at).join(tables.commitments)).all()
    assert {key: (was_changed, next_at) for key, was_changed, next_at in found} == {"a": (True, NOW), "b": (True, NOW)}
