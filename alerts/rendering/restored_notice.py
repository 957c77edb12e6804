"""The notice to operators and owners that the database was restored, and what is lost."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import datetime

from alerts.core.delivery_failures import RestoredDatabase
from alerts.core.messages import Message
from alerts.core.posts import Post, plain_sections
from alerts.rendering.template_filters import known_zone, moment, row, utc

WIDTH = 72
_LOST = (
    "Answers and changes that were made between these two times are lost: alerts about them may come again. "
    "If you acknowledged, moved or closed anything then, do it again."
)
_LINKS = "Links in messages that you got between these two times may no longer work."


def restored_notice(restored: RestoredDatabase, medium: str, now: datetime, zone: str) -> Message:
    """Return a message: from when to when answers and changes are lost, and what to do. Never raises."""
    zone = known_zone(zone)
    subject = f"Answers since {moment(restored.taken_at, zone)} are lost: restored from a backup"
    text = "\n".join(_lines(restored, zone)) + "\n"
    body: dict[str, object] | None = None
    if medium == "json":
        times = {
            "taken_at": utc(restored.taken_at),
            "restored_at": utc(restored.restored_at) if restored.restored_at else None,
            "resumed_at": utc(restored.resumed_at),
        }
        data = {"summary": subject, "text": text, "failures": [], "troubles": [], "more": 0, "restored": times}
        body = {"type": "operator.notice", "timestamp": utc(now), "data": data}
    post = None
    if medium == "post":
        post = Post(title=subject, sections=plain_sections(text), urgency="failure", more="alerts list")
    return Message(subject=subject, text=text, body=body, rendered_at=now, post=post)


def _lines(restored: RestoredDatabase, zone: str) -> Iterator[str]:
    yield "The database of alerts was restored from a backup."
    yield ""
    yield row(moment(restored.taken_at, zone), "Lost from")
    yield row(moment(restored.lost_until, zone), "Lost until")
    yield row(moment(restored.resumed_at, zone), "Sending since")
    yield ""
    yield textwrap.fill(_LOST, WIDTH)
    yield ""
    yield textwrap.fill(_LINKS, WIDTH)
    yield ""
    yield row("alerts list", "See the list")
