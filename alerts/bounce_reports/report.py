"""What a report says became of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Literal

ReportKind = Literal["failed", "delayed", "arrived", "reply", "unknown"]

LONGEST_TEXT = 300  # characters of a server's text
HIDDEN = "***"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]+")
_SECRET = re.compile(r"[0-9A-Za-z]{40,}")  # a server may quote the link or the envelope sender of our mail
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_RETURNED = ("message/rfc822", "message/global", "message/rfc822-headers", "text/rfc822-headers")


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceReport:
    """What a mail says became of ours. `reply`: it is an answer of a person or a program, no report.

    `status` is the code of RFC 3463, such as 5.1.1, `text` what the server wrote, on one line. `address` is the
    recipient that it names: another one where ours was forwarded.
    """

    kind: ReportKind
    status: str | None = None
    text: str = ""
    address: str | None = None


def own_parts(message: Message) -> Iterator[Message]:
    """Yield the parts of a mail, but not those of the mail that it returns."""
    yield message
    if message.get_content_maintype() == "multipart" and isinstance(message.get_payload(), list):
        for part in message.get_payload():
            if isinstance(part, Message) and part.get_content_type() not in _RETURNED:
                yield from own_parts(part)


def status_in(text: str) -> str | None:
    """Return the first status code of a text, such as 5.1.1 (RFC 3463 §2)."""
    found = _STATUS.search(text)
    return found[0] if found else None


def one_line(text: str) -> str:
    """Return foreign text as one printable line, without what may be a secret."""
    line = _SECRET.sub(HIDDEN, _UNPRINTABLE.sub(" ", text).strip())
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


def header_of(message: Message, name: str) -> str:
    """Return a header as one line; empty where there is none."""
    return " ".join(str(message.get(name, "")).split())
