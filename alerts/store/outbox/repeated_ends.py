"""Alerts of an end that add nothing: the last one to the same recipient had the same end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from alerts.store import delivery_tables, planning_tables, tables

_D, _L, _R, _V = (
    table.c
    for table in (
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        tables.revisions,
    )
)
_MINE, _OTHER = delivery_tables.delivery_reminders.alias(), delivery_tables.delivery_reminders.alias()
Link = tuple[UUID, UUID]  # a delivery and a reminder that it carries
# Links of the deliveries `ids` about an end, each with what was sent before to the same recipient, the oldest first.
_ENDS_BEFORE = (
    select(_MINE.c.delivery_id, _MINE.c.reminder_id, _MINE.c.occurrence, _MINE.c.channel, _MINE.c.recipient)
    .add_columns(_OTHER.c.reminder_id.label("last"), _OTHER.c.occurrence.label("its"), _D.ended_at.label("at"))
    .join(
        _OTHER,
        and_(
            *(_MINE.c[name] == _OTHER.c[name] for name in ("commitment_id", "channel", "recipient")),
            or_(_MINE.c.occurrence == "", _OTHER.c.occurrence.in_((_MINE.c.occurrence, ""))),
            _OTHER.c.delivery_id != _MINE.c.delivery_id,
        ),
    )
    .join(delivery_tables.deliveries, and_(_D.id == _OTHER.c.delivery_id, _D.state == "sent"))
    .where(_MINE.c.delivery_id.in_(bindparam("ids", expanding=True)), _MINE.c.kind == "closed")
    .order_by(_D.ended_at, _OTHER.c.moment)
)
_REVISION = and_(_V.commitment_id == _R.commitment_id, _V.number == _R.revision)
_REMINDERS = _R.id.in_(bindparam("ids", expanding=True))
_ASKED_FOR = select(_R.id).join(tables.revisions, and_(_REVISION, _V.recorded_at < _R.moment)).where(_REMINDERS)
_ENDS = select(_R.id, _R.kind, _V.detail, _R.fingerprint).outerjoin(tables.revisions, _REVISION).where(_REMINDERS)
_SUMMARIES = select(func.count()).where(
    _D.channel == bindparam("channel"),
    _D.recipient == bindparam("recipient"),
    _D.ended_at > bindparam("at"),
    _D.state == "sent",
    _D.summary.is_not(None),
)


def ended_already(connection: Connection, links: Sequence[Any]) -> set[Link]:
    """Return links whose end the recipient knows: the last alert had the same end and date.

    So what is reopened and closed again before a tick goes out once. That is seen here and not when it is planned: the
    first alert may have been superseded while it was open.
    """
    ids = {link["delivery_id"] for link in links if link["kind"] == "closed"}
    if not ids:
        return set()
    rows = connection.execute(_ENDS_BEFORE, {"ids": list(ids)})
    last = {(row.delivery_id, row.reminder_id): row for row in rows}
    last = {one: row for one, row in last.items() if row.its == row.occurrence and not _summed_up(connection, row)}
    ends = _ends(connection, {each for one, row in last.items() for each in (one[1], row.last)})
    same_end = {one for one, row in last.items() if ends[one[1]][0] == "closed" and ends[one[1]] == ends[row.last]}
    return same_end - _asked_for(connection, same_end)


def _asked_for(connection: Connection, links: set[Link]) -> set[Link]:
    """Return links whose alert a reader asked for, to have a new answer link: its moment lies after the end."""
    asked = set(connection.execute(_ASKED_FOR, {"ids": [one for _, one in links]}).scalars())
    return {link for link in links if link[1] in asked}


def _summed_up(connection: Connection, row: Any) -> bool:
    """Whether a summary has reached the recipient since: it may have shown it as open."""
    since = {"channel": row.channel, "recipient": row.recipient, "at": row.at}
    return bool(connection.execute(_SUMMARIES, since).scalar_one())


def _ends(connection: Connection, reminders: set[UUID]) -> dict[UUID, tuple[Any, ...]]:
    """Return the kind of each, the status that it was closed with, and the date at that time."""
    return {row[0]: tuple(row[1:]) for row in connection.execute(_ENDS, {"ids": list(reminders)})}
