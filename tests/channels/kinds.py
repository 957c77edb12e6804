"""The kinds of channels that post JSON, each with settings that build one, and what they post."""

from __future__ import annotations

from typing import Any

from alerts import channels
from alerts.composing import compose
from alerts.core.notifications import Notification
from alerts.rendering import Renderer

URL = "http://127.0.0.1:9/hook"
OPTIONS: dict[str, dict[str, object]] = {
    "discord": {"url": URL},
    "googlechat": {"url": URL},
    "mattermost": {"url": URL},
    "slack": {"url": URL},
    "teams": {"url": URL},
    "webhook": {"url": URL},
}
CHANNELS = {kind: channels.build("desk-chat", kind, options) for kind, options in OPTIONS.items()}
CHATS = tuple(kind for kind, channel in CHANNELS.items() if channel.form == "post")


def body_of(kind: str, renderer: Renderer, notification: Notification) -> Any:
    """What a channel of that kind posts."""
    message, _ = compose(renderer, CHANNELS[kind], notification)
    return message.body
