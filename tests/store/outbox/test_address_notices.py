"""The old address of somebody is told once that it is so no longer: also by replicas, and after a kill."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from alerts.core.commitments import Person
from alerts.core.delivery_failures import ChangedAddress, Notice
from alerts.store import Store
from alerts.store.outbox.address_notices import report_changed_addresses
from alerts.store.outbox.reach import ServedRecipients
from alerts.store.people import put_registered
from tests.factories import LEASE, NOW, entry, load

MAIL = ("mail", ("desk@example.org",))
SERVED = ServedRecipients(recipients=MAIL[1], owners=True)
CHANGED_AT = NOW + timedelta(minutes=5)
LATER = NOW + timedelta(minutes=6)


def registered(store: Store, ann: str, now: Any = CHANGED_AT) -> None:
    stated = [Person(key=key, name=name, email=one) for key, name, one in (
        ("ann", "Ann Lee", ann), ("bo", "Bo Day", "bo@example.org"))]  # fmt: skip
    with store.database.write() as connection:
        put_registered(connection, stated, now)


@pytest.fixture
def changed(store: Store) -> Store:
    """A database in which the settings have given somebody another address."""
    registered(store, "Ann@example.org", NOW)
    assert report_changed_addresses(store.database, MAIL, NOW) == []
    registered(store, "ann@elsewhere.example.org")
    return store


def report(store: Store) -> int:
    return len(report_changed_addresses(store.database, MAIL, LATER))


def told(store: Store) -> list[tuple[str, str]]:
    return sorted((row["channel"], row["recipient"]) for row in store.ledger.deliveries())


def test_the_old_address_is_told_once_by_the_channel_that_mails_people(changed: Store) -> None:
    assert report(changed) == 1
    assert report(changed) == 0
    registered(changed, "ann@elsewhere.example.org", LATER)
    assert report(changed) == 0
    assert told(changed) == [("mail", "Ann@example.org")]
    (found,) = changed.outbox.claim("mail", LATER, 9, LEASE, served=SERVED)
    about = ChangedAddress(person="ann", name="Ann Lee", old="Ann@example.org", at=CHANGED_AT)
    assert found.notice == Notice(failures=(), changed_address=about)
    assert found.on_behalf_of == ()
    assert "elsewhere" not in json.dumps(found.notice.to_json()), "who reads the old mailbox now need not know it"


def test_each_old_address_is_told_and_one_that_is_written_otherwise_is_none(changed: Store) -> None:
    registered(changed, "ANN@Elsewhere.example.org", LATER)
    assert report(changed) == 1
    registered(changed, "ann@example.org", LATER)
    registered(changed, "ann@third.example.org", LATER + timedelta(seconds=1))
    assert report(changed) == 2
    assert [one for _, one in told(changed)] == ["ANN@Elsewhere.example.org", "Ann@example.org", "ann@example.org"]


def test_what_a_file_changes_is_told_too(store: Store) -> None:
    for address in ("cem@example.org", "cem@elsewhere.example.org"):
        load(store, entry("a", owner="cem"), people=[Person(key="cem", name="Cem", email=address)])
    assert report(store) == 1
    assert told(store) == [("mail", "cem@example.org")]


def test_somebody_new_and_somebody_who_is_gone_change_no_address(store: Store) -> None:
    registered(store, "ann@example.org", NOW)
    with store.database.write() as connection:
        put_registered(connection, [Person(key="cem", name="Cem", email="ann@example.org")], LATER)
    assert report(store) == 0


def test_a_recipient_of_the_channel_is_written_as_that_writes_it(changed: Store) -> None:
    assert report_changed_addresses(changed.database, ("mail", ("ANN@example.org",)), LATER)
    assert told(changed) == [("mail", "ANN@example.org")]


def test_without_a_channel_that_mails_people_nothing_is_kept_for_later(changed: Store) -> None:
    (found,) = report_changed_addresses(changed.database, None, LATER)
    assert found.person == "ann"
    assert report(changed) == 0
    assert told(changed) == []


def test_no_live_process_misses_the_old_address(changed: Store) -> None:
    report(changed)
    for hours in (0, 1, 2):
        changed.unserved.update({"mail": SERVED}, LATER + timedelta(hours=hours))
    assert changed.unserved.waiting(LATER + timedelta(hours=2)) == []
    assert len(changed.outbox.claim("mail", LATER + timedelta(hours=2), 9, LEASE, served=SERVED)) == 1


@pytest.mark.parametrize("amid", ["DELETE FROM meta", "INSERT INTO deliveries"])
def test_a_kill_amid_it_loses_and_repeats_nothing(changed: Store, just_before: Any, amid: str) -> None:
    just_before(amid, die)
    with pytest.raises(KeyboardInterrupt):
        report(changed)
    assert told(changed) == []
    assert report(changed) == 1
    assert len(told(changed)) == 1


@pytest.mark.parametrize("amid", ["INSERT INTO meta", "UPDATE people", "INSERT INTO people"])
def test_a_kill_amid_the_change_leaves_both_for_the_next_try(store: Store, just_before: Any, amid: str) -> None:
    registered(store, "ann@example.org", NOW)
    just_before(amid, die)
    with pytest.raises(KeyboardInterrupt):
        registered(store, "ann@elsewhere.example.org")
    assert report(store) == 0
    registered(store, "ann@elsewhere.example.org")
    assert report(store) == 1


def die() -> None:
    raise KeyboardInterrupt


def test_replicas_tell_it_once(replicas: list[Store], together: Any) -> None:
    registered(replicas[0], "ann@example.org", NOW)
    registered(replicas[0], "ann@elsewhere.example.org")
    counts = together(*(lambda one=one: report(one) for one in replicas))
    assert sorted(counts) == [0, 0, 1]
    assert len(told(replicas[0])) == 1
