"""What an audit asks of the database: every try to send a message, and every change, between two times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, select

from alerts.core.tracked import Revision
from alerts.store import delivery_tables, tables
from alerts.store.database import Database
from alerts.store.past_register import read_histories
from alerts.store.rows import chunks

_A, _C, _D, _L, _V = (
    table.c
    for table in (
        delivery_tables.attempts,
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        tables.revisions,
    )
)
# What a delivery says of itself. Its text is not read.
_OF_DELIVERY = (
    _D.id, _D.channel, _D.recipient, _D.state, _D.subject, _D.dates_told, _D.payload_hash, _D.last_error, _D.ended_at,
    _D.on_behalf_of, _D.event,
)  # fmt: skip
UNSENT = ("dead", "dismissed", "superseded", "bounced")  # what ends a delivery apart from a try


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedTry:
    """A try to send a message, or (`outcome` is a state of `UNSENT`) how a delivery ended apart from a try.

    `delivery`: columns of its row. `keys`: the commitments that it was about. `server`: the host that has accepted it,
    where it has one and was recorded.
    """

    at: datetime
    outcome: str
    delivery: Mapping[str, Any]
    keys: Sequence[str]
    number: int | None = None
    server: str | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedChanges:
    """The changes of a commitment: its whole `history`, of which some lie between the two times."""

    key: str
    kind: str
    history: Sequence[Revision]


def tries_between(database: Database, since: datetime, until: datetime) -> list[AuditedTry]:
    """Return what was tried or ended from `since` until before `until`, the earliest first."""
    tried = select(*_OF_DELIVERY, _A.number, _A.ended_at.label("tried_at"), _A.outcome, _A.remote, _A.error, _A.server)
    tried = tried.join(delivery_tables.deliveries, _D.id == _A.delivery_id)
    tried = tried.where(_A.ended_at >= since, _A.ended_at < until)
    # A try that failed for good has ended its delivery itself.
    its_try = and_(_A.delivery_id == _D.id, _A.ended_at == _D.ended_at, _A.outcome == _D.state)
    ended = select(*_OF_DELIVERY).outerjoin(delivery_tables.attempts, its_try)
    ended = ended.where(_D.state.in_(UNSENT), _D.ended_at >= since, _D.ended_at < until, _A.number.is_(None))
    with database.read() as connection:
        rows: list[Any] = list(connection.execute(tried).mappings())
        unsent: list[Any] = list(connection.execute(ended).mappings())
        keys = _keys(connection, {row["id"] for row in (*rows, *unsent)})
    found = [
        AuditedTry(
            at=row["tried_at"], outcome=row["outcome"], delivery=row, keys=_about(row, keys), number=row["number"],
            server=row["server"], reply=row["remote"] or row["error"],
        )
        for row in rows
    ]  # fmt: skip
    found += [
        AuditedTry(
            at=row["ended_at"], outcome=row["state"], delivery=row, keys=_about(row, keys), reply=row["last_error"]
        )
        for row in unsent
    ]
    return sorted(found, key=lambda one: (one.at, str(one.delivery["id"]), one.number or 0))


def changes_between(database: Database, since: datetime, until: datetime) -> list[AuditedChanges]:
    """Return the commitments that were changed from `since` until before `until`, by key."""
    changed = select(_V.commitment_id).where(_V.recorded_at >= since, _V.recorded_at < until).distinct()
    found: list[AuditedChanges] = []
    with database.read() as connection:
        ids = set(connection.execute(changed).scalars())
        histories = read_histories(connection, ids)
        for some in chunks(ids):
            about = connection.execute(select(_C.id, _C.key, _C.kind).where(_C.id.in_(some))).all()
            found += [AuditedChanges(key=row.key, kind=row.kind, history=histories[row.id]) for row in about]
    return sorted(found, key=lambda one: one.key)


def _about(row: Mapping[str, Any], keys: Mapping[UUID, Sequence[str]]) -> Sequence[str]:
    return [row["event"]["key"]] if row["event"] else keys.get(row["id"]) or list(row["dates_told"] or ())


def _keys(connection: Connection, ids: set[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Return the keys of the commitments that deliveries are about."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for some in chunks(ids):
        query = select(_L.delivery_id, _C.key).join(tables.commitments, _C.id == _L.commitment_id)
        for one, key in connection.execute(query.where(_L.delivery_id.in_(some)).distinct().order_by(_C.key)):
            found[one].append(key)
    return found
