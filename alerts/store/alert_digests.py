"""The key that keeps alerts unique: a recipient gets the same alert once, for ever.

A year of daily digests has more links of deliveries to reminders than everything else together. So a link repeats
nothing that its reminder and its delivery say, and has a digest of it.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

DIGEST_OCTETS = 16


def alert_digest(alert_key: tuple[int, str, int, str, datetime], channel: str, recipient: str) -> bytes:
    """Return the first 16 octets of the SHA-256 of an alert for a recipient: the same under every rule."""
    *what, moment = alert_key
    at = moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    text = "\x1f".join(map(str, (*what, at, channel, recipient)))
    return hashlib.sha256(text.encode()).digest()[:DIGEST_OCTETS]
