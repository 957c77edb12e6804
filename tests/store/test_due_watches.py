"""Watches: there for each rule that speaks, served in order and in batches, and free of charge while nothing is due."""

import json
import sqlite3
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pkgutil import resolve_name
from uuid import uuid5

import pytest
from sqlalchemy import Connection, select, text, update

from alerts.core import reminders
from alerts.core.schedule.watches import Evaluation
from alerts.scheduled_rules import ScheduledRule, current
from alerts.store import Store, planning_tables, tables
from tests.factories import (
    LEASE,
    NOW,
    acknowledge,
    at,
    close,
    entries,
    entry,
    load,
    move,
    plan_at,
    put_back,
    remind,
    rule,
    settle,
    tracked,
)

WATCHES, C = planning_tables.watches, tables.commitments
LATER = at("2025-10-29T09:00")


def watched(store) -> set[tuple[str, str]]:
    """Which rule watches which commitment."""
    with store.database.read() as connection:
        join = WATCHES.join(tables.commitments, tables.commitments.c.id == WATCHES.c.commitment_id)
        found = connection.execute(select(WATCHES.c.rule, tables.commitments.c.key).select_from(join)).tuples()
        return set(found)


def test_a_new_rule_watches_what_it_matches(store):
    load(store, entry("a", tags=("x",)), entry("b", tags=("y",)))
    settle(store, rule("all"), rule("x", match={"tags": ("x",)}))
    assert watched(store) == {("all", "a"), ("all", "b"), ("x", "a")}


def test_a_new_commitment_is_watched_by_the_rules_that_are_there(store):
    settle(store, rule())
    load(store, entry())
    settle(store)
    assert watched(store) == {("desk", "truce")}
    assert store.watches.next_alert() == (NOW, "truce")


def test_a_rule_that_takes_over_with_a_move_tells_it(store):
    rules = [rule(name, match={"tags": (name,)}, remind=remind(moved=True)) for name in ("old", "new")]
    load(store, entry(tags=("old",)))
    plan_at(store, NOW, *rules)
    load(store, entry(deadline="2026-01-10", tags=("new",)), now=LATER)
    plan_at(store, LATER, *rules)
    assert watched(store) == {("new", "truce")}
    words = store.ledger.reminders(tracked(store).id)
    assert [(word["rule"], word["kind"]) for word in words if word["planned_at"] == LATER] == [("new", "moved")]


def test_what_was_closed_before_a_rule_came_is_not_watched(store):
    load(store, entry())
    close(store, "truce")
    settle(store, rule())
    assert watched(store) == set()


def test_a_rule_that_is_gone_watches_nothing_more(store):
    load(store, *entries(3))
    settle(store, rule("one"), rule("two"))
    settle(store, rule("two"))
    assert {name for name, _ in watched(store)} == {"two"}
    assert set(store.watches.registered()) == {"two"}


def _stop(*_: object) -> None:
    raise ZeroDivisionError


def test_a_rule_whose_end_was_interrupted_leaves_no_watch_behind(store, just_before):
    load(store, *entries(3))
    settle(store, rule("gone"), rule("kept"))
    just_before("DELETE FROM watches", _stop)
    with pytest.raises(ZeroDivisionError):
        store.watches.register([rule("kept")], LATER)
    store.watches.register([rule("kept")], LATER)
    assert {name for name, _ in watched(store)} == set(store.watches.registered()) == {"kept"}


def test_a_rule_that_a_replica_settles_while_it_is_removed_leaves_no_watch_behind(store, monkeypatch):
    load(store, *entries(3))
    settle(store, rule("gone"), rule("kept"))
    write, turns = store.database.write, []

    def settle_between_the_two() -> AbstractContextManager[Connection]:
        turns.append(None)
        if len(turns) == 2:
            load(store, entry("late"))
            settle(store)
            assert ("gone", "late") in watched(store)
        return write()

    monkeypatch.setattr(store.database, "write", settle_between_the_two)
    store.watches.register([rule("kept")], LATER)
    assert {name for name, _ in watched(store)} == set(store.watches.registered()) == {"kept"}


def test_a_rule_that_watches_many_is_forgotten_in_batches(store, batches_of_five):
    load(store, *entries(12))
    settle(store, rule("gone"), rule("kept"))
    store.watches.register([rule("kept")], LATER)
    assert watched(store) == {("kept", f"c{number:05}") for number in range(12)}


