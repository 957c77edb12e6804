"""The tokens of answer links: which delivery and which entry of it a link answers, and a MAC that proves it is ours.

A token has letters and digits only (RFC 4648 base32 in small letters), so no chat or mail client breaks or escapes it.
A message is stored with placeholders, which lack the MAC: neither the database nor a backup holds a working link.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from uuid import UUID

_PURPOSE = b"answer link 1\0"
_MAC_BYTES = 16
_MAC = len(b32encode(bytes(_MAC_BYTES)).rstrip(b"="))  # letters of a MAC
_KEY_ID, _DELIVERY, _COMMITMENT = 4, 16, 8  # bytes; then the name of the occurrence, as long as it is
ABSENT = "0" * _MAC  # in place of the MAC: no letter of base32
_PLACEHOLDER = re.compile(rf"/a/([a-z2-7]+){ABSENT}(?![0-9A-Za-z])")  # a look behind would be ten times as slow
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
# As Python writes numbers to the base 32; what is no letter of ours is no digit either.
_DIGITS = str.maketrans(
    dict.fromkeys(map(chr, range(128)), "!") | dict(zip(_LETTERS, "0123456789abcdefghijklmnopqrstuv", strict=True))
)
_TOKEN = re.compile(rf"[a-z2-7]{{{_MAC + 1},400}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLink:
    """What a link answers: one occurrence that a delivery carries; without a commitment all that it carries.

    `key_id` identifies the key that signs it.
    """

    key_id: bytes
    delivery: UUID
    commitment_id: int | None = None
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class AnswerLinks:
    """What makes the links of a message: the address that they begin with, and the key that will sign them.

    `allowed` names what they may answer, such as `acknowledge`.
    """

    public_url: str
    key_id: bytes
    allowed: tuple[str, ...] = ()

    def url(self, delivery: UUID, commitment_id: int | None = None, occurrence: str = "") -> str:
        """Return a link with a placeholder. It is as long as the link that is sent."""
        link = AnswerLink(key_id=self.key_id, delivery=delivery, commitment_id=commitment_id, occurrence=occurrence)
        return f"{self.public_url}/a/{placeholder(link)}"


def key_id_of(key: bytes) -> bytes:
    """Return what identifies a key without giving it away."""
    return hashlib.sha256(b"key id\0" + key).digest()[:_KEY_ID]


def placeholder(link: AnswerLink) -> str:
    """Return the token of a link with zeros in place of its MAC."""
    return _head(link) + ABSENT


def fill(text: str, delivery: UUID, keys: Sequence[bytes]) -> str:
    """Return a text with working tokens in place of the placeholders of one delivery.

    The others stay as they are: a text that somebody wrote never becomes a link to another delivery. Raises LookupError
    where the key of a placeholder is not among the keys.
    """
    if ABSENT not in text:
        return text
    by_id = _by_id(tuple(keys))

    @cache  # a message has each link several times
    def token(head: str) -> str:
        link = _link_of(head)
        return head + ABSENT if link is None or link.delivery != delivery else _sign(head, by_id[link.key_id])

    return _PLACEHOLDER.sub(lambda found: f"/a/{token(found[1])}", text)


def placeholders(text: str) -> list[AnswerLink]:
    """Return what the placeholders of a text answer, each once, in the order in which they appear."""
    if ABSENT not in text:
        return []
    found = map(_link_of, dict.fromkeys(_PLACEHOLDER.findall(text)))
    return list(dict.fromkeys(link for link in found if link))


def read(token: str, keys: Sequence[bytes]) -> AnswerLink | None:
    """Return what a token answers; None if it is not a token of ours, to the last letter."""
    if not _TOKEN.fullmatch(token):
        return None
    head = token[:-_MAC]
    link = _link_of(head)
    key = _by_id(tuple(keys)).get(link.key_id) if link else None
    if link is None or key is None or not hmac.compare_digest(token, _sign(head, key)):
        return None
    return link


@lru_cache(maxsize=8)
def _by_id(keys: tuple[bytes, ...]) -> Mapping[bytes, bytes]:
    return {key_id_of(key): key for key in keys}


def _head(link: AnswerLink) -> str:
    parts = [link.key_id, link.delivery.bytes]
    if link.commitment_id is not None:
        parts += [link.commitment_id.to_bytes(_COMMITMENT, "big"), link.occurrence.encode()]
    return _encode(b"".join(parts))


@lru_cache(maxsize=256)  # a message has each link in its text and in its HTML
def _link_of(head: str) -> AnswerLink | None:
    """Return what the part of a token before its MAC says; None if it cannot be read."""
    try:
        data = _decode(head)
    except ValueError:
        return None
    key_id, delivery, rest = data[:_KEY_ID], data[_KEY_ID : _KEY_ID + _DELIVERY], data[_KEY_ID + _DELIVERY :]
    if len(delivery) < _DELIVERY or 0 < len(rest) < _COMMITMENT:
        return None
    try:
        occurrence = rest[_COMMITMENT:].decode()
    except UnicodeDecodeError:
        return None
    commitment_id = int.from_bytes(rest[:_COMMITMENT], "big") if rest else None
    return AnswerLink(key_id=key_id, delivery=UUID(bytes=delivery), commitment_id=commitment_id, occurrence=occurrence)


def _sign(head: str, key: bytes) -> str:
    return head + _encode(hmac.digest(key, _PURPOSE + head.encode(), "sha256")[:_MAC_BYTES])


def _encode(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()


def _decode(text: str) -> bytes:
    """Return what `_encode` wrote, six times as fast as `base64`. Raises ValueError for what it does not write."""
    size, spare = divmod(len(text) * 5, 8)
    number = int(text.translate(_DIGITS) if text.isascii() else "!", 32)
    if spare > 4 or number & ((1 << spare) - 1):
        raise ValueError("a letter too many, or bits of the last one that stand for nothing")
    return (number >> spare).to_bytes(size, "big")
