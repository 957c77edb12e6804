"""Slack: blocks, posted to an incoming webhook (docs.slack.dev: "Incoming webhooks", "Formatting message text").

"Rate limits" there has one message a second for incoming webhooks, and short bursts of a size that it does not state.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict
from alerts.channels.transport.markup import Markup
from alerts.core.posts import Post, shortened, utf16
from alerts.core.sending_rates import Rate

HEADER, SECTION, BLOCKS, ALL = 150, 3000, 50, 13_200  # characters, characters, blocks, characters of a whole post
_VERDICTS = {  # by the code that it answers
    "channel_not_found": Verdict(outcome="off", hint="the channel was deleted: make a webhook for another"),
    "channel_is_archived": Verdict(outcome="off", hint="the channel is archived: make a webhook for another"),
    "no_service": Verdict(outcome="off", hint="the webhook was removed or disabled: make another"),
    "action_prohibited": Verdict(outcome="out", hint="an administrator does not allow this"),
}


def escape(text: str) -> str:
    """Make data inert: Slack gives a meaning only to these three characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _opening(line: str) -> str:
    """Make the start of a line inert: an escaped > still begins a quote."""
    return "\u200b" + line if line.startswith("&gt;") else line


def _escape_code(text: str) -> str:
    """Make code inert: Slack has no way to write a backtick in code."""
    return escape(text.replace("`", "'"))


MRKDWN = Markup(
    escape=escape,
    opening=_opening,
    escape_code=_escape_code,
    escape_address=escape,
    bold="*{}*",
    link="<{url}|{text}>",
    quote=">{}",
)


class Slack(Chat):
    """Posts {"text", "blocks"} to one Slack channel, one at a time."""

    kind: ClassVar[str] = "slack"
    rate: Rate | None = Rate(1, "s")
    answers: bool = True

    def body(self, post: Post) -> dict[str, object]:
        """Return a header and one block for each section of the post. "verbatim" prevents links and mentions."""
        header = shortened(post.title, HEADER, utf16, escape)
        title = {"type": "plain_text", "text": header, "emoji": False}
        room = ALL - 2 * utf16(header)
        sections = post.fitted(MRKDWN.write, utf16, section=SECTION, whole=room, sections=BLOCKS - 1)
        blocks: list[dict[str, object]] = [{"type": "header", "text": title}]
        blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}} for text in sections]
        return {"text": header, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}

    def verdict(self, _status: int, answer: bytes) -> Verdict:
        """Return what an error means, by its code ("Handling errors" on its page about incoming webhooks)."""
        error_code = answer[:60].decode(errors="replace").strip()
        return replace(_VERDICTS.get(error_code, Verdict()), reason=error_code)
