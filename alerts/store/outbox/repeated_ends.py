"""Alerts of an end that add nothing: the last one to the same recipient had the same end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, or_, select

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


def ended_already(connection: Connection, links: Sequence[Any]) -> set[Link]:
    """Return links whose end the recipient knows: the last alert had the same end and date.

    So what is reopened and closed again before a tick goes out once. That is seen here and not when it is planned: the
    first alert may have been superseded while it was open.
    """
    ids = {link["delivery_id"] for link in links if link["kind"] == "closed"}
    if not ids:
        return set()
    mine, other = _MINE, _OTHER
    same = [mine.c[name] == other.c[name] for name in ("commitment_id", "channel", "recipient")]
    about = or_(mine.c.occurrence == "", other.c.occurrence.in_((mine.c.occurrence, "")))
    query = (
        select(mine.c.delivery_id, mine.c.reminder_id, mine.c.occurrence, mine.c.channel, mine.c.recipient)
        .add_columns(other.c.reminder_id.label("last"), other.c.occurrence.label("its"), _D.ended_at.label("at"))
        .join(other, and_(*same, about, other.c.delivery_id != mine.c.delivery_id))
        .join(delivery_tables.deliveries, and_(_D.id == other.c.delivery_id, _D.state == "sent"))
        .where(mine.c.delivery_id.in_(ids), mine.c.kind == "closed")
        .order_by(_D.ended_at, other.c.moment)
    )
    last = {(row.delivery_id, row.reminder_id): row for row in connection.execute(query)}
    last = {one: row for one, row in last.items() if row.its == row.occurrence and not _summed_up(connection, row)}
    ends = _ends(connection, {each for one, row in last.items() for each in (one[1], row.last)})
    same_end = {one for one, row in last.items() if ends[one[1]][0] == "closed" and ends[one[1]] == ends[row.last]}
    return same_end - _asked_for(connection, same_end)


def _asked_for(connection: Connection, links: set[Link]) -> set[Link]:
    """Return links whose alert a reader asked for, to have a new answer link: its moment lies after the end."""
    revision = and_(_V.commitment_id == _R.commitment_id, _V.number == _R.revision, _V.recorded_at < _R.moment)
    query = select(_R.id).join(tables.revisions, revision).where(_R.id.in_({one for _, one in links}))
    asked = set(connection.execute(query).scalars())
    return {link for link in links if link[1] in asked}


def _summed_up(connection: Connection, row: Any) -> bool:
    """Whether a summary has reached the recipient since: it may have shown it as open."""
    later = (_D.channel == row.channel, _D.recipient == row.recipient, _D.ended_at > row.at)
    query = select(func.count()).where(*later, _D.state == "sent", _D.summary.is_not(None))
    return bool(connection.execute(query).scalar_one())


def _ends(connection: Connection, reminders: set[UUID]) -> dict[UUID, tuple[Any, ...]]:
    """Return the kind of each, the status that it was closed with, and the date at that time."""
    revision = and_(_V.commitment_id == _R.commitment_id, _V.number == _R.revision)
    query = select(_R.id, _R.kind, _V.detail, _R.fingerprint).outerjoin(tables.revisions, revision)
    return {row[0]: tuple(row[1:]) for row in connection.execute(query.where(_R.id.in_(reminders)))}
