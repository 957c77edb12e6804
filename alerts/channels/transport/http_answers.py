"""What an HTTP server's answer means for a delivery: sent, again, or that it takes nothing from anybody."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one service means by an answer. What is None is taken as from any other server.

    `outcome`: again, dead or out, as docs/reliability.md has them, or off: dead, and the channel takes nothing until
    its settings change or the process is started again. `reason`: what the service calls it, `hint`: what to do about
    it. `pause`: seconds.
    """

    outcome: Literal["again", "dead", "out", "off"] | None = None
    reason: str | None = None
    hint: str | None = None
    pause: float | None = None


VerdictReader = Callable[[int, bytes], Verdict]  # of a status and an answer


def default_verdict(_status: int, _answer: bytes) -> Verdict:
    """Know nothing that does not hold for every server."""
    return Verdict()


def refusal(
    host: str, status: int, answer: bytes, pause: str, read_verdict: VerdictReader = default_verdict
) -> DeliveryError:
    """Say what any status but 2xx means. Whatever is not about the message is about the receiver."""
    verdict = read_verdict(status, answer)
    description = [f"{host}: HTTP {status}"]
    if hint := verdict.hint or _HINTS.get(301 if 300 <= status < 400 else status):
        description.append(hint)
    if verdict.reason and re.fullmatch(r"[\w.-]{1,60}", verdict.reason, re.ASCII):  # which hides no secret
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
    """The JSON object of an answer; an empty one for anything else."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the pause that a Retry-After asks for (RFC 9110 §10.2.3: seconds, or a date); None for anything else.

    Seconds with a fraction, which some services send, are rounded up.
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
