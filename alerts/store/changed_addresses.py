"""People whose address has changed: what was sent to the old address is void, and so are their feeds and sessions.

The old address gets a mail that says so. The request for it stands in `meta` until the daemon has made the delivery.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from alerts.core.commitments import Person
from alerts.core.delivery_failures import ChangedAddress
from alerts.store import tables
from alerts.store.link_revocations import void_links
from alerts.store.rows import chunks, upsert

CHANGED = "address changed "  # how the names of these requests begin
_F, _P, _S = tables.feeds.c, tables.people.c, tables.sessions.c


def end_access(connection: Connection, stated: Iterable[Person], now: datetime) -> None:
    """End the links, feeds and sessions of people that are stated with another address, before that is stored.

    Somebody else may read the old mailbox by now.
    """
    people = {person.key: person for person in stated}
    fresh = {key: person.email for key, person in people.items()}
    for keys in chunks(fresh):
        query = select(_P.key, _P.email).where(_P.key.in_(keys))
        old = {key: email for key, email in connection.execute(query).tuples() if _differ(email, fresh[key])}
        for email in old.values():
            void_links(connection, email, now)
        if old:
            _ask_to_tell(connection, [_changed(people[key], email, now) for key, email in old.items()])
            mine = (_F.person.in_(old), _F.revoked_at.is_(None))
            connection.execute(update(tables.feeds).where(*mine).values(revoked_at=now))
            _end_sessions(connection, old, now)


def _changed(person: Person, old: str, now: datetime) -> ChangedAddress:
    return ChangedAddress(person=person.key, name=person.name, old=old, at=now)


def _ask_to_tell(connection: Connection, changed: Iterable[ChangedAddress]) -> None:
    rows = [
        {"name": f"{CHANGED}{one.person} {one.at.isoformat()}", "value": json.dumps(one.to_json()), "at": one.at}
        for one in changed
        if "@" in one.old
    ]
    if rows:
        upsert(connection, tables.meta, ["name"], rows)


def _end_sessions(connection: Connection, people: Iterable[str], now: datetime) -> None:
    """End the sessions of people, and the links by which they could sign in."""
    mine = (_S.person.in_(people), _S.ended_at.is_(None), _S.expires_at > now)
    connection.execute(update(tables.sessions).where(*mine).values(ended_at=now, ended_by="another address"))
    connection.execute(delete(tables.sign_in_links).where(tables.sign_in_links.c.person.in_(people)))


def _differ(one: str, other: str) -> bool:
    return one.lower() != other.lower()
