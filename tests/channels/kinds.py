"""The kinds of channels that post JSON, each with settings that build one, and what they post."""

from __future__ import annotations

from typing import Any

from alerts import channels
from alerts.core.notifications import Notification
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer

URL = "http://127.0.0.1:9/hook"
CHATS = ("discord", "googlechat", "mattermost", "slack", "teams")
TEXTS = ("apprise", "ntfy", "pagerduty")  # they read no markup in what they are sent
OPTIONS: dict[str, dict[str, object]] = {
    "apprise": {"url": "json://localhost/hook"},
    "discord": {"url": URL},
    "googlechat": {"url": URL},
    "mattermost": {"url": URL},
    "ntfy": {"url": "http://127.0.0.1:9/topic"},
    "pagerduty": {"url": URL, "routing_key": "0" * 32},
    "slack": {"url": URL},
    "teams": {"url": URL},
    "webhook": {"url": URL},
}


class _Channels(dict[str, channels.Channel]):
    """A channel of each kind, built when it is asked for: Apprise starts a process for its own."""

    def __missing__(self, kind: str) -> channels.Channel:
        return self.setdefault(kind, channels.build("desk-chat", kind, OPTIONS[kind]))


CHANNELS = _Channels()


def body_of(kind: str, renderer: Renderer, notification: Notification) -> Any:
    """What a channel of that kind posts."""
    message, _ = compose(renderer, CHANNELS[kind], notification)
    return message.body
