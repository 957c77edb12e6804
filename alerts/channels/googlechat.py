"""Google Chat: a card, posted to a space's incoming webhook (developers.google.com/workspace/chat: "Build a Google Chat
app as a webhook", "Format messages", "Create messages", "Usage limits").

"Usage limits" has 60 writes a minute for each space, which all apps and webhooks there share.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.markup import COLORS, Markup, unlinked
from alerts.core.posts import Post, Run, octets, shortened
from alerts.core.sending_rates import Rate

TITLE, SECTION, ALL = 200, 8000, 32_000  # characters, octets, octets of the whole message
ENVELOPE, BETWEEN = 600, 60  # octets: of what surrounds the sections, and each section
SECTIONS = 100  # widgets in a card, at most


def _inert(text: str) -> str:
    return escape(unlinked(text))


def _plain(text: str) -> str:
    """Make text inert in fields that, according to the documentation, know no tags."""
    return unlinked(text).replace("<", "‹").replace(">", "›")


def _button(answer: Run) -> dict[str, object]:
    """Return a section with a button that opens the page for answers."""
    button = {"text": _plain(answer.text), "onClick": {"openLink": {"url": answer.link}}}
    return {"widgets": [{"buttonList": {"buttons": [button]}}]}


def _size(text: str) -> int:
    return octets(json.dumps(text, ensure_ascii=False))


class GoogleChat(Chat):
    """Posts a card to one space; all messages about one commitment share a thread."""

    kind: ClassVar[str] = "googlechat"
    rate: Rate | None = Rate(1, "s")
    answers: bool = True
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
        button = [_button(post.answer)] if post.answer else []
        room = ALL - ENVELOPE - 2 * _size(title) - sum(_size(json.dumps(one)) for one in button)
        texts = post.without_answer_line().fitted(
            markup.write, _size, section=SECTION, whole=room, sections=SECTIONS, between=BETWEEN
        )
        sections: list[dict[str, object]] = [{"widgets": [{"textParagraph": {"text": text}}]} for text in texts]
        sections += button
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
