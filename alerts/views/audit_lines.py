"""An audit in lines: what was sent to whom and which server accepted it; what was changed, by whom, how that is known.

That a server accepted a message does not say that anybody received or read it, so no line says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from alerts.core.tracked import Proof, Revision
from alerts.deadlines.zones import zone_info
from alerts.store.audit_records import AuditedChanges, AuditedTry
from alerts.views.history_lines import HistoryLine, history_lines

PROOFS: Mapping[Proof, str] = {
    "signed-in": "was signed in",
    "link": "opened the link of their own message",
    "claimed": "typed a name, not verified",
    "token": "API token",
    "shell": "command line",
    "local": "page on the machine of the server",
}
ACCEPTED = ("accepted by", "handed over")
UNSENT = {
    "dead": "given up",
    "dismissed": "not sent: dismissed by hand",
    "superseded": "not sent: no longer needed",
    "bounced": "returned by mail",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """A line of an audit; the names of its fields are the headings of the CSV file, and texts are empty where unknown.

    `time`: RFC 3339, in the zone of the settings. `what`: message or change. `about`: keys of commitments. `sha256`: of
    the accepted message as stored, in hex. `delivery`: its id. `proof`: how it is known who made a change.
    """

    time: str
    what: str
    about: str
    result: str
    recipient: str = ""
    channel: str = ""
    subject: str = ""
    dates: str = ""
    reply: str = ""
    sha256: str = ""
    delivery: str = ""
    by: str = ""
    proof: str = ""
    reason: str = ""

    @property
    def day(self) -> str:
        """Return the day, as 2026-10-31."""
        return self.time[:10]

    @property
    def day_text(self) -> str:
        """Return the day as people write it."""
        return datetime.fromisoformat(self.time).strftime("%A %-d %B %Y")

    @property
    def is_accepted(self) -> bool:
        """Whether a server has accepted the message."""
        return self.what == "message" and self.result.startswith(ACCEPTED)


def audit_lines(
    tries: Iterable[AuditedTry], changes: Iterable[Sequence[AuditedChanges]], *, zone: str, shared: Set[str]
) -> Iterator[AuditLine]:
    """Yield lines in the order of time, at one time tries first. `shared`: addresses that several people read, in
    small letters.
    """
    of_tries = ((one.at, _of_try(one, zone, shared)) for one in tries)
    of_changes = (line for batch in changes for line in _of_changes(batch, zone))
    for _, line in merge(of_tries, of_changes, key=lambda one: one[0]):
        yield line


def _of_try(one: AuditedTry, zone: str, shared: Set[str]) -> AuditLine:
    row = one.delivery
    return AuditLine(
        time=_time(one.at, zone),
        what="message",
        about="; ".join(one.keys),
        result=_result(one),
        recipient="; ".join(_recipient(row, shared)),
        channel=row["channel"],
        subject=row["subject"] or (f"event: {row['event']['name']}" if row["event"] else ""),
        dates="; ".join(f"{about}: {date}" for about, date in (row["dates_told"] or {}).items()),
        reply=one.reply or "",
        sha256=one.sha256 or "",
        delivery=str(row["id"]),
    )


def _result(one: AuditedTry) -> str:
    if one.number is None:
        return UNSENT[one.outcome]
    if one.outcome == "sent":
        return f"{ACCEPTED[0]} {one.server}" if one.server else f"{ACCEPTED[1]}; no server is recorded"
    return "not accepted, and given up" if one.outcome == "dead" else "not accepted, to be tried again"


def _recipient(row: Mapping[str, Any], shared: Set[str]) -> Iterator[str]:
    address = row["recipient"]
    yield f"{address} (shared mailbox)" if address.lower() in shared else address
    for absent in row["on_behalf_of"] or ():
        yield f"for {absent['name']}"


def _of_changes(batch: Iterable[AuditedChanges], zone: str) -> list[tuple[datetime, AuditLine]]:
    found = [
        (made.recorded_at, _of_change(one, made, line, zone))
        for one in batch
        for made, line in zip(one.history, history_lines(one.history, zone, one.kind), strict=True)
        if made.number in one.numbers
    ]
    return sorted(found, key=lambda one: one[0])  # of one time by key


def _of_change(one: AuditedChanges, made: Revision, line: HistoryLine, zone: str) -> AuditLine:
    return AuditLine(
        time=_time(made.recorded_at, zone),
        what="change",
        about=one.key,
        result=": ".join(filter(None, (line.what, line.change))),
        by=made.recorded_by,
        proof=PROOFS[made.proof],
        reason=line.why,
    )


def _time(at: datetime, zone: str) -> str:
    return at.astimezone(zone_info(zone)).isoformat(timespec="seconds")
