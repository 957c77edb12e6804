"""Discord: embeds, posted to a webhook (docs.discord.com: "Execute Webhook", "Embed Limits", "Rate Limits").

"Rate Limits" states no figure for webhooks and asks not to assume one: its 429 says how long to wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.markup import COLORS, Markup, markdown, markdown_opening
from alerts.core.posts import Post, shortened, utf16

TITLE, DESCRIPTION, ALL = 256, 4096, 6000  # characters of a title, of a description, and of a whole message
SECTION = 2000  # characters: no section may use up the room of the others
MARKDOWN = Markup(escape=markdown, opening=markdown_opening)
BETWEEN = "\n\n"
GONE = ("10015", "50027")  # error codes: the webhook does not exist, or its token is wrong


class Discord(Chat):
    """Posts embeds of one color to one Discord channel; the first has the title."""

    kind: ClassVar[str] = "discord"
    query_parameters: ClassVar[Mapping[str, str]] = {
        "wait": "true"
    }  # without it Discord answers before it has checked the message

    def body(self, post: Post) -> dict[str, object]:
        """Return as few embeds as hold the post: one, unless it is long. Mentions in them notify nobody."""
        title = shortened(post.title, TITLE, utf16, markdown)
        sections = post.fitted(MARKDOWN.write, utf16, section=SECTION, whole=ALL - utf16(title), between=utf16(BETWEEN))
        texts: list[str] = []
        for text in sections:
            if texts and utf16(texts[-1] + BETWEEN + text) <= DESCRIPTION:
                texts[-1] += BETWEEN + text
            else:
                texts.append(text)
        color = int(COLORS[post.urgency].removeprefix("#"), 16)
        first, *more = texts or [""]
        embeds = [{"title": title, "color": color} | ({"description": first} if first else {})]
        embeds += [{"color": color, "description": text} for text in more]
        return {"embeds": embeds, "allowed_mentions": {"parse": []}}

    def verdict(self, _status: int, answer: bytes) -> Verdict:
        """Return what an error means: a deleted webhook is not tried again; the body of a 429 also states the pause."""
        escaped = json_of(answer)
        code = str(escaped.get("code", ""))
        gone = "the webhook was deleted, or its url is not whole: make another" if code in GONE else None
        return Verdict(
            outcome="off" if gone else None, hint=gone, reason=code or None, pause=escaped.get("retry_after")
        )
