"""Writes deliveries that were sent long ago into a database, as many as a desk has after some years."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert

from alerts.store import Store, delivery_tables, planning_tables
from alerts.store.alert_digests import alert_digest
from alerts.store.stored_message import COMPRESSED, DEFLATED

AT_ONCE = 5000
APART = timedelta(minutes=5)
PAYLOAD = {DEFLATED: "x" * 2000}  # as long as a compressed mail


def write_sent(store: Store, count: int, commitments: int, now: datetime) -> None:
    """Write `count` deliveries of one reminder each, the last just before `now`: most sent, some failed or bounced."""
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        ids = {number: (uuid4(), uuid4()) for number in numbers}
        with store.database.write() as connection:
            connection.execute(
                insert(planning_tables.reminders),
                [_reminder(ids[one][0], one, commitments, now - (count - one) * APART) for one in numbers],
            )
            connection.execute(
                insert(delivery_tables.deliveries),
                [_delivery(ids[one][1], one, now - (count - one) * APART) for one in numbers],
            )
            connection.execute(
                insert(delivery_tables.delivery_reminders),
                [_carried(*ids[one], one, commitments, now - (count - one) * APART) for one in numbers],
            )
            connection.execute(
                insert(delivery_tables.attempts),
                [_attempt(ids[one][1], one, now - (count - one) * APART) for one in numbers],
            )


def _state(number: int) -> str:
    return "dead" if number % 500 == 0 else "bounced" if number % 701 == 0 else "sent"


def _about(number: int, commitments: int, at: datetime) -> dict[str, object]:
    return {
        "commitment_id": number % commitments + 1, "occurrence": "", "bounds_version": number // commitments,
        "kind": "before", "moment": at,
    }  # fmt: skip


def _reminder(own: UUID, number: int, commitments: int, at: datetime) -> dict[str, object]:
    times = {"send_at": at, "planned_at": at, "offset": "P7D", "early": False, "catching_up": False}
    return {"id": own, "rule": "all", "fingerprint": ""} | _about(number, commitments, at) | times


def _delivery(own: UUID, number: int, at: datetime) -> dict[str, object]:
    ended: dict[str, object] = {"payload": PAYLOAD if number % 2 else None, "message_form": COMPRESSED}
    ended |= {"state": _state(number), "attempts": 1, "fence": 1, "created_at": at, "ended_at": at + APART / 5}
    return {"id": own, "channel": "desk", "recipient": "ann@example.org", "next_alert_at": {}} | ended


def _carried(reminder: UUID, own: UUID, number: int, commitments: int, at: datetime) -> dict[str, object]:
    key = (number % commitments + 1, "", number // commitments, "before", at)
    return {"delivery_id": own, "reminder_id": reminder, "alert": alert_digest(key, "desk", "ann@example.org")}


def _attempt(own: UUID, number: int, at: datetime) -> dict[str, object]:
    outcome = "sent" if _state(number) != "dead" else "failed"
    times = {"started_at": at, "ended_at": at + APART / 5}
    return {"delivery_id": own, "number": 1, "outcome": outcome} | times
