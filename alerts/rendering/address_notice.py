"""The mail to the old address of somebody whose address was changed. It does not say what the new one is."""

from __future__ import annotations

import textwrap
from datetime import datetime

from alerts.core.delivery_failures import ChangedAddress
from alerts.core.messages import Message
from alerts.core.posts import Post, plain_sections
from alerts.rendering.template_filters import clean, flat, known_zone, moment, row, utc

WIDTH = 72
SUBJECT = "Your address for deadline alerts was changed"
_ENDED = (
    "What was sent here before works no more: the links in messages and the calendars have ended. "
    "Whoever was signed in with this address is so no longer."
)
_WRONG = (
    "You did not expect this? Tell whoever runs these alerts. Somebody may have changed your address to get what is "
    "meant for you."
)


def address_notice(changed: ChangedAddress, medium: str, now: datetime, zone: str) -> Message:
    """Return a message: whose address was changed, and when. Never raises. Somebody else may read the mailbox."""
    name = flat(clean(changed.name))
    gone = textwrap.fill(f"Deadline alerts for {name} go to another address now, and to this one no more.", WIDTH)
    parts = [gone, row(moment(changed.at, known_zone(zone)), "Changed"), textwrap.fill(_ENDED, WIDTH)]
    text = "\n\n".join([*parts, textwrap.fill(_WRONG, WIDTH)]) + "\n"
    body: dict[str, object] | None = None
    if medium == "json":
        stated = {"person": changed.person, "changed_at": utc(changed.at)}
        data = {"summary": SUBJECT, "text": text, "failures": [], "troubles": [], "more": 0, "changed_address": stated}
        body = {"type": "operator.notice", "timestamp": utc(now), "data": data}
    post = Post(title=SUBJECT, sections=plain_sections(text), urgency="failure") if medium == "post" else None
    return Message(subject=SUBJECT, text=text, body=body, rendered_at=now, post=post)
