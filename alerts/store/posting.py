"""Deliveries written down with the reminders that they carry: each thing told to a recipient once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, update

from alerts.core.commitments import Tracked
from alerts.core.notifications import Address
from alerts.core.reminders import Reminder
from alerts.store import tables
from alerts.store.rows import REMINDER, chunks, insert_new

_D, _L, _R = tables.deliveries.c, tables.delivery_reminders.c, tables.reminders.c
TOLD_BY_ANOTHER = "told by another rule"
NOBODY = "there was nobody to tell"


def plan(
    connection: Connection,
    *,
    said: Sequence[Reminder],
    skipped: Sequence[Reminder],
    post: Sequence[Address],
    tracked: Mapping[tuple[int, str], Tracked],
    speaks_next: Mapping[tuple[str, int, str], datetime | None],
    now: datetime,
) -> int:
    """Write down what is to be said, in the caller's transaction; returns how many deliveries are new.

    The unique keys decide: a reminder that was recorded before is not recorded again, and what a recipient has been
    told through a channel, by whatever rule, is not told again.
    """
    rows = [_reminder_row(reminder, now) for reminder in (*said, *skipped)]
    fresh: set[UUID] = set()
    for some in chunks(rows):
        statement = insert_new(connection, tables.reminders).returning(_R.id)
        fresh |= set(connection.execute(statement, some).scalars())
    addressed = {word.thing for one in post for word in one.reminders}
    post = [replace(one, reminders=tuple(word for word in one.reminders if word.id in fresh)) for one in post]
    post = [one for one in post if one.reminders]
    full, told = put(connection, post, [_delivery_row(one, tracked, speaks_next, now) for one in post])
    for reason, known in ((TOLD_BY_ANOTHER, True), (NOBODY, False)):
        silent = fresh & {word.id for word in said if (word.thing in addressed) == known} - told
        for quiet in chunks(silent):
            connection.execute(update(tables.reminders).where(_R.id.in_(quiet)).values(skipped=reason))
    return len(full)


def put(
    connection: Connection, post: Sequence[Address], deliveries: Sequence[dict[str, Any]]
) -> tuple[set[UUID], set[UUID]]:
    """Insert deliveries with what they carry and has not been told there; returns which, and what they tell."""
    fresh = put_deliveries(connection, deliveries)
    ids = [(one, one.id) for one in post]  # worked out once: it is a digest of all that is carried
    links = [_link_row(one, mine, reminder) for one, mine in ids if mine in fresh for reminder in one.reminders]
    full: set[UUID] = set()
    told: set[UUID] = set()
    for some in chunks(links):
        statement = insert_new(connection, tables.delivery_reminders).returning(_L.delivery_id, _L.reminder_id)
        for link in connection.execute(statement, some):
            full.add(link.delivery_id)
            told.add(link.reminder_id)
    for gone in chunks(fresh - full):
        connection.execute(delete(tables.deliveries).where(_D.id.in_(gone)))
    return full, told


def put_deliveries(connection: Connection, deliveries: Sequence[dict[str, Any]]) -> set[UUID]:
    """Insert deliveries; returns which are new."""
    fresh: set[UUID] = set()
    for some in chunks(deliveries):
        statement = insert_new(connection, tables.deliveries).returning(_D.id)
        fresh |= set(connection.execute(statement, some).scalars())
    return fresh


def _reminder_row(reminder: Reminder, now: datetime) -> dict[str, Any]:
    return {name: getattr(reminder, name) for name in REMINDER} | {"id": reminder.id, "planned_at": now}


def _delivery_row(
    one: Address,
    tracked: Mapping[tuple[int, str], Tracked],
    speaks_next: Mapping[tuple[str, int, str], datetime | None],
    now: datetime,
) -> dict[str, Any]:
    about = [tracked.get((word.commitment_id, word.occurrence)) for word in one.reminders]
    ends = [item.bounds.latest for item in about if item]
    later = {str(word.id): speaks_next.get((word.rule, word.commitment_id, word.occurrence)) for word in one.reminders}
    return new_delivery(one.id, one.channel, one.recipient, now) | {
        "speaks_next": {word: at.isoformat() if at else None for word, at in later.items()},
        "deadline": max((end for end in ends if end), default=None),
    }


def new_delivery(one: UUID, channel: str, recipient: str, now: datetime) -> dict[str, Any]:
    """A row for a delivery that is to be sent at once."""
    return {
        "id": one,
        "channel": channel,
        "recipient": recipient,
        "state": "pending",
        "attempts": 0,
        "created_at": now,
        "next_at": now,
        "speaks_next": {},
        "fence": 0,
    }


def _link_row(one: Address, delivery_id: UUID, reminder: Reminder) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "reminder_id": reminder.id,
        "commitment_id": reminder.commitment_id,
        "occurrence": reminder.occurrence,
        "bounds_version": reminder.bounds_version,
        "kind": reminder.kind,
        "moment": reminder.moment,
        "channel": one.channel,
        "recipient": one.recipient,
    }
