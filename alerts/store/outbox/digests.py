"""Reminders that may share a digest: kept until nothing that is due by then is left, and sealed into deliveries.

They wait in the database. A process that is killed in between leaves them to its successor or to another replica, and
each recipient has one digest all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, delete, func, or_, select

from alerts.core.envelopes import Envelope, seal
from alerts.core.reminder_merging import merge, reason
from alerts.core.reminders import Reminder
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.outbox import enqueue
from alerts.store.outbox.stale_reminders import meant_no_more
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


# Statements are built once: each tick asks, and to build one takes longer than to execute it.
_READY = is_ready(bindparam("now"))
_ANY_READY = select(_G.channel).where(_READY).limit(1)
_ANY_DUE = select(_W.rule).where(is_due(bindparam("rules", expanding=True), bindparam("now"))).limit(1)
_LAST_ADDED = select(func.max(func.coalesce(_G.held_until, _G.planned_at, type_=_G.planned_at.type))).where(_READY)
# The recipient who has waited the longest, all that waits for one, and the commitment of each.
_NEXT = (
    select(_G.channel, _G.recipient)
    .where(_READY)
    .order_by(_G.planned_at, _G.channel, _G.recipient, _G.reminder_id)
    .limit(1)
)
_MINE = (_G.channel == bindparam("channel"), _G.recipient == bindparam("recipient"), _READY)
_GATHERED = (
    select(delivery_tables.gathered, _C.key, _R.id, *(_R[name] for name in REMINDER))
    .where(*_MINE)
    .join(planning_tables.reminders, _R.id == _G.reminder_id)
    .join(tables.commitments, _C.id == _R.commitment_id)
    .order_by(_R.send_at, _R.moment, _R.id)
)
# In the order of the key, as who ends a hold locks it, too: none waits for another's. SQLite has one writer.
_LOCK = select(_G.reminder_id).where(*_MINE).order_by(_G.reminder_id).with_for_update()
_SEALED = delete(delivery_tables.gathered).where(*_MINE, _G.reminder_id.in_(bindparam("ids", expanding=True)))
_LINKED = select(_L.reminder_id).where(_L.reminder_id.in_(bindparam("ids", expanding=True)))
_GATHERED_TWICE = (
    select(_G.reminder_id)
    .where(_G.reminder_id.in_(bindparam("ids", expanding=True)))
    .group_by(_G.reminder_id)
    .having(func.count() > 1)
)


def others_may_join(connection: Connection, rules: Collection[str], now: datetime) -> bool:
    """Whether more reminders may join a digest now: some of these rules are still due, or wait already."""
    return _any_due(connection, rules, now) or _any_ready(connection, now)


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
            planned = rules()
            found = self._next(planned, now)
            if found is None:
                return
            with self._database.write() as connection:
                if _any_due(connection, planned, now) and not _is_stuck(connection, now):
                    return
                waiting = set(connection.execute(_LOCK, found.mine).scalars())
                if not waiting:  # another replica was at it first, and goes on
                    return
                sealed = found.write(connection) if waiting == found.by_id.keys() else None
            if sealed is not None:  # else some more waits by now, or some less
                yield sealed

    def _is_waiting(self, now: datetime) -> bool:
        with self._database.read() as connection:
            return _any_ready(connection, now)

    def _next(self, rules: Collection[str], now: datetime) -> _Sealed | None:
        """Return what one recipient gets, or None where that has to wait. It is worked out outside of a transaction."""
        with self._database.read() as connection:
            if _any_due(connection, rules, now) and not _is_stuck(connection, now):
                return None
            destination = connection.execute(_NEXT, {"now": now}).first()
            if destination is None:
                return None
            mine = {"channel": destination.channel, "recipient": destination.recipient, "now": now}
            rows = connection.execute(_GATHERED, mine).mappings().all()
        stale: set[UUID] = set()
        for some in chunks(_about_the_same(rows)):  # others may write meanwhile
            with self._database.read() as connection:
                stale |= meant_no_more(connection, some)
        return _sealed(mine, rows, stale, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    """What one recipient gets of what was gathered. `by_id` has all its rows, `mine` finds them."""

    mine: Mapping[str, Any]
    by_id: Mapping[UUID, Any]
    merged: Mapping[UUID, Reminder]
    deliveries: Sequence[dict[str, Any]]
    links: Sequence[dict[str, Any]]

    def write(self, connection: Connection) -> int:
        """Store the deliveries in place of what was gathered; return how many are new."""
        full, linked = enqueue.insert_linked(connection, self.deliveries, self.links)
        reasons: dict[str, list[UUID]] = {}
        for quiet in _without_recipient(connection, [one for one in self.by_id if one not in linked]):
            why = reason(self.merged[quiet]) if quiet in self.merged else enqueue.SENT_BY_ANOTHER_RULE
            reasons.setdefault(why, []).append(quiet)
        enqueue.skip(connection, reasons)
        for ids in chunks(self.by_id):
            connection.execute(_SEALED, {**self.mine, "ids": ids})
        return len(full)


def _is_stuck(connection: Connection, now: datetime) -> bool:
    added: datetime | None = connection.execute(_LAST_ADDED, {"now": now}).scalar()
    return added is not None and abs(now - added) >= STUCK_AFTER


def _any_due(connection: Connection, rules: Collection[str], now: datetime) -> bool:
    return connection.execute(_ANY_DUE, {"rules": list(rules), "now": now}).first() is not None


def _any_ready(connection: Connection, now: datetime) -> bool:
    return connection.execute(_ANY_READY, {"now": now}).first() is not None


def _about_the_same(rows: Sequence[Any]) -> list[Any]:
    """Return the rows that share their occurrence with another row: few, unless they were held back."""
    count = Counter((row["commitment_id"], row["occurrence"]) for row in rows)
    return [row for row in rows if count[row["commitment_id"], row["occurrence"]] > 1]


def _sealed(mine: Mapping[str, Any], rows: Sequence[Any], stale: Collection[UUID], now: datetime) -> _Sealed:
    """Return the deliveries of one recipient; of what was gathered in several turns, too, the latest of one state.

    A `stale` reminder replaces no other: it is claimed, and set aside with the reason.
    """
    by_id = {row["id"]: row for row in rows}
    found = [
        Envelope(
            channel=row["channel"], recipient=row["recipient"], reminders=(reminder_of(row, row["key"]),),
            digest=row["digest"],
        )
        for row in rows
    ]  # fmt: skip
    merged = merge(one.reminders[0] for one in found if one.reminders[0].id not in stale)
    envelopes = seal(one for one in found if one.reminders[0].id not in merged)
    deliveries = []
    for one in envelopes:
        its = [by_id[reminder.id] for reminder in one.reminders]
        later = {row["id"]: row["next_alert_at"] for row in its}
        deliveries.append(enqueue.delivery_row(one, later, (row["deadline"] for row in its), now))
    links = enqueue.link_rows(envelopes)
    return _Sealed(mine=mine, by_id=by_id, merged=merged, deliveries=deliveries, links=links)


def _without_recipient(connection: Connection, reminders: Sequence[UUID]) -> Iterator[UUID]:
    """Return those that no delivery carries and that are not gathered for another recipient."""
    for some in chunks(reminders):
        linked = set(connection.execute(_LINKED, {"ids": some}).scalars())
        linked |= set(connection.execute(_GATHERED_TWICE, {"ids": some}).scalars())
        yield from (one for one in some if one not in linked)
