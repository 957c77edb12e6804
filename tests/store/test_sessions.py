"""Sign-in links and sessions in a real database: stored as hashes, used once, and when they end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from alerts.core.commitments import Person
from alerts.store import Store, tables
from alerts.store.backup import back_up
from alerts.store.feeds import hash_token
from alerts.store.people import put_registered
from alerts.store.sessions import FIRST_ADMIN, Arrival, SignInLink
from tests.factories import NOW

LINK = SignInLink(person="ann", address="Ann@Example.org", leads_to="/plan")
ANN = Arrival(person="ann", address="Ann@Example.org", client="192.0.2.7")
SECOND = timedelta(seconds=1)


def test_of_links_and_sessions_only_hashes_are_stored(store: Store) -> None:
    token = store.sessions.add_link(LINK, NOW)
    session = store.sessions.begin(ANN, NOW)
    with store.database.read() as connection:
        stored = repr([connection.execute(select(one)).all() for one in (tables.sign_in_links, tables.sessions)])
    assert {len(bytes.fromhex(one)) for one in (token, session)} == {32}
    assert hash_token(token) in stored
    assert hash_token(session) in stored
    assert token not in stored
    assert session not in stored
    assert "hash" not in repr([store.sessions.find_link(token, NOW), store.sessions.find(session, NOW)])


def test_a_link_works_for_ten_minutes(store: Store) -> None:
    token = store.sessions.add_link(LINK, NOW)
    found = store.sessions.find_link(token, NOW + timedelta(minutes=10) - SECOND)
    assert found == replace(LINK, address="ann@example.org")
    late = NOW + timedelta(minutes=10)
    assert store.sessions.find_link(token, late) is None
    assert store.sessions.redeem(token, ANN, late) is None


@pytest.mark.parametrize("change", [str.upper, lambda one: one[:-1], lambda one: one + "0", lambda _: "", hash_token])
def test_a_link_is_found_by_itself_only(store: Store, change: Callable[[str], str]) -> None:
    token = store.sessions.add_link(LINK, NOW)
    assert store.sessions.find_link(change(token), NOW) is None
    assert store.sessions.redeem(change(token), ANN, NOW) is None
    assert store.sessions.find_link(token, NOW) is not None


def test_a_link_opens_one_session_also_where_many_use_it_at_once(store: Store) -> None:
    token = store.sessions.add_link(LINK, NOW)
    with ThreadPoolExecutor(4) as pool:
        made = [*pool.map(lambda _: store.sessions.redeem(token, ANN, NOW), range(8))]
    (session,) = [one for one in made if one is not None]
    found = store.sessions.find(session, NOW)
    assert found is not None
    assert (found.person, found.address, found.client) == ("ann", "ann@example.org", "192.0.2.7")
    assert len(store.sessions.latest(9)) == 1


def test_the_first_admin_signs_in_once_whatever_was_printed(store: Store) -> None:
    """Each start prints an address, as do two replicas: all of them are void with the first that is used."""
    first, second = store.sessions.add_first_link(NOW), store.sessions.add_first_link(NOW)
    assert first is not None
    assert second is not None
    with ThreadPoolExecutor(4) as pool:
        made = [*pool.map(lambda token: store.sessions.redeem_first(token, "192.0.2.7", NOW), [first, second] * 4)]
    (session,) = [one for one in made if one is not None]
    found = store.sessions.find(session, NOW)
    assert found is not None
    assert (found.person, found.address, found.client) == (FIRST_ADMIN, "", "192.0.2.7")
    assert [store.sessions.find_link(one, NOW) for one in (first, second)] == [None, None]
    assert store.sessions.add_first_link(NOW + timedelta(days=400)) is None, "also long after the session has ended"


def test_the_address_of_the_first_admin_works_for_an_hour_and_until_somebody_has_signed_in(store: Store) -> None:
    token = store.sessions.add_first_link(NOW)
    assert token is not None
    assert store.sessions.redeem_first(hash_token(token), "", NOW) is None
    assert store.sessions.redeem_first(token, "", NOW + timedelta(hours=1)) is None
    assert store.sessions.find_link(token, NOW + timedelta(hours=1) - SECOND) is not None
    store.sessions.begin(ANN, NOW)
    assert store.sessions.redeem_first(token, "", NOW) is None
    assert store.sessions.add_first_link(NOW) is None


def test_a_mailed_link_makes_nobody_the_first_admin(store: Store) -> None:
    token = store.sessions.add_link(LINK, NOW)
    assert store.sessions.redeem_first(token, "", NOW) is None
    assert store.sessions.find_link(token, NOW) is not None


def test_a_session_lasts_twelve_hours_unless_somebody_ends_it(store: Store) -> None:
    token, end = store.sessions.begin(ANN, NOW), NOW + timedelta(hours=12)
    assert store.sessions.find(token, end - SECOND) is not None
    assert store.sessions.find(token, end) is None
    (only,) = store.sessions.lasting(NOW)
    assert store.sessions.end(only.id, "Bob", NOW + SECOND)
    assert not store.sessions.end(only.id, "Cem", NOW + SECOND), "it has ended before"
    assert store.sessions.find(token, NOW + SECOND) is None
    assert store.sessions.lasting(NOW + SECOND) == []
    assert [(one.ended_at, one.ended_by) for one in store.sessions.latest(9)] == [(NOW + SECOND, "Bob")]


def test_a_new_sign_in_ends_the_session_before_in_the_same_browser_and_no_other(store: Store) -> None:
    elsewhere, before = store.sessions.begin(ANN, NOW), store.sessions.begin(ANN, NOW)
    token = store.sessions.begin(replace(ANN, before=before), NOW + SECOND)
    assert token not in (before, elsewhere)
    assert [store.sessions.find(one, NOW + SECOND) is not None for one in (elsewhere, before, token)] == [
        True, False, True
    ]  # fmt: skip


def test_sessions_are_kept_for_ninety_days_and_links_until_they_expire(store: Store) -> None:
    store.sessions.add_link(LINK, NOW)
    store.sessions.begin(ANN, NOW)
    later = NOW + timedelta(days=90)
    store.sessions.begin(replace(ANN, person="bob"), later - SECOND)
    assert store.sessions.last_sign_ins() == {"ann": NOW, "bob": later - SECOND}
    store.sessions.add_link(LINK, later)
    store.sessions.begin(replace(ANN, person="bob"), later)
    assert store.sessions.last_sign_ins() == {"bob": later}
    with store.database.read() as connection:
        assert len(connection.execute(select(tables.sign_in_links)).all()) == 1


def registered(store: Store, address: str, now: datetime) -> None:
    stated = [Person(key=key, name=key, email=one) for key, one in (("ann", address), ("bob", "bob@example.org"))]
    with store.database.write() as connection:
        put_registered(connection, stated, now)


def test_another_address_ends_the_sessions_and_links_of_the_person_and_of_nobody_else(store: Store) -> None:
    registered(store, "ann@example.org", NOW)
    link, ann = store.sessions.add_link(LINK, NOW), store.sessions.begin(ANN, NOW)
    bob = store.sessions.begin(replace(ANN, person="bob", address="bob@example.org"), NOW)
    registered(store, "ANN@example.org", NOW + SECOND)
    assert store.sessions.find(ann, NOW + SECOND), "the same address, written otherwise"
    registered(store, "ann@elsewhere.example.org", NOW + SECOND)
    assert store.sessions.find_link(link, NOW + SECOND) is None
    assert store.sessions.find(ann, NOW + SECOND) is None
    assert store.sessions.find(bob, NOW + SECOND) is not None
    registered(store, "ann@example.org", NOW + SECOND)
    assert store.sessions.find(ann, NOW + SECOND) is None, "the old address back does not bring it back"


def test_a_backup_holds_neither(sqlite_url: str, tmp_path: Path) -> None:
    store = Store(sqlite_url)  # pg_dump makes the backups of PostgreSQL
    assert store.database.path
    secret = [hash_token(store.sessions.add_link(LINK, NOW)), hash_token(store.sessions.begin(ANN, NOW))]
    back_up(store.database.path, tmp_path / "backup.db", NOW, with_secrets=False, overwrite=False)
    content = (tmp_path / "backup.db").read_bytes()
    assert not [one for one in secret if one.encode() in content]
    with closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        assert copy.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    store.close()
