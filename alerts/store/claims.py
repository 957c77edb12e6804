"""Claims: deliveries that are ours to send for a while, and what is written down of how that went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.core.deliveries import FailureLevel, Outcome
from alerts.core.notifications import Message, Notice, ReminderContext, DeliveryFailure
from alerts.core.summaries import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours to send until the lease ends. `message` is there once it was rendered.

    `contexts` is what it carries; one to operators carries a `notice` instead, and a `summary` is gathered by its scope.
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


def outcome_row(claim: Claim, outcome: Outcome, stopped: datetime) -> dict[str, Any]:
    return {
        "_id": claim.id,
        "_fence": claim.fence,
        "_failure_level": int(
            FailureLevel.DEAD if outcome.state == "dead" else FailureLevel.LATE if outcome.late else FailureLevel.NOT
        ),
        "state": outcome.state,
        "next_at": outcome.next_at,
        "remote": outcome.remote,
        "last_error": outcome.error,
        "ended_at": None if outcome.state == "retry" else stopped,
    }


def attempt_row(claim: Claim, outcome: Outcome, started: datetime, stopped: datetime) -> dict[str, Any]:
    return {
        "_id": claim.id,
        "_number": claim.attempt,
        "_started_at": started,
        "_ended_at": stopped,
        "_outcome": outcome.state,
        "_remote": outcome.remote,
        "_error": outcome.error,
    }


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
        message=_message(row["payload"]) if row["payload"] else None,
        entries=row["entries"],
    )


def payload_of(message: Message) -> dict[str, Any]:
    return {
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "body": message.body,
        "rendered_at": message.rendered_at.isoformat(),
        "thread": message.thread,
        "calendar": message.calendar,
    }


def _message(payload: Mapping[str, Any]) -> Message:
    return Message(**{**payload, "rendered_at": datetime.fromisoformat(payload["rendered_at"])})
