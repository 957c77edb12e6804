"""The mail with a link by which somebody signs in. It uses no template: a template may be what is to be mended."""

from __future__ import annotations

from datetime import datetime

from alerts.core.messages import Message
from alerts.rendering.template_filters import moment

TEXT = """\
Somebody has asked to sign in to {site} as {name}.

To sign in, open this link and press the button there:

{link}

The link works once, until {until}.

If you have not asked for it, do nothing: without the link nobody signs in as you.
"""


def sign_in_message(*, site: str, link: str, name: str, until: datetime, zone: str, now: datetime) -> Message:
    """Return the message. `until`: when the link ends; `zone`: the reader's."""
    text = TEXT.format(site=site, link=link, name=name, until=moment(until.replace(second=0, microsecond=0), zone))
    return Message(subject="Your link to sign in", text=text, rendered_at=now)
