"""Several at once: replicas on PostgreSQL share the work and repeat none of it; on SQLite one daemon serves."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from alerts.core.deliveries import Outcome
from alerts.core.summaries import Scope
from alerts.deadlines.errors import InputError
from alerts.store import Store, delivery_tables, planning_tables, tables
from alerts.store.daemon_lock import daemon_lock
from alerts.store.store_error import StoreError
from tests import acting
from tests.factories import LEASE, NOW, at, change, claim, entries, entry, load, plan_at, remind, rule, settle

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), digest=False)


def test_replicas_that_plan_at_once_write_each_word_and_each_delivery_once(replicas, together):
    first = replicas[0]
    load(first, *entries(700))
    plan_at(first, NOW, LEAD)
    planned = together(*(lambda one=one: plan_at(one, NINE, LEAD, register=False) for one in replicas))
    while more := plan_at(first, NINE, LEAD, register=False):  # who found all watches taken may have left some
        planned.append(more)
    assert sum(planned) == 700
    assert first.ledger.counts()["pending"] == 700
    with first.database.read() as connection:
        for table in (planning_tables.reminders, delivery_tables.delivery_reminders, delivery_tables.deliveries):
            assert connection.scalar(select(func.count()).select_from(table)) == 700


def test_replicas_that_settle_at_once_make_each_watch_once(replicas, together, batches_of_five):
    first = replicas[0]
    load(first, *entries(70))
    first.watches.register([LEAD, rule("other")], NOW)
    together(*(lambda one=one: settle(one) for one in replicas))
    settle(first)
    with first.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(planning_tables.watches)) == 140
        assert connection.scalar(select(func.count()).where(tables.commitments.c.changed_at.is_not(None))) == 0


def test_the_server_knows_how_many_watches_a_load_has_made_before_they_are_claimed(replicas, batches_of_five):
    """It would plan a claim as if there were few: of 20,000 each took two seconds."""
    first = replicas[0]
    load(first, *entries(10))
    with first.database.write() as connection:
        connection.execute(text("UPDATE pg_class SET reltuples = 0 WHERE relname = 'watches'"))
    settle(first, LEAD)
    with first.database.read() as connection:
        assert connection.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'watches'")) == 10


def test_who_settles_a_rule_waits_for_nobody_who_settles_its_commitments(replicas, postgresql_url, just_before):
    first = replicas[0]
    load(first, *entries(3))
    first.watches.register([LEAD], NOW)
    with closing(Store(f"{postgresql_url}&options=-c%20lock_timeout%3D1s")) as second:
        just_before("INSERT INTO watches", lambda: settle(second))  # the first has locked the commitments
        settle(first)
    with first.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(planning_tables.watches)) == 3


def test_watches_are_added_in_one_order_whatever_changed_first(replicas, statements):
    store = replicas[0]
    load(store, entry("first"), entry("second"), now=NOW + timedelta(hours=1))
    load(store, entry("third"), now=NOW)
    store.watches.register([LEAD], NOW)
    with statements() as heard:
        settle(store)
    [added] = [parameters for statement, parameters in heard if statement.startswith("INSERT INTO watches")]
    ids = [row["commitment_id"] for row in added]
    assert len(ids) == 3
    assert ids == sorted(ids), "two replicas that add the same watches would wait for each other"


def test_watches_that_a_replica_holds_are_left_to_it(replicas, batches_of_five):
    first, second, _ = replicas
    load(first, *entries(7))
    plan_at(first, NOW, LEAD)
    mine, theirs = (
        {watch.commitment_id for watch, _ in one.watches.claim_due({"desk": LEAD}, NINE).watches}
        for one in (first, second)
    )
    assert (len(mine), len(theirs), mine & theirs) == (5, 2, set())
    assert first.watches.claim_due({"desk": LEAD}, NINE) is None


def test_replicas_that_claim_at_once_never_share_a_delivery(replicas, together):
    first = replicas[0]
    load(first, *entries(300))
    plan_at(first, NOW, LEAD)
    assert plan_at(first, NINE, LEAD) == 300

    def take(store: Store) -> list:
        taken = []
        while some := claim(store, NINE, limit=7):
            taken += [one.id for one in some]
        return taken

    taken = Counter(one for some in together(*(lambda one=one: take(one) for one in replicas)) for one in some)
    taken.update(take(first))
    assert len(taken) == 300
    assert set(taken.values()) == {1}


def test_what_a_replica_is_claiming_is_left_to_it_and_not_waited_for(replicas, postgresql_url, just_before):
    first, second = replicas[0], Store(f"{postgresql_url}&options=-c%20lock_timeout%3D1s")
    load(first, *entries(5))
    plan_at(first, NOW, LEAD)
    plan_at(first, NINE, LEAD)
    theirs = []
    # The first has locked what it will lease, and stores nothing of it before it has named the installation.
    just_before("INSERT INTO meta", lambda: theirs.extend(claim(second, NINE)))
    mine = claim(first, NINE, limit=3)
    second.close()
    assert (len(mine), len(theirs), {one.id for one in mine} & {one.id for one in theirs}) == (3, 2, set())


CLAIM = """
import sys
from alerts.store import Store
from datetime import datetime, timedelta
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
while some := store.outbox.claim("mail", datetime.fromisoformat(sys.argv[2]), 3, timedelta(minutes=1)):
    for one in some:
        print(one.id)
