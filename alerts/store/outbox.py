"""The outbox: deliveries written down with the reminders they carry, then claimed, and marked by how they ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from alerts.core.commitments import Tracked
from alerts.core.deliveries import Outcome
from alerts.core.notifications import Address, Message, Told
from alerts.core.reminders import Reminder
from alerts.store import tables
from alerts.store.carried import carried
from alerts.store.engine import Database
from alerts.store.rows import REMINDER, chunks, insert_new

_D, _L, _R = tables.deliveries.c, tables.delivery_reminders.c, tables.reminders.c
TOLD_BY_ANOTHER = "told by another rule"


def plan(
    connection: Connection,
    *,
    said: Sequence[Reminder],
    skipped: Sequence[Reminder],
    post: Sequence[Address],
    tracked: Mapping[int, Tracked],
    speaks_next: Mapping[tuple[str, int], datetime | None],
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
    post = [replace(one, reminders=tuple(word for word in one.reminders if word.id in fresh)) for one in post]
    post = [one for one in post if one.reminders]
    deliveries = [_delivery_row(one, tracked, speaks_next, now) for one in post]
    links = [_link_row(one, reminder) for one in post for reminder in one.reminders]
    for some in chunks(deliveries):
        connection.execute(insert_new(connection, tables.deliveries), some)
    full: set[UUID] = set()
    told: set[UUID] = set()
    for some in chunks(links):
        statement = insert_new(connection, tables.delivery_reminders).returning(_L.delivery_id, _L.reminder_id)
        for link in connection.execute(statement, some):
            full.add(link.delivery_id)
            told.add(link.reminder_id)
    empty = [one.id for one in post if one.id not in full]
    for gone in chunks(empty):
        connection.execute(delete(tables.deliveries).where(_D.id.in_(gone)))
    silent = [word.id for word in said if word.id in fresh and word.id not in told]
    for quiet in chunks(silent):
        connection.execute(update(tables.reminders).where(_R.id.in_(quiet)).values(skipped=TOLD_BY_ANOTHER))
    return len(full)


def _reminder_row(reminder: Reminder, now: datetime) -> dict[str, Any]:
    return {name: getattr(reminder, name) for name in REMINDER} | {"id": reminder.id, "planned_at": now}


def _delivery_row(
    one: Address,
    tracked: Mapping[int, Tracked],
    speaks_next: Mapping[tuple[str, int], datetime | None],
    now: datetime,
) -> dict[str, Any]:
    ends = [tracked[word.commitment_id].bounds.latest for word in one.reminders]
    later = {str(word.id): speaks_next.get((word.rule, word.commitment_id)) for word in one.reminders}
    return {
        "id": one.id,
        "channel": one.channel,
        "recipient": one.recipient,
        "state": "pending",
        "attempts": 0,
        "created_at": now,
        "next_at": now,
        "speaks_next": {word: at.isoformat() if at else None for word, at in later.items()},
        "deadline": max((end for end in ends if end), default=None),
        "fence": 0,
    }


def _link_row(one: Address, reminder: Reminder) -> dict[str, Any]:
    return {
        "delivery_id": one.id,
        "reminder_id": reminder.id,
        "commitment_id": reminder.commitment_id,
        "occurrence": reminder.occurrence,
        "bounds_version": reminder.bounds_version,
        "kind": reminder.kind,
        "moment": reminder.moment,
        "channel": one.channel,
        "recipient": one.recipient,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours to send until the lease ends. `message` is there once it was rendered."""

    id: UUID
    channel: str
    recipient: str
    fence: int
    attempt: int
    first_due: datetime
    deadline: datetime | None
    told: tuple[Told, ...]
    message: Message | None


