"""Reports with a part for programs (RFC 3464, and RFC 6533 for addresses beyond ASCII)."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import HeaderParser
from quopri import decodestring

from alerts.bounce_reports.report import BounceReport, ReportKind, header_of, one_line, status_in

_TYPES = ("message/delivery-status", "message/global-delivery-status")
_ACTIONS: tuple[tuple[str, ReportKind], ...] = (  # as they begin: some servers add a comment or another ending
    ("fail", "failed"), ("error", "failed"), ("delay", "delayed"),
    ("deliver", "arrived"), ("relay", "arrived"), ("expand", "arrived"),
)  # fmt: skip
_CLASSES: dict[str, ReportKind] = {"5": "failed", "4": "delayed", "2": "arrived"}
_GRAVEST: tuple[ReportKind, ...] = ("failed", "delayed", "arrived")
_GENERIC = (".0.0", ".5.0", ".3.0")  # ends of codes that say less than the text of the server


def read_status(parts: Iterable[Message]) -> BounceReport | None:
    """Return what the parts for programs say: of several recipients, the worst. None where there is no such part.

    `Action` decides (RFC 3464 §2.3.3): a server that gives up reports a failure with the temporary code of its last
    try.
    """
    found = [report for part in parts if part.get_content_type() in _TYPES for report in _reports(part)]
    return min(found, key=lambda report: _GRAVEST.index(report.kind)) if found else None


def _reports(part: Message) -> Iterator[BounceReport]:
    for block in re.split(r"\r?\n[ \t]*\r?\n", _content(part)):
        fields = HeaderParser().parsestr(block.lstrip("\r\n"))
        stated, diagnostic = header_of(fields, "Status"), header_of(fields, "Diagnostic-Code")
        status = status_in(stated)
        kind = _kind(header_of(fields, "Action").lower(), status)
        if kind is None:
            continue
        if status is None or status.endswith(_GENERIC):
            status = status_in(diagnostic) or status
        text = diagnostic.partition(";")[2] or diagnostic or stated.partition("(")[2].rstrip(")")
        yield BounceReport(kind=kind, status=status, text=one_line(text), address=_address(fields))


def _content(part: Message) -> str:
    """Return the text of a part, which `email` reads as a list of headers, even where it is encoded."""
    head, _, body = part.as_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    encoding = header_of(HeaderParser().parsestr(head.decode("ascii", "replace")), "Content-Transfer-Encoding").lower()
    if encoding == "base64":
        body = b64decode(b"".join(body.split()), validate=False)
    elif encoding == "quoted-printable":
        body = decodestring(body)
    return body.decode("utf-8", "replace")


def _kind(action: str, status: str | None) -> ReportKind | None:
    known = next((kind for begin, kind in _ACTIONS if action.startswith(begin)), None)
    return known or (_CLASSES.get(status[0]) if status else None)


def _address(fields: Message) -> str | None:
    """Return the recipient as we stated it, else as the last server knew it (`rfc822; anna@example.org`)."""
    for name in ("Original-Recipient", "Final-Recipient"):
        value = header_of(fields, name)
        address = (value.partition(";")[2] or value).strip(" <>")
        if "@" in address:
            return one_line(address)
    return None
