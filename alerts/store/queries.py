"""Queries for people and for health checks: what was sent, what is due, and the status of processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from alerts.core.commitments import Party, Source
from alerts.core.tracked import OwnSnooze, Revision, SentAlert, Tracked
from alerts.deadlines.values import frozen
from alerts.store import planning_tables, tables
from alerts.store.answer_rows import own_snoozes
from alerts.store.database import Database
from alerts.store.occurrence_rows import build, occurrences_of
from alerts.store.rows import CHUNK, TRACKED, chunks, party_of, revision_of, source_of, upsert

_C, _W = tables.commitments.c, planning_tables.watches.c


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
        return sorted((one for some in self._in_chunks(closed=closed) for one in some), key=_soonest)

    def some(self, ids: Iterable[int], *, closed: bool = False) -> list[Tracked]:
        """Return some open commitments (or closed ones too) by id, with their occurrences."""
        found: list[Tracked] = []
        for some in chunks(ids):
            with self._database.read() as connection:
                rows = connection.execute(TRACKED.where(_C.id.in_(some))).mappings().all()
                occurrences = occurrences_of(connection, rows)
            found += build(rows, occurrences)
        return [one for one in found if closed or one.open]

    def each(self) -> Iterator[Tracked]:
        """All open commitments without their occurrences, a chunk in memory at a time."""
        for some in self._in_chunks(occurrences=False):
            yield from some

    def _in_chunks(self, *, closed: bool = False, occurrences: bool = True) -> Iterator[list[Tracked]]:
        """Yield commitments in the order of their ids. They are built while no transaction keeps a writer waiting."""
        last, query = 0, TRACKED if closed else TRACKED.where(_C.status == "open")
        while True:
            with self._database.read() as connection:
                some = query.where(_C.id > last).order_by(_C.id).limit(CHUNK)
                rows = connection.execute(some).mappings().all()
                single = occurrences_of(connection, rows) if occurrences else []
            yield build(rows, single)
            if len(rows) < CHUNK:
                return
            last = rows[-1]["id"]

    def counts(self) -> dict[str, int]:
        """Return the number of commitments by status, and of deliveries by state."""
        from alerts.store import delivery_listing

        with self._database.read() as connection:
            return self.count_by_status() | delivery_listing.count_by_state(connection)

    def count_by_status(self) -> dict[str, int]:
        """Return the number of commitments by status."""
        with self._database.read() as connection:
            by_status = connection.execute(select(_C.status, func.count()).group_by(_C.status)).tuples()
            return dict(by_status.all())

    def next_alert_at(self, ids: Iterable[int]) -> dict[int, dict[str, datetime]]:
        """Return when each rule next alerts about some commitments, by the id of the commitment and the rule's name."""
        query = select(_W.commitment_id, _W.rule, func.min(_W.next_at)).where(_W.next_at.is_not(None))
        query = query.where(_W.rule.not_in(planning_tables.REMOVED)).group_by(_W.commitment_id, _W.rule)
        found: dict[int, dict[str, datetime]] = defaultdict(dict)
        with self._database.read() as connection:
            for some in chunks(ids):
                for commitment_id, rule, at in connection.execute(query.where(_W.commitment_id.in_(some))):
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

    def sent_alerts(self, commitment_id: int) -> Sequence[SentAlert]:
        """Return the alerts about a commitment that were handed over since its last move or reopening."""
        from alerts.store.sent_alerts import sent_to

        with self._database.read() as connection:
            return [one.alert for one in sent_to(connection, [commitment_id])[commitment_id]]

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
        from alerts.store import delivery_listing

        return delivery_listing.list_reminders(self._database, commitment_id)

    def deliveries(self, state: str | None = None, limit: int = 1000) -> list[Mapping[str, Any]]:
        """The latest deliveries, oldest first, each with what it carries; of one time by that, then by channel."""
        from alerts.store import delivery_listing

        return delivery_listing.list_deliveries(self._database, state, limit)

    def deliveries_before(
        self, state: str | None, limit: int, before: tuple[datetime, UUID] | None = None
    ) -> list[Mapping[str, Any]]:
        """Return deliveries, the latest first, from the one on that follows a time and an id."""
        from alerts.store import delivery_listing

        return delivery_listing.list_deliveries_before(self._database, state, limit, before)

    def stuck(self, since: datetime) -> int:
        """Return how many deliveries were planned by then and are still open."""
        from alerts.store import delivery_listing

        return delivery_listing.count_stuck(self._database, since)

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
