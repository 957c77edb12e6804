"""Leases of what is due: at once, or where a reader is away once it is known what it carries.

Its deputies get a copy in the transaction that leases it. What the copy has is read before, while it is taken: that
takes a second where it carries thousands, and others would wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from alerts.store import delivery_tables
from alerts.store.outbox.deputies import DeputyRoutes, send_to_deputies, with_absent_reader
from alerts.store.outbox.held_back import ChannelHours
from alerts.store.outbox.holds import hold
from alerts.store.outbox.set_aside import Contents

_D = delivery_tables.deliveries.c
_OURS = _D.id.in_(bindparam("_ids", expanding=True))
_UNTIL = {"state": "leased", "lease_until": bindparam("_until", type_=_D.lease_until.type), "fence": _D.fence + 1}
_LEASE = update(delivery_tables.deliveries).where(_OURS).values(_UNTIL | {"attempts": _D.attempts + 1})
_TAKE = update(delivery_tables.deliveries).where(_OURS).values(_UNTIL)  # that is no attempt, should it end here
_TAKEN = select(_D.id, _D.fence).where(_OURS, _D.state == "leased").order_by(_D.id).with_for_update()
_GIVE_BACK = (
    update(delivery_tables.deliveries)
    .where(_D.id == bindparam("_id"), _D.fence == bindparam("_fence"), _D.state == "leased")
    .values(state=bindparam("_state"), lease_until=None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """The rows of what was leased, as they were before, and of what is only taken since its reader is away.

    `order` has the ids of all, in the order in which they are due.
    """

    order: Sequence[UUID]
    rows: Sequence[Any]
    taken: Sequence[Any]


def lease(connection: Connection, rows: Sequence[Any], now: datetime, hours: ChannelHours, until: datetime) -> Leased:
    """Lease what goes out now of some rows that are due, or take it; hold the rest."""
    rows = hold(connection, rows, now, snoozed_for=("everybody",))
    away = {row["id"] for row in with_absent_reader(connection, rows, now)}
    here = hold(connection, [row for row in rows if row["id"] not in away], now, hours, snoozed_for=("recipient",))
    _execute(connection, _LEASE, here, until)
    taken = [
        {**row, "fence": row["fence"] + 1, "state": "retry" if row["state"] == "leased" else row["state"]}
        for row in rows
        if row["id"] in away
    ]
    _execute(connection, _TAKE, taken, until)
    return Leased(order=[row["id"] for row in rows], rows=here, taken=taken)


def lease_with_copies(
    connection: Connection, taken: Sequence[Any], contents: Contents, *, now: datetime, routes: DeputyRoutes,
    hours: ChannelHours, until: datetime,
) -> Sequence[Any]:  # fmt: skip
    """Lease what goes to its own recipient of what was taken, and store what goes to deputies of what it carries.

    What another process has taken over since, or somebody has dismissed, is left alone.
    """
    fences = dict(connection.execute(_TAKEN, {"_ids": [row["id"] for row in taken]}).tuples().all())
    rows: Sequence[Any] = [row for row in taken if fences.get(row["id"]) == row["fence"]]
    give_back(connection, rows)
    rows = send_to_deputies(connection, rows, now, routes, contents)  # before: a deputy has snoozed nothing
    rows = hold(connection, rows, now, hours, snoozed_for=("recipient",))
    _execute(connection, _LEASE, rows, until)
    return rows


def give_back(connection: Connection, taken: Sequence[Any]) -> None:
    """Leave what was taken as it was before."""
    if taken:
        connection.execute(
            _GIVE_BACK, [{"_id": row["id"], "_fence": row["fence"], "_state": row["state"]} for row in taken]
        )


def _execute(connection: Connection, statement: Any, rows: Sequence[Any], until: datetime) -> None:
    if rows:
        connection.execute(statement, {"_ids": [row["id"] for row in rows], "_until": until})
