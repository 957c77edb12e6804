"""After a restore, operators and owners are told once that answers are lost: also by replicas, and after a kill."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.core.commitments import Person
from alerts.core.delivery_failures import Notice, RestoredDatabase
from alerts.store import Store
from alerts.store.backup import BACKUP
from alerts.store.held_sending import RESUMED
from alerts.store.outbox.resume_notices import report_resumed
from tests.factories import NOW, claim, entry, load

TAKEN, RESUMES = NOW - timedelta(days=1), NOW + timedelta(hours=2)
OPERATORS = {"ops": ["ops@example.org"], "desk-mail": ["Ann@example.org"]}
OWNERS = ("desk-mail", ("Ann@example.org", "desk@example.org"))
ANN = Person(key="ann", name="Ann Lee", email="ann@example.org")
BO = Person(key="bo", name="Bo Day", email="bo@example.org")


@pytest.fixture
def resumed(store: Store) -> Store:
    """A database of two owners, one of whom owns nothing that is open, whose hold has just ended."""
    store.people.register([ANN, BO])
    load(store, entry("a", owner="ann"), entry("b", owner="bo"), entry("c", owner="bo"), now=TAKEN)
    store.held_sending.hold(TAKEN, NOW)
    assert report_resumed(store.database, OPERATORS, OWNERS, NOW) == 0, "nothing is told while sending is held"
    assert store.held_sending.release(RESUMES)
    return store


def report(store: Store) -> int:
    return report_resumed(store.database, OPERATORS, OWNERS, RESUMES)


def told(store: Store) -> list[tuple[str, str]]:
    return sorted((row["channel"], row["recipient"]) for row in store.ledger.deliveries())


EXPECTED = [("desk-mail", "Ann@example.org"), ("desk-mail", "bo@example.org"), ("ops", "ops@example.org")]


def test_operators_and_owners_get_one_notice_each(resumed: Store) -> None:
    assert report(resumed) == 3
    assert report(resumed) == 0
    assert told(resumed) == EXPECTED, "an operator who owns something gets it once"
    (found,) = claim(resumed, RESUMES, channel="ops")
    assert found.notice == Notice(
        failures=(), restored=RestoredDatabase(taken_at=TAKEN, restored_at=NOW, resumed_at=RESUMES)
    )
    assert not resumed.held_sending.release(RESUMES)
    assert report(resumed) == 0


def test_the_next_restore_is_told_again(resumed: Store) -> None:
    report(resumed)
    resumed.held_sending.hold(TAKEN, RESUMES)
    resumed.held_sending.release(RESUMES + timedelta(minutes=1))
    assert report(resumed) == 3


def test_where_another_tool_put_the_backup_in_place_it_is_told_until_when_answers_are_lost(store: Store) -> None:
    store.ledger.record_fact(BACKUP, "{}", TAKEN)
    store.held_sending.release(RESUMES)
    report(store)
    (found,) = claim(store, RESUMES, channel="ops")
    assert found.notice
    assert found.notice.restored
    assert found.notice.restored.restored_at is None
    assert found.notice.restored.lost_until == RESUMES


def test_a_hold_forgets_the_notice_that_its_backup_had_to_send(resumed: Store) -> None:
    resumed.held_sending.hold(TAKEN, RESUMES)
    assert report(resumed) == 0
    assert RESUMED not in resumed.ledger.facts()


@pytest.mark.parametrize("amid", ["DELETE FROM meta", "INSERT INTO deliveries"])
def test_a_kill_amid_the_notices_loses_and_repeats_none(resumed: Store, just_before: Any, amid: str) -> None:
    just_before(amid, die)
    with pytest.raises(KeyboardInterrupt):
        report(resumed)
    assert told(resumed) == []
    assert report(resumed) == 3
    assert told(resumed) == EXPECTED


@pytest.mark.parametrize("amid", ["DELETE FROM meta", "INSERT INTO meta", "UPDATE deliveries"])
def test_a_kill_amid_the_end_of_a_hold_leaves_it_and_its_notice(store: Store, just_before: Any, amid: str) -> None:
    store.held_sending.hold(TAKEN, NOW)
    just_before(amid, die)
    with pytest.raises(KeyboardInterrupt):
        store.held_sending.release(RESUMES)
    assert store.held_sending.find()
    assert report(store) == 0
    assert store.held_sending.release(RESUMES)
    assert report(store) == 2


def die() -> None:
    raise KeyboardInterrupt


def test_replicas_tell_it_once(replicas: list[Store], together: Any) -> None:
    replicas[0].held_sending.hold(TAKEN, NOW)
    ended = together(*(lambda one=one: one.held_sending.release(RESUMES) for one in replicas))
    assert sorted(ended) == [False, False, True]
    counts = together(*(lambda one=one: report(one) for one in replicas))
    assert sorted(counts) == [0, 0, 2]
    assert len(told(replicas[0])) == 2
