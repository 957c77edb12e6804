"""People: those of the settings and those that files declare."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, func, or_, select, update

from alerts.core.commitments import Person
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.rows import insert_new, upsert

_P = tables.people.c
_EVERYBODY = select(tables.people).where(_P.removed_at.is_(None))
_BY_KEY = select(tables.people).where(_P.key.in_(bindparam("keys", expanding=True)))
# The people with some addresses, which `addresses_of` gives. SQLite's lower() knows ASCII only.
HAS_ADDRESS = or_(
    func.lower(_P.email).in_(bindparam("lowered", expanding=True)),
    _P.email.in_(bindparam("addresses", expanding=True)),
)
_ZONES = select(_P.email, _P.timezone).where(HAS_ADDRESS, _P.timezone.is_not(None)).order_by(_P.key.desc())
_NAMES = select(_P.email, _P.name).where(HAS_ADDRESS).order_by(_P.key.desc())
_LEAVE = update(tables.people).where(
    _P.of_settings, _P.removed_at.is_(None), _P.key.not_in(bindparam("_kept", expanding=True))
).values(removed_at=bindparam("_now"))  # fmt: skip
_OF_SETTINGS = select(tables.people).where(_P.of_settings)
_OF_SETTINGS_STILL = _OF_SETTINGS.where(_P.removed_at.is_(None))
_OF_FILES = select(tables.people).where(~_P.of_settings)


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
            if _found(connection, _OF_SETTINGS) == wanted:
                return
        with self._database.change() as connection:
            put(connection, wanted.values(), of_settings=True)
            connection.execute(delete(tables.people).where(_P.of_settings, _P.key.not_in(wanted)))

    def add(self, people: Iterable[Person]) -> None:
        """Add people of the settings that are missing; others stay, since the daemon may have newer settings."""
        wanted = {person.key: person for person in people}
        with self._database.read() as connection:
            rows = [_row(one, of_settings=True) for key, one in wanted.items() if key not in by_key(connection, wanted)]
        if rows:
            with self._database.change() as connection:
                connection.execute(insert_new(connection, tables.people), rows)

    def of_settings(self) -> dict[str, Person]:
        """Return the people of the registered settings, by key."""
        with self._database.read() as connection:
            return _found(connection, _EVERYBODY.where(_P.of_settings))

    def of_files(self) -> dict[str, Person]:
        """Return the people that files declared, by key."""
        with self._database.read() as connection:
            return _found(connection, _OF_FILES)


def put(connection: Connection, people: Iterable[Person], *, of_settings: bool) -> None:
    """Insert people, or update them."""
    upsert(connection, tables.people, ["key"], [_row(person, of_settings=of_settings) for person in people])


def _row(person: Person, *, of_settings: bool) -> dict[str, Any]:
    return asdict(person) | {"of_settings": of_settings, "removed_at": None}


def put_registered(connection: Connection, people: Iterable[Person], now: datetime) -> None:
    """Make these the people of the settings; those who are left out can still be reached until they are forgotten."""
    wanted = {person.key: person for person in people}
    if _found(connection, _OF_SETTINGS_STILL) != wanted:
        from alerts.store.changed_addresses import end_access  # links and feeds matter only to what changes people

        end_access(connection, wanted.values(), now)
        put(connection, wanted.values(), of_settings=True)
    connection.execute(_LEAVE, {"_kept": list(wanted), "_now": now})


def by_key(connection: Connection, keys: Collection[str]) -> dict[str, Person]:
    """Return people by key."""
    return _found(connection, _BY_KEY, {"keys": list(keys)}) if keys else {}


def every_person(connection: Connection) -> dict[str, Person]:
    """Return all people but those that the settings have left out, by key."""
    return _found(connection, _EVERYBODY)


def addresses_of(recipients: Collection[str]) -> dict[str, list[str]] | None:
    """Return the parameters of HAS_ADDRESS for those of some recipients that are addresses; None where none is."""
    lowered = {address.lower() for address in recipients if "@" in address}
    return {"lowered": list(lowered), "addresses": list(recipients)} if lowered else None


def zones(connection: Connection, recipients: Collection[str]) -> dict[str, str]:
    """Return the zones of recipients that are people with a zone."""
    return _by_address(connection, _ZONES, recipients)


def names(connection: Connection, recipients: Collection[str]) -> dict[str, str]:
    """Return the names of recipients that are people."""
    return _by_address(connection, _NAMES, recipients)


def person_of(row: RowMapping) -> Person:
    """A row of `people` as a value."""
    return Person(**{name: row[name] for name in ("key", "name", "email", "timezone", "deputy", "left_at")})


def _by_address(connection: Connection, query: Select[Any], recipients: Collection[str]) -> dict[str, str]:
    if (which := addresses_of(recipients)) is None:
        return {}
    found = {email.lower(): value for email, value in connection.execute(query, which).tuples()}
    return {address: found[address.lower()] for address in recipients if address.lower() in found}


def _found(connection: Connection, query: Select[Any], which: Mapping[str, Any] | None = None) -> dict[str, Person]:
    return {row["key"]: person_of(row) for row in connection.execute(query, which).mappings()}
