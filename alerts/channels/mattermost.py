"""Mattermost: a message attachment, posted to an incoming webhook (docs.mattermost.com: "Message attachments")."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.markup import COLORS, Markup, markdown_opening, unlinked
from alerts.core.posts import Post, shortened

TITLE, SECTION, ALL = 300, 5000, 16_383  # characters; 16,383 is the limit of a post
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
    """Make text inert: with a backslash where the web client accepts one, else by entities."""
    text = re.sub(r"&(?=#?\w+;)", "&amp;", unlinked(text)).replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]~|#!>])", r"\\\1", text)


# a quote includes the line that follows, unless that is empty
MARKDOWN = Markup(escape=escape, opening=markdown_opening, quote="> {}\n")


class Mattermost(Chat):
    """Posts one attachment with a colored bar to one Mattermost channel."""

    kind: ClassVar[str] = "mattermost"
    answers: bool = True

    def body(self, post: Post) -> dict[str, object]:
        """Return a title and one text; notifications and plain clients show the fallback."""
        title, plain = shortened(post.title, TITLE, write=escape), shortened(post.title, TITLE, write=unlinked)
        room = ALL - len(title) - len(plain)
        sections = post.fitted(MARKDOWN.write, section=SECTION, whole=room, between=len(BETWEEN))
        attachment = {"title": title, "fallback": plain, "color": COLORS[post.urgency], "text": BETWEEN.join(sections)}
        return {"attachments": [attachment]}

    def verdict(self, _status: int, answer: bytes) -> Verdict:
        """Return what an error means, by its name: the status of some errors is less precise."""
        name = str(json_of(answer).get("id", ""))
        return replace(_VERDICTS.get(name, Verdict()), reason=name)
