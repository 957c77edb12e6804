"""Other alerts about the commitments of a delivery, to its recipient: which were planned, and what became of them.

Each query asks one table by a key. As one query that joined reminders with each other, PostgreSQL compared all of them
where it had seen the table only empty: eight minutes and more for a digest of a thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, and_, bindparam, or_, select

from alerts.store import delivery_tables, planning_tables
from alerts.store.alert_digests import alert_digest
from alerts.store.rows import chunks

_D, _L, _R = delivery_tables.deliveries.c, delivery_tables.delivery_reminders.c, planning_tables.reminders.c
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_ABOUT = select(
    _R.id, _R.rule, _R.commitment_id, _R.occurrence, _R.bounds_version, _R.kind, _R.moment, _R.planned_at,
    _R.revision, _R.first_revision,
).where(
    _R.commitment_id.in_(bindparam("ids", expanding=True)),
    or_(
        and_(_R.kind.in_(bindparam("kinds", expanding=True)), _R.moment >= bindparam("since", type_=_R.moment.type)),
        _R.kind.in_(bindparam("whenever", expanding=True)),
    ),
)  # fmt: skip
_LINKED = (
    select(_L.alert, _L.reminder_id, _L.delivery_id, _D.state, _D.created_at, _D.ended_at)
    .join(delivery_tables.deliveries, _D.id == _L.delivery_id)
    .where(_L.alert.in_(bindparam("alerts", expanding=True)))
)
Link = tuple[UUID, UUID]  # a delivery and a reminder that it carries


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAlert:
    """An alert about the same commitment to the same recipient: its reminder, and what became of its delivery."""

    reminder: RowMapping
    delivery_id: UUID
    state: str
    created_at: datetime
    ended_at: datetime | None


def other_alerts(
    connection: Connection, links: Collection[Any], is_related: Callable[[Any, Any], bool], *, kinds: Sequence[str],
    since: datetime = _LONG_AGO, whenever: Sequence[str] = (),
) -> list[tuple[Any, OtherAlert]]:  # fmt: skip
    """Return links with other alerts to their recipients, sent or not, where `is_related(link, its reminder)`.

    Only alerts of `kinds` whose moment is `since` a time are asked for, and those of the kinds `whenever`.
    """
    about = _reminders(connection, links, {"kinds": kinds, "since": since, "whenever": whenever})
    wanted: dict[bytes, list[Any]] = defaultdict(list)
    for link in links:
        for one in about.get(link["commitment_id"], ()):
            if is_related(link, one):
                key = (one["commitment_id"], one["occurrence"], one["bounds_version"], one["kind"], one["moment"])
                wanted[alert_digest(key, link["channel"], link["recipient"])].append(link)
    by_id = {one["id"]: one for rows in about.values() for one in rows} if wanted else {}
    found: list[tuple[Any, OtherAlert]] = []
    for some in chunks(wanted):
        for row in connection.execute(_LINKED, {"alerts": some}):
            other = OtherAlert(
                reminder=by_id[row.reminder_id], delivery_id=row.delivery_id, state=row.state,
                created_at=row.created_at, ended_at=row.ended_at,
            )  # fmt: skip
            found += [(link, other) for link in wanted[row.alert]]
    return found


def link_of(link: Any) -> Link:
    """Return the delivery and the reminder of a row of a link."""
    return link["delivery_id"], link["id"]


def _reminders(connection: Connection, links: Collection[Any], which: Mapping[str, Any]) -> dict[int, list[RowMapping]]:
    """Return the reminders of the commitments of some links, by commitment."""
    found: dict[int, list[RowMapping]] = defaultdict(list)
    for some in chunks({link["commitment_id"] for link in links}):
        for row in connection.execute(_ABOUT, {**which, "ids": some}).mappings():
            found[row["commitment_id"]].append(row)
    return found
