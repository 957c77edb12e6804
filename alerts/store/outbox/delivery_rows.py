"""Claims: deliveries that are ours to send for a while, and what is written down of how that went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.messages import Message
from alerts.core.notifications import ReminderContext
from alerts.core.summaries import Scope
from alerts.store.outbox.payloads import message_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours to send until the lease ends. `message` is there once it was rendered.

    `contexts` is what it carries. One to operators carries a `notice` instead; a `summary` is gathered by its scope.
    `zone`: in which the recipient reads, where that is a person who states one. `first_due` and `tries` (this one
    included) count from when a person last retried it; `attempt` counts all that were ever made.
    """

    id: UUID
    channel: str
    recipient: str
    fence: int
    attempt: int
    tries: int
    first_due: datetime
    deadline: datetime | None
    zone: str | None = None
    contexts: tuple[ReminderContext, ...]
    notice: Notice | None = None
    summary: Scope | None = None
    fallback_for: DeliveryFailure | None = None
    message: Message | None
    entries: str | None = None  # of which reminders the message was made, where that was written down


def first_due(row: Any) -> datetime:
    """When a delivery was first due: planned, sent again by a person, or at the end of a snooze."""
    times: list[datetime | None] = [row["created_at"], row["retried_at"], row["held_until"]]
    return max(at for at in times if at)


def claimed(row: Any, contexts: tuple[ReminderContext, ...], zone: str | None) -> Claim:
    return Claim(
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
        message=message_of(row["payload"]) if row["payload"] else None,
        entries=row["entries"],
    )
