"""The row of a delivery that is due at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID


def new_delivery(one: UUID, channel: str, recipient: str, now: datetime) -> dict[str, Any]:
    """Return the row of a delivery that is due now."""
    return {
        "id": one,
        "channel": channel,
        "recipient": recipient,
        "state": "pending",
        "attempts": 0,
        "created_at": now,
        "next_at": now,
        "next_alert_at": {},
        "fence": 0,
    }