class Outbox:
    """The deliveries of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, channel: str, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """Lease what is due on a channel; what has meanwhile become stale is superseded instead.

        What is due goes by `now`; the lease (a duration) goes by the real clock.
        """
        while self._due(channel, now):
            with self._database.write() as connection:
                found, rows = self._claim(connection, channel, now, limit, lease)
            if found or not rows:
                return found
        return []

    def _claim(
        self, connection: Connection, channel: str, now: datetime, limit: int, lease: timedelta
    ) -> tuple[list[Claim], int]:
        real = self._database.real_now(connection)
        query = select(tables.deliveries).where(*_claimable(channel, now, real)).order_by(_D.next_at).limit(limit)
        if not self._database.sqlite:
            query = query.with_for_update(skip_locked=True)
        rows = connection.execute(query).mappings().all()
        told, stale = carried(connection, rows)
        for row in rows:
            if not told[row["id"]]:
                ended = {
                    "state": "superseded",
                    "ended_at": now,
                    "last_error": stale.get(row["id"]),
                    "lease_until": None,
                }
                connection.execute(update(tables.deliveries).where(_D.id == row["id"]).values(ended))
        mine = [row for row in rows if told[row["id"]]]
        leased = {
            "state": "leased",
            "lease_until": real + lease,
            "fence": _D.fence + 1,
            "attempts": _D.attempts + 1,
        }
        connection.execute(update(tables.deliveries).where(_D.id.in_([row["id"] for row in mine])).values(leased))
        return [_claim(row, told[row["id"]]) for row in mine], len(rows)

    def _due(self, channel: str, now: datetime) -> bool:
        with self._database.read() as connection:
            real = self._database.real_now(connection)
            query = select(1).where(*_claimable(channel, now, real)).limit(1)
            return connection.execute(query).first() is not None

    def keep(self, rendered: Mapping[UUID, tuple[int, Message]]) -> None:
        """Store messages at their first claim, so that every try sends the same bytes."""
        rows = []
        for one, (fence, message) in rendered.items():
            payload = _payload(message)
            digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
            rows.append({"_id": one, "_fence": fence, "payload": payload, "payload_hash": digest})
        if rows:
            mine = and_(_D.id == bindparam("_id"), _D.fence == bindparam("_fence"), _D.state == "leased")
            names: dict[str, Any] = {name: bindparam(name) for name in ("payload", "payload_hash")}
            with self._database.write() as connection:
                connection.execute(update(tables.deliveries).where(mine).values(names), rows)

    def mark(self, ended: Sequence[tuple[Claim, Outcome, datetime, datetime]]) -> None:
        """Record how attempts ended (claim, outcome, started, ended), in one commit.

        Where the fence has moved on another process took the delivery over: its word counts, not ours.
        """
        if not ended:
            return
        with self._database.write() as connection:
            for claim, outcome, started, stopped in ended:
                mine = and_(_D.id == claim.id, _D.fence == claim.fence, _D.state == "leased")
                values = {
                    "state": outcome.state,
                    "next_at": outcome.next_at,
                    "lease_until": None,
                    "remote": outcome.remote,
                    "last_error": outcome.error,
                    "ended_at": None if outcome.state == "retry" else stopped,
                }
                done = connection.execute(update(tables.deliveries).where(mine).values(values))
                if done.rowcount:
                    attempt = {
                        "delivery_id": claim.id,
                        "number": claim.attempt,
                        "started_at": started,
                        "ended_at": stopped,
                        "outcome": outcome.state,
                        "remote": outcome.remote,
                        "error": outcome.error,
                    }
                    connection.execute(insert(tables.attempts).values(attempt))

    def give_back(self, claims: Sequence[Claim], now: datetime) -> None:
        """Return what was claimed but not begun, at the end of a process."""
        with self._database.write() as connection:
            for claim in claims:
                mine = and_(_D.id == claim.id, _D.fence == claim.fence, _D.state == "leased")
                back = {"state": "retry", "lease_until": None, "attempts": _D.attempts - 1, "next_at": now}
                connection.execute(update(tables.deliveries).where(mine).values(back))

    def free_leases(self) -> None:
        """Free all leases: for the only daemon of an SQLite database, whose predecessor is gone."""
        with self._database.write() as connection:
            connection.execute(
                update(tables.deliveries).where(_D.state == "leased").values(state="retry", lease_until=None)
            )

    def next_at(self, channels: Sequence[str]) -> datetime | None:
        """When the next delivery of these channels is to be tried."""
        with self._database.read() as connection:
            query = select(func.min(_D.next_at)).where(
                tables.OPEN, _D.state != "leased", _D.channel.in_(list(channels))
            )
            found: datetime | None = connection.execute(query).scalar()
            return found


def _claimable(channel: str, now: datetime, real: datetime) -> tuple[Any, ...]:
    waiting = and_(_D.state.in_(("pending", "retry")), _D.next_at <= now)
    abandoned = and_(_D.state == "leased", _D.lease_until <= real)
    return tables.OPEN, _D.channel == channel, or_(waiting, abandoned)


def _claim(row: Any, told: tuple[Told, ...]) -> Claim:
    return Claim(
        id=row["id"],
        channel=row["channel"],
        recipient=row["recipient"],
        fence=row["fence"] + 1,
        attempt=row["attempts"] + 1,
        first_due=row["created_at"],
        deadline=row["deadline"],
        told=told,
        message=_message(row["payload"]) if row["payload"] else None,
    )


def _payload(message: Message) -> dict[str, Any]:
    return {
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "body": message.body,
        "rendered_at": message.rendered_at.isoformat(),
    }


def _message(payload: Mapping[str, Any]) -> Message:
    return Message(**{**payload, "rendered_at": datetime.fromisoformat(payload["rendered_at"])})
