"""Send again what a clock that was ahead has sent too early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, or_, select, update

from alerts.core.tracked import Revision
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.rows import CHUNK, append_revisions, chunks, revision_row
from alerts.store.watch_rows import LOCK_ORDER

_A, _C, _D, _G, _L, _R, _U, _W = (
    table.c
    for table in (
        delivery_tables.attempts,
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.gathered,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        planning_tables.rules,
        planning_tables.watches,
    )
)
TOO_EARLY = timedelta(days=2)  # an alert less early than this counts as sent


def resend_too_early(database: Database, now: datetime) -> int:
    """Let alerts go out again that were sent more than two days before their `send_at`; return how many.

    Call it after the clock was corrected, before anything is planned. Moves and closings were
    sent when they were recorded, so they stay. Each commitment's history says what is sent again.
    """
    count, more = 0, True
    while more:
        with database.change() as connection:
            found = _too_early(connection, now)
            _lock(connection, found)
            _forget(connection, found, now)
            _note(connection, Counter(row["commitment_id"] for row in found if row["skipped"] is None), now)
        count += sum(row["skipped"] is None for row in found)
        more = len(found) == CHUNK
    with database.change() as connection:
        _put_back(connection, now)
    return count


def _too_early(connection: Connection, now: datetime) -> list[Mapping[str, Any]]:
    """Reminders of moments that are still to come; those that were merged into one of them were sent to nobody."""
    names = (_R.id, _R.rule, _R.commitment_id, _R.occurrence, _R.skipped)
    early = or_(_R.send_at > now + TOO_EARLY, and_(_R.send_at > now, _R.skipped.is_not(None)))
    query = select(*names).where(early, _R.planned_at > now, _R.revision.is_(None)).order_by(_R.id).limit(CHUNK)
    return [dict(row) for row in connection.execute(query).mappings()]


def _lock(connection: Connection, rows: list[Mapping[str, Any]]) -> None:
    """Lock what will be changed in the order that everybody takes: commitments, then watches."""
    ids = {row["commitment_id"] for row in rows}
    connection.execute(select(_C.id).where(_C.id.in_(ids)).order_by(_C.id).with_for_update(key_share=True))
    connection.execute(
        select(_W.commitment_id).where(_W.commitment_id.in_(ids)).order_by(*LOCK_ORDER).with_for_update()
    )


def _forget(connection: Connection, rows: list[Mapping[str, Any]], now: datetime) -> None:
    ids = [row["id"] for row in rows]
    carried = set(connection.execute(select(_L.delivery_id).where(_L.reminder_id.in_(ids))).scalars())
    for column in (_L.reminder_id, _G.reminder_id, _R.id):
        connection.execute(delete(column.table).where(column.in_(ids)))
    for some in chunks(carried):  # otherwise the next delivery with the same reminders would count as sent
        empty = _D.id.in_(some), ~exists().where(_L.delivery_id == _D.id)
        connection.execute(delete(delivery_tables.attempts).where(_A.delivery_id.in_(select(_D.id).where(*empty))))
        connection.execute(delete(delivery_tables.deliveries).where(*empty))
    watches = {(row["rule"], row["commitment_id"], row["occurrence"]) for row in rows}
    mine = and_(_W.rule == bindparam("_rule"), _W.commitment_id == bindparam("_id"), _W.occurrence == bindparam("_at"))
    if watches:
        again = update(planning_tables.watches).where(mine).values(cursor=now, next_at=now, latest_moment=None)
        connection.execute(again, [{"_rule": rule, "_id": one, "_at": at} for rule, one, at in watches])


def _note(connection: Connection, sent: Mapping[int, int], now: datetime) -> None:
    columns = (_C.id, _C.revision, _C.bounds_version)
    rows = connection.execute(select(*columns).where(_C.id.in_(sent))).all()
    revisions = [
        Revision(
            number=row.revision + 1, what="edited", recorded_at=now, recorded_by="alerts",
            reason="this machine's clock was ahead", bounds_version=row.bounds_version,
            detail=f"alerts that went out too early will be sent again: {sent[row.id]}",
        )
        for row in rows
    ]  # fmt: skip
    append_revisions(connection, [revision_row(row.id, one) for row, one in zip(rows, revisions, strict=True)])
    connection.execute(update(tables.commitments).where(_C.id.in_(sent)).values(revision=_C.revision + 1))


def _put_back(connection: Connection, now: datetime) -> None:
    """Take nothing for served, summed up or tried later than now."""
    for column in (_U.summarised_at, _U.registered_at, _U.removed_at):  # first, as settling does
        connection.execute(update(planning_tables.rules).where(column > now).values({column.name: now}))
    served = _W.cursor > now
    connection.execute(select(_W.commitment_id).where(served).order_by(*LOCK_ORDER).with_for_update())
    connection.execute(update(planning_tables.watches).where(served).values(cursor=now, next_at=now))
    waiting = (_D.state.in_(("pending", "retry")), _D.next_at > now)
    connection.execute(update(delivery_tables.deliveries).where(*waiting).values(next_at=now))
