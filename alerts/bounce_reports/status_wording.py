"""Explains why a mail bounced, from its status code (RFC 3463 §3, and the registry of its codes)."""

from __future__ import annotations

from alerts.bounce_reports.report import BounceReport

_CODES = {  # without their class, except where it makes a difference
    "5.4.1": "address refused",  # Exchange's meaning; RFC 3463 has: no answer from the host
    "1.0": "bad address",
    "1.1": "no such mailbox",
    "1.2": "no such domain",
    "1.3": "bad address",
    "1.6": "mailbox has moved",
    "1.10": "the address takes no mail",
    "2.1": "mailbox disabled",
    "2.2": "mailbox full",
    "2.3": "mail too large",
    "2.4": "mailing list problem",
    "3.4": "mail too large",
    "4.1": "no answer from the mail server",
    "4.4": "no mail server found for the domain",
    "4.6": "forwarded in a circle",
    "4.7": "not delivered in time",
}
_SUBJECTS = {
    "1": "bad address",
    "2": "problem with the mailbox",
    "3": "problem with the mail server",
    "4": "problem on the way to the mail server",
    "5": "problem with the mail protocol",
    "6": "content not accepted",
    "7": "refused by policy",
}
RETURNED = "returned as undeliverable"


def describe_bounce(report: BounceReport, recipient: str) -> str:
    """Return why a mail to a recipient bounced: an explanation, the code, and the text of the server."""
    reason = f"{_words(report.status)} ({report.status})" if report.status else RETURNED
    other = report.address if report.address and report.address.lower() != recipient.lower() else None
    return "".join([reason, f": {report.text}" if report.text else "", f" (for {other})" if other else ""])


def _words(status: str) -> str:
    code = status[2:]
    return _CODES.get(status) or _CODES.get(code) or _SUBJECTS.get(code.partition(".")[0], RETURNED)
