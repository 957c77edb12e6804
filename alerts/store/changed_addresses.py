"""People whose address has changed: what was sent to the old address is void, and so are their calendar feeds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from alerts.core.commitments import Person
from alerts.store import tables
from alerts.store.link_revocations import void_links
from alerts.store.rows import chunks

_F, _P = tables.feeds.c, tables.people.c


def end_access(connection: Connection, stated: Iterable[Person], now: datetime) -> None:
    """End the links and feeds of people that are stated with another address, before that is stored.

    Somebody else may read the old mailbox by now.
    """
    fresh = {person.key: person.email for person in stated}
    for keys in chunks(fresh):
        query = select(_P.key, _P.email).where(_P.key.in_(keys))
        old = {key: email for key, email in connection.execute(query).tuples() if _differ(email, fresh[key])}
        for email in old.values():
            void_links(connection, email, now)
        if old:
            mine = (_F.person.in_(old), _F.revoked_at.is_(None))
            connection.execute(update(tables.feeds).where(*mine).values(revoked_at=now))


def _differ(one: str, other: str) -> bool:
    return one.lower() != other.lower()
