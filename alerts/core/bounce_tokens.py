"""The tokens in envelope senders: which attempt of which delivery a mail was, and a MAC that proves it.

A token has small letters and digits only (RFC 4648 base32): mail servers may change the case of an address.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from uuid import UUID

_PURPOSE = b"bounce 1\0"
_DELIVERY, _ATTEMPT, _MAC = 16, 2, 10  # bytes
_LAST_ATTEMPT = 2 ** (8 * _ATTEMPT) - 1
LENGTH = 45  # letters: 8 for each 5 of the 28 bytes
LONGEST_NAME = 64 - 1 - LENGTH  # of a mailbox, before the + and the token (RFC 5321 §4.5.3.1.1)
_TOKEN = re.compile(rf"(?<![a-z0-9])[a-z2-7]{{{LENGTH}}}(?=@)")


@dataclass(frozen=True, slots=True)
class SentMail:
    """An attempt of a delivery, as the envelope sender of its mail names it."""

    delivery: UUID
    attempt: int


def bounce_token(mail: SentMail, key: bytes) -> str:
    """Return the token of a mail. Nobody without the key can make it."""
    head = mail.delivery.bytes + min(mail.attempt, _LAST_ATTEMPT).to_bytes(_ATTEMPT, "big")
    return b32encode(head + _mac(head, key)).decode().rstrip("=").lower()


def tokens_in(address: str) -> list[str]:
    """Return what looks like a token in an address, or in a header with several."""
    return _TOKEN.findall(address.lower())


def read_token(token: str, key: bytes) -> SentMail | None:
    """Return the mail that a token names; None where it is not ours."""
    try:
        data = b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return None
    head, mac = data[: _DELIVERY + _ATTEMPT], data[_DELIVERY + _ATTEMPT :]
    if not hmac.compare_digest(mac, _mac(head, key)):
        return None
    return SentMail(UUID(bytes=head[:_DELIVERY]), int.from_bytes(head[_DELIVERY:], "big"))


def _mac(head: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + head, "sha256")[:_MAC]
