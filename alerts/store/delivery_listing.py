"""Deliveries as people read them: of a commitment, by state, and those that are late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, func, or_, select

from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.outbox.due_deliveries import due_since
from alerts.store.rows import chunks

_C, _D, _G, _L, _R = (
    table.c
    for table in (
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.gathered,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
    )
)
_LISTED = select(*(column for column in _D if column.name not in ("payload", "dates_told", "next_alert_at")))
_BY_CHANNEL = (_D.channel, _D.recipient, _D.id)


def count_by_state(connection: Connection) -> dict[str, int]:
    """Return the number of deliveries by state."""
    return dict(connection.execute(select(_D.state, func.count()).group_by(_D.state)).tuples().all())


def list_reminders(database: Database, commitment_id: int) -> list[Mapping[str, Any]]:
    """Return the reminders of a commitment, sent and skipped, oldest first, each with its deliveries.

    `held_until`: when the last of what a silence or office hours hold back is let go. `hours_begin` of a delivery:
    when the recipient's office hours begin, where it went out before because the deadline passes before then.
    """
    with database.read() as connection:
        query = (
            select(planning_tables.reminders).where(_R.commitment_id == commitment_id).order_by(_R.send_at, _R.moment)
        )
        reminders = connection.execute(query).mappings().all()
        columns = (_D.id, _D.channel, _D.recipient, _D.state, _D.ended_at, _D.last_error, _L.hours_begin)
        query = select(_L.reminder_id, *columns)
        query = query.join(delivery_tables.deliveries, _D.id == _L.delivery_id)
        query = query.join(planning_tables.reminders, _R.id == _L.reminder_id).where(_R.commitment_id == commitment_id)
        sent: dict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
        for row in connection.execute(query.order_by(_D.created_at, _D.id)).mappings():
            sent[row["reminder_id"]].append({name: row[name] for name in row if name != "reminder_id"})
        query = select(_G.reminder_id, func.max(_G.held_until, type_=_G.held_until.type)).group_by(_G.reminder_id)
        about = select(_R.id).where(_R.commitment_id == commitment_id)
        held = dict(connection.execute(query.where(_G.reminder_id.in_(about))).tuples().all())
        return [{**row, "deliveries": sent[row["id"]], "held_until": held.get(row["id"])} for row in reminders]


def list_deliveries(database: Database, state: str | None = None, limit: int = 1000) -> list[Mapping[str, Any]]:
    """Return the latest deliveries, oldest first, each with what it carries; of one time by that, then by channel."""
    query = _LISTED if state is None else _LISTED.where(_D.state == state)
    with database.read() as connection:
        found = _with_carried(connection, query.order_by(_D.created_at.desc(), *_BY_CHANNEL).limit(limit))
    return sorted(found, key=lambda row: (row["created_at"], row["carries"]))  # else as the query has them


def list_deliveries_before(
    database: Database, state: str | None, limit: int, before: tuple[datetime, UUID] | None
) -> list[Mapping[str, Any]]:
    """Return deliveries, the latest first, each with what it carries. `before`: the time and the id of the last one."""
    query = _LISTED if state is None else _LISTED.where(_D.state == state)
    if before is not None:
        at, last = before
        query = query.where(_D.created_at <= at, or_(_D.created_at < at, _D.id < last))
    with database.read() as connection:
        return _with_carried(connection, query.order_by(_D.created_at.desc(), _D.id.desc()).limit(limit))


def _with_carried(connection: Connection, query: Select[Any]) -> list[Mapping[str, Any]]:
    """Return deliveries in the order of a query, each with what it carries."""
    rows = connection.execute(query).mappings().all()
    reminders: dict[UUID, list[str]] = defaultdict(list)
    for some in chunks([row["id"] for row in rows]):
        carried = select(_L.delivery_id, _C.key, _R.kind).join(planning_tables.reminders, _R.id == _L.reminder_id)
        carried = carried.join(tables.commitments, _C.id == _R.commitment_id)
        carried = carried.where(_L.delivery_id.in_(some)).order_by(_C.key, _R.kind)
        for one, key, kind in connection.execute(carried):
            reminders[one].append(f"{key} {kind}")
    for row in rows:
        if row["event"]:
            reminders[row["id"]] = [f"{row['event']['key']} {row['event']['name']}"]
    return [{**row, "carries": reminders[row["id"]]} for row in rows]


def count_stuck(database: Database, since: datetime) -> int:
    """Return how many deliveries were planned by then and are still open."""
    query = select(func.count()).where(delivery_tables.OPEN, due_since < since)
    with database.read() as connection:
        return connection.execute(query).scalar_one()
