"""The notice that a restored database sends alerts again: each of the operators and of the owners gets it once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from alerts.core.delivery_failures import Notice, RestoredDatabase, notice_id
from alerts.core.owners import as_named
from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.held_sending import RESUMED
from alerts.store.new_deliveries import new_delivery
from alerts.store.people import by_key
from alerts.store.rows import insert_new

_C, _M = tables.commitments.c, tables.meta.c


def report_resumed(
    database: Database, operators: Mapping[str, Sequence[str]], owners: tuple[str, Sequence[str]] | None, now: datetime
) -> int:
    """Store the notices after the end of a hold, and return how many; at any other time none.

    `operators`: channel → recipients. `owners`: the channel that mails those who own open commitments, and its own
    recipients. The request for the notices is deleted in their transaction, so only one process writes them.
    """
    asked = _M.name == RESUMED
    with database.read() as connection:
        if connection.execute(select(_M.name).where(asked)).first() is None:
            return 0
    with database.write() as connection:
        stated = connection.execute(delete(tables.meta).where(asked).returning(_M.value)).scalar()
        if stated is None:
            return 0  # another replica was first
        routes = {(channel, one) for channel, recipients in operators.items() for one in recipients}
        routes |= set(_of_owners(connection, *owners) if owners else ())
        restored = RestoredDatabase.from_json(json.loads(stated))
        notice = Notice(failures=(), restored=restored).to_json()
        rows = [
            new_delivery(notice_id(channel, one, (), restored), channel, one, now) | {"notice": notice}
            for channel, one in sorted(routes)
        ]
        if rows:
            connection.execute(insert_new(connection, delivery_tables.deliveries), rows)
        return len(rows)


def _of_owners(connection: Connection, channel: str, named: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Yield the route to each person who owns an open commitment."""
    query = select(_C.owner).where(_C.status == "open", _C.owner.is_not(None)).distinct()
    people = by_key(connection, connection.execute(query).scalars().all())
    return [(channel, as_named(person, named)) for person in people.values()]
