"""Notices: of failed deliveries, of a restored database, and of a changed address.

They use no template, as templates may be what failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from alerts.core.delivery_failures import DeliveryFailure, Notice
from alerts.core.messages import Message
from alerts.core.posts import Post, plain_sections
from alerts.rendering.address_notice import address_notice
from alerts.rendering.restored_notice import restored_notice
from alerts.rendering.template_filters import clean, flat, row, shorten, utc

SHOWN = 20  # failures that are described; the rest are counted
ABOUT = 3  # reminders of a digest that are named
_STATES = {
    "dead": "failed, no more retries",
    "bounced": "accepted, then returned as undeliverable",
    "sent": "sent with the built-in template",
    "superseded": "replaced by a later reminder",
}
_FAILING = "still retrying"
_LISTED = {  # labels, by state
    "dead": "Failed", "bounced": "Returned", "retry": "Retrying", "sent": "Sent anyway", "superseded": "Replaced",
}  # fmt: skip


def notice(notice: Notice, medium: str, now: datetime, zone: str) -> Message:
    """Return a message: what failed, why, what it was about, and which commands help. Never raises."""
    if notice.changed_address:
        return address_notice(notice.changed_address, medium, now, zone)
    if notice.restored:
        return restored_notice(notice.restored, medium, now, zone)
    subject = _subject(notice)
    text = _text(notice)
    body: dict[str, object] | None = None
    if medium == "json":
        failures = [one.to_json() for one in notice.failures]
        former = [{**one, "instead": one["fallback_channels"]} for one in failures]  # as before, for one release
        data = {"summary": subject, "text": text, "failures": failures, "troubles": former, "more": notice.more}
        body = {"type": "operator.notice", "timestamp": utc(now), "data": data}
    post = None
    if medium == "post":
        post = Post(title=subject, sections=plain_sections(text), urgency="failure", more="alerts deliveries")
    return Message(subject=subject, text=text, body=body, rendered_at=now, post=post)


def _subject(notice: Notice) -> str:
    dead = sum(one.state == "dead" for one in notice.failures)
    bounced = sum(one.state == "bounced" for one in notice.failures)
    plain = sum(one.state == "sent" for one in notice.failures)
    late = len(notice.failures) - dead - bounced - plain
    counts = ((dead, "failed"), (bounced, "returned"), (late, "late"), (plain, "sent with the built-in template"))
    details = ", ".join(f"{count} {what}" for count, what in counts if count)
    more = f", {notice.more} more" if notice.more else ""
    one = notice.failures[0].channel if len({one.channel for one in notice.failures}) == 1 else ""
    return shorten(flat(clean(f"Alerts not delivered{one and f' via {one}'}: {details}{more}")), 120)


def _text(notice: Notice) -> str:
    shown = notice.failures[:SHOWN]
    parts = [_lines(one) for one in shown]
    if hidden := len(notice.failures) - len(shown) + notice.more:
        parts.append(f"… and {hidden} more: alerts deliveries")
    parts.append("\n".join(_commands(notice)))
    return "\n\n".join(parts) + "\n"


def _commands(notice: Notice) -> Iterator[str]:
    """Yield the command that lists the failures of each state, and those that help."""
    states = {one.state if one.state in _STATES else "retry" for one in notice.failures}
    for state in sorted(states, key=list(_LISTED).index):
        yield row(f"alerts deliveries --state {state}", _LISTED[state] if len(states) > 1 else "See them")
    if "sent" in states:
        yield row("alerts check", "See why")
    if states - {"sent", "superseded"}:
        yield row("alerts retry ID", "Try again")
        yield row("alerts dismiss ID", "Stop retrying")


def _lines(failure: DeliveryFailure) -> str:
    about = ", ".join(failure.about[:ABOUT]) + (
        f" and {len(failure.about) - ABOUT} more" if len(failure.about) > ABOUT else ""
    )
    to = f"{failure.channel} to {failure.recipient}" if failure.recipient else failure.channel
    details = [
        row(flat(clean(to)), str(failure.id)[:8]),
        row(_STATES.get(failure.state, _FAILING), "State"),
        row(flat(clean(failure.error)), "Error"),
        row(flat(clean(about)), "About") if about else "",
        row(flat(clean(", ".join(failure.fallback_channels))), "Sent via") if failure.fallback_channels else "",
    ]
    return "\n".join(filter(None, details))
