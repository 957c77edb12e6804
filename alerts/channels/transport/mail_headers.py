"""The header of an Internet mail (RFC 5322), built line by line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email import base64mime, quoprimime
from email.charset import Charset
from email.header import Header
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit
from uuid import uuid5

from alerts.channels.transport.time_budget import one_line
from alerts.core.messages import Outgoing
from alerts.core.reminders import NAMESPACE

LONGEST = 998  # octets in a line without its CRLF (RFC 5322 §2.1.1)
RECIPIENT = "{recipient}"  # stands for the reader in an unsubscribe address
_LONG = SMTP.clone(max_line_length=LONGEST)  # at 78 `email` would break addresses into encoded words
_HTTPS = re.compile(r"https://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986 §2
_EW_LINE = 74  # the limit at which `email.header` keeps encoded words within 75 characters


class _Utf8(Charset):
    """UTF-8 for headers, encoded as `email.charset` does: it measures a line anew for each of its characters."""

    def header_encode_lines(self, string: str, maxlengths: Iterator[int]) -> list[str | None]:
        """Return encoded words that fit into the lengths."""
        octets = string.encode()
        base64 = base64mime.header_length(octets) < quoprimime.header_length(octets)
        chrome = len("=?utf-8?q??=")
        encode = base64mime.header_encode if base64 else quoprimime.header_encode
        lines, line, size, room = list[str | None](), "", 0, next(maxlengths) - chrome
        for character in string:
            more = len(character.encode()) if base64 else _quoted_length(character)
            if (-(size + more) // 3 * -4 if base64 else size + more) > room:
                lines.append(encode(line.encode(), "utf-8") if lines or line else None)
                line, size, room = "", 0, next(maxlengths) - chrome
            line, size = line + character, size + more
        return [*lines, encode(line.encode(), "utf-8")]


@lru_cache(maxsize=1024)
def _quoted_length(character: str) -> int:
    return quoprimime.header_length(character.encode())


_UTF8 = _Utf8("utf-8")


def needs_utf8(*addresses: str) -> bool:
    """Return whether an address needs SMTPUTF8 (RFC 6531): one beyond ASCII."""
    return not all(address.isascii() for address in addresses)


def head(outgoing: Outgoing, sender: Address, unsubscribe: str | None, reply_to: Address | None = None) -> bytes:
    """Return the header lines that do not depend on the body, each line ending in CRLF."""
    message = outgoing.message
    utf8 = needs_utf8(outgoing.recipient, sender.addr_spec)
    username, _, domain = outgoing.recipient.rpartition("@")
    return (
        f"Message-ID: <{outgoing.id}@{sender.domain}>\r\n"
        f"Date: {format_datetime(message.rendered_at)}\r\n"
        f"{_addressed('From', str(sender), utf8)}"
        f"{_addressed('To', str(Address(username=username, domain=domain)), utf8)}"
        f"{_addressed('Reply-To', str(reply_to), utf8) if reply_to else ''}"
        f"{_subject(message.subject)}"
        f"{_threaded(message.thread, sender.domain) if message.thread else ''}"
        f"{_unsubscribed(unsubscribe, outgoing.recipient) if unsubscribe else ''}"
        "Auto-Submitted: auto-generated\r\n"  # RFC 3834 §5: it asks for no vacation reply
        "MIME-Version: 1.0\r\n"
    ).encode()


def one_click(url: str, recipients: Iterable[str]) -> str:
    """Accept an https unsubscribe address; `{recipient}` in it stands for the reader. Raises ValueError."""
    example = "expected a URL such as https://lists.example.org/off?who={recipient}"
    try:
        parts = urlsplit(url)
        usable = parts.hostname and parts.username is None and (parts.port is None or parts.port > 0)
    except ValueError:  # urlsplit's own error would show the URL
        usable = False
    if not usable or not _HTTPS.fullmatch(url.replace(RECIPIENT, "")):
        raise ValueError(example)
    if not all(_unsubscribed(url, recipient) for recipient in ("", *recipients)):
        raise ValueError(f"too long for one line of a mail: at most {LONGEST - len('List-Unsubscribe: <>')} characters")
    return url


def _unsubscribed(url: str, recipient: str) -> str:
    """Return the lines by which a mail program unsubscribes with one POST (RFC 2369 §3.2, RFC 8058 §3.1).

    The address stays whole on one line: the programs that use it decode no encoded words. Empty if it is too long.
    """
    line = f"List-Unsubscribe: <{url.replace(RECIPIENT, quote(recipient, safe=''))}>"
    return f"{line}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if len(line) <= LONGEST else ""


@lru_cache(maxsize=1024)
def _addressed(name: str, address: str, utf8: bool) -> str:
    """Return the folded header. Names beyond ASCII fold at 78: an encoded word has at most 75 (RFC 2047 §2)."""
    policy = SMTPUTF8 if utf8 else _LONG if address.isascii() else SMTP
    return str(policy.header_factory(name, address).fold(policy=policy))


def _subject(text: str) -> str:
    """Return the header. Text beyond ASCII is encoded as a whole: `email.policy` loses spaces in it."""
    line = one_line(text, 900)
    if not line.isascii() or "=?" in line:
        line = Header(line, _UTF8, _EW_LINE, "Subject").encode(linesep="\r\n")
    return f"Subject: {line}\r\n"


def _threaded(thread: str, domain: str) -> str:
    """Return a reply header (RFC 5322 §3.6.4): all mails with the same `thread` reply to the same id.

    No mail has that id itself: the mails stay together even if one is lost or they arrive out of order.
    """
    conversation = uuid5(NAMESPACE, f"thread\x1f{thread}")
    root = f"<{conversation}@{domain}>"
    return f"In-Reply-To: {root}\r\nReferences: {root}\r\n"
