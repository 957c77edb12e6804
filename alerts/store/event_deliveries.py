"""Events of changes: who subscribes to them, and their deliveries, stored in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, delete, insert, select, update

from alerts.core.change_events import event_names
from alerts.core.reminders import NAMESPACE
from alerts.store import tables
from alerts.store.delivery_tables import OPEN, deliveries, subscriptions
from alerts.store.new_deliveries import new_delivery

_C, _D, _S = tables.commitments.c, deliveries.c, subscriptions.c
_SUBSCRIPTIONS = select(_S.channel, _S.events)
AT_ONCE = 500  # rows of a statement
UNSUBSCRIBED = "the channel no longer subscribes to changes"


def enqueue_events(connection: Connection, revisions: Sequence[Mapping[str, Any]]) -> None:
    """Store a delivery for each channel that subscribes to one of these rows of `revisions`.

    It belongs to the transaction that stores the revisions: where that is rolled back, nobody hears of a change that
    never was; where it is committed, none is lost.
    """
    wanted = {channel: set(events) for channel, events in connection.execute(_SUBSCRIPTIONS).tuples()}
    if not wanted:
        return
    for start in range(0, len(revisions), AT_ONCE):
        some = revisions[start : start + AT_ONCE]
        ids = {row["commitment_id"] for row in some}
        keys = dict(connection.execute(select(_C.id, _C.key).where(_C.id.in_(ids))).tuples().all())
        rows = []
        for row in some:
            names = event_names(row["what"], row["detail"])
            mine = sorted(channel for channel, events in wanted.items() if events.intersection(names))
            rows += [_delivery(channel, keys[row["commitment_id"]], names[0], row) for channel in mine]
        if rows:
            connection.execute(insert(deliveries), rows)


def _delivery(channel: str, key: str, name: str, revision: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a delivery. Its id has the time: after a restore another change may have the same number."""
    at, number = revision["recorded_at"], revision["number"]
    one = _id(channel, key, number, at)
    return new_delivery(one, channel, "", at) | {"event": {"name": name, "key": key}, "event_revision": number}


def _id(channel: str, key: str, number: int, at: datetime) -> UUID:
    return uuid5(NAMESPACE, "\x1f".join(["event", channel, key, str(number), at.isoformat()]))


def put_subscriptions(connection: Connection, events: Mapping[str, Sequence[str]], now: datetime) -> None:
    """Store which channels subscribe to which events from now on; what waits for one that has ended is dropped."""
    known = dict(connection.execute(_SUBSCRIPTIONS).tuples().all())
    wanted = {channel: list(names) for channel, names in events.items()}
    if known == wanted:
        return
    connection.execute(delete(subscriptions))
    if wanted:
        connection.execute(insert(subscriptions), [{"channel": one, "events": names} for one, names in wanted.items()])
    if ended := known.keys() - wanted.keys():
        waiting = (OPEN, _D.channel.in_(ended), _D.event_revision.is_not(None))
        values = {"state": "superseded", "last_error": UNSUBSCRIBED, "ended_at": now, "next_at": None}
        values |= {"lease_until": None, "fence": _D.fence + 1}  # what is in flight changes nothing any more
        connection.execute(update(deliveries).where(*waiting).values(values))
