"""Google Chat: a card, posted to a space's incoming webhook (developers.google.com/workspace/chat: "Build a Google Chat
app as a webhook", "Format messages", "Create messages", "Usage limits").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.markup import COLORS, Markup, unlinked
from alerts.core.posts import Post, octets, shortened

TITLE, SECTION, ALL = 200, 8000, 32_000  # characters, octets, octets of the whole message
ENVELOPE, BETWEEN = 600, 60  # octets: of what surrounds the sections, and each section
SECTIONS = 100  # widgets in a card


def _inert(text: str) -> str:
    return escape(unlinked(text))


def _plain(text: str) -> str:
    """Make text inert in fields that, according to the documentation, know no tags."""
    return unlinked(text).replace("<", "‹").replace(">", "›")


def _size(text: str) -> int:
    return octets(json.dumps(text, ensure_ascii=False))


class GoogleChat(Chat):
    """Posts a card to one space, about one a second; all messages about one commitment share a thread."""

    kind: ClassVar[str] = "googlechat"
    query_parameters: ClassVar[Mapping[str, str]] = {"messageReplyOption": "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"}

    def body(self, post: Post) -> dict[str, object]:
        """Return a header and one card section for each section of the post; bold text has the color."""
        title = shortened(post.title, TITLE, write=_plain)
        markup = Markup(
            escape=_inert,
            escape_code=escape,
            escape_address=escape,
            code='<font color="#5f6368">{}</font>',  # cards have no tag for code
            bold=f'<font color="{COLORS[post.urgency]}"><b>{{}}</b></font>',
            italic="<i>{}</i>",
            link='<a href="{url}">{text}</a>',
            quote="<i>{}</i>",
            newline="<br>",
        )
        room = ALL - ENVELOPE - 2 * _size(title)
        texts = post.fitted(markup.write, _size, section=SECTION, whole=room, sections=SECTIONS, between=BETWEEN)
        sections = [{"widgets": [{"textParagraph": {"text": text}}]} for text in texts]
        card = {"header": {"title": title}} | ({"sections": sections} if sections else {})
        message: dict[str, object] = {"fallbackText": title, "cardsV2": [{"cardId": "alert", "card": card}]}
        return message | ({"thread": {"threadKey": post.thread}} if post.thread else {})

    def verdict(self, status: int, answer: bytes) -> Verdict:
        """Return the name of the error; NOT_FOUND means that the space or the webhook is gone."""
        error = json_of(answer).get("error")
        name = str(error.get("status", "")) if isinstance(error, dict) else ""
        if status == 404 and name == "NOT_FOUND":
            return Verdict(outcome="off", hint="the space or its webhook was deleted: make another", reason=name)
        return Verdict(reason=name)
