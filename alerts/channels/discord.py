"""Discord: embeds, posted to a webhook (docs.discord.com: "Execute Webhook", "Embed Limits", "Rate Limits")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.markup import COLOURS, Markup, markdown, markdown_opening
from alerts.core.posts import Post, shortened, utf16

TITLE, DESCRIPTION, ALL = 256, 4096, 6000  # characters; of a title, a description, and of all in a message
SECTION = 2000  # characters: no section takes the room of all others
MARKDOWN = Markup(escape=markdown, opening=markdown_opening)
BETWEEN = "\n\n"
GONE = ("10015", "50027")  # no such webhook; not its token


class Discord(Chat):
    """Posts embeds of one colour to one Discord channel; the first has the title."""

    kind: ClassVar[str] = "discord"
    query_parameters: ClassVar[Mapping[str, str]] = {
        "wait": "true"
    }  # else it says yes before it has looked at the message

    def body(self, post: Post) -> dict[str, object]:
        """As few embeds as hold it: one, unless it is long. No mention in them calls anybody."""
        title = shortened(post.title, TITLE, utf16, markdown)
        sections = post.fitted(MARKDOWN.write, utf16, section=SECTION, whole=ALL - utf16(title), between=utf16(BETWEEN))
        texts: list[str] = []
        for text in sections:
            if texts and utf16(texts[-1] + BETWEEN + text) <= DESCRIPTION:
                texts[-1] += BETWEEN + text
            else:
                texts.append(text)
        colour = int(COLOURS[post.urgency].removeprefix("#"), 16)
        first, *more = texts or [""]
        embeds = [{"title": title, "color": colour} | ({"description": first} if first else {})]
        embeds += [{"color": colour, "description": text} for text in more]
        return {"embeds": embeds, "allowed_mentions": {"parse": []}}

    def verdict(self, _status: int, answer: bytes) -> Verdict:
        """A webhook that is gone must not be asked again; a 429 says in its body, too, for how long."""
        escaped = json_of(answer)
        code = str(escaped.get("code", ""))
        gone = "the webhook was deleted, or its url is not whole: make another" if code in GONE else None
        return Verdict(
            outcome="off" if gone else None, hint=gone, reason=code or None, pause=escaped.get("retry_after")
        )
