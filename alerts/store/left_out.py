"""The entries of loaded calendars that could not be loaded, by file: listed until that file is loaded without them."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select

from alerts.store import tables
from alerts.store.database import Database
from alerts.store.rows import chunks, upsert

PREFIX = "left out: "
_M, _C = tables.meta.c, tables.commitments.c


class LeftOut:
    """What loads of calendars left out: for each entry its key, if it has one, and a line that names it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, file: str, entries: Collection[tuple[str, str]], now: datetime) -> None:
        """Store what the last load of a file left out, in place of what was stored before."""
        name = PREFIX + file
        with self._database.write() as connection:
            connection.execute(delete(tables.meta).where(_M.name == name))
            if entries:
                # What is tracked already is listed all the same: the file may state another date by now.
                known = _tracked(connection, {key for key, _ in entries if key})
                value = json.dumps([(key if key not in known else "", line) for key, line in entries])
                upsert(connection, tables.meta, ["name"], [{"name": name, "value": value, "at": now}])

    def lines(self) -> list[str]:
        """Return a line for each entry that is still left out. One that is tracked by now, from elsewhere, is not."""
        with self._database.read() as connection:
            query = select(_M.value).where(_M.name.startswith(PREFIX, autoescape=True)).order_by(_M.name)
            found = [(key, line) for value in connection.execute(query).scalars() for key, line in json.loads(value)]
            known = _tracked(connection, {key for key, _ in found if key})
        return [line for key, line in found if key not in known]


def _tracked(connection: Connection, keys: Collection[str]) -> set[str]:
    found: set[str] = set()
    for some in chunks(keys):
        found |= set(connection.execute(select(_C.key).where(_C.key.in_(some))).scalars())
    return found
