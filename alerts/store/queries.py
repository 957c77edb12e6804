"""Queries for people and for health checks: what was sent, what is due, and the status of processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from alerts.core.commitments import Party, Source
from alerts.core.tracked import OwnSnooze, Revision, Tracked
from alerts.deadlines.values import frozen
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.answer_rows import own_snoozes
from alerts.store.database import Database
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.rows import CHUNK, TRACKED, chunks, party_of, revision_of, source_of, tracked_of, upsert

_C, _D, _G, _L, _R, _W = (
    table.c
    for table in (
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.gathered,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        planning_tables.watches,
    )
)
_BY_CHANNEL = (_D.channel, _D.recipient, _D.id)


@frozen
class ProcessFact:
    """A fact that a process recorded, and when."""

    name: str
    value: str
    at: datetime


class Ledger:
    """Queries, and the few changes that people make in the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tracked(self, *, closed: bool = False) -> list[Tracked]:
        """Return all open commitments (or closed ones too) with their occurrences, the earliest deadline first."""
        query = TRACKED if closed else TRACKED.where(_C.status == "open")
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(func.coalesce(_C.latest, _C.earliest), _C.key)).mappings()
            return sorted(with_occurrences(connection, map(tracked_of, rows)), key=_soonest)

    def each(self) -> Iterator[Tracked]:
        """All open commitments, a chunk in memory at a time."""
        last = 0
        while True:
            query = TRACKED.where(_C.status == "open", _C.id > last).order_by(_C.id).limit(CHUNK)
            with self._database.read() as connection:
                found = [tracked_of(row) for row in connection.execute(query).mappings()]
            yield from found
            if len(found) < CHUNK:
                return
            last = found[-1].id

    def counts(self) -> dict[str, int]:
        """Return the number of commitments by status, and of deliveries by state."""
        with self._database.read() as connection:
            by_status = connection.execute(select(_C.status, func.count()).group_by(_C.status)).tuples()
            by_state = connection.execute(select(_D.state, func.count()).group_by(_D.state)).tuples()
            return dict(by_status.all()) | dict(by_state.all())

    def next_alert_at(self, only: Sequence[int] | None = None) -> dict[int, dict[str, datetime]]:
        """Return when each rule next alerts about a commitment, by the id of the commitment and the rule's name.

        `only`: of these commitments, as many as a statement can take.
        """
        query = select(_W.commitment_id, _W.rule, func.min(_W.next_at)).where(_W.next_at.is_not(None))
        query = query.where(_W.rule.not_in(planning_tables.REMOVED)).group_by(_W.commitment_id, _W.rule)
        query = query if only is None else query.where(_W.commitment_id.in_(only))
        found: dict[int, dict[str, datetime]] = defaultdict(dict)
        with self._database.read() as connection:
            for commitment_id, rule, at in connection.execute(query):
                found[commitment_id][rule] = at
        return found

    def registered_at(self) -> dict[str, datetime]:
        """Return when each rule was registered in its current form, by name."""
        table = planning_tables.rules.c
        with self._database.read() as connection:
            return dict(connection.execute(select(table.name, table.registered_at)).tuples().all())

    def parties(self) -> dict[str, Party]:
        with self._database.read() as connection:
            return {row["key"]: party_of(row) for row in connection.execute(select(tables.parties)).mappings()}

    def sources(self) -> dict[str, Source]:
        with self._database.read() as connection:
            return {row["key"]: source_of(row) for row in connection.execute(select(tables.sources)).mappings()}

    def own_snoozes(self, ids: Iterable[int]) -> Mapping[int, Sequence[OwnSnooze]]:
        """Return the snoozes for single recipients by commitment, also those that are over."""
        with self._database.read() as connection:
            return own_snoozes(connection, ids)

    def history(self, commitment_id: int) -> list[Revision]:
        """Return all revisions of a commitment, oldest first."""
        table = tables.revisions
        query = select(table).where(table.c.commitment_id == commitment_id).order_by(table.c.number)
        with self._database.read() as connection:
            return [revision_of(row) for row in connection.execute(query).mappings()]

    def reminders(self, commitment_id: int) -> list[Mapping[str, Any]]:
        """Return the reminders of a commitment, sent and skipped, oldest first, each with its deliveries.

        `held_until`: when the last of what a silence or office hours hold back is let go. `hours_begin` of a delivery:
        when the recipient's office hours begin, where it went out before because the deadline passes before then.
        """
        with self._database.read() as connection:
            query = (
                select(planning_tables.reminders)
                .where(_R.commitment_id == commitment_id)
                .order_by(_R.send_at, _R.moment)
            )
            reminders = connection.execute(query).mappings().all()
            columns = (_D.id, _D.channel, _D.recipient, _D.state, _D.ended_at, _D.last_error, _L.hours_begin)
            query = select(_L.reminder_id, *columns)
            query = query.join(delivery_tables.deliveries, _D.id == _L.delivery_id).where(
                _L.commitment_id == commitment_id
            )
            sent: dict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
            for row in connection.execute(query.order_by(_D.created_at, _D.id)).mappings():
                sent[row["reminder_id"]].append({name: row[name] for name in row if name != "reminder_id"})
            query = select(_G.reminder_id, func.max(_G.held_until, type_=_G.held_until.type)).group_by(_G.reminder_id)
            about = select(_R.id).where(_R.commitment_id == commitment_id)
            held = dict(connection.execute(query.where(_G.reminder_id.in_(about))).tuples().all())
            return [{**row, "deliveries": sent[row["id"]], "held_until": held.get(row["id"])} for row in reminders]

    def deliveries(self, state: str | None = None, limit: int = 1000) -> list[Mapping[str, Any]]:
        """The latest deliveries, oldest first, each with what it carries; of one time by that, then by channel."""
        query = select(*(column for column in _D if column.name not in ("payload", "next_alert_at")))
        query = query if state is None else query.where(_D.state == state)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_D.created_at.desc(), *_BY_CHANNEL).limit(limit)).mappings().all()
            reminders: dict[UUID, list[str]] = defaultdict(list)
            for some in chunks([row["id"] for row in rows]):
                carried = select(_L.delivery_id, _C.key, _L.kind).join(tables.commitments, _C.id == _L.commitment_id)
                carried = carried.where(_L.delivery_id.in_(some)).order_by(_C.key, _L.kind)
                for one, key, kind in connection.execute(carried):
                    reminders[one].append(f"{key} {kind}")
        found = [{**row, "carries": reminders[row["id"]]} for row in rows]
        return sorted(found, key=lambda row: (row["created_at"], row["carries"]))  # else as the query has them

    def stuck(self, since: datetime) -> int:
        """Return how many deliveries were planned by then and are still open."""
        from alerts.store.outbox.due_deliveries import due_since

        query = select(func.count()).where(delivery_tables.OPEN, due_since < since)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def retry(self, start: str, now: datetime) -> UUID:
        """Send again, by the full schedule, the delivery whose id starts so. Raises InputError where that cannot be."""
        from alerts.store.outbox import retry

        return retry.retry(self._database, start, now)

    def retry_through(
        self, start: str, channel: str, recipients: Sequence[str], now: datetime, *, one_at_a_time: bool = False
    ) -> list[UUID]:
        """Send what that delivery carries through another channel instead. Raises InputError where that cannot be."""
        from alerts.store.outbox import retry

        return retry.retry_through(self._database, start, channel, recipients, now, one_at_a_time=one_at_a_time)

    def dismiss(self, start: str, now: datetime) -> UUID:
        """Dismiss that delivery. Raises InputError where that is not possible."""
        from alerts.store.outbox import retry

        return retry.dismiss(self._database, start, now)

    def record_fact(self, name: str, value: str, now: datetime) -> None:
        """Record a fact, such as a process status."""
        with self._database.write() as connection:
            upsert(connection, tables.meta, ["name"], [{"name": name, "value": value, "at": now}])

    def facts(self) -> dict[str, ProcessFact]:
        """Return all facts, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(tables.meta)).mappings()
            return {row["name"]: ProcessFact(**row) for row in rows}

    def forget(self, name: str) -> None:
        """Remove a fact."""
        with self._database.write() as connection:
            connection.execute(tables.meta.delete().where(tables.meta.c.name == name))

    def forget_facts(self, prefix: str, before: datetime) -> None:
        """Remove the statuses of processes that have ended."""
        with self._database.write() as connection:
            table = tables.meta
            connection.execute(table.delete().where(table.c.name.startswith(prefix), table.c.at < before))


def _soonest(tracked: Tracked) -> tuple[bool, datetime, str]:
    bounds = tracked.bounds
    at = bounds.named.counted_start if bounds.named else tracked.recorded_at
    return bounds.named is None, at, tracked.commitment.key
