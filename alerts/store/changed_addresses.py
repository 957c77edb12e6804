"""People whose address has changed: what was sent to the old address is void, and so are their feeds and sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from alerts.core.commitments import Person
from alerts.store import tables
from alerts.store.link_revocations import void_links
from alerts.store.rows import chunks

_F, _P, _S = tables.feeds.c, tables.people.c, tables.sessions.c


def end_access(connection: Connection, stated: Iterable[Person], now: datetime) -> None:
    """End the links, feeds and sessions of people that are stated with another address, before that is stored.

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
            _end_sessions(connection, old, now)


def _end_sessions(connection: Connection, people: Iterable[str], now: datetime) -> None:
    """End the sessions of people, and the links by which they could sign in."""
    mine = (_S.person.in_(people), _S.ended_at.is_(None), _S.expires_at > now)
    connection.execute(update(tables.sessions).where(*mine).values(ended_at=now, ended_by="another address"))
    connection.execute(delete(tables.sign_in_links).where(tables.sign_in_links.c.person.in_(people)))


def _differ(one: str, other: str) -> bool:
    return one.lower() != other.lower()
