"""Absences in the store: recorded, ended, listed, and who is away now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, exists, insert, or_, select, update

from alerts.core.absences import Absence, Absences
from alerts.core.tracked import Proof
from alerts.deadlines.errors import InputError
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.known_names import require_known
from alerts.store.people import HAS_ADDRESS, addresses_of, person_of
from alerts.store.recorded_requests import put_request, require_first
from alerts.store.store_error import OverError

if TYPE_CHECKING:
    from alerts.core.actors import Request

STATED = ("person", "starts_at", "ends_at", "zone", "deputy", "reason", "recorded_by")
_A, _P = tables.absences.c, tables.people.c
_ABSENCES = select(_A.number, *(_A[name] for name in STATED)).order_by(_A.starts_at, _A.number)
_NOT_OVER = _ABSENCES.where(_A.ends_at > bindparam("now"))
_PEOPLE = select(tables.people).order_by(_P.key)
# Whether any of some people is away now or has left.
_ANY_AWAY = (
    select(_P.key)
    .where(
        HAS_ADDRESS,
        or_(
            _P.left_at <= bindparam("now"),
            exists().where(_A.person == _P.key, _A.starts_at <= bindparam("now"), _A.ends_at > bindparam("now")),
        ),
    )
    .limit(1)
)


class RecordedAbsences:
    """The absences of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, absence: Absence, now: datetime, proof: Proof, request: Request | None = None) -> int:
        """Record an absence and return its number; one that is recorded already is left as it is.

        Raises InputError where the person or the deputy is not known, or where deputies would wait for each other, and
        what `require_first` raises.
        """
        with self._database.change() as connection:
            require_first(connection, request)
            for key in filter(None, (absence.person, absence.deputy)):
                require_known(connection, tables.people, key, "person")
            known = _absences(connection, now)
            number = next((one.number for one in known.recorded if _same(one, absence)), None)
            if number is None:
                number = _insert(connection, known, absence, now, proof)
            put_request(connection, request, str(number))
        return number

    def end_one(self, number: int, now: datetime, by: str, proof: Proof, request: Request | None = None) -> Absence:
        """End an absence now, and return it as it was. Raises OverError where none has the number, or it is over."""
        with self._database.change() as connection:
            require_first(connection, request)
            mine = (_A.number == number, _A.ends_at > now)
            found = _recorded(connection, *mine)
            if not found:
                raise OverError(f"no present absence has the number {number}")
            _end(connection, mine, now, by, proof)
            put_request(connection, request, str(number))
        return found[0]

    def end(self, person: str, now: datetime, by: str, proof: Proof) -> list[Absence]:
        """End the present and the coming absences of a person now, and return them as they were."""
        with self._database.change() as connection:
            mine = (_A.person == person, _A.ends_at > now)
            found = _recorded(connection, *mine)
            _end(connection, mine, now, by, proof)
        return found

    def find(self, number: int) -> Absence | None:
        """Return an absence, also one that is over."""
        with self._database.read() as connection:
            return next(iter(_recorded(connection, _A.number == number)), None)

    def recorded(self, now: datetime) -> list[Absence]:
        """Return the absences that are not over."""
        with self._database.read() as connection:
            return _not_over(connection, now)

    def all(self, now: datetime) -> Absences:
        """Return all people, and their absences that are not over."""
        with self._database.read() as connection:
            return _absences(connection, now)


def _insert(connection: Connection, known: Absences, absence: Absence, now: datetime, proof: Proof) -> int:
    if cycle := known.cycle_of(absence):
        raise InputError(
            f"{' → '.join(cycle)}: they would be away at the same time, each with the next as deputy: name another one"
        )
    row = {name: getattr(absence, name) for name in STATED} | {"recorded_at": now, "proof": proof}
    number: int = connection.execute(insert(tables.absences).returning(_A.number), [row]).scalar_one()
    return number


def _end(connection: Connection, which: Collection[Any], now: datetime, by: str, proof: Proof) -> None:
    ended = {"ends_at": now, "ended_by": by, "ended_proof": proof}
    connection.execute(update(tables.absences).where(*which).values(ended))


def _same(one: Absence, other: Absence) -> bool:
    names = ("person", "starts_at", "ends_at", "deputy")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def absences_of(connection: Connection, recipients: Collection[str], now: datetime) -> Absences | None:
    """Return the people and who is away now; None where none of some recipients is away or has left."""
    if (whose := addresses_of(recipients)) is None:
        return None
    return _absences(connection, now) if connection.execute(_ANY_AWAY, whose | {"now": now}).first() else None


def _absences(connection: Connection, now: datetime) -> Absences:
    people = connection.execute(_PEOPLE).mappings()
    return Absences(people={row["key"]: person_of(row) for row in people}, recorded=_not_over(connection, now))


def _recorded(connection: Connection, *conditions: Any) -> list[Absence]:
    return [Absence(**row) for row in connection.execute(_ABSENCES.where(*conditions)).mappings()]


def _not_over(connection: Connection, now: datetime) -> list[Absence]:
    return [Absence(**row) for row in connection.execute(_NOT_OVER, {"now": now}).mappings()]
