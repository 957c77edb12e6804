"""Sending that is held: a restored database would send again what went out since the backup was taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from alerts.core.delivery_failures import RestoredDatabase
from alerts.store import tables
from alerts.store.backup import BACKUP
from alerts.store.database import Database
from alerts.store.rows import upsert

_M, _R = tables.meta.c, tables.revisions.c
HELD = "sending held"  # the fact that says so
RESUMED = "sending resumed"  # the fact that says so, until people have been informed
HOLDS = frozenset({HELD, BACKUP})  # a backup that another tool has put in place holds sending, too
_IS_HOLD = _M.name.in_(sorted(HOLDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why nothing is sent: the database was restored at a time, and is as it was at an earlier one.

    `restored_at`: None where another tool than `alerts restore` has put a backup in its place.
    """

    restored_at: datetime | None
    taken_at: datetime

    def text(self, shown: Callable[[datetime], str]) -> str:
        """Return the line for health checks and logs. `shown` writes a time for the reader."""
        restored = f"was restored on {shown(self.restored_at)} from" if self.restored_at else "is a copy of"
        return (
            f"sending is held, so no alert goes out: the database {restored} a backup of {shown(self.taken_at)}; "
            "look at `alerts deliveries`, then run `alerts resume`"
        )


class HeldSending:
    """Whether sending is held, for all processes on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self) -> Hold | None:
        """Return why sending is held, or None where it is not."""
        with self._database.read() as connection:
            return find_hold(connection)

    def hold(self, taken_at: datetime, now: datetime) -> None:
        """Hold sending until it is resumed."""
        with self._database.write() as connection:
            hold_sending(connection, taken_at, now)

    def release(self, now: datetime) -> bool:
        """Let alerts go out again; returns whether sending was held.

        The schedule of what has waited counts from now. Else its first failure would be its last, or too late already.
        That people are to be informed is recorded in the same transaction: a kill loses neither.
        """
        from alerts.store.delivery_tables import OPEN, deliveries  # a command that looks for a hold needs no deliveries

        with self._database.change() as connection:
            holds = {row.name: row for row in connection.execute(delete(tables.meta).where(_IS_HOLD).returning(*_M))}
            if not holds:
                return False
            restored = _restored(holds, now).to_json()
            upsert(connection, tables.meta, ["name"], [{"name": RESUMED, "value": json.dumps(restored), "at": now}])
            waited = or_(deliveries.c.held_until.is_(None), deliveries.c.held_until < now)
            connection.execute(update(deliveries).where(OPEN, waited).values(held_until=now))
            return True

    def taken_at(self) -> datetime | None:
        """Return when this copy of a database was taken: as `alerts backup` noted, else when it was last used."""
        with self._database.read() as connection:
            noted: datetime | None = connection.scalar(select(_M.at).where(_M.name == BACKUP))
            last: datetime | None = noted or connection.scalar(select(func.max(_M.at, type_=_M.at.type)))
            return last or connection.scalar(select(func.max(_R.recorded_at, type_=_R.recorded_at.type)))


def find_hold(connection: Connection) -> Hold | None:
    """Return why sending is held, or None where it is not."""
    return _hold_of({row.name: row for row in connection.execute(select(_M.name, _M.value, _M.at).where(_IS_HOLD))})


def hold_sending(connection: Connection, taken_at: datetime, now: datetime) -> None:
    """Hold sending until it is resumed. A notice that a backup still had to send is about another hold."""
    connection.execute(delete(tables.meta).where(_M.name == RESUMED))
    value = json.dumps(taken_at.astimezone(UTC).isoformat())
    upsert(connection, tables.meta, ["name"], [{"name": HELD, "value": value, "at": now}])


def _restored(holds: Mapping[str, Any], now: datetime) -> RestoredDatabase:
    """Return what the facts of a hold say about the database, as its hold ends."""
    hold = _hold_of(holds)
    assert hold
    return RestoredDatabase(taken_at=hold.taken_at, restored_at=hold.restored_at, resumed_at=now)


def _hold_of(found: Mapping[str, Any]) -> Hold | None:
    if held := found.get(HELD):
        return Hold(restored_at=held.at, taken_at=datetime.fromisoformat(json.loads(held.value)))
    return Hold(restored_at=None, taken_at=found[BACKUP].at) if found else None


def may_send() -> ColumnElement[bool]:
    """Whether sending is not held, as a condition for what is claimed."""
    return ~exists().where(_IS_HOLD)
