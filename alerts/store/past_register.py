"""What was known of all that is tracked at an earlier time, and what was recorded and sent around a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from alerts.core.reminders import Kind
from alerts.core.tracked import Revision, Tracked
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.as_of import as_of
from alerts.store.database import Database
from alerts.store.open_commitments import OpenCommitments
from alerts.store.rows import chunks, revision_of

_A, _D, _L = (
    table.c for table in (delivery_tables.attempts, delivery_tables.deliveries, delivery_tables.delivery_reminders)
)
_C, _R, _V = tables.commitments.c, planning_tables.reminders.c, tables.revisions.c
_SENT = _A.outcome == "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStates:
    """How all stood at a time: `later` was not recorded by then, `changed` stood so, and the others as they do now."""

    later: frozenset[int]
    changed: Mapping[int, Tracked]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReminder:
    """A reminder that went out to somebody: about which commitment, when, and what it was about."""

    commitment_id: int
    occurrence: str
    kind: Kind
    offset: str | None
    send_at: datetime
    sent_at: datetime
    whom: str


class PastRegister:
    """The past of a database. Revisions and attempts are never changed, so it stays as it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def states(self, at: datetime, most: int) -> PastStates | None:
        """Return how all stood at a time; None where more than `most` have changed since."""
        later = select(_C.id).where(_C.recorded_at > at)
        since = select(_V.commitment_id).join(tables.commitments, _C.id == _V.commitment_id)
        since = since.where(_V.recorded_at > at, _C.recorded_at <= at).distinct().limit(most + 1)
        with self._database.read() as connection:
            changed = set(connection.execute(since).scalars())
            if len(changed) > most:
                return None
            unknown = frozenset(connection.execute(later).scalars())
        histories = self.histories(changed)
        whole = OpenCommitments(self._database).read(changed)
        stood = {number: as_of(one, histories[number], at) for number, one in whole.items()}
        return PastStates(later=unknown, changed=stood)

    def histories(self, ids: set[int]) -> Mapping[int, list[Revision]]:
        """Return all revisions of some commitments, by id, the oldest first."""
        with self._database.read() as connection:
            return read_histories(connection, ids)

    def changed_between(self, since: datetime, until: datetime) -> dict[int, datetime]:
        """Return what was recorded or changed from a time on until another, by id, with when that first was."""
        first = func.min(_V.recorded_at, type_=_V.recorded_at.type)
        query = select(_V.commitment_id, first).where(_V.recorded_at >= since, _V.recorded_at <= until)
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(_V.commitment_id).order_by(first, _V.commitment_id)).tuples()
            return {number: at for number, at in rows}  # noqa: C416  # a Result is no mapping

    def sent_between(self, since: datetime, until: datetime, most: int) -> list[SentReminder]:
        """Return some of the reminders that went out from a time on until another, the first ones first."""
        these = select(_A.delivery_id, _A.ended_at).where(_SENT, _A.ended_at >= since, _A.ended_at <= until)
        some = these.order_by(_A.ended_at, _A.delivery_id).limit(most).subquery().c
        query = (
            select(
                _R.commitment_id, _R.occurrence, _R.kind, _R.offset, _R.send_at, some.ended_at, _D.recipient, _D.channel
            )
            .join_from(some.delivery_id.table, delivery_tables.deliveries, _D.id == some.delivery_id)
            .join(delivery_tables.delivery_reminders, _L.delivery_id == _D.id)
            .join(planning_tables.reminders, _R.id == _L.reminder_id)
            .order_by(some.ended_at, _R.commitment_id, _R.moment)
            .limit(most)
        )
        with self._database.read() as connection:
            return [
                SentReminder(
                    commitment_id=row.commitment_id, occurrence=row.occurrence, kind=row.kind, offset=row.offset,
                    send_at=row.send_at, sent_at=row.ended_at, whom=row.recipient or row.channel,
                )
                for row in connection.execute(query)
            ]  # fmt: skip

    def around(self, since: datetime, until: datetime, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return when something was last recorded or sent before a span, and when it first was after it, until now."""
        before = self._edge(func.max, _V.recorded_at < since, _A.ended_at < since)
        after = self._edge(func.min, _V.recorded_at > until, _A.ended_at > until)
        return max(before, default=None), min((at for at in after if at <= now), default=None)

    def _edge(
        self, edge: Callable[..., Any], of_revisions: ColumnElement[bool], of_attempts: ColumnElement[bool]
    ) -> list[datetime]:
        recorded = select(edge(_V.recorded_at, type_=_V.recorded_at.type)).where(of_revisions)
        sent = select(edge(_A.ended_at, type_=_A.ended_at.type)).where(_SENT, of_attempts)
        with self._database.read() as connection:
            found = [connection.execute(query).scalar() for query in (recorded, sent)]
        return [at for at in found if at is not None]


def read_histories(connection: Connection, ids: set[int]) -> Mapping[int, list[Revision]]:
    """Return all revisions of some commitments, by id, the oldest first."""
    found: dict[int, list[Revision]] = defaultdict(list)
    for some in chunks(ids):
        query = select(tables.revisions).where(_V.commitment_id.in_(some)).order_by(_V.commitment_id, _V.number)
        for row in connection.execute(query).mappings():
            found[row["commitment_id"]].append(revision_of(row))
    return found
