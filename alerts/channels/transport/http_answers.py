"""What an HTTP server's answer means for a delivery: sent, retry, dead, or the channel is out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from alerts.clock import utc_now
from alerts.core.deliveries import DeliveryError

_ABOUT_THE_MESSAGE = (400, 413, 415, 422)  # the receiver may accept another message (RFC 9110 §15.5)
_GONE = 410  # Standard Webhooks: the receiver is gone for good
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one service means by an answer. A None is taken as from any other server.

    `outcome`: again, dead or out, as in docs/reliability.md, or off: dead, and the channel takes nothing until
    its settings change or the process restarts. `reason`: the service's name for the error, `hint`: what to do about
    it. `pause`: seconds.
    """

    outcome: Literal["again", "dead", "out", "off"] | None = None
    reason: str | None = None
    hint: str | None = None
    pause: float | None = None


VerdictReader = Callable[[int, bytes], Verdict]  # from a status and an answer


def default_verdict(_status: int, _answer: bytes) -> Verdict:
    """Return a verdict that adds nothing to the general rules."""
    return Verdict()


def refusal(
    host: str, status: int, answer: bytes, pause: str, read_verdict: VerdictReader = default_verdict
) -> DeliveryError:
    """Return the error for a status other than 2xx. It concerns the receiver unless the status names the message."""
    verdict = read_verdict(status, answer)
    description = [f"{host}: HTTP {status}"]
    if hint := verdict.hint or _HINTS.get(301 if 300 <= status < 400 else status):
        description.append(hint)
    if verdict.reason and re.fullmatch(r"[\w.-]{1,60}", verdict.reason, re.ASCII):  # a short token hides no secret
        description.append(verdict.reason)
    usual = "off" if status == _GONE else "again" if status in _ABOUT_THE_MESSAGE else "out"
    outcome = verdict.outcome or usual
    return DeliveryError(
        "; ".join(description),
        permanent=outcome in ("dead", "off"),
        channel_out=outcome in ("out", "off"),
        retry_after=retry_after(pause or str(verdict.pause), utc_now()),
    )


def json_of(answer: bytes) -> dict[str, Any]:
    """Return the JSON object of an answer; an empty one for anything else."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the pause that a Retry-After states (RFC 9110 §10.2.3: seconds, or a date); None for anything else.

    Fractions of a second, which some services send, are rounded up.
    """
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d*)?", text, re.ASCII):
        return min(timedelta(seconds=math.ceil(float(text[:12]))), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    pause = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(pause, _LONGEST_PAUSE) if pause > timedelta(0) else None
