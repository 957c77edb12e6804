"""A message as the bytes of an Internet mail (RFC 5322, MIME by RFC 2045 and 2046).

This module builds the frame itself, and only encoded words in headers use `email`: an EmailMessage of two parts costs
2 ms, several times as much as sending it.
"""

from __future__ import annotations

import binascii
import re
from base64 import encodebytes
from email.headerregistry import Address
from functools import lru_cache
from uuid import UUID

from alerts.channels.transport.mail_headers import head
from alerts.core.messages import Outgoing

# The method must be the one that the calendar inside names (RFC 5545 §8.1).
_CALENDAR = '; method=PUBLISH\r\nContent-Disposition: attachment; filename="deadline.ics"'
LONGEST_KEPT = 500  # octets of a line whose encoding is kept
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CONTROL_OCTETS = bytes(octet for octet in range(128) if _CONTROLS.match(chr(octet)))


def mail(outgoing: Outgoing, sender: Address, unsubscribe: str | None = None, reply_to: Address | None = None) -> bytes:
    """Return the whole mail, lines ending in CRLF. It depends only on the arguments: every retry is the same.

    `unsubscribe`: the address to which a mail program posts to unsubscribe. `reply_to`: who gets replies.
    """
    message = outgoing.message
    body = _part("plain", message.text)
    if message.html is not None:
        body = _together("alternative", outgoing.id, body, _part("html", message.html))
    if message.calendar is not None:
        body = _together("mixed", outgoing.id, body, _part("calendar", message.calendar, _CALENDAR))
    return head(outgoing, sender, unsubscribe, reply_to) + body


def _together(subtype: str, id_: UUID, *parts: bytes) -> bytes:
    """Return several parts as one (RFC 2046 §5.1)."""
    boundary = f"=_{subtype}_{id_.hex}"  # no part contains "=_": both encodings write "=" differently (RFC 2045 §6.7)
    begin = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    edge = f"--{boundary}".encode()
    between = b"\r\n" + edge + b"\r\n"
    return begin + edge + b"\r\n" + between.join(parts) + b"\r\n" + edge + b"--\r\n"


def _part(subtype: str, text: str, more: str = "") -> bytes:
    """Return one part with lines of at most 76: quoted-printable, or base64 if that would triple it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")  # ten times as fast as a pattern
    content = _encoded(lines)
    content = content.removesuffix(b"\r\n") + b"\r\n"
    if len(content) < 1.2 * len(text):
        encoding, body = "quoted-printable", b"".join(map(_quoted, content.splitlines(keepends=True)))
    else:
        encoding, body = "base64", encodebytes(content).replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{subtype}; charset="utf-8"{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + body


def _quoted(line: bytes) -> bytes:
    """Return a line, which ends in CRLF, as quoted-printable. Most lines of a mail are those of all mails."""
    return _quoted_before(line) if len(line) <= LONGEST_KEPT else binascii.b2a_qp(line)


_quoted_before = lru_cache(maxsize=1024)(binascii.b2a_qp)  # it breaks lines with LF unless it has seen a CRLF


def _encoded(text: str) -> bytes:
    """Return a text in UTF-8, with a sign in place of each character that no mail may hold."""
    try:
        content = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        content = None
    # A hundred times as fast as the pattern.
    if content is not None and len(content.translate(None, _CONTROL_OCTETS)) == len(content):
        return content
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text).encode()
