"""Silences as rows: those of the settings and those that people have given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select, tuple_, update

from alerts.core.silences import Silence
from alerts.core.tracked import Proof
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.store import tables
from alerts.store.database import Database
from alerts.store.recorded_requests import put_request, require_first
from alerts.store.rows import insert_new
from alerts.store.store_error import OverError

if TYPE_CHECKING:
    from alerts.core.actors import Request

_S = tables.silences.c
SHOWN_FOR = timedelta(days=30)  # after its end
ENDS = case((_S.ended_at < _S.until, _S.ended_at), else_=_S.until)
COLUMNS = (_S.match, _S.since, _S.until, _S.reason, _S.by, _S.of_settings, _S.ended_at, _S.proof)
_ENDING_AFTER = select(*COLUMNS).where(bindparam("after", type_=_S.until.type) < ENDS).order_by(ENDS, _S.id)


class Silences:
    """The silences of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, silence: Silence, request: Request | None = None) -> None:
        """Store a silence. Raises InputError where it is there already, and what `require_first` raises."""
        with self._database.change() as connection:
            require_first(connection, request)
            if not connection.execute(insert_new(connection, tables.silences).returning(_S.id), [_row(silence)]).all():
                raise InputError(f"silence {silence.id} already states the same")
            put_request(connection, request, silence.id)

    def end(self, name: str, now: datetime, by: str, proof: Proof, request: Request | None = None) -> Silence:
        """End a silence, and let go what it holds. Raises OverError where no such silence lasts."""
        with self._database.change() as connection:
            require_first(connection, request)
            lasting = {one.id: one for one in _all(connection, now)}
            if name not in lasting:
                raise OverError(
                    f"no present silence has the ID {name!r}{did_you_mean(name, lasting)}: see `alerts silence list`"
                )
            ended = {"ended_at": now, "ended_by": by, "ended_proof": proof}
            connection.execute(update(tables.silences).where(_S.id == name).values(ended))
            release_all(connection)
            put_request(connection, request, name)
        return lasting[name]

    def find(self, name: str) -> Silence | None:
        """Return a silence, also one that has ended."""
        with self._database.read() as connection:
            row = connection.execute(select(*COLUMNS).where(_S.id == name)).mappings().first()
        return _silence(row) if row else None

    def lasting(self, now: datetime) -> list[Silence]:
        """Return those that last or are still to come, the first to end first."""
        with self._database.read() as connection:
            return _all(connection, now)

    def recent(self, now: datetime) -> list[Silence]:
        """Return those, and what has ended within a month."""
        with self._database.read() as connection:
            return _all(connection, now - SHOWN_FOR)

    def held(self, now: datetime) -> int:
        """Return how many alerts wait for the end of a silence, or for office hours."""
        from alerts.store.delivery_tables import gathered  # a listing reads silences, and no deliveries

        with self._database.read() as connection:
            return connection.execute(select(func.count()).where(gathered.c.held_until > now)).scalar_one()


def put_silences(connection: Connection, stated: Iterable[Silence], now: datetime) -> None:
    """Make these the silences of the settings. What the settings leave out has ended, until they state it again.

    One that a person has ended stays so.
    """
    rows = {one.id: _row(one) for one in stated}
    if rows:
        connection.execute(insert_new(connection, tables.silences), list(rows.values()))
    left_out = (_S.of_settings, _S.left_out)
    connection.execute(update(tables.silences).where(*left_out, _S.id.in_(rows)).values(left_out=False, ended_at=None))
    gone = (_S.of_settings, _S.id.not_in(rows), _S.ended_at.is_(None), _S.until > now)
    if connection.execute(update(tables.silences).where(*gone).values(left_out=True, ended_at=now)).rowcount:
        release_all(connection)


def silences_after(connection: Connection, at: datetime) -> list[Silence]:
    """Return the silences that end after an instant."""
    return _all(connection, at)


def release_all(connection: Connection) -> None:
    """Let the next tick put all that is held back into deliveries: what is still silenced is held again."""
    from alerts.store.delivery_tables import gathered

    connection.execute(update(gathered).where(held_in_order()).values(held_until=None))


def held_in_order(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition for what is held back, which locks it in the order in which digests are sealed."""
    from alerts.store.delivery_tables import gathered

    key = tuple(gathered.primary_key)
    held = select(*key).where(gathered.c.held_until.is_not(None), *conditions)
    return tuple_(*key).in_(held.order_by(*key).with_for_update())


def _all(connection: Connection, after: datetime) -> list[Silence]:
    return [_silence(row) for row in connection.execute(_ENDING_AFTER, {"after": after}).mappings()]


def _silence(row: Any) -> Silence:
    match = {what: tuple(values) for what, values in row["match"].items()}
    return Silence(**{**row, "match": match})


def _row(silence: Silence) -> dict[str, Any]:
    match = {what: list(values) for what, values in silence.match.items()}
    return {
        "id": silence.id, "match": match, "since": silence.since, "until": silence.until, "reason": silence.reason,
        "by": silence.by, "of_settings": silence.of_settings, "ended_at": None, "left_out": False,
        "proof": silence.proof,
    }  # fmt: skip
