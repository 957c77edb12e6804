"""Claims: deliveries that this process may send until their lease ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.core.deliveries import Outcome
from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.messages import Message
from alerts.core.notifications import ReminderContext
from alerts.core.summaries import Scope
from alerts.store.outbox.payloads import message_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this process may send until the lease ends. `message` is None until it is rendered.

    `contexts` is what it carries. A `notice` goes to operators instead; a `summary` is gathered by its scope.
    `zone` is the zone of the recipient, if that is a person who states one. `first_due` and `tries` (this one
    included) count from the last retry by a person; `attempt` counts all.
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
    entries: str | None = None  # identifies the reminders of the message, if stored


EndedAttempt = tuple[Claim, Outcome, datetime, datetime]  # with when it started and ended


def first_due(row: Any) -> datetime:
    """Return when a delivery was first due: planned, retried by a person, or at the end of a snooze."""
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
