"""How an attempt ended, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.core.deliveries import Delivery, FailureLevel, Outcome


def outcome_row(delivery: Delivery, outcome: Outcome, stopped: datetime) -> dict[str, Any]:
    return {
        "_id": delivery.id,
        "_fence": delivery.fence,
        "_failure_level": int(
            FailureLevel.DEAD if outcome.state == "dead" else FailureLevel.LATE if outcome.late else FailureLevel.NOT
        ),
        "state": outcome.state,
        "next_at": outcome.next_at,
        "remote": outcome.remote,
        "last_error": outcome.error,
        "unseen": outcome.state == "sent" and bool(delivery.contexts),
        "ended_at": None if outcome.state == "retry" else stopped,
    }


def attempt_row(delivery: Delivery, outcome: Outcome, started: datetime, stopped: datetime) -> dict[str, Any]:
    return {
        "_id": delivery.id,
        "_number": delivery.attempt,
        "_started_at": started,
        "_ended_at": stopped,
        "_outcome": outcome.state,
        "_remote": outcome.remote,
        "_error": outcome.error,
        "_server": outcome.server,
    }
