"""Take in reports of mail servers: a mail that came back for good makes its delivery bounced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from alerts.bounce_reports.reading import read_report
from alerts.bounce_reports.report_addresses import mail_of, tokens_of
from alerts.bounce_reports.status_wording import describe_bounce
from alerts.core.bounce_tokens import SentMail
from alerts.store import Store

NOT_OURS = "not sent to an envelope sender of ours: nothing changes; if a server rewrote it, state it with --recipient"
FORGED = "its envelope sender names no mail of this database: nothing changes"
_NO_BOUNCE = {
    "delayed": "delayed, the mail server is still trying: nothing changes",
    "arrived": "delivered or passed on: nothing changes",
    "reply": "an automatic reply or a receipt, not a bounce: nothing changes",
    "unknown": "not recognized as a bounce: nothing changes; look at it yourself",
}
_UNCHANGED = {
    "repeated": "known to have bounced: nothing changes",
    "resent": "was sent again since: nothing changes",
    "unknown": "this database has no such delivery: nothing changes",
}


@dataclass(frozen=True, slots=True)
class TakenReport:
    """What a report changed, as a line, and whether a person should look at it."""

    text: str
    needs_a_look: bool = False


def take_in(
    store: Store, data: bytes, recipient: str | None, now: datetime, redact: Callable[[str], str] = str
) -> TakenReport:
    """Record what a mail reports about one of ours, and return what that changed.

    `recipient` is the address that it was sent to, where its headers lack it. `redact` removes secrets from its text.
    """
    tokens = tokens_of(data, recipient)
    if not tokens:
        return TakenReport(NOT_OURS, needs_a_look=True)
    mail = mail_of(tokens, store.bounces.known_key())
    if mail is None:
        return TakenReport(FORGED, needs_a_look=True)
    report = read_report(data)
    short = str(mail.delivery)[:8]
    if report.kind != "failed":
        return TakenReport(f"{short}: {_NO_BOUNCE[report.kind]}", needs_a_look=report.kind == "unknown")
    error = redact(describe_bounce(report, store.bounces.recipient_of(mail) or ""))
    return TakenReport(f"{short}{_recorded(store, mail, error, now)}")


def _recorded(store: Store, mail: SentMail, error: str, now: datetime) -> str:
    record = store.bounces.record(mail, error, now)
    to = f" via {record.channel} to {record.recipient}" if record.channel else ""
    if record.effect == "bounced":
        return f"{to} bounced: {error}"
    return f"{to}: {_UNCHANGED.get(record.effect) or f'it is {record.state}: nothing changes'}"
