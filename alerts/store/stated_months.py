"""The SHA-256 of each month's audit export, worked out once for all summaries, and the rules that have stated it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, delete, select

from alerts.core.audited_months import AuditedMonth
from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.rows import insert_new, upsert

_D, _M = delivery_tables.deliveries.c, tables.meta.c
UNSTATED = ("pending", "retry", "leased", "superseded")  # states of a summary that has not reached anybody
PREFIX = "audit:"  # of the facts: the month and the zone, and then the rule


class AuditedMonths:
    """The months of a database whose export is known. What a clock has recorded that was ahead is not believed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, first: date, zone: str, now: datetime) -> tuple[AuditedMonth | None, bool]:
        """Return a month, or None where nothing was in it; and whether it is known at all."""
        with self._database.read() as connection:
            return _find(connection, _name(first, zone), now)

    def is_stated(self, first: date, zone: str, rule: str, now: datetime) -> bool:
        """Return whether a summary of a rule has stated a month; one that still waits gives way to the next summary."""
        stated = select(_M.value).where(_M.name == _name(first, zone, rule), _M.at <= now)
        with self._database.read() as connection:
            ids = [UUID(one) for one in json.loads(connection.scalar(stated) or "[]")]
            went_out = select(_D.id).where(_D.id.in_(ids), _D.state.not_in(UNSTATED)).limit(1)
            return connection.execute(went_out).first() is not None

    def keep(self, first: date, zone: str, month: AuditedMonth | None, now: datetime) -> AuditedMonth | None:
        """Keep what an export came to; returns what another process has kept before, if one has."""
        name, value = _name(first, zone), json.dumps(month.to_json() if month else None)
        with self._database.write() as connection:
            connection.execute(delete(tables.meta).where(_M.name == name, _M.at > now))
            connection.execute(insert_new(connection, tables.meta), {"name": name, "value": value, "at": now})
            return _find(connection, name, now)[0]


def note_stated(connection: Connection, month: AuditedMonth, rule: str, ids: Iterable[UUID], now: datetime) -> None:
    """Record which deliveries of a rule's summary state a month."""
    value = json.dumps(sorted(map(str, ids)))
    row = {"name": _name(month.first, month.zone, rule), "value": value, "at": now}
    upsert(connection, tables.meta, ["name"], [row])


def _find(connection: Connection, name: str, now: datetime) -> tuple[AuditedMonth | None, bool]:
    value = connection.scalar(select(_M.value).where(_M.name == name, _M.at <= now))
    found = json.loads(value) if value else None
    return (AuditedMonth.from_json(found) if found else None), value is not None


def _name(first: date, zone: str, rule: str = "") -> str:
    return f"{PREFIX}{first:%Y-%m}:{zone}" + (f":{rule}" if rule else "")
