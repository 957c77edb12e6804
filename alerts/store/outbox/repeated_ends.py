"""Alerts of an end that add nothing: the last one to the same recipient had the same end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, func, select

from alerts.core.reminders import Kind
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.outbox.other_alerts import Link, OtherAlert, link_of, other_alerts

_D, _R, _V = delivery_tables.deliveries.c, planning_tables.reminders.c, tables.revisions.c
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
    mine = [link for link in links if link["kind"] == "closed"]
    found = [
        (link, other)
        for link, other in other_alerts(connection, mine, _covers, kinds=get_args(Kind))
        if other.state == "sent" and other.delivery_id != link["delivery_id"]
    ]
    if not found:
        return set()
    found.sort(key=lambda pair: (pair[1].ended_at or pair[1].created_at, pair[1].reminder["moment"]))
    last = {link_of(link): (link, other) for link, other in found}
    last = {
        one: (link, other)
        for one, (link, other) in last.items()
        if other.reminder["occurrence"] == link["occurrence"] and not _summed_up(connection, link, other)
    }
    before = {one: other.reminder["id"] for one, (_, other) in last.items()}
    ends = _ends(connection, {reminder for _, reminder in before} | set(before.values()))
    same_end = {one for one, other in before.items() if ends[one[1]][0] == "closed" and ends[one[1]] == ends[other]}
    return same_end - _asked_for(connection, same_end)


def _asked_for(connection: Connection, links: set[Link]) -> set[Link]:
    """Return links whose alert a reader asked for, to have a new answer link: its moment lies after the end."""
    asked = set(connection.execute(_ASKED_FOR, {"ids": [one for _, one in links]}).scalars())
    return {link for link in links if link[1] in asked}


def _covers(mine: Any, other: Any) -> bool:
    return not mine["occurrence"] or other["occurrence"] in (mine["occurrence"], "")


def _summed_up(connection: Connection, link: Any, last: OtherAlert) -> bool:
    """Whether a summary has reached the recipient since: it may have shown it as open."""
    since = {"channel": link["channel"], "recipient": link["recipient"], "at": last.ended_at}
    return bool(connection.execute(_SUMMARIES, since).scalar_one())


def _ends(connection: Connection, reminders: set[UUID]) -> dict[UUID, tuple[Any, ...]]:
    """Return the kind of each, the status that it was closed with, and the date at that time."""
    return {row[0]: tuple(row[1:]) for row in connection.execute(_ENDS, {"ids": list(reminders)})}
