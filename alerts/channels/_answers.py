"""What an HTTP server's answer means for a delivery: sent, again, or that it takes nothing from anybody."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from alerts.clock import utc_now
from alerts.core.deliveries import DeliveryError

_ABOUT_THE_MESSAGE = (400, 413, 415, 422)  # another message may be to its liking (RFC 9110 §15.5)
_GONE = 410  # closed for good, says Standard Webhooks
_LONGEST_PAUSE = timedelta(days=365)
_HINTS = {
    301: "a redirect is not followed: set the url to where it leads",
    400: "the receiver does not understand the message",
    401: "the receiver does not know us: look at the url, the secret and the headers",
    403: "the receiver does not let us in: look at the url, the secret and the headers",
    404: "there is nothing at this url",
    410: "the receiver has closed this url for good",
    413: "the message is too large for the receiver",
    429: "too many messages",
}

_SLACKS = re.compile(rb"[a-z]+(_[a-z]+)+")  # its kind of reason: invalid_blocks, no_service


def refusal(
    host: str,
    status: int,
    answer: bytes,
    pause: str,
    *,
    hint: str | None = None,
    channel_out: bool | None = None,
    wait: timedelta | None = None,
) -> DeliveryError:
    """Say what any status but 2xx means. Whatever is not about the message is about the receiver.

    A service that says more than its status does gives its own `hint`, whose fault it is, and how long to `wait` where
    the answer's Retry-After (`pause`) does not say.
    """
    words = [f"{host}: HTTP {status}"]
    if hint := hint or _HINTS.get(301 if 300 <= status < 400 else status):
        words.append(hint)
    if _SLACKS.fullmatch(answer[:60].strip()):
        words.append(answer[:60].strip().decode())
    return DeliveryError(
        "; ".join(words),
        permanent=status == _GONE,
        channel_out=status not in _ABOUT_THE_MESSAGE if channel_out is None else channel_out,
        retry_after=retry_after(pause, utc_now()) or wait,
    )


def said_in(answer: bytes, name: str) -> Any:
    """What an answer in JSON says under a name; None where it says nothing, or is no JSON object."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):  # nested without end
        return None
    return found.get(name) if isinstance(found, dict) else None


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the pause that a Retry-After asks for (RFC 9110 §10.2.3: seconds, or a date); None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    pause = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(pause, _LONGEST_PAUSE) if pause > timedelta(0) else None
