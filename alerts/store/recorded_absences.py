"""Absences in the store: recorded, ended, listed, and who is away now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, or_, select, update

from alerts.core.absences import Absence, Absences
from alerts.core.tracked import Proof
from alerts.deadlines.errors import InputError
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.known_names import require_known
from alerts.store.people import person_of

_A, _P = tables.absences.c, tables.people.c


class RecordedAbsences:
    """The absences of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, absence: Absence, now: datetime, proof: Proof) -> None:
        """Record an absence; one that is recorded already is left as it is.

        Raises InputError where the person or the deputy is not known, or where deputies would wait for each other.
        """
        with self._database.change() as connection:
            for key in filter(None, (absence.person, absence.deputy)):
                require_known(connection, tables.people, key, "person")
            known = _absences(connection, now)
            if any(_same(one, absence) for one in known.recorded):
                return
            if cycle := known.cycle_of(absence):
                raise InputError(
                    f"{' → '.join(cycle)}: they would be away at the same time, each with the next as deputy: "
                    "name another one with --to"
                )
            values = ("person", "starts_at", "ends_at", "zone", "deputy", "reason", "recorded_by")
            row = {name: getattr(absence, name) for name in values} | {"recorded_at": now, "proof": proof}
            connection.execute(insert(tables.absences), [row])

    def end(self, person: str, now: datetime, by: str, proof: Proof) -> list[Absence]:
        """End the present and the coming absences of a person now, and return them as they were."""
        with self._database.change() as connection:
            mine = (_A.person == person, _A.ends_at > now)
            found = _recorded(connection, *mine)
            ended = {"ends_at": now, "ended_by": by, "ended_proof": proof}
            connection.execute(update(tables.absences).where(*mine).values(ended))
        return found

    def all(self, now: datetime) -> Absences:
        """Return all people, and their absences that are not over."""
        with self._database.read() as connection:
            return _absences(connection, now)


def _same(one: Absence, other: Absence) -> bool:
    names = ("person", "starts_at", "ends_at", "deputy")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def absences_of(connection: Connection, recipients: Collection[str], now: datetime) -> Absences | None:
    """Return the people and who is away now; None where none of some recipients is away or has left."""
    wanted = {address.lower() for address in recipients if "@" in address}
    if not wanted:
        return None
    same = or_(func.lower(_P.email).in_(wanted), _P.email.in_(recipients))  # SQLite's lower() knows ASCII only
    is_away = exists().where(_A.person == _P.key, _A.starts_at <= now, _A.ends_at > now)
    query = select(_P.key).where(same, or_(_P.left_at <= now, is_away)).limit(1)
    return _absences(connection, now) if connection.execute(query).first() else None


def _absences(connection: Connection, now: datetime) -> Absences:
    people = connection.execute(select(tables.people).order_by(_P.key)).mappings()
    return Absences(
        people={row["key"]: person_of(row) for row in people}, recorded=_recorded(connection, _A.ends_at > now)
    )


def _recorded(connection: Connection, *conditions: Any) -> list[Absence]:
    names = ("person", "starts_at", "ends_at", "zone", "deputy", "reason", "recorded_by")
    query = select(*(_A[name] for name in names)).where(*conditions).order_by(_A.starts_at, _A.number)
    return [Absence(**row) for row in connection.execute(query).mappings()]
