"""Erasing a person: no column of any table is forgotten, nobody waits for long, and what others write is kept."""

from __future__ import annotations

import base64
import re
import zlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, delete, select, update

from alerts.core.pseudonyms import IDENTIFIERS, Pseudonym
from alerts.store import Store, delivery_tables, tables
from alerts.store.alert_digests import alert_digest
from alerts.store.database import Database
from alerts.store.erased_rows import replace_in
from alerts.store.erasing import Erasing
from alerts.store.link_revocations import LinkRevocation
from alerts.store.store_error import StoreError
from tests import acting
from tests.factories import NOW, at, change, entry, load, plan_at, remind, rule, tracked
from tests.filled_tables import fill, texts_of
from tests.patience import cases

TEXTS = ("Ana Lopez", "<b>ana\n   LOPEZ</b>", "ANA@example.org", "mailto:ana%40example.org", "alopez:", "(alopez)")
NAMES = ("Ana Lopez", "Ana@example.org")
PERSON = re.compile(r"ana(\s|\\n)+lopez|ana(@|%40)|alopez", re.IGNORECASE)
KEY = re.compile("alopez")


@pytest.mark.parametrize("seed", cases([0], 1, 2))
def test_no_column_of_any_table_is_forgotten(store: Store, seed: int) -> None:
    fill(store, seed, TEXTS)
    with store.database.write() as connection:
        connection.execute(delete(tables.people))
    before = {(table, column) for table, column, text in texts_of(store) if PERSON.search(text)}
    assert len(before) > 120
    pseudonym = Pseudonym(text="erased-1", key="alopez", names=NAMES)
    assert Erasing(store.database).erase(pseudonym, "alopez", NOW) > 500
    left = {(table, column) for table, column, text in texts_of(store) if PERSON.search(text)}
    assert {column for _, column in left} <= IDENTIFIERS | {"by", "to", "name"}, "of what is no person, such as a rule"
    assert not [text for _, _, text in texts_of(store) if PERSON.search(KEY.sub("", text))]
    with store.database.read() as connection:
        uploads = connection.execute(tables.uploads.select()).all()
    assert not [one for one in uploads if PERSON.search(zlib.decompress(base64.b64decode(one.content)).decode())]
    assert "erased:erased-1" in store.ledger.facts()
    assert "erasing:alopez" not in store.ledger.facts()


def test_what_somebody_changes_meanwhile_is_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    load(store, entry("one", note="ask Ana Lopez", title="One"), entry("two", note="ask Ana Lopez"))
    pseudonym = Pseudonym(text="erased-1", key="alopez", names=NAMES)
    begin = store.database.change

    def change_after_another() -> Any:
        monkeypatch.undo()
        with store.database.write() as connection:
            connection.execute(update(tables.commitments).values(title="Changed", note="Ana Lopez knows"))
        return begin()

    monkeypatch.setattr(store.database, "change", change_after_another)
    assert replace_in(store.database, tables.commitments, pseudonym) == (2, 0)
    one = tracked(store, "one").commitment
    assert (one.title, one.note) == ("Changed", "erased-1 knows")


def test_pages_that_keep_what_is_open_in_memory_read_again_what_has_changed(store: Store) -> None:
    load(store, entry("one", note="ask Ana Lopez"), entry("two"), entry("three"))
    acting.acknowledge(store, "two", None, change(by="Ana Lopez"))
    before, state = store.open_commitments.versions(), store.open_commitments.state()
    Erasing(store.database).erase(Pseudonym(text="erased-1", key="alopez", names=NAMES), "desk", NOW)
    after = store.open_commitments.versions()
    assert store.open_commitments.state() != state
    assert {number for number in after if after[number] > before[number]} == {
        tracked(store, "one").id, tracked(store, "two").id
    }  # fmt: skip


def test_the_keys_of_alerts_are_no_longer_digests_of_the_address(store: Store) -> None:
    """Whoever has the database could try addresses out. Two spellings of one have the same pseudonym."""
    desk = rule(remind=remind(before=("P7D",)), digest=False)
    load(store, entry("one"))
    plan_at(store, NOW, desk, to=("ana@example.org", "Ana@example.org", "bo@example.org"))
    plan_at(store, at("2025-11-03T09:00"), desk, to=("ana@example.org", "Ana@example.org", "bo@example.org"))
    (reminder,) = [one for one in store.ledger.reminders(tracked(store, "one").id) if one["skipped"] is None]
    key = tuple(reminder[name] for name in ("commitment_id", "occurrence", "bounds_version", "kind", "moment"))

    def digests(*recipients: str) -> set[bytes]:
        return {alert_digest(key, "mail", one) for one in recipients}

    assert alerts_of(store) == digests("ana@example.org", "Ana@example.org", "bo@example.org")
    pseudonym = Pseudonym(text="erased-1", key="alopez", names=NAMES)
    Erasing(store.database).erase(pseudonym, "desk", NOW)
    after = alerts_of(store)
    assert len(after) == 3, "each of the three stays"
    assert not after & digests("ana@example.org", "Ana@example.org")
    assert after > digests(pseudonym.in_text("ana@example.org", "recipient"), "bo@example.org")


def alerts_of(store: Store) -> set[bytes]:
    with store.database.read() as connection:
        return set(connection.execute(select(delivery_tables.delivery_reminders.c.alert)).scalars())


def test_a_person_is_erased_by_the_same_pseudonym_after_a_kill(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    load(store, entry("one", note="ask Ana Lopez", owner=None))
    erasing = Erasing(store.database)
    pseudonym = erasing.prepare("alopez", ["Ana Lopez"])

    def killed(*_: object) -> tuple[int, int]:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("alerts.store.erasing.replace_in", killed)
        with pytest.raises(StoreError, match="the disk is full"):
            erasing.erase(pseudonym, "desk", NOW)
    again = erasing.prepare("alopez", [])
    assert again == pseudonym
    erasing.erase(again, "desk", NOW)
    assert tracked(store, "one").commitment.note == f"ask {pseudonym.text}"
    assert erasing.prepare("alopez", ["Ana Lopez"]).text != pseudonym.text


def test_what_was_replaced_before_a_kill_does_not_stop_the_next_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The links of a person are made void by each run, and by then those of the first have the pseudonym."""
    erasing = Erasing(store.database)
    pseudonym = erasing.prepare("alopez", ["ana@example.org"])

    def killed(database: Database, table: Table, pseudonym: Pseudonym) -> tuple[int, int]:
        done = replace_in(database, table, pseudonym)
        if table is tables.link_revocations:
            raise StoreError("the disk is full")
        return done

    with monkeypatch.context() as patch:
        patch.setattr("alerts.store.erasing.replace_in", killed)
        with pytest.raises(StoreError, match="the disk is full"):
            erasing.erase(pseudonym, "desk", NOW)
    later = NOW + timedelta(minutes=5)
    erasing.erase(erasing.prepare("alopez", []), "desk", later)
    assert store.link_revocations.all() == [LinkRevocation(f"{pseudonym.text}@erased.invalid", later)]
