"""A commitment as JSON shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alerts.cli.app import App
from alerts.cli.output import as_rfc3339
from alerts.core.rules import matching
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.views.answers_shown import own_now


def next_alert_row(at: datetime | None) -> dict[str, Any]:
    """Return when the next alert goes out, as JSON shows it. `speaks_next` is the old name."""
    return {"next_alert_at": as_rfc3339(at), "speaks_next": as_rfc3339(at)}


def row_of(app: App, item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> dict[str, Any]:
    """Return a commitment as JSON shows it."""
    commitment, acknowledgement = item.commitment, item.current_acknowledgement
    return {
        "key": commitment.key,
        "title": commitment.title,
        "kind": commitment.kind,
        "priority": commitment.priority,
        "status": commitment.status,
        "answer": item.answer,
        "by": commitment.by,
        "to": commitment.to,
        "owner": commitment.owner,
        "tags": commitment.tags,
        "deadline": commitment.deadline,
        "earliest": as_rfc3339(item.bounds.earliest),
        "latest": as_rfc3339(item.bounds.latest),
        "timezone": item.bounds.zone,
        "bounds_version": item.bounds_version,
        "acknowledged": acknowledgement
        and {
            "by": acknowledgement.by,
            "at": as_rfc3339(acknowledgement.at),
            "until": as_rfc3339(acknowledgement.until),
            "stage": acknowledgement.stage,
        },
        "snoozed": item.snooze and {"by": item.snooze.by, "until": as_rfc3339(item.snooze.until)},
        "own_snoozes": [
            {
                "recipient": one.recipient,
                "occurrence": one.occurrence or None,
                "by": one.by,
                "until": as_rfc3339(one.until),
            }
            for one in own_now(item, own, now)
        ],
        "rules": [rule.name for rule in matching(app.settings.rules, commitment)],
    }