def test_a_rule_that_matches_other_things_now_follows_them_and_keeps_its_cursors(store):
    load(store, entry("a", tags=("x",)), entry("b", tags=("x", "y")), entry("c", tags=("y",)))
    plan_at(store, NOW, rule(match={"tags": ("x",)}))
    cursors = _columns(store, "b", "cursor", "latest_moment", "fingerprint")
    settle(store, rule(match={"tags": ("y",)}), now=LATER)
    assert watched(store) == {("desk", "b"), ("desk", "c")}
    assert _columns(store, "b", "cursor", "latest_moment", "fingerprint") == cursors
    assert _columns(store, "b", "next_at", "changed") == [(LATER, True)]


def test_registering_the_same_rules_again_wakes_nothing(store):
    load(store, entry())
    plan_at(store, NOW, rule())
    next_alert = store.watches.next_alert()
    settle(store, rule(), now=LATER)
    assert settle(store) == 0
    assert store.watches.next_alert() == next_alert == (at("2025-11-03T09:00"), "truce")


def test_the_default_rule_speaks_only_where_no_other_does(store):
    load(store, entry("a", tags=("x",)), entry("b"))
    settle(store, rule("x", match={"tags": ("x",)}), rule("default"))
    assert watched(store) == {("x", "a"), ("default", "b")}


def test_the_default_rule_takes_over_and_gives_back_as_rules_come_and_go(store):
    load(store, entry("a", tags=("x",)), entry("b"))
    settle(store, rule("default"))
    assert watched(store) == {("default", "a"), ("default", "b")}
    settle(store, rule("x", match={"tags": ("x",)}), rule("default"))
    assert watched(store) == {("x", "a"), ("default", "b")}
    settle(store, rule("default"))
    assert watched(store) == {("default", "a"), ("default", "b")}


def test_an_edit_that_changes_what_matches_changes_who_watches(store):
    settle(store, rule("x", match={"tags": ("x",)}), rule("default"))
    load(store, entry(tags=("x",)))
    settle(store)
    assert watched(store) == {("x", "truce")}
    load(store, entry(tags=()), now=LATER)
    settle(store)
    assert watched(store) == {("default", "truce")}


def test_a_change_wakes_the_watches_of_what_changed_and_of_what_hangs_on_it(store):
    load(store, entry("a"), entry("b", "P1D after a"), entry("c"))
    plan_at(store, NOW, rule())
    move(store, "a", "2025-12-10", LATER)
    settle(store)
    assert [_columns(store, key, "next_at") for key in ("a", "b")] == [[(LATER,)], [(LATER,)]]
    assert _columns(store, "c", "next_at") == [(at("2025-11-03T09:00"),)]


def test_more_than_a_batch_is_settled_in_one_go(store):
    load(store, *entries(700))
    store.watches.register([rule("one"), rule("two")], NOW)
    settle(store)
    assert len(watched(store)) == 1400
    assert settle(store) == 0


def test_due_watches_come_in_batches_oldest_first(store, batches_of_five):
    load(store, *entries(12))
    settle(store, rule())
    _wake(store, lambda number: at("2025-11-01") if number % 2 else at("2025-10-01"))
    seen = []
    while claimed := store.watches.claim_due({"desk": rule()}, at("2025-11-02")):
        seen.append([watch for watch, _ in claimed.watches])
        _put_off(store, claimed)
    assert [len(some) for some in seen] == [5, 5, 2]
    order = [(watch.next_at, watch.commitment_id) for some in seen for watch in some]
    assert order == sorted(order)
    assert len(set(order)) == 12


def test_only_what_is_due_and_asked_for_is_served(store):
    load(store, *entries(4))
    settle(store, rule("one"), rule("two"))
    _wake(store, lambda number: at(f"2025-11-0{number + 1}"))
    served = []
    while claimed := store.watches.claim_due({"two": rule("two")}, at("2025-11-02")):
        served += [(watch.rule, each.commitment.key) for watch, each in claimed.watches]
        _put_off(store, claimed)
    assert served == [("two", "c00000"), ("two", "c00001")]


@pytest.mark.parametrize("failing", ["alerts.planning.Owners", "alerts.store.outbox.enqueue.record_planned"])
def test_an_exception_in_a_batch_leaves_that_batch_due_and_free_and_the_ones_before_done(
    store, batches_of_five, monkeypatch, failing
):
    load(store, *entries(7))
    lead = rule(remind=remind(before=("P7D",)), digest=False)
    plan_at(store, NOW, lead)
    nine = at("2025-11-03T09:00")
    original, calls = resolve_name(":".join(failing.rsplit(".", 1))), []

    def fail_in_the_second(*arguments, **named):
        calls.append(arguments)
        return original(*arguments, **named) if len(calls) == 1 else _stop()

    monkeypatch.setattr(failing, fail_in_the_second)
    with pytest.raises(ZeroDivisionError):
        plan_at(store, nine, lead, register=False)
    assert store.ledger.counts()["pending"] == 5
    assert len(store.watches.claim_due({"desk": lead}, nine).watches) == 2


