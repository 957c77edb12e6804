"""A new link for somebody whose link has expired: the alert of the end goes out again, to the same recipient."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from alerts.core.envelopes import Envelope
from alerts.core.reminders import Reminder
from alerts.core.summaries import Scope
from alerts.core.tracked import Tracked
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.outbox.enqueue import delivery_row, insert_envelopes, reminder_row
from alerts.store.rows import insert_new

_D, _L, _R, _V = (
    table.c
    for table in (
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        tables.revisions,
    )
)


def put_new_link(connection: Connection, delivery: UUID, about: Tracked, now: datetime) -> bool:
    """Put the alert of an end into the outbox again, for the recipient of an earlier delivery.

    Returns whether it is new: its moment is the day, so the database takes one a day for a recipient.
    """
    row = connection.execute(select(_D.channel, _D.recipient, _D.summary).where(_D.id == delivery)).one()
    reminder = Reminder(
        rule=_rule_of(connection, delivery, about.id) or _rule_of_summary(row.summary),
        commitment=about.commitment.key,
        commitment_id=about.id,
        occurrence=about.occurrence,
        bounds_version=about.bounds_version,
        fingerprint=about.bounds.fingerprint,
        kind="closed",
        moment=now.replace(hour=0, minute=0, second=0, microsecond=0),
        send_at=now,
        revision=_end_of(connection, about),
    )
    connection.execute(insert_new(connection, planning_tables.reminders), [reminder_row(reminder, now)])
    envelope = Envelope(channel=row.channel, recipient=row.recipient, reminders=(reminder,))
    filled, _ = insert_envelopes(connection, [envelope], [delivery_row(envelope, {reminder.id: None}, (), now)])
    return bool(filled)


def _rule_of(connection: Connection, delivery: UUID, commitment_id: int) -> str | None:
    query = select(_R.rule).join(delivery_tables.delivery_reminders, _L.reminder_id == _R.id)
    found: str | None = connection.scalar(query.where(_L.delivery_id == delivery, _R.commitment_id == commitment_id))
    return found


def _rule_of_summary(scope: dict[str, object] | None) -> str:
    return Scope.from_json(scope).rule.name if scope else ""


def _end_of(connection: Connection, about: Tracked) -> int | None:
    """Return the number of the revision that closed an occurrence, or the whole of it."""
    mine = (_V.commitment_id == about.id, _V.what == "closed")
    its = func.coalesce(_V.occurrence, "").in_(("", about.occurrence))
    found: int | None = connection.scalar(select(func.max(_V.number)).where(*mine, its))
    return found
