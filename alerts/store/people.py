"""People: those of the settings and those that files declare."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, or_, select, update

from alerts.core.commitments import Person
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.rows import insert_new, upsert

_P = tables.people.c
_EVERYBODY = select(tables.people).where(_P.removed_at.is_(None))


class People:
    """The people of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, people: Iterable[Person]) -> None:
        """Make these the people of the settings, and remove those that are no longer there.

        A person that a file declared before belongs to the settings from now on.
        """
        wanted = {person.key: person for person in people}
        with self._database.read() as connection:
            if _found(connection, _P.of_settings) == wanted:
                return
        with self._database.write() as connection:
            put(connection, wanted.values(), of_settings=True)
            connection.execute(delete(tables.people).where(_P.of_settings, _P.key.not_in(wanted)))

    def add(self, people: Iterable[Person]) -> None:
        """Add people of the settings that are missing; others stay, since the daemon may have newer settings."""
        wanted = {person.key: person for person in people}
        with self._database.read() as connection:
            rows = [_row(one, of_settings=True) for key, one in wanted.items() if key not in by_key(connection, wanted)]
        if rows:
            with self._database.write() as connection:
                connection.execute(insert_new(connection, tables.people), rows)

    def of_files(self) -> dict[str, Person]:
        """Return the people that files declared, by key."""
        with self._database.read() as connection:
            return _found(connection, ~_P.of_settings)


def put(connection: Connection, people: Iterable[Person], *, of_settings: bool) -> None:
    """Insert people, or update them."""
    upsert(connection, tables.people, ["key"], [_row(person, of_settings=of_settings) for person in people])


def _row(person: Person, *, of_settings: bool) -> dict[str, Any]:
    return asdict(person) | {"of_settings": of_settings, "removed_at": None}


def put_registered(connection: Connection, people: Iterable[Person], now: datetime) -> None:
    """Make these the people of the settings; those who are left out can still be reached until they are forgotten."""
    wanted = {person.key: person for person in people}
    if _found(connection, _P.of_settings & _P.removed_at.is_(None)) != wanted:
        from alerts.store.changed_addresses import end_access  # links and feeds matter only to what changes people

        end_access(connection, wanted.values(), now)
        put(connection, wanted.values(), of_settings=True)
    gone = (_P.of_settings, _P.removed_at.is_(None), _P.key.not_in(wanted))
    connection.execute(update(tables.people).where(*gone).values(removed_at=now))


def by_key(connection: Connection, keys: Collection[str]) -> dict[str, Person]:
    """Return people by key."""
    return _found(connection, _P.key.in_(keys)) if keys else {}


def every_person(connection: Connection) -> dict[str, Person]:
    """Return all people but those that the settings have left out, by key."""
    return _by_key(connection, _EVERYBODY)


def zones(connection: Connection, recipients: Collection[str]) -> dict[str, str]:
    """Return the zones of recipients that are people with a zone."""
    wanted = {address.lower() for address in recipients if "@" in address}
    if not wanted:
        return {}
    same = or_(func.lower(_P.email).in_(wanted), _P.email.in_(recipients))  # SQLite's lower() knows ASCII only
    query = select(_P.email, _P.timezone).where(same, _P.timezone.is_not(None))
    found = {email.lower(): zone for email, zone in connection.execute(query.order_by(_P.key.desc())).tuples()}
    return {address: found[address.lower()] for address in recipients if address.lower() in found}


def names(connection: Connection, recipients: Collection[str]) -> dict[str, str]:
    """Return the names of recipients that are people."""
    wanted = {address.lower() for address in recipients if "@" in address}
    if not wanted:
        return {}
    same = or_(func.lower(_P.email).in_(wanted), _P.email.in_(recipients))  # as above
    query = select(_P.email, _P.name).where(same).order_by(_P.key.desc())
    found = {email.lower(): name for email, name in connection.execute(query).tuples()}
    return {address: found[address.lower()] for address in recipients if address.lower() in found}


def person_of(row: RowMapping) -> Person:
    """A row of `people` as a value."""
    return Person(**{name: row[name] for name in ("key", "name", "email", "timezone", "deputy", "left_at")})


def _found(connection: Connection, condition: Any) -> dict[str, Person]:
    return _by_key(connection, select(tables.people).where(condition))


def _by_key(connection: Connection, query: Select[Any]) -> dict[str, Person]:
    return {row["key"]: person_of(row) for row in connection.execute(query).mappings()}
