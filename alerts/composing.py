"""A notification becomes a message that a channel can hand over: rendered, and for chats laid out by the channel."""

from __future__ import annotations

from dataclasses import replace

from alerts.channels import Channel
from alerts.core.notifications import Message, Notification
from alerts.rendering import Renderer


def compose(renderer: Renderer, channel: Channel, notification: Notification) -> tuple[Message, str | None]:
    """Return the message, and in one line what failed on the way if it is the built-in plain one."""
    message, error = renderer.render(notification, channel.form)
    try:
        return _laid_out(channel, message), error
    except Exception as failure:  # noqa: BLE001 - the word gets out, whatever a channel makes of its post
        error = f"channel {channel.name}: cannot lay out the message: {type(failure).__name__}"
        return _laid_out(channel, renderer.plain(notification, channel.form)), error


def _laid_out(channel: Channel, message: Message) -> Message:
    return message if message.post is None else replace(message, body=channel.body(message.post), post=None)
