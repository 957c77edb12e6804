"""Mattermost: a message attachment, posted to an incoming webhook (docs.mattermost.com: "Message attachments")."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.markup import COLOURS, Markup, markdown_opening, unlinked
from alerts.core.posts import Post, shortened

TITLE, SECTION, ALL = 300, 5000, 16_383  # characters; 16,383 is what a post may have
BETWEEN = "\n\n"
_VERDICTS = {  # by the name of its error
    "web.incoming_webhook.invalid.app_error": Verdict(outcome="off", hint="the webhook was deleted: make another"),
    "web.incoming_webhook.disabled.app_error": Verdict(outcome="out", hint="incoming webhooks are turned off there"),
    "web.incoming_webhook.channel.app_error": Verdict(outcome="out", hint="the channel of the webhook is not there"),
    "web.incoming_webhook.channel_locked.app_error": Verdict(outcome="out", hint="the webhook may not post there"),
    "web.incoming_webhook.permissions.app_error": Verdict(outcome="out", hint="the webhook may not post there"),
    "api.post.create_post.can_not_post_to_deleted.error": Verdict(outcome="out", hint="the channel is archived"),
}


def escape(text: str) -> str:
    """Make text inert: what its web client lets be escaped with a backslash, the rest by entities."""
    text = re.sub(r"&(?=#?\w+;)", "&amp;", unlinked(text)).replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]~|#!>])", r"\\\1", text)


# a quote takes along the line that follows, unless one is empty
MARKDOWN = Markup(escape=escape, opening=markdown_opening, quote="> {}\n")


class Mattermost(Chat):
    """Posts one attachment with a bar of colour to one Mattermost channel."""

    kind: ClassVar[str] = "mattermost"

    def body(self, post: Post) -> dict[str, object]:
        """A title and one text; the fallback is what notifications and plain clients show."""
        title, plain = shortened(post.title, TITLE, write=escape), shortened(post.title, TITLE, write=unlinked)
        room = ALL - len(title) - len(plain)
        sections = post.fitted(MARKDOWN.write, section=SECTION, whole=room, between=len(BETWEEN))
        attachment = {"title": title, "fallback": plain, "color": COLOURS[post.urgency], "text": BETWEEN.join(sections)}
        return {"attachments": [attachment]}

    def verdict(self, _status: int, answer: bytes) -> Verdict:
        """Its error by name, some of which it gives a status that says less."""
        name = str(json_of(answer).get("id", ""))
        return replace(_VERDICTS.get(name, Verdict()), reason=name)
