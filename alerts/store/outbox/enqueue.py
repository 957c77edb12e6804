"""Store deliveries with the reminders that they carry: a recipient gets each alert once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, insert, update

from alerts.core.envelopes import AddressedReminder, Envelope, Routes, seal, sort_by_route
from alerts.core.reminders import Reminder
from alerts.core.tracked import Tracked
from alerts.store import delivery_tables, planning_tables
from alerts.store.alert_digests import alert_digest
from alerts.store.new_deliveries import new_delivery
from alerts.store.rows import REMINDER, chunks, insert_new
from alerts.store.stored_message import compressed_if_long

_D, _L, _R = delivery_tables.deliveries.c, delivery_tables.delivery_reminders.c, planning_tables.reminders.c
_SKIP = (
    update(planning_tables.reminders)
    .where(_R.id.in_(bindparam("_ids", expanding=True)))
    .values(skipped=bindparam("_reason"))
)
_DELETE = delete(delivery_tables.deliveries).where(_D.id.in_(bindparam("ids", expanding=True)))
SENT_BY_ANOTHER_RULE = "already sent by another rule"
NO_RECIPIENT = "no recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReminders:
    """Due reminders: those to send (`addressed` has their recipients), and skipped ones.

    `tracked` has their commitments, `next_alert_at` the next alert of their watches (rule, commitment, occurrence).
    """

    reminders: Sequence[Reminder]
    skipped: Sequence[Reminder]
    addressed: Sequence[AddressedReminder]
    tracked: Mapping[tuple[int, str], Tracked]
    next_alert_at: Mapping[tuple[str, int, str], datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How many deliveries are new, and the reminders that are not sent to anybody, with the reason of each."""

    deliveries: int
    skipped: Sequence[tuple[Reminder, str]]


def record_planned(
    connection: Connection, planned: PlannedReminders, routes: Routes, now: datetime, *, gather: bool
) -> Recorded:
    """Store reminders and deliveries in the caller's transaction; return what is new.

    Unique keys prevent duplicates: no reminder is stored twice, and a recipient gets each alert once per channel,
    even if several rules send it. With `gather`, more may be due, so reminders that may share a digest wait.
    """
    rows = [reminder_row(reminder, now) for reminder in (*planned.reminders, *planned.skipped)]
    fresh: set[UUID] = set()
    for some in chunks(rows):
        statement = insert_new(connection, planning_tables.reminders).returning(_R.id)
        fresh |= set(connection.execute(statement, some).scalars())
    found = sort_by_route(
        (addressed_reminder for addressed_reminder in planned.addressed if addressed_reminder.reminder.id in fresh),
        routes,
    )
    envelopes = [*found.at_once, *(() if gather else seal(found.gathered))]
    filled, linked = insert_envelopes(connection, envelopes, [_delivery_row(one, planned, now) for one in envelopes])
    if gather:
        linked |= {reminder.id for one in found.gathered for reminder in one.reminders}
        for waiting in chunks(_gathered_row(one, planned, now) for one in found.gathered):
            connection.execute(insert(delivery_tables.gathered), waiting)
    skipped = [(reminder, reminder.skipped or "") for reminder in planned.skipped if reminder.id in fresh]
    reasons: dict[str, list[UUID]] = defaultdict(list)
    for reminder in planned.reminders:
        if reminder.id in fresh and reminder.id not in linked:
            known = SENT_BY_ANOTHER_RULE if reminder.alert_key in found.addressed else NO_RECIPIENT
            reason = found.merged.get(reminder.alert_key, known)
            reasons[reason].append(reminder.id)
            skipped.append((reminder, reason))
    skip(connection, reasons)
    return Recorded(deliveries=len(filled), skipped=skipped)


def skip(connection: Connection, reasons: Mapping[str, Sequence[UUID]]) -> None:
    """Record why reminders are not sent to anybody."""
    for reason, ids in reasons.items():
        for some in chunks(ids):
            connection.execute(_SKIP, {"_ids": some, "_reason": reason})


