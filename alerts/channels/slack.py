"""Slack: blocks, posted to an incoming webhook (docs.slack.dev: "Incoming webhooks", "Formatting message text")."""

from __future__ import annotations

from typing import ClassVar

from alerts.channels._answers import Verdict
from alerts.channels._chat import Chat
from alerts.channels._markup import Markup
from alerts.core.posts import Post, shortened

HEADER, SECTION, BLOCKS, ALL = 150, 3000, 50, 13_200  # characters, characters, blocks, characters of a whole post


def escape(text: str) -> str:
    """Make data inert: Slack reads only these three, on which mentions and links depend."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


MRKDWN = Markup(
    escape=escape,
    escape_code=escape,
    escape_address=escape,
    bold="*{}*",
    italic="_{}_",
    link="<{url}|{text}>",
    quote=">{}",
)


class Slack(Chat):
    """Posts {"text", "blocks"} to one Slack channel, one at a time: Slack takes about one message a second."""

    kind: ClassVar[str] = "slack"

    def body(self, post: Post) -> dict[str, object]:
        """A header, and a section for each of the post's. Nothing in them is made a link or a mention ("verbatim")."""
        header = shortened(post.title, HEADER, write=escape)
        room = ALL - 2 * len(header)
        blocks: list[dict[str, object]] = [{"type": "header", "text": {"type": "plain_text", "text": header}}]
        sections = post.fitted(MRKDWN.write, section=SECTION, whole=room, sections=BLOCKS - 1)
        blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}} for text in sections]
        return {"text": header, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}

    def verdict(self, _status: int, answer: bytes) -> Verdict:
        """Its word for what is wrong ("Handling errors" on its page about incoming webhooks)."""
        return Verdict(reason=answer[:60].decode(errors="replace").strip())
