"""Deliveries as they are claimed, from their rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.core.absences import Absentee
from alerts.core.deliveries import Delivery
from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.notifications import ReminderContext
from alerts.core.summaries import Scope
from alerts.store.outbox.payloads import message_of


def first_due(row: Any) -> datetime:
    """Return when a delivery was first due: planned, retried by a person, or at the end of a snooze."""
    times: list[datetime | None] = [row["created_at"], row["retried_at"], row["held_until"]]
    return max(at for at in times if at)


def claimed_delivery(row: Any, contexts: tuple[ReminderContext, ...], zone: str | None) -> Delivery:
    return Delivery(
        id=row["id"],
        channel=row["channel"],
        recipient=row["recipient"],
        fence=row["fence"] + 1,
        attempt=row["attempts"] + 1,
        tries=row["attempts"] + 1 - row["tried_before"],
        first_due=first_due(row),
        deadline=row["deadline"],
        zone=zone,
        contexts=contexts,
        notice=Notice.from_json(row["notice"]) if row["notice"] else None,
        summary=Scope.from_json(row["summary"]) if row["summary"] else None,
        fallback_for=DeliveryFailure.from_json(row["fallback_for"]) if row["fallback_for"] else None,
        on_behalf_of=tuple(Absentee.from_json(one) for one in row["on_behalf_of"] or ()),
        message=message_of(row["payload"]),
        entries=row["entries"],
    )
