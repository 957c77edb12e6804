"""What monitoring reads of a database: counts and ages, by a few statements, without keys or addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, literal, or_, select

from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.outbox.due_deliveries import due_since

DELAYS = (1, 5, 15, 60, 300, 900, 3600, 14400, 86400)  # seconds: the bounds of the histogram's buckets
_A, _C, _D, _R, _W = (
    delivery_tables.attempts.c,
    tables.commitments.c,
    delivery_tables.deliveries.c,
    planning_tables.reminders.c,
    planning_tables.watches.c,
)
_REASON = case(  # why it is dead, from a fixed set: the answer of a server may hold anything
    (_D.state != "dead", ""),
    (or_(_D.last_error.like("channel % is off:%"), _D.last_error.like("no running process%")), "channel gone"),
    (_D.last_error.like("%(given up%"), "gave up"),
    else_="refused",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits for a channel: how much is due, and since when the oldest of it is."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """The state of a database. `overdue_watches`: how many are due and not planned yet; `oldest_watch`: since when.

    `reminders`: kind and whether it was sent. `deliveries`: channel, state, and the reason where it is dead.
    `delays`: how many deliveries went out within each of `DELAYS` (and after), and the sum of all delays in seconds.
    """

    commitments: Mapping[str, int]
    overdue_watches: int
    oldest_watch: datetime | None
    reminders: Mapping[tuple[str, bool], int]
    deliveries: Mapping[tuple[str, str, str], int]
    backlog: Mapping[str, Backlog]
    delays: Sequence[int]
    sum_of_delays: float


def measure(database: Database, now: datetime) -> Measurements:
    """Return the state of a database. Each statement is a read of its own, so that no writer waits for all of them."""
    with database.look() as connection:
        due = select(func.count(), func.min(_W.next_at)).where(_W.next_at <= now)
        overdue, oldest = connection.execute(due.where(_W.rule.not_in(planning_tables.REMOVED))).one()
        delays, total = _delays(connection, sqlite=database.sqlite)
        return Measurements(
            commitments=_counted(connection, _C.status),
            overdue_watches=overdue,
            oldest_watch=oldest,
            reminders={
                (kind, is_sent): count
                for kind, is_sent, count in connection.execute(
                    select(_R.kind, _R.skipped.is_(None), func.count()).group_by(_R.kind, _R.skipped.is_(None))
                )
            },
            deliveries={
                (channel, state, reason): count
                for channel, state, reason, count in connection.execute(
                    select(_D.channel, _D.state, _REASON, func.count()).group_by(_D.channel, _D.state, _REASON)
                )
            },
            backlog=_backlog(connection, now),
            delays=delays,
            sum_of_delays=total,
        )


def _counted(connection: Connection, column: Any) -> dict[str, int]:
    return dict(connection.execute(select(column, func.count()).group_by(column)).tuples().all())


def _backlog(connection: Connection, now: datetime) -> dict[str, Backlog]:
    since = func.min(due_since, type_=_D.created_at.type)
    is_due = or_(_D.held_until.is_(None), _D.held_until <= now)
    query = select(_D.channel, func.count(), since).where(delivery_tables.OPEN, is_due).group_by(_D.channel)
    return {channel: Backlog(count=count, oldest=oldest) for channel, count, oldest in connection.execute(query)}


def _delays(connection: Connection, *, sqlite: bool) -> tuple[list[int], float]:
    """Return how long deliveries took from when they were planned until they were accepted.

    The columns that say whether a person has snoozed it, or sent it again, stand behind the payload. Reading them would
    cost SQLite all of it, so those deliveries count too.
    """
    delay: Any = _A.ended_at - _D.created_at
    delay = func.extract("epoch", delay)
    if sqlite:
        delay = (func.julianday(_A.ended_at) - func.julianday(_D.created_at)) * literal(86400.0)
    within = [func.sum(case((delay <= limit, 1), else_=0)) for limit in DELAYS]
    query = select(func.count(), func.coalesce(func.sum(delay), 0.0), *within)
    query = query.select_from(delivery_tables.attempts).join(delivery_tables.deliveries, _D.id == _A.delivery_id)
    query = query.where(_A.outcome == "sent")
    count, total, *limits = connection.execute(query).one()
    return [*(limit or 0 for limit in limits), count], float(total)
