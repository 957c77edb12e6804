"""ntfy: plain text to a topic, published as JSON (docs.ntfy.sh: "Publish as JSON", "Limitations").

"Rate limiting" of its page "Configuration" has the usual limit of a server: 60 requests, and one more each 5 seconds.

The server's own list explains its errors (ntfy: server/errors.go).
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from alerts.channels.transport.channel_settings import Token
from alerts.channels.transport.chat import Chat, ChatSettings
from alerts.channels.transport.http import Url
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.plain_text import json_octets, plain_text, rank
from alerts.core.posts import Post, shortened
from alerts.core.sending_rates import Rate

# Octets. A longer message becomes an attachment; the whole JSON may have twice as many; a title has 1,024.
MESSAGE, TITLE, ADDRESS = 3900, 480, 1000
_DAILY = 3600  # seconds between tries after the daily quota is used up
_TAGS = {
    "late": "rotating_light", "today": "alarm_clock", "soon": "hourglass_flowing_sand", "coming": "calendar",
    "open": "question", "moved": "arrow_right", "changed": "white_check_mark", "failure": "warning",
}  # fmt: skip
_NO_TOPIC, _USED_UP = (40009, 40010), (42905, 42908)
_HINTS = {
    400: "ntfy does not understand the message",
    401: "ntfy does not know us: look at the token",
    403: "we may not write to this topic: look at the token and at who may",
    413: "the message is too large for ntfy",
    507: "nobody has subscribed to this UnifiedPush topic, so ntfy keeps nothing for it",
    40009: "the URL does not end in a valid topic name",
    40010: "ntfy does not allow this topic: choose another",
    40014: "the message is larger than this server takes as text, and it takes no attachments",
    42905: "the traffic of the day is used up",
    42908: "the messages of the day are used up",
    42909: "too many failed logins: look at the token",
}


def _topic(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.query or parts.fragment or not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", parts.path.rpartition("/")[2]):
        raise ValueError("expected the topic at the end of it, such as https://ntfy.example.org/my-topic")
    return url


def _opened(post: Post) -> dict[str, object]:
    """Return what a tap opens, and the button for answers (docs.ntfy.sh: "Click action", "Action buttons")."""
    if post.answer and post.answer.link:
        action = {"action": "view", "label": post.answer.text, "url": post.answer.link}
        return {"click": post.answer.link, "actions": [action]}
    return {"click": post.link} if post.link and len(post.link.encode()) <= ADDRESS else {}


class NtfySettings(ChatSettings):
    """The topic's URL, which is a secret (it lets anybody read and write), and an access token if it needs one."""

    url: Annotated[Url, AfterValidator(_topic)]
    token: Token | None = None


class Ntfy(Chat):
    """Publishes to one topic, one at a time."""

    kind: ClassVar[str] = "ntfy"
    options: ClassVar[type[ChatSettings]] = NtfySettings
    rate: Rate | None = Rate(12, "min")
    burst: int = 60

    def __init__(self, name: str, settings: NtfySettings) -> None:
        root, _, topic = settings.url.get_secret_value().rpartition("/")
        super().__init__(name, settings.model_copy(update={"url": SecretStr(root + "/")}))
        self._added = {"topic": SecretStr(topic)}
        if settings.token:
            self._headers = {"Authorization": SecretStr(f"Bearer {settings.token.get_secret_value()}")}

    def body(self, post: Post) -> dict[str, object]:
        """Return all but the topic. A tap opens the page for answers, or the source if its address is short enough."""
        return {
            "title": shortened(post.title, TITLE, json_octets),
            "message": plain_text(post.without_answer_line(), MESSAGE, json_octets),
            "priority": rank(post) + 2,  # from 1 to 5; ntfy's default is 3
            "tags": [_TAGS.get(post.urgency, "calendar")],
            **_opened(post),
        }

    def verdict(self, status: int, answer: bytes) -> Verdict:
        """Return what an error means. Its own codes are more precise, e.g. a wrong topic or a used-up daily quota."""
        code = json_of(answer).get("code")
        known = _HINTS.get(code) if isinstance(code, int) else None
        return Verdict(
            outcome="out" if code in _NO_TOPIC else None,
            hint=known or _HINTS.get(status),
            pause=_DAILY if code in _USED_UP else None,
        )