store.close()
"""


def test_processes_that_claim_at_once_never_share_a_delivery(store, database_url, process):
    others = [process(CLAIM, database_url, NINE.isoformat()) for _ in range(2)]
    load(store, *entries(60))
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    assert [one.stdout.readline() for one in others] == ["ready\n"] * 2
    for one in others:
        one.stdin.write("\n")
        one.stdin.flush()
    taken = []
    for one in others:
        out, errors = one.communicate(timeout=60)
        assert one.returncode == 0, errors
        taken += out.split()
    taken += [str(one.id) for one in claim(store, NINE)]
    assert len(taken) == len(set(taken)) == 60


def test_a_lease_goes_by_the_clock_of_the_database(replicas, monkeypatch):
    """Replicas whose clocks differ must not take over what is being sent."""
    first, second, _ = replicas
    load(first, entry())
    plan_at(first, NOW, LEAD)
    plan_at(first, NINE, LEAD)
    monkeypatch.setattr("alerts.store.database.utc_now", lambda: at("2099-01-01"))
    assert len(claim(first, NINE)) == 1
    assert claim(second, NINE) == []


def test_a_replica_whose_clock_is_ahead_takes_nothing_over(replicas, monkeypatch):
    first, second, _ = replicas
    load(first, entry())
    plan_at(first, NOW, LEAD)
    plan_at(first, NINE, LEAD)
    assert len(claim(first, NINE)) == 1
    monkeypatch.setattr("alerts.store.database.utc_now", lambda: at("2099-01-01"))
    assert claim(second, NINE) == []


def test_the_meaning_that_was_registered_last_wins(replicas):
    first, second, _ = replicas
    load(first, entry())
    first.watches.register([LEAD], NOW)
    other = replace(LEAD, cron="0 10 * * *")
    second.watches.register([other], NOW)
    assert plan_at(first, NINE, LEAD, register=False) == 0
    assert plan_at(second, at("2025-11-03T10:00"), other, register=False) == 1


def test_a_summary_goes_out_by_the_meaning_that_was_registered_last(replicas):
    """Even where the other process registers after this one has found its summary due."""
    first, second, _ = replicas
    load(first, entry())
    weekly = replace(LEAD, summary="P30D", remind=remind(closed=False))
    later = replace(weekly, cron="0 10 * * *")
    scope = Scope(rule=weekly, firing=NINE)
    to = {("mail", "desk@example.org"): scope}
    first.watches.register([weekly], NOW)
    second.watches.register([later], NOW)
    assert plan_at(first, NINE, weekly, register=False) == 0
    assert first.summaries.put(scope, to, NINE) == 0
    assert plan_at(second, at("2025-11-03T10:00"), later, register=False) == 1


def test_replicas_serve_beside_each_other(replicas):
    first, second, _ = replicas
    load(first, *entries(2))
    plan_at(first, NOW, LEAD)
    plan_at(first, NINE, LEAD)
    with first.serve(), second.serve():
        assert [len(claim(one, NINE, limit=1)) for one in (first, second)] == [1, 1]


SERVE = """
import sys
from alerts.store import Store
with Store(sys.argv[1]).serve():
    print("serving", flush=True)
    sys.stdin.readline()
