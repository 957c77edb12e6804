"""Uploads are kept for an hour, and the latest twenty of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from alerts.store import Store, tables
from tests.factories import NOW


def test_the_daemon_deletes_uploads_that_were_kept_for_their_hour(store: Store) -> None:
    store.uploads.keep(b"first", NOW)
    later = store.uploads.keep(b"later", NOW + timedelta(minutes=30))
    store.uploads.forget_old(NOW + timedelta(minutes=59))
    assert len(rows_of_uploads(store)) == 2
    store.uploads.forget_old(NOW + timedelta(hours=1))
    assert rows_of_uploads(store) == [later]


def test_the_latest_twenty_uploads_are_kept(store: Store) -> None:
    found = [store.uploads.keep(str(n).encode(), NOW + timedelta(seconds=n)) for n in range(22)]
    assert sorted(rows_of_uploads(store)) == sorted(found[2:])


def rows_of_uploads(store: Store) -> list[str]:
    with store.database.read() as connection:
        return list(connection.execute(select(tables.uploads.c.hash)).scalars())
