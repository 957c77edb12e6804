"""Failed deliveries, handled in one transaction each batch: no failure is ever silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from alerts.core.deliveries import FailureLevel
from alerts.core.delivery_failures import DeliveryFailure, Notice, notice_id
from alerts.core.envelopes import Envelope
from alerts.core.reminders import Reminder
from alerts.core.summaries import Scope
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.new_deliveries import new_delivery
from alerts.store.outbox import enqueue
from alerts.store.outbox.summary_deliveries import followed
from alerts.store.rows import CHUNK, REMINDER, insert_new, reminder_of

_C, _D, _L, _R = (
    table.c
    for table in (
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
    )
)
_ANY_UNREPORTED = select(_D.id).where(delivery_tables.UNREPORTED).limit(1)
_UNREPORTED = (
    select(delivery_tables.deliveries)
    .where(delivery_tables.UNREPORTED)
    .order_by(_D.created_at, _D.id)
    .limit(CHUNK)
    .with_for_update(skip_locked=True)  # SQLite has one writer, and no such clause
)
_REPORTED = (
    update(delivery_tables.deliveries)
    .where(_D.id.in_(bindparam("_ids", expanding=True)))
    .values(reported_level=_D.failure_level)
)
# What deliveries carry, the oldest first.
_REMINDERS = (
    select(_L.delivery_id, _C.key, _R.id, *(_R[name] for name in REMINDER))
    .where(_L.delivery_id.in_(bindparam("ids", expanding=True)))
    .join(planning_tables.reminders, _R.id == _L.reminder_id)
    .join(tables.commitments, _C.id == _R.commitment_id)
    .order_by(_R.send_at, _R.moment, _R.id)
)
MAX_FAILURES_LISTED = 50  # in one notice; the rest are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDelivery:
    """A failed delivery and its reminders, or the `scope` of its summary.

    `may_fall_back`: it was not sent and may go to the fallback.
    """

    failure: DeliveryFailure
    reminders: tuple[Reminder, ...]
    may_fall_back: bool
    scope: Scope | None
    row: RowMapping = field(repr=False)


@dataclass(frozen=True, slots=True)
class FailureBatch:
    """Failed deliveries, held in a transaction until their failure is reported."""

    connection: Connection
    deliveries: Sequence[FailedDelivery]

    def send_to_fallback(self, envelopes: Mapping[UUID, Sequence[Envelope]], now: datetime) -> set[UUID]:
        """Store fallback deliveries, by the id of the failed one; return those that are new.

        Several may carry the same reminders: these go once, in place of the first.
        """
        rows: dict[UUID, dict[str, Any]] = {}
        addresses: dict[UUID, Envelope] = {}
        for failed in self.deliveries:
            inherited = {name: failed.row[name] for name in ("next_alert_at", "deadline", "summary")}
            for one in envelopes.get(failed.failure.id, ()):
                row = new_delivery(one.id, one.channel, one.recipient, now)
                rows.setdefault(one.id, row | inherited | {"fallback_for": failed.failure.to_json()})
                addresses.setdefault(one.id, one)
        summary_rows = [row for row in rows.values() if row["summary"]]
        reminder_rows = [row for row in rows.values() if not row["summary"]]
        filled, _ = enqueue.insert_envelopes(
            self.connection, [one for one in addresses.values() if not one.scope], reminder_rows
        )
        return filled | enqueue.put_deliveries(self.connection, summary_rows)

    def notify(
        self, failures: Sequence[DeliveryFailure], operators: Mapping[str, Sequence[str]], now: datetime
    ) -> None:
        """Store a notice for each of the operators: channel → recipients."""
        notice = Notice(
            failures=tuple(failures[:MAX_FAILURES_LISTED]), more=max(len(failures) - MAX_FAILURES_LISTED, 0)
        ).to_json()
        rows = [
            new_delivery(notice_id(channel, recipient, failures), channel, recipient, now) | {"notice": notice}
            for channel, recipients in operators.items()
            for recipient in recipients
        ]
        if rows and failures:
            self.connection.execute(insert_new(self.connection, delivery_tables.deliveries), rows)


def failure_batches(database: Database) -> Iterator[FailureBatch]:
    """Yield failed deliveries in batches, each committed as reported when the next is asked for."""
    while True:
        with database.read() as connection:
            if connection.execute(_ANY_UNREPORTED).first() is None:
                return
        with database.write() as connection:
            rows = connection.execute(_UNREPORTED).mappings().all()
            yield FailureBatch(connection, _failed_deliveries(connection, rows))
            connection.execute(_REPORTED, {"_ids": [row["id"] for row in rows]})
        if not rows:
            return  # another replica is at them


def reminders_of(connection: Connection, rows: Sequence[RowMapping]) -> Mapping[UUID, list[Reminder]]:
    """Return the reminders that deliveries carry, oldest first, by the id of the delivery."""
    found: dict[UUID, list[Reminder]] = defaultdict(list)
    for link in connection.execute(_REMINDERS, {"ids": [row["id"] for row in rows]}).mappings():
        found[link["delivery_id"]].append(reminder_of(link, link["key"]))
    return found


def _failed_deliveries(connection: Connection, rows: Sequence[RowMapping]) -> list[FailedDelivery]:
    reminders = reminders_of(connection, rows)
    found, overtaken = [], followed(connection, rows)  # the fallback would be stale as well
    for row in rows:
        ended = row["state"] in ("sent", "dismissed")  # it was sent after all, or a person dismissed it
        if ended and not (row["template_error"] and row["reported_level"] < FailureLevel.TEMPLATE):
            continue
        carried_reminders = tuple(reminders[row["id"]])
        may_go = (
            row["failure_level"] >= FailureLevel.LATE
            and not ended
            and row["fallback_for"] is None
            and row["id"] not in overtaken
        )
        found.append(
            FailedDelivery(
                failure=failure_of(row, carried_reminders),
                reminders=carried_reminders,
                may_fall_back=may_go,
                scope=Scope.from_json(row["summary"]) if row["summary"] else None,
                row=row,
            )
        )
    return found


def failure_of(row: RowMapping, carried_reminders: Sequence[Reminder]) -> DeliveryFailure:
    """Return the failure of a delivery as others see it."""
    errors = (row["template_error"], row["last_error"] if row["state"] != "sent" else None)
    return DeliveryFailure(
        id=row["id"],
        channel=row["channel"],
        recipient=row["recipient"],
        state=row["state"],
        error="; ".join(filter(None, errors)) or "not tried yet",
        attempts=row["attempts"],
        about=tuple(f"{one.commitment} {one.kind}" for one in carried_reminders) or _summed_up(row),
    )


def _summed_up(row: RowMapping) -> tuple[str, ...]:
    return (f"summary of rule {row['summary']['rule']['name']}",) if row["summary"] else ()