"""


def test_a_second_daemon_is_refused_by_the_pid_of_the_first_and_commands_work_beside_it(sqlite_url, process):
    first = process(SERVE, sqlite_url)
    store = Store(sqlite_url)
    assert first.stdout.readline() == "serving\n"
    with pytest.raises(StoreError) as caught, store.serve():
        pass
    assert f"another daemon (pid {first.pid}) serves" in str(caught.value)
    assert "several replicas need PostgreSQL" in str(caught.value)
    load(store, entry())
    assert len(store.ledger.tracked()) == 1
    store.close()


def test_a_daemon_that_was_killed_leaves_no_lock_and_its_leases_are_free(sqlite_url, process):
    first = process(SERVE, sqlite_url)
    store = Store(sqlite_url)
    load(store, entry())
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    assert first.stdout.readline() == "serving\n"
    assert len(claim(store, NINE)) == 1  # as if the first had: then it is killed
    first.kill()
    first.wait()
    with store.serve():
        assert len(claim(store, NINE)) == 1
    with store.serve():
        pass
    store.close()


def test_a_lock_that_cannot_be_made_is_one_line():
    with pytest.raises(StoreError, match="cannot be locked: Not a directory"), daemon_lock(Path("/dev/null/alerts.db")):
        pass


def test_a_change_by_one_replica_is_seen_by_the_others_at_once(replicas):
    first, second, _ = replicas
    load(first, entry())
    acting.close(second, "truce", "fulfilled", change())
    with pytest.raises(InputError, match="cannot be closed any more"):
        acting.close(first, "truce", "fulfilled", change())
    assert second.outbox.claim("mail", NINE, 1, LEASE) == []


def test_a_transaction_that_lost_against_another_is_one_that_can_be_tried_again(postgresql_url, together):
    """As with PostgreSQL's SERIALIZABLE, where losing (SQLSTATE 40001) is a matter of course."""
    strict = f"{postgresql_url}&options=-c%20default_transaction_isolation%3Dserializable"
    replicas = [Store(strict) for _ in range(3)]
    load(replicas[0], *entries(60))
    plan_at(replicas[0], NOW, LEAD)
    lost: list[str] = []

    def until_done(one: Store) -> list:
        taken: list = []
        waiting: list = []  # an outcome that was not recorded is recorded again, as workers do: its lease lasts
        while True:
            try:
                one.outbox.record_outcomes([(mine, Outcome(state="sent"), NINE, NINE) for mine in waiting])
                taken += [mine.id for mine in waiting]
                waiting = []
                plan_at(one, NINE, LEAD, register=False)
                waiting = claim(one, NINE, limit=3)
            except StoreError as error:
                lost.append(str(error))
                continue
            if not waiting and one.ledger.counts().get("sent") == 60:
                return taken

    together(*(lambda one=one: until_done(one) for one in replicas))
    assert replicas[0].ledger.counts() == {"open": 60, "sent": 60}
    assert lost
    assert all("could not serialize access" in said for said in lost)
    for one in replicas:
        one.close()


def test_a_turn_beside_the_daemon_keeps_its_leases_when_another_begins(sqlite_url):
    """As with `* * * * * alerts tick` and a slow mail server: the second may not free what the first has in flight."""
    first, second, third = (Store(sqlite_url) for _ in range(3))
    load(first, entry())
    plan_at(first, NOW, LEAD)
    plan_at(first, NINE, LEAD)
    holder = first.turn()
    holder.__enter__()
    with second.turn():
        assert len(claim(second, NINE)) == 1
        holder.__exit__(None, None, None)
        with third.turn():
            assert claim(third, NINE) == []
    with third.serve():
        assert len(claim(third, NINE)) == 1
    for one in (first, second, third):
        one.close()
