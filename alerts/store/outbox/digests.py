"""Reminders that may share a digest: kept until nothing that is due by then is left, and sealed into deliveries.

They wait in the database. A process that is killed in between leaves them to its successor or to another replica, and
each recipient has one digest all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, delete, func, or_, select

from alerts.core.envelopes import Envelope, seal
from alerts.core.reminder_merging import merge, reason
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.outbox import enqueue
from alerts.store.rows import REMINDER, chunks, reminder_of

_C, _G, _L, _R, _W = (
    table.c
    for table in (
        tables.commitments,
        delivery_tables.gathered,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        planning_tables.watches,
    )
)
Bind = BindParameter[Any]
STUCK_AFTER = timedelta(minutes=2)  # we wait no longer for a process that has added nothing for this time


def is_due(rules: Collection[str] | Bind, until: datetime | Bind, watches: Any = _W) -> ColumnElement[bool]:
    """Return the condition for watches of these rules that are due by then."""
    return and_(watches.next_at.is_not(None), watches.next_at <= until, watches.rule.in_(rules))


def is_ready(now: datetime | Bind) -> ColumnElement[bool]:
    """Return the condition for what is gathered, and not held back by a silence or by office hours."""
    return or_(_G.held_until.is_(None), _G.held_until <= now)


_ANY_READY = select(_G.channel).where(is_ready(bindparam("now"))).limit(1)


def others_may_join(connection: Connection, due: ColumnElement[bool], now: datetime) -> bool:
    """Whether more reminders may join a digest now: some are still due, or wait already."""
    return _any(connection, _W.rule, due) or _any(connection, _G.channel, is_ready(now))


class Gathering:
    """The reminders that wait for a digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seal(self, rules: Callable[[], Collection[str]], now: datetime) -> Iterator[int]:
        """Seal what was gathered, unless a watch of these rules is due: yields the number of deliveries per recipient.

        Each recipient's is a transaction. `rules` returns those that some live process plans. A process with due
        watches is waited for, until nothing has been added for two minutes.
        """
        while self._is_waiting(now):
            due = is_due(rules(), now)
            with self._database.write() as connection:
                if _any(connection, _W.rule, due) and not _is_stuck(connection, now):
                    return
                sealed = _seal_next(connection, now, lock=not self._database.sqlite)
            if sealed is None:
                return
            yield sealed

    def _is_waiting(self, now: datetime) -> bool:
        with self._database.read() as connection:
            return connection.execute(_ANY_READY, {"now": now}).first() is not None


def _is_stuck(connection: Connection, now: datetime) -> bool:
    since = func.coalesce(_G.held_until, _G.planned_at, type_=_G.planned_at.type)
    added: datetime | None = connection.execute(select(func.max(since)).where(is_ready(now))).scalar()
    return added is not None and abs(now - added) >= STUCK_AFTER


def _any(connection: Connection, column: Any, *conditions: Any) -> bool:
    return connection.execute(select(column).where(*conditions).limit(1)).first() is not None


def _seal_next(connection: Connection, now: datetime, *, lock: bool) -> int | None:
    """Seal what one recipient has; None where there is nothing, or another replica was at it first and goes on."""
    order = (_G.planned_at, _G.channel, _G.recipient, _G.reminder_id)
    some = select(_G.channel, _G.recipient).where(is_ready(now)).order_by(*order).limit(1)
    destination = connection.execute(some.with_for_update() if lock else some).first()
    if destination is None:
        return None
    mine = (_G.channel == destination.channel, _G.recipient == destination.recipient, is_ready(now))
    query = select(delivery_tables.gathered, _C.key, _R.id, *(_R[name] for name in REMINDER)).where(*mine)
    query = query.join(planning_tables.reminders, _R.id == _G.reminder_id).join(
        tables.commitments, _C.id == _R.commitment_id
    )
    query = query.order_by(_R.send_at, _R.moment, _R.id)
    rows = connection.execute(query.with_for_update(of=delivery_tables.gathered) if lock else query).mappings().all()
    sealed = _deliver(connection, rows, now)
    for ids in chunks(row["reminder_id"] for row in rows):
        connection.execute(delete(delivery_tables.gathered).where(*mine, _G.reminder_id.in_(ids)))
    return sealed


def _deliver(connection: Connection, rows: Sequence[Any], now: datetime) -> int:
    """Write the deliveries; of what has been gathered in several turns, too, the latest of one state goes out."""
    by_id = {row["id"]: row for row in rows}
    found = [
        Envelope(
            channel=row["channel"], recipient=row["recipient"], reminders=(reminder_of(row, row["key"]),),
            digest=row["digest"],
        )
        for row in rows
    ]  # fmt: skip
    merged = merge(one.reminders[0] for one in found)
    envelopes = seal(one for one in found if one.reminders[0].id not in merged)
    deliveries = []
    for one in envelopes:
        mine = [by_id[reminder.id] for reminder in one.reminders]
        later = {row["id"]: row["next_alert_at"] for row in mine}
        deliveries.append(enqueue.delivery_row(one, later, (row["deadline"] for row in mine), now))
    full, linked = enqueue.insert_envelopes(connection, envelopes, deliveries)
    reasons: dict[str, list[UUID]] = {}
    for quiet in _without_recipient(connection, [one for one in by_id if one not in linked]):
        why = reason(merged[quiet]) if quiet in merged else enqueue.SENT_BY_ANOTHER_RULE
        reasons.setdefault(why, []).append(quiet)
    enqueue.skip(connection, reasons)
    return len(full)


def _without_recipient(connection: Connection, reminders: Sequence[UUID]) -> Iterator[UUID]:
    """Return those that no delivery carries and that are not gathered for another recipient."""
    for some in chunks(reminders):
        linked = set(connection.execute(select(_L.reminder_id).where(_L.reminder_id.in_(some))).scalars())
        ways = select(_G.reminder_id).where(_G.reminder_id.in_(some)).group_by(_G.reminder_id)
        linked |= set(connection.execute(ways.having(func.count() > 1)).scalars())
        yield from (one for one in some if one not in linked)