def insert_envelopes(
    connection: Connection, envelopes: Sequence[Envelope], deliveries: Sequence[dict[str, Any]]
) -> tuple[set[UUID], set[UUID]]:
    """Insert deliveries with what they carry and was not sent there before; return which, and what they carry."""
    return insert_linked(connection, deliveries, link_rows(envelopes))


def link_rows(envelopes: Sequence[Envelope]) -> list[dict[str, Any]]:
    """Return what links deliveries with what they carry."""
    ids = [(one, one.id) for one in envelopes]  # worked out once: it is a digest of all that is carried
    return [_link_row(one, mine, reminder) for one, mine in ids for reminder in one.reminders]


def insert_linked(
    connection: Connection, deliveries: Sequence[dict[str, Any]], links: Sequence[dict[str, Any]]
) -> tuple[set[UUID], set[UUID]]:
    """Insert deliveries and their links, as `insert_envelopes` does."""
    fresh = put_deliveries(connection, deliveries)
    filled: set[UUID] = set()
    linked: set[UUID] = set()
    for some in chunks(link for link in links if link["delivery_id"] in fresh):
        statement = insert_new(connection, delivery_tables.delivery_reminders).returning(_L.delivery_id, _L.reminder_id)
        for link in connection.execute(statement, some):
            filled.add(link.delivery_id)
            linked.add(link.reminder_id)
    for gone in chunks(fresh - filled):
        connection.execute(_DELETE, {"ids": gone})
    return filled, linked


def put_deliveries(connection: Connection, deliveries: Sequence[dict[str, Any]]) -> set[UUID]:
    """Insert deliveries; returns which are new."""
    fresh: set[UUID] = set()
    for some in chunks(deliveries):
        statement = insert_new(connection, delivery_tables.deliveries).returning(_D.id)
        fresh |= set(connection.execute(statement, some).scalars())
    return fresh


def reminder_row(reminder: Reminder, now: datetime) -> dict[str, Any]:
    """Return the row of a reminder that is planned now."""
    return {name: getattr(reminder, name) for name in REMINDER} | {"id": reminder.id, "planned_at": now}


def _delivery_row(one: Envelope, planned: PlannedReminders, now: datetime) -> dict[str, Any]:
    later = {reminder.id: planned.next_alert_at.get(_watch_of(reminder)) for reminder in one.reminders}
    ends = [_deadline_of(reminder, planned) for reminder in one.reminders]
    return delivery_row(one, later, ends, now)


def delivery_row(
    one: Envelope, next_alert_at: Mapping[UUID, datetime | None], ends: Iterable[datetime | None], now: datetime
) -> dict[str, Any]:
    """Return the row of a delivery, with the next alert after each of its reminders and the end of their dates."""
    return new_delivery(one.id, one.channel, one.recipient, now) | {
        "next_alert_at": compressed_if_long(
            {str(mine): at.isoformat() if at else None for mine, at in next_alert_at.items()}
        ),
        "deadline": max((end for end in ends if end), default=None),
    }


def _gathered_row(one: Envelope, planned: PlannedReminders, now: datetime) -> dict[str, Any]:
    (reminder,) = one.reminders
    return {
        "channel": one.channel,
        "recipient": one.recipient,
        "reminder_id": reminder.id,
        "digest": one.digest,
        "next_alert_at": planned.next_alert_at.get(_watch_of(reminder)),
        "deadline": _deadline_of(reminder, planned),
        "planned_at": now,
    }


def _watch_of(reminder: Reminder) -> tuple[str, int, str]:
    return reminder.rule, reminder.commitment_id, reminder.occurrence


def _deadline_of(reminder: Reminder, planned: PlannedReminders) -> datetime | None:
    about = planned.tracked.get((reminder.commitment_id, reminder.occurrence))
    return about.bounds.latest if about else None


def _link_row(one: Envelope, delivery_id: UUID, reminder: Reminder) -> dict[str, Any]:
    return {
        "alert": alert_digest(reminder.alert_key, one.channel, one.recipient),
        "delivery_id": delivery_id,
        "reminder_id": reminder.id,
    }
