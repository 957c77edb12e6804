"""A message as the bytes of an Internet mail (RFC 5322, MIME by RFC 2045 and 2046).

The frame is put together here and only the words in headers go through `email`: an EmailMessage of two parts costs
2 ms, several times what it costs to send it.
"""

from __future__ import annotations

import binascii
import re
from base64 import encodebytes
from email.header import Header
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import lru_cache
from uuid import uuid5

from alerts.channels._network import one_line
from alerts.core.notifications import Outgoing
from alerts.core.reminders import NAMESPACE

_LONG = SMTP.clone(max_line_length=998)  # octets, RFC 5322 §2.1.1; at 78 `email` breaks addresses into encoded words
_EW_LINE = 74  # the most with which `email.header` keeps an encoded word to its 75 characters
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def needs_utf8(*addresses: str) -> bool:
    """Tell whether an address can only be said with SMTPUTF8 (RFC 6531): one beyond ASCII."""
    return not all(address.isascii() for address in addresses)


def mail(outgoing: Outgoing, sender: Address) -> bytes:
    """Return the whole mail, lines ending in CRLF. It hangs on nothing but the arguments: every retry is the same."""
    message = outgoing.message
    utf8 = needs_utf8(outgoing.recipient, sender.addr_spec)
    username, _, domain = outgoing.recipient.rpartition("@")
    head = (
        f"Message-ID: <{outgoing.id}@{sender.domain}>\r\n"
        f"Date: {format_datetime(message.rendered_at)}\r\n"
        f"{_addressed('From', str(sender), utf8)}"
        f"{_addressed('To', str(Address(username=username, domain=domain)), utf8)}"
        f"{_subject(message.subject)}"
        f"{_threaded(message.thread, sender.domain) if message.thread else ''}"
        "Auto-Submitted: auto-generated\r\n"  # RFC 3834 §5: no vacation reply, please
        "MIME-Version: 1.0\r\n"
    ).encode()
    text = _part("plain", message.text)
    if message.html is None:
        return head + text
    boundary = f"=_{outgoing.id.hex}"  # "=_" is in no part: both encodings spell "=" otherwise (RFC 2045 §6.7)
    head += f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    edge = f"--{boundary}".encode()
    return b"\r\n".join((head + edge, text, edge, _part("html", message.html), edge + b"--", b""))


@lru_cache(maxsize=1024)
def _addressed(name: str, address: str, utf8: bool) -> str:
    """Return the folded header. Words beyond ASCII are folded at 78: an encoded word has at most 75 (RFC 2047 §2)."""
    policy = SMTPUTF8 if utf8 else _LONG if address.isascii() else SMTP
    return str(policy.header_factory(name, address).fold(policy=policy))


def _subject(words: str) -> str:
    """Return the header. Words beyond ASCII are encoded as a whole: `email.policy` loses spaces between them."""
    line = one_line(words, 900)
    if not line.isascii() or "=?" in line:
        line = Header(line, "utf-8", _EW_LINE, "Subject").encode(linesep="\r\n")
    return f"Subject: {line}\r\n"


def _threaded(thread: str, domain: str) -> str:
    """Answer to the root of a conversation (RFC 5322 §3.6.4): all mails with the same `thread` have the same one.

    No mail has that id itself: whichever arrives first, or is lost, the others still lie together.
    """
    conversation = uuid5(NAMESPACE, f"thread\x1f{thread}")
    root = f"<{conversation}@{domain}>"
    return f"In-Reply-To: {root}\r\nReferences: {root}\r\n"


def _part(subtype: str, words: str) -> bytes:
    """Return one part, its lines at most 76 long: quoted-printable, or base64 where that would triple it."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")  # a tenth of what a pattern costs
    content = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", lines).encode()
    content = content.removesuffix(b"\r\n") + b"\r\n"  # b2a_qp breaks lines with LF unless it has seen a CRLF
    if len(content) < 1.2 * len(words):
        encoding, body = "quoted-printable", binascii.b2a_qp(content)
    else:
        encoding, body = "base64", encodebytes(content).replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + body
