"""What the stored bounds were worked out with: the settings' zone, the zone data, the holidays; what held before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from alerts.store import tables
from alerts.store.database import Database

ZONE = "timezone"
NONE = ""  # the settings state no zone
_V = tables.resolved_with.c


class ResolvedWith:
    """What the bounds of a database were worked out with, by name: what holds now and what held before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def zone(self, otherwise: str | None) -> str | None:
        """The settings' zone that deadlines are resolved with, whatever the files of this process say by now."""
        with self._database.read() as connection:
            return stored_zone(connection, otherwise)

    def values(self) -> dict[str, str]:
        """All that deadlines were last worked out with, by name."""
        with self._database.read() as connection:
            return {name: past[-1] for name, past in _past(connection).items()}

    def take(
        self,
        name: str,
        value: str,
        now: datetime,
        *,
        reason: Callable[[str | None], str],
        may: Callable[[list[str]], bool],
    ) -> str | None:
        """Go by a value from now on, if it is another one and `may` (asked with all values before) allows it.

        Returns the reason for which all deadlines are then to be worked out anew (`reason` is asked with the value
        before), also one that an interrupted process has left; `finish` says that it was done.
        """
        with self._database.change() as connection:
            past = _past(connection).get(name, [])
            waits = connection.execute(select(_V.reason).where(_V.name == name, _V.reason.is_not(None))).scalar()
            if past and (value == past[-1] or not may(past)):
                return waits
            empty = connection.execute(select(tables.commitments.c.id).limit(1)).first() is None
            stated_name = None if empty else reason(past[-1] if past else None)
            connection.execute(update(tables.resolved_with).where(_V.name == name).values(reason=None))
            row = {"name": name, "number": len(past), "value": value, "since": now, "reason": stated_name}
            connection.execute(insert(tables.resolved_with), [row])
            return stated_name

    def finish(self, name: str) -> None:
        """Record that all deadlines were resolved anew."""
        with self._database.write() as connection:
            connection.execute(update(tables.resolved_with).where(_V.name == name).values(reason=None))


def stored_zone(connection: Connection, otherwise: str | None) -> str | None:
    """The settings' zone that deadlines are resolved with; `otherwise` where none has been stored yet."""
    query = select(_V.value).where(_V.name == ZONE).order_by(_V.number.desc()).limit(1)
    found = connection.execute(query).scalar()
    return otherwise if found is None else found or None


def _past(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in connection.execute(select(_V.name, _V.value).order_by(_V.name, _V.number)).tuples():
        found.setdefault(name, []).append(value)
    return found
