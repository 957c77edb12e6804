"""Leases of due deliveries: at once, or in two steps if a reader is away.

Such a delivery is first only taken: leased without counting an attempt. Then its contents are read outside of a
transaction, because that takes a second if it carries thousands. A second transaction leases it for an attempt and
stores the copies for deputies.
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
_TAKE = update(delivery_tables.deliveries).where(_OURS).values(_UNTIL)  # no attempt is counted
_TAKEN = select(_D.id, _D.fence).where(_OURS, _D.state == "leased").order_by(_D.id).with_for_update()
_GIVE_BACK = (
    update(delivery_tables.deliveries)
    .where(_D.id == bindparam("_id"), _D.fence == bindparam("_fence"), _D.state == "leased")
    .values(state=bindparam("_state"), lease_until=None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """The `rows` that were leased, as they were before, and those only `taken`, because a reader is away.

    `order` has the ids of both, in the order in which they are due.
    """

    order: Sequence[UUID]
    rows: Sequence[Any]
    taken: Sequence[Any]


def lease(connection: Connection, rows: Sequence[Any], now: datetime, hours: ChannelHours, until: datetime) -> Leased:
    """Lease the due deliveries that go out now, or take them if a reader is away; hold the rest."""
    rows = hold(connection, rows, now, snoozed_for=("everybody",))
    away = {row["id"] for row in with_absent_reader(connection, rows, now)}
    there = [row for row in rows if row["id"] not in away]
    leased_now = hold(connection, there, now, hours, snoozed_for=("recipient",))
    _execute(connection, _LEASE, leased_now, until)
    taken = [
        {**row, "fence": row["fence"] + 1, "state": "retry" if row["state"] == "leased" else row["state"]}
        for row in rows
        if row["id"] in away
    ]
    _execute(connection, _TAKE, taken, until)
    return Leased(order=[row["id"] for row in rows], rows=leased_now, taken=taken)


def lease_with_copies(
    connection: Connection, taken: Sequence[Any], contents: Contents, *, now: datetime, routes: DeputyRoutes,
    hours: ChannelHours, until: datetime,
) -> Sequence[Any]:  # fmt: skip
    """Store the copies of taken deliveries for deputies, and lease those that also go to their own recipient.

    A delivery that another process has taken over since, or that somebody has dismissed, is left alone.
    """
    fences = dict(connection.execute(_TAKEN, {"_ids": [row["id"] for row in taken]}).tuples().all())
    rows: Sequence[Any] = [row for row in taken if fences.get(row["id"]) == row["fence"]]
    give_back(connection, rows)
    rows = send_to_deputies(connection, rows, now, routes, contents)  # before: snoozes are the recipient's own
    rows = hold(connection, rows, now, hours, snoozed_for=("recipient",))
    _execute(connection, _LEASE, rows, until)
    return rows


def give_back(connection: Connection, taken: Sequence[Any]) -> None:
    """Restore the state that taken deliveries had before."""
    if taken:
        connection.execute(
            _GIVE_BACK, [{"_id": row["id"], "_fence": row["fence"], "_state": row["state"]} for row in taken]
        )


def _execute(connection: Connection, statement: Any, rows: Sequence[Any], until: datetime) -> None:
    if rows:
        connection.execute(statement, {"_ids": [row["id"] for row in rows], "_until": until})