def test_while_a_batch_is_evaluated_others_may_write(sqlite_url, monkeypatch):
    store = Store(sqlite_url)
    load(store, entry())
    settle(store, rule())
    wrote = []

    def evaluate_while_others_write(*_):
        with closing(sqlite3.connect(store.database.path, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
        wrote.append(True)

    monkeypatch.setattr("alerts.planning.evaluate", evaluate_while_others_write)
    with pytest.raises(AttributeError):  # it returned no evaluation
        plan_at(store, NOW, rule(), register=False)
    assert wrote
    store.close()


def test_one_look_that_fails_does_not_hold_up_the_others(store, caplog):
    load(store, entry("bad", "undated", review_every="P14D"), entry("good"))
    with store.database.write() as connection:
        connection.execute(text("update commitments set review_every = 'nonsense' where key = 'bad'"))
    at_nine = at("2025-11-03T09:00")
    settle(store, rule())
    assert plan_at(store, at_nine, rule(), register=False) == 1
    assert "cannot evaluate bad; trying again in an hour" in caplog.text
    assert _columns(store, "bad", "next_at") == [(at("2025-11-03T10:00"),)]


def test_a_rule_that_another_process_registered_with_another_meaning_is_left_to_it(store):
    load(store, entry())
    settle(store, rule())
    other = rule(cron="0 10 * * *")
    assert current(store, ScheduledRule.all([other])) == {}
    assert plan_at(store, at("2025-11-03T09:00"), other, register=False) == 0
    assert plan_at(store, at("2025-11-03T09:00"), rule(), register=False) == 1


def test_an_idle_tick_costs_the_same_however_much_is_tracked(store, statements):
    quiet = rule(remind=remind(before=("P1D",)))
    counts = []
    for file in (entries(10), entries(600)):
        load(store, *file)
        plan_at(store, NOW, quiet)
        with statements() as heard:
            assert plan_at(store, NOW + LEASE, quiet, register=False) == 0
        counts.append(len([one for one, _ in heard if "BEGIN" not in one]))
    assert counts[0] == counts[1] <= 6


def test_a_word_is_planned_once_for_ever(store):
    load(store, entry())
    settle(store, rule())
    nine = at("2025-11-03T09:00")
    assert [plan_at(store, nine, rule(), register=False) for _ in range(2)] == [1, 0]
    with store.database.write() as connection:  # as if the watch had never been moved on
        connection.execute(WATCHES.update().values(next_at=NOW, cursor=None, latest_moment=None))
    assert plan_at(store, nine, rule(), register=False) == 0
    assert len(store.ledger.reminders(tracked(store).id)) == 1
    assert len(store.ledger.deliveries()) == 1


def test_what_is_merged_is_recorded_with_the_reason(store):
    load(store, entry())
    settle(store, rule())
    assert plan_at(store, at("2025-11-10T12:00"), rule(), register=False) == 1
    words = store.ledger.reminders(tracked(store).id)
    assert [(one["kind"], one["skipped"]) for one in words] == [
        ("before", "merged into the later one of 2025-11-10T00:00Z"),
        ("before", "merged into the later one of 2025-11-10T00:00Z"),
        ("on_the_day", None),
    ]


def test_there_and_back_before_it_was_told_is_recorded_and_not_said(store):
    load(store, entry())
    settle(store, rule())
    plan_at(store, NOW, rule(), register=False)
    move(store, "truce", "2025-12-10", LATER)
    move(store, "truce", "2025-11-10", LATER.replace(hour=10))
    assert plan_at(store, LATER.replace(hour=11), rule(), register=False) == 0
    assert {one["skipped"] for one in store.ledger.reminders(tracked(store).id)} == {
        "moved back before an alert went out"
    }


def test_what_is_new_and_touched_before_the_first_look_says_the_latest_that_it_would_have_said(store):
    load(store, entry("truce", "between 2025-11-12 and 2025-12-20"), now=at("2025-11-10T00:00"))
    acknowledge(store, "truce", now=at("2025-11-15T00:00"))
    plan_at(store, at("2025-11-16T09:00"), rule(remind=remind(opens=True, before=("P37D",))))
    r = planning_tables.reminders.c
    with store.database.read() as connection:
        words = dict(connection.execute(select(r.kind, r.skipped)).tuples().all())
    assert words == {"before": None, "opens": "merged into the later one of 2025-11-13T00:00Z"}


def test_a_move_and_an_end_are_told_of_what_follows_too(store):
    load(store, entry("a"), entry("b", "P1D after a"))
    only = rule(remind=remind(moved=True, closed=True))
    plan_at(store, NOW, only)
    move(store, "a", "2025-12-10", LATER)
    assert plan_at(store, LATER, only) == 2
    close(store, "b", now=LATER.replace(hour=10))
    assert plan_at(store, LATER.replace(hour=10), only) == 1
    assert [one["carries"] for one in store.ledger.deliveries()][-1] == ["b closed"]


def test_watches_of_what_is_tracked_stand_in_chunks_with_what_has_changed(store, batches_of_five):
    load(store, *entries(6))
    settle(store, rule())
    move(store, "c00003", "2025-12-10", LATER)
    standing = list(store.watches.watched_commitments())
    assert [len(chunk) for chunk in standing] == [5, 1]
    assert all(set(one.watches) == {("desk", "")} for chunk in standing for one in chunk)
    ((only,),) = store.watches.watched_commitments(changed_only=True)
    assert (only.tracked.commitment.key, only.changed_at) == ("c00003", LATER)


def test_a_rule_comes_back_from_the_database_as_it_was_registered(store):
    one = rule(match={"tags": ("a", "b"), "priority": ("high",)}, digest=False)
    store.watches.register([one], NOW)
    with store.database.read() as connection:
        spec = connection.scalar(select(planning_tables.rules.c.spec))
    assert type(one).from_json(json.loads(json.dumps(spec))).hash == one.hash == store.watches.registered()["desk"]


def test_a_closed_commitment_that_vanishes_takes_its_watches_along(store):
    load(store, entry())
    settle(store, rule())
    with store.database.write() as connection:
        connection.execute(tables.commitments.delete())
        assert connection.execute(select(WATCHES)).all() == []


def _columns(store, key: str, *names: str) -> list[tuple]:
    with store.database.read() as connection:
        columns = [WATCHES.c[name] for name in names]
        query = select(*columns).where(WATCHES.c.commitment_id == tracked(store, key).id)
        return [tuple(row) for row in connection.execute(query)]


def _wake(store, when) -> None:
    with store.database.write() as connection:
        ids = connection.execute(select(WATCHES.c.commitment_id).distinct().order_by(WATCHES.c.commitment_id)).scalars()
        for number, one in enumerate(list(ids)):
            connection.execute(WATCHES.update().where(WATCHES.c.commitment_id == one).values(next_at=when(number)))


def _put_off(store, claimed) -> None:
    put_back(store, claimed, [Evaluation(replace(watch, next_at=None)) for watch, _ in claimed.watches], NOW)


def test_a_commitment_whose_data_are_broken_holds_up_no_other(store):
    load(store, *entries(3))
    with store.database.write() as connection:
        connection.execute(update(C).where(C.c.key == "c00001").values(bounds={"first": "no such thing"}))
    lead = rule(remind=remind(before=("P7D",)), digest=False)
    assert plan_at(store, at("2025-11-03T09:00"), lead) == 2
    assert plan_at(store, at("2025-11-03T09:01"), lead) == 0


def test_a_watch_whose_commitment_breaks_later_is_put_off_and_the_others_are_served(store):
    load(store, *entries(3))
    lead = rule(remind=remind(before=("P7D",)), digest=False)
    plan_at(store, NOW, lead)
    with store.database.write() as connection:
        connection.execute(update(C).where(C.c.key == "c00001").values(bounds={"first": "no such thing"}))
    assert plan_at(store, at("2025-11-03T09:00"), lead) == 2
    with store.database.read() as connection:
        waits = select(planning_tables.watches.c.next_at).join(C, C.c.id == planning_tables.watches.c.commitment_id)
        assert connection.scalar(waits.where(C.c.key == "c00001")) == at("2025-11-03T10:00")


def test_a_commitment_that_can_be_read_again_is_watched_again(store):
    load(store, entry())
    lead = rule(remind=remind(before=("P7D",)))
    with store.database.write() as connection:
        good = connection.scalar(select(C.c.bounds))
        connection.execute(update(C).values(bounds={"first": "no such thing"}))
    assert plan_at(store, NOW, lead) == 0
    with store.database.write() as connection:
        connection.execute(update(C).values(bounds=good))
    assert plan_at(store, at("2025-11-03T09:00"), lead, register=False) == 1


def test_a_digest_is_identified_by_what_it_carries_once_not_again_for_each_word(store, monkeypatch):
    """With hundreds of words that would hold the database for seconds."""
    made = []
    monkeypatch.setattr(reminders, "uuid5", lambda *of: made.append(of) or uuid5(*of))
    load(store, *entries(200, "2025-11-01"))
    assert plan_at(store, at("2025-11-01T09:00"), rule()) == 1
    assert len(made) < 20 * 200
