"""The rendered message that is stored with a delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.core.messages import Message
from alerts.store.stored_message import SHORTENED_HAS, JsonText, compressed_if_long

_sorted = json.JSONEncoder(sort_keys=True).encode


def payload_of(message: Message) -> JsonText:
    """Return a message as it is stored. Its names are sorted: of that text is the hash that the ledger keeps."""
    stated = {
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "body": message.body,
        "rendered_at": message.rendered_at.isoformat(),
        "thread": message.thread,
        "calendar": message.calendar,
    }
    return JsonText(_sorted(stated))


def told_of(dates: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return the dates that a message tells, as they are stored: those of a long digest compressed."""
    return compressed_if_long(dates) if dates else None


def message_of(payload: Mapping[str, Any] | None) -> Message | None:
    """Return a stored message; None where there is none, or its text is no longer kept."""
    if not payload or payload.keys() == SHORTENED_HAS:
        return None
    return Message(**{**payload, "rendered_at": datetime.fromisoformat(payload["rendered_at"])})
